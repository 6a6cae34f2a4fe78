"""A program: the steps of a network as calls on numbered slots, with everything looked up that can be before it runs.

A pass over the network is a walk over a flat list. What has a place in a wider buffer, and all views of such, stand in
their slots from the beginning; other values come and go. Where there are kernels of ours they do so in an arena, as
netdsl.plan.memory has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.native import Kernel
from netdsl.native import Step as NativeStep
from netdsl.plan.memory import memory
from netdsl.runtime.arena import Arena
from netdsl.runtime.engine.candidate import Candidate, New
from netdsl.runtime.engine.catalogue import has_ours
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch, dead_after
from netdsl.runtime.executor import weights_of
from netdsl.runtime.folding import Weights
from netdsl.runtime.geometry import known
from netdsl.runtime.operators import bound
from netdsl.runtime.prepared import Run
from netdsl.runtime.values import channels_together, for_each, joined
from netdsl.scope import Value
from netdsl.step import Outer, Step, walk

Slots: TypeAlias = list[Any]
Call: TypeAlias = Callable[[Slots], None]
Settled: TypeAlias = tuple[Kernel, NativeStep]  # a kernel in C with tensors that never move
Settle: TypeAlias = Callable[[Slots], list[Settled] | None]

VIEW = "a view"  # the kernel of what launches none
NOTHING = 0  # the slot of what is not there


def unsettled(slots: Slots) -> None:
    """Of a line that Python has to do in each pass."""


@dataclass(eq=False, slots=True)
class Line:
    """One line of a program: `call` computes `node`, after which the slots `dead` are forgotten.

    `settle` may be called before a program runs, with the slots whose tensors are the same in each pass. It adds the
    line's results where those are such, and where all that the line reads is too, returns the kernels in C that compute
    them. None where Python has something to do in each pass.
    """

    node: Node
    kernel: str
    call: Call
    dead: tuple[int, ...]
    weight_bytes: int = 0
    settle: Settle = unsettled


class Program:
    """What `graph` computes, as sketched; `weights` are those of the steps that torch's own operators compute.

    Where inputs are the same tensors in each pass, they are `given`; `homes` has tensors that values are to be written
    to. There are `copies` of the arena, one behind the other.
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
        self.issued: Sequence[tuple[Call, tuple[int, ...]]] | None = None  # what is called instead of the lines
        self.scratch = torch.empty(0)  # of kernels that settled in
        self.inputs = tuple(self.slots[Value(number)] for number in graph.inputs)
        for slot, tensor in zip(self.inputs, given, strict=True) if given else ():
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
        """The slots of a pass that starts with `inputs`."""
        slots = self.start.copy()
        for slot, tensor in zip(self.inputs, inputs, strict=True):
            slots[slot] = tensor
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
        call, settle = self._call(node, task, run, candidate.writes)
        # A kernel in C tells what it packed, which for Winograd's is four times the weights; of others it is a guess.
        weight_bytes = sum(map(_bytes, run.held)) if isinstance(run, Kernel) else task.weight_bytes
        return Line(node, candidate.name, call, self._forgotten(node), weight_bytes, settle)

    def by_parts(self, node: Node) -> Line:
        """A step computed by torch's own operators, part by part."""
        return Line(node, "torch", self._by_parts(node), self._forgotten(node))

    def held(self) -> list[Tensor]:
        """The tensors that outlive a pass and may be values: buffers, and the weights of torch's own operators."""
        planned = [] if self.arena is None else [self.arena.memory]
        return [*planned, *self.buffers.values(), *self.weights.values()]

    @property
    def weight_bytes(self) -> int:
        return sum(line.weight_bytes for line in self.lines) + sum(map(_bytes, self.weights.values()))

    @property
    def buffer_bytes(self) -> int:
        if self.arena is None:
            return sum(map(_bytes, self.buffers.values()))
        apart = (buffer for buffer in self.buffers.values() if not _shared(buffer, self.arena.memory))
        return _bytes(self.arena.memory) + _bytes(self.scratch) + sum(map(_bytes, apart))

    def view(self, node: Node) -> None:
        """A step that launches nothing: done here and now where what it reads is there already."""
        assert node.op is not None
        result = self.slots[Value(node.number)]
        if self.start[result] is not None:
            return
        op = node.op
        operands = [self._sources(value) for value in node.operands]
        slots = [self.slots[Value(node.number, index)] for index in range(len(node.shapes))]
        function = bound(op, self.graph.operand_shapes(node), {})

        def call(values: Slots) -> None:
            if op.name == "concat":  # of several tensors, which a kernel reads where they are
                values[result] = tuple(part for read in operands for part in read(values))
                return
            found = function(*(joined(read(values)) for read in operands))
            for slot, part in zip(slots, found if isinstance(found, tuple | list) else (found,), strict=True):
                values[slot] = part

        if op.name != "concat" and all(self.start[self.slots[value]] is not None for value in node.operands):
            call(self.start)
            return

        def settle(values: Slots) -> list[Settled] | None:
            if any(values[self.slots[value]] is None for value in node.operands):
                return None
            call(values)
            return []

        self.lines.append(Line(node, VIEW, call, self._forgotten(node), settle=settle))

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

    def _lasting(self, result: Any) -> Any:
        """What torch yielded as our kernels read it, channels side by side, and copied where it is memory of the arena,
        which may be written over sooner."""
        if self.arena is None or not isinstance(result, Tensor):
            return result
        found = channels_together(result)
        return found.clone() if _shared(found, self.arena.memory) else found

    def _sources(self, value: Value) -> Callable[[Slots], tuple[Tensor, ...]]:
        slot = self.slots[value]

        def read(values: Slots) -> tuple[Tensor, ...]:
            found = values[slot]
            return found if type(found) is tuple else (found,)

        return read

    def _call(self, node: Node, task: Task, run: Any, writes: bool) -> tuple[Call, Settle]:
        """A step by `run`, and how it settles. What costs the least where it will do, and else the general case."""
        results = [Value(node.number, index) for index in range(len(node.shapes))]
        slots = [self.slots[value] for value in results]
        place = self.sketch.place(node)
        whole = None if place is None else self.buffers[place.buffer].narrow(1, place.offset, task.out.shape[1])
        source = self.slots[node.operands[task.step.form.source.slot]]
        residual = NOTHING if task.step.residual is None else self.slots[node.operands[task.step.residual]]
        every = all(value.node in self.graph.by_sample for value in node.operands)
        several, batch = len(task.sources) > 1, self.sketch.batch
        shape, strides, dtype, device = task.out.shape, task.out.stride(), task.dtype, self.device
        room = self._planned(results[0])
        assert room is None or whole is not None or room.shape == shape, f"the plan has {tuple(room.shape)}"

        if not writes and whole is None and len(slots) == 1 and not several and every and self.arena is None:
            slot = slots[0]

            def call(values: Slots) -> None:
                values[slot] = run((values[source],), values[residual])

            return call, unsettled

        widths = [known(shape)[0] for shape in node.shapes]
        offsets = [sum(widths[:index]) for index in range(len(widths))]

        def call(values: Slots) -> None:  # type: ignore[no-redef]
            read = values[source] if several else (values[source],)
            added = values[residual]
            if type(added) is tuple:
                added = joined(added)
            read = for_each(read, batch)
            if added is not None:
                (added,) = for_each((added,), batch)
            if writes:
                if whole is not None:
                    made = whole
                elif room is not None:
                    made = room
                else:
                    made = torch.empty_strided(shape, strides, dtype=dtype, device=device)
                run(read, added, made)
            elif whole is None:
                made = self._lasting(run(read, added))
            else:
                whole.copy_(run(read, added))
                return
            if whole is None:
                hand_out(values, made)

        def hand_out(values: Slots, made: Tensor) -> None:
            for slot, offset, width in zip(slots, offsets, widths, strict=True):
                values[slot] = made.narrow(1, offset, width)

        def settle(values: Slots) -> list[Settled] | None:
            made = room if whole is None else whole
            read, added = values[source], values[residual]
            if writes and room is not None and whole is None:
                hand_out(values, room)
            if made is None or read is None or (added is None and residual != NOTHING) or type(added) is tuple:
                return None
            read = read if several else (read,)
            if any(len(x) != batch for x in (*read, *([] if added is None else [added]))):
                return None
            step = run.placed(read, added, made) if isinstance(run, Kernel) else None
            return None if step is None else [(run, step)]

        return call, settle

    def _by_parts(self, node: Node) -> Call:
        operands = [self._sources(value) for value in node.operands]
        slots = [self.slots[Value(node.number, index)] for index in range(len(node.shapes))]
        homes = [self.start[slot] for slot in slots]
        function = self._function(node)

        def call(values: Slots) -> None:
            found = function(tuple(joined(read(values)) for read in operands))
            for slot, home, result in zip(slots, homes, found, strict=True):
                values[slot] = self._lasting(result) if home is None else home.copy_(result)

        return call

    def _function(self, node: Node) -> Callable[[tuple[Tensor, ...]], Sequence[Tensor]]:
        """What a node yields of its operands, each of its parts computed by torch's own operator."""
        parts = []
        for part, shapes, _ in walk(self.graph, node):
            weights = weights_of(part.op, part.owner, shapes, self.weights)
            parts.append((bound(part.op, shapes, weights), part.operands))
        results = node.op.results if isinstance(node.op, Step) else None

        def compute(operands: tuple[Tensor, ...]) -> Sequence[Tensor]:
            found: list[Any] = []
            for function, sources in parts:
                found.append(function(*(operands[s.slot] if isinstance(s, Outer) else found[s.part] for s in sources)))
            if results is not None:
                return [found[index] for index in results]
            (result,) = found
            return list(result) if isinstance(result, tuple | list) else [result]

        return compute

    def _forgotten(self, node: Node) -> tuple[int, ...]:
        """The slots that nobody needs after a node. What stands there from the beginning stays."""
        slots = (self.slots[value] for value in self._dead.get(node.number, ()))
        return tuple(slot for slot in slots if self.start[slot] is None)

    def _nested(self, value: Any, slots: Slots) -> Any:
        if isinstance(value, Value):
            found = slots[self.slots[value]]
            whole = joined(found) if type(found) is tuple else found
            return whole if value.node in self.graph.by_sample or whole.dim() == 0 else whole[:1]
        return tuple(self._nested(part, slots) for part in value)


def arena_of(sketch: Sketch, copies: int = 1) -> Arena | None:
    """Memory for what lives between the steps, at fixed addresses, where there are kernels that write where they are
    told. What others return is torch's to allocate, and lives beside it."""
    if not has_ours(sketch.device, sketch.dtype):
        return None
    return Arena(memory(sketch.graph, sketch.batch, sketch.dtype.itemsize), sketch.dtype, sketch.device, copies)


def _shared(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are parts of one piece of memory."""
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
