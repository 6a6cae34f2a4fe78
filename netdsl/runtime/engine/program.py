"""A program: the steps of a network as calls on numbered slots, with everything looked up that can be before it runs.

A pass over the network is a walk over a flat list. What has a place in a wider buffer, and all views of such, stand in
their slots from the beginning; other values come and go. Where there are kernels of ours they do so in an arena, as
netdsl.plan.memory has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.native import Kernel
from netdsl.plan.memory import memory
from netdsl.runtime.arena import Arena
from netdsl.runtime.engine.calls import ByParts, Call, Ends, Issued, Launch, Slots, View, parts
from netdsl.runtime.engine.candidate import Candidate, New
from netdsl.runtime.engine.catalogue import has_ours
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch, dead_after
from netdsl.runtime.folding import Weights
from netdsl.runtime.geometry import known
from netdsl.runtime.prepared import Run
from netdsl.runtime.values import channels_together, joined, shared
from netdsl.scope import Value

VIEW = "a view"  # the kernel of what launches none


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a program: `call` computes `node`, after which the slots `dead` are forgotten."""

    node: Node
    kernel: str
    call: Call
    dead: tuple[int, ...]
    weight_bytes: int = 0


class Program:
    """What `graph` computes, as sketched; `weights` are those of the steps that torch's own operators compute.

    Where inputs are to lie in the same place in each pass, that is `given`; `homes` has tensors that values are to be
    written to. There are `copies` of the arena, one behind the other.
    """

    def __init__(
        self,
        graph: Graph,
        sketch: Sketch,
        weights: Weights,
        *,
        given: Sequence[Tensor] = (),
        homes: Mapping[Value, Tensor] | None = None,
        copies: int = 1,
    ) -> None:
        self.graph, self.sketch, self.weights, self.device = graph, sketch, weights, sketch.device
        self.slots: dict[Value, int] = {}
        for node in graph.nodes:
            for index in range(len(node.shapes)):
                self.slots[Value(node.number, index)] = len(self.slots) + 1
        self.start: Slots = [None] * (len(self.slots) + 1)
        self.lines: list[Line] = []
        self.issued: Sequence[Issued] | None = None  # what is called instead of the lines
        self.scratch = torch.empty(0)  # of kernels that settled in
        self.inputs = tuple(self.slots[Value(number)] for number in graph.inputs)
        self.given = tuple(given)
        for slot, tensor in zip(self.inputs, given, strict=bool(given)):
            self.start[slot] = tensor
        self.buffers: dict[int, Tensor] = {}
        self.homes = homes or {}
        self.arena = arena_of(sketch, copies)
        self._place()
        self._dead = dead_after(graph)

    def run(self, inputs: Sequence[Tensor]) -> Slots:
        """One pass; the outputs are in their slots afterwards."""
        slots = self.begin(inputs)
        for call, dead in self.issued or [(line.call, line.dead) for line in self.lines]:
            call(slots)
            for slot in dead:
                slots[slot] = None
        return slots

    def begin(self, inputs: Sequence[Tensor]) -> Slots:
        """The slots of a pass that starts with `inputs`, in any layout; they are copied to where they have a place."""
        slots = self.start.copy()
        for slot, tensor in zip(self.inputs, inputs, strict=True):
            mine = slots[slot]
            if mine is None:
                slots[slot] = self.sketch.taken(tensor)
            elif mine is not tensor:
                mine.copy_(tensor)
        return slots

    def forget(self, line: Line, slots: Slots) -> None:
        """What `run` does between two lines."""
        for slot in line.dead:
            slots[slot] = None

    def outputs(self, slots: Slots) -> list[Any]:
        """In the order of the graph's; tuples where they are lists. What weights alone make is there once."""
        return [self._nested(output.value, slots) for output in self.graph.outputs if not output.aux]

    def line(self, node: Node, task: Task, candidate: Candidate, run: New | Run) -> Line:
        """A step computed by what `candidate` made."""
        place, first = self.sketch.place(node), Value(node.number)
        if place is None:
            room = self._planned(first)
        else:
            room = self.buffers[place.buffer].narrow(1, place.offset, task.out.shape[1])
        call = Launch(node, self._ends(node), task, run, writes=candidate.writes, room=room, lasting=self._lasting)
        # A kernel in C tells what it packed, which for Winograd's is four times the weights; of others it is a guess.
        weight_bytes = sum(map(_bytes, run.held)) if isinstance(run, Kernel) else task.weight_bytes
        return Line(node, candidate.name, call, self._forgotten(node), weight_bytes)

    def view(self, node: Node) -> None:
        """Next comes a step that launches nothing; of what stands in its slot already it is done here and now."""
        ends = self._ends(node)
        if ends.homes[0] is not None:
            return
        call = View(self.graph, node, ends)
        if not call.joins and all(self.start[slot] is not None for slot in ends.operands):
            call(self.start)
        else:
            self.lines.append(Line(node, VIEW, call, self._forgotten(node)))

    def by_parts(self, node: Node) -> None:
        """Next comes a step computed by torch's own operators, part by part. A weight that stands alone is read here
        and now."""
        ends = self._ends(node)
        call = ByParts(self.graph, node, ends, self.weights, self.sketch.batch, self._lasting)
        if not node.operands and ends.homes[0] is None:
            call(self.start)
        else:
            self.lines.append(Line(node, "torch", call, self._forgotten(node)))

    def held(self) -> list[Tensor]:
        """The tensors that outlive a pass and may be values: its memory, weights of torch's own operators, and all that
        stands in its slot from the beginning."""
        standing = [tensor for found in self.start if found is not None for tensor in parts(found)]
        return [*self.memory, *self.weights.values(), *standing]

    @property
    def memory(self) -> list[Tensor]:
        """All that steps read and write and that lasts between two passes, but weights."""
        planned = [] if self.arena is None else [self.arena.memory, self.scratch]
        return [*planned, *self.buffers.values(), *self.given, *self.homes.values()]

    @property
    def weight_bytes(self) -> int:
        return sum(line.weight_bytes for line in self.lines) + sum(map(_bytes, self.weights.values()))

    def _place(self) -> None:
        """Buffers for concatenations that are written in place, and the values that lie there."""
        places = self.sketch.places
        widths: dict[int, int] = {}
        for value, (buffer, offset) in places.items():
            widths[buffer] = max(widths.get(buffer, 0), offset + known(self.graph.shape(value))[0])
        for value, (buffer, offset) in places.items():
            width, *spatial = known(self.graph.shape(value))
            if buffer not in self.buffers:
                shape = (self.sketch.batch, *spatial, widths[buffer])
                planned = self._planned(value)
                assert planned is None or planned.movedim(1, -1).shape == shape, f"the plan has {tuple(planned.shape)}"
                if planned is None:
                    planned = torch.empty(shape, dtype=self.sketch.dtype, device=self.device).movedim(-1, 1)
                self.buffers[buffer] = planned
            self.start[self.slots[value]] = self.buffers[buffer].narrow(1, offset, width)

    def _planned(self, value: Value) -> Tensor | None:
        """All of the storage that a value lies in, where that has its place."""
        if value in self.homes:
            return self.homes[value]
        return None if self.arena is None else self.arena.storage(self.arena.plan.lifetimes.behind[value][0])

    def _ends(self, node: Node) -> Ends:
        operands = tuple(self.slots[value] for value in node.operands)
        results = tuple(self.slots[Value(node.number, index)] for index in range(len(node.shapes)))
        return Ends(operands, results, tuple(self.start[slot] for slot in results))

    def _forgotten(self, node: Node) -> tuple[int, ...]:
        """The slots that nobody needs after a node. What stands there from the beginning stays."""
        slots = (self.slots[value] for value in self._dead.get(node.number, ()))
        return tuple(slot for slot in slots if self.start[slot] is None)

    def _lasting(self, result: Tensor) -> Tensor:
        """What torch yielded as our kernels read it, channels side by side, and copied where it is memory of the arena,
        which may be written over sooner."""
        if self.arena is None:
            return result
        found = channels_together(result)
        return found.clone() if shared(found, self.arena.memory) else found

    def _nested(self, value: Any, slots: Slots) -> Any:
        if isinstance(value, Value):
            whole = joined(parts(slots[self.slots[value]]))
            return whole if value.node in self.graph.by_sample or whole.dim() == 0 else whole[:1]
        return tuple(self._nested(part, slots) for part in value)


def arena_of(sketch: Sketch, copies: int = 1) -> Arena | None:
    """Memory for what lives between the steps, at fixed addresses, where there are kernels that write where they are
    told. What others return is torch's to allocate, and lives beside it."""
    if not has_ours(sketch.device, sketch.dtype):
        return None
    return Arena(memory(sketch.graph, sketch.batch, sketch.dtype.itemsize), sketch.dtype, sketch.device, copies)


def memory_bytes(tensors: Iterable[Tensor]) -> int:
    """Of all memory that tensors lie in, each piece once."""
    storages = [tensor.untyped_storage() for tensor in tensors]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
