"""What the lines of a program do: compute a step by one kernel, by none, or part by part by torch's own operators.

Each call knows the slots that it reads and writes, and has looked up all it can before the first pass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.native import Kernel
from netdsl.native import Step as NativeStep
from netdsl.runtime.engine.candidate import New
from netdsl.runtime.engine.task import Task
from netdsl.runtime.executor import weights_of
from netdsl.runtime.folding import Weights
from netdsl.runtime.geometry import known
from netdsl.runtime.operators import bound
from netdsl.runtime.prepared import Run
from netdsl.runtime.values import Sources, for_each, joined
from netdsl.step import Outer, Step, walk

Slots: TypeAlias = list[Any]
Settled: TypeAlias = tuple[Kernel, NativeStep]  # a kernel in C with tensors that never move
Issued: TypeAlias = tuple[Callable[[Slots], None], tuple[int, ...]]  # a call, and the slots to forget after it
Lasting: TypeAlias = Callable[[Tensor], Tensor]  # what torch made, as it may be kept

NOTHING = 0  # the slot of what is not there


@dataclass(frozen=True, slots=True)
class Ends:
    """The slots of a node's operands and of its results. `homes` are the tensors that these are written to, where such
    stand in their slots from the beginning."""

    operands: tuple[int, ...]
    results: tuple[int, ...]
    homes: tuple[Tensor | None, ...]


class Call(ABC):
    """Computes a node in the slots of a pass."""

    @abstractmethod
    def __call__(self, slots: Slots) -> None: ...

    def settle(self, slots: Slots) -> list[Settled] | None:
        """To be called before a program runs, with the slots whose tensors are the same in each pass. Adds the results
        where those are such, and where all that is read is too, returns the kernels in C that compute them. None where
        Python has something to do in each pass."""
        return None


class Launch(Call):
    """A task by one kernel.

    All results are written to `room`, one's channels after the other's, if that is given. Where a result has its home,
    the room is part of a wider buffer.
    """

    def __init__(
        self,
        node: Node,
        ends: Ends,
        task: Task,
        run: New | Run,
        *,
        writes: bool,
        room: Tensor | None,
        lasting: Lasting,
    ) -> None:
        assert room is None or room.shape == task.out.shape, f"the plan has {tuple(room.shape)}"
        self.run: Any = run
        self.key = task.key
        self.writes, self.room, self.lasting, self.out, self.device = writes, room, lasting, task.out, task.device
        self.at_home = ends.homes[0] is not None
        self.source = ends.operands[task.step.form.source.slot]
        self.residual = NOTHING if task.step.residual is None else ends.operands[task.step.residual]
        widths = [known(shape)[0] for shape in node.shapes]
        offsets = [sum(widths[:index]) for index in range(len(widths))]
        self.results = list(zip(ends.results, offsets, widths, strict=True))

    def __call__(self, slots: Slots) -> None:
        sources, residual = parts(slots[self.source]), slots[self.residual]
        if type(residual) is tuple:
            residual = joined(residual)
        if self.writes:
            made = self._new() if self.room is None else self.room
            self.run(sources, residual, made)
        elif self.at_home and self.room is not None:
            made = self.room.copy_(self.run(sources, residual))
        else:
            made = self.lasting(self.run(sources, residual))
        if not self.at_home:
            self._hand_out(made, slots)

    def settle(self, slots: Slots) -> list[Settled] | None:
        if not self.writes or self.room is None:
            return None
        if not self.at_home:
            self._hand_out(self.room, slots)
        source, residual = slots[self.source], slots[self.residual]
        there = source is not None and (residual is not None or self.residual == NOTHING)
        if not there or type(residual) is tuple or not isinstance(self.run, Kernel):
            return None
        step = self.run.placed(parts(source), residual, self.room)
        return None if step is None else [(self.run, step)]

    def _new(self) -> Tensor:
        return torch.empty_strided(self.out.shape, self.out.stride(), dtype=self.out.dtype, device=self.device)

    def _hand_out(self, made: Tensor, slots: Slots) -> None:
        for slot, offset, width in self.results:
            slots[slot] = made.narrow(1, offset, width)


class View(Call):
    """A step that launches nothing."""

    def __init__(self, graph: Graph, node: Node, ends: Ends) -> None:
        assert node.op is not None
        self.ends, self.joins = ends, node.op.name == "concat"
        self.function = bound(node.op, graph.operand_shapes(node), {})

    def __call__(self, slots: Slots) -> None:
        operands = [parts(slots[slot]) for slot in self.ends.operands]
        if self.joins:  # several tensors, which a kernel reads where they are
            slots[self.ends.results[0]] = tuple(part for sources in operands for part in sources)
            return
        found = self.function(*map(joined, operands))
        for slot, result in zip(self.ends.results, _listed(found), strict=True):
            slots[slot] = result

    def settle(self, slots: Slots) -> list[Settled] | None:
        if any(slots[slot] is None for slot in self.ends.operands):
            return None
        self(slots)
        return []


class ByParts(Call):
    """A step by torch's own operators. What weights alone make is made once for each sample."""

    def __init__(self, graph: Graph, node: Node, ends: Ends, weights: Weights, batch: int, lasting: Lasting) -> None:
        self.ends, self.batch, self.lasting = ends, batch, lasting
        self.same = node.number not in graph.by_sample
        self.parts = []
        for part, shapes, _ in walk(graph, node):
            self.parts.append((bound(part.op, shapes, weights_of(part.op, part.owner, shapes, weights)), part.operands))
        self.results = node.op.results if isinstance(node.op, Step) else None

    def __call__(self, slots: Slots) -> None:
        found = self._computed([joined(parts(slots[slot])) for slot in self.ends.operands])
        if self.same:
            found = [result if result.dim() == 0 else for_each((result,), self.batch)[0] for result in found]
        for slot, home, result in zip(self.ends.results, self.ends.homes, found, strict=True):
            slots[slot] = self.lasting(result) if home is None else home.copy_(result)

    def _computed(self, operands: Sequence[Tensor]) -> Sequence[Tensor]:
        found: list[Any] = []
        for function, sources in self.parts:
            found.append(function(*(operands[s.slot] if isinstance(s, Outer) else found[s.part] for s in sources)))
        if self.results is not None:
            return [found[index] for index in self.results]
        (result,) = found
        return _listed(result)


def parts(found: Tensor | Sources) -> Sources:
    """What stands in a slot, as its readers get it."""
    return found if isinstance(found, tuple) else (found,)


def _listed(found: Any) -> Sequence[Tensor]:
    return found if isinstance(found, tuple | list) else [found]
