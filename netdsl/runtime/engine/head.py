"""The first steps of a network, sample by sample, by kernels in C: netdsl.plan.cut says why, and which.

Every thread has samples of its own and memory for the maps of one, so that these stay in its cache and that no thread
waits for another between two steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from netdsl.graph import Graph, leaves
from netdsl.native import Astray, SeriesByImage
from netdsl.plan.cut import Cut, best_cut
from netdsl.runtime.engine import native
from netdsl.runtime.engine.calls import Settled, Slots
from netdsl.runtime.engine.checking import SEED
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.geometry import known
from netdsl.runtime.inputs import inputs_of


def cut_for(
    graph: Graph, batch: int, dtype: torch.dtype, device: torch.device, before: int | None = None
) -> Cut | None:
    """Where a fused graph is to be cut, no later than `before` a node, if that pays. Each thread needs as many samples
    as the others, or several."""
    threads = torch.get_num_threads()
    shared = batch > 1 and (batch % threads == 0 or batch >= 4 * threads)
    if not shared or native.no_kernels(device, dtype) is not None:
        return None
    return best_cut(graph, batch, dtype.itemsize, threads, before)


class NoHead(Exception):
    """No kernel in C computes node `number`, so that no head has it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Head:
    """`graph` for `batch` samples, which are copied to `inputs`; what it yields is in `outputs`, the same at each call.

    It has as many threads as torch has now; later, where torch has fewer, no more than these. Raises NoHead.
    """

    def __init__(self, graph: Graph, batch: int, weights: Mapping[str, Tensor], precision: str) -> None:
        self.graph = graph
        values = [value for output in graph.outputs for value in leaves(output.value)]
        self.outputs = [_room(batch, known(graph.shape(value))) for value in values]
        draws = torch.Generator().manual_seed(SEED)  # until the first call: what reads them may be measured before
        for output in self.outputs:
            output.normal_(generator=draws)
        self.inputs = [_room(batch, known(node.shape)) for node in inputs_of(graph)]
        sketch = Sketch(graph, 1, torch.float32, torch.device("cpu"), joins=False)
        homes = {value: found[:1] for value, found in zip(values, self.outputs, strict=True)}
        threads = torch.get_num_threads()
        given = [found[:1] for found in self.inputs]
        self._program = Program(graph, sketch, {}, given=given, homes=homes, copies=threads)
        self._fill(weights, precision)
        self.lines: list[Line] = []  # those with a kernel
        parts: list[Settled] = []
        slots = self._program.start.copy()
        for line in self._program.lines:
            settled = line.call.settle(slots)
            if settled is None:
                raise NoHead(line.node.number)
            parts += settled
            self.lines += [line] * len(settled)
        assert self._program.arena is not None
        maps = self._program.arena.memory.view(threads, self._program.arena.plan.size)
        try:
            self.series = SeriesByImage(parts, maps, [*self.inputs, *self.outputs])
        except Astray as error:
            raise NoHead(len(graph.nodes) - 1) from error

    def _fill(self, weights: Mapping[str, Tensor], precision: str) -> None:
        """Lines by the best guess: what is the fastest on all threads at once need not be on one of its own."""
        program = self._program
        for node in self.graph.nodes:
            if node.op is None:
                continue
            if program.sketch.is_view(node):
                program.view(node)
                continue
            task = program.sketch.task(node, weights, precision)
            offer = None if task is None else next(native.candidates(task), None)
            if task is None or offer is None:
                raise NoHead(node.number)
            program.lines.append(program.line(node, task, offer, offer.make()))

    def run(self, inputs: Sequence[Tensor], *, timed: bool = False) -> int:
        """Computes `outputs` of inputs in any layout; returns how many threads did."""
        for mine, given in zip(self.inputs, inputs, strict=True):
            mine.copy_(given)
        return self.series(timed=timed)

    def times(self, inputs: Sequence[Tensor]) -> list[int]:
        """The nanoseconds of each line in one pass: what the threads spent on it, divided by their number."""
        threads = self.run(inputs, timed=True)
        found: list[int] = (self.series.spent.sum(0) // threads).tolist()
        return found

    def held(self) -> list[Tensor]:
        return [*self._program.held(), *self.memory]

    @property
    def memory(self) -> list[Tensor]:
        return [*self._program.memory, *self.inputs, *self.outputs, self.series.scratch]

    @property
    def weight_bytes(self) -> int:
        return self._program.weight_bytes


class Split:
    """A program that begins with a head; it is called like one."""

    def __init__(self, head: Head, tail: Program) -> None:
        self.head, self.tail, self.device = head, tail, tail.device

    def run(self, inputs: Sequence[Tensor]) -> Slots:
        self.head.run(inputs)
        return self.tail.run(self.head.outputs)

    @property
    def lines(self) -> list[Line]:
        return [*self.head.lines, *self.tail.lines]

    def outputs(self, slots: Slots) -> list[object]:
        return self.tail.outputs(slots)

    def held(self) -> list[Tensor]:
        return [*self.head.held(), *self.tail.held()]

    @property
    def weight_bytes(self) -> int:
        return self.head.weight_bytes + self.tail.weight_bytes

    @property
    def memory(self) -> list[Tensor]:
        return [*self.head.memory, *self.tail.memory]


def _room(batch: int, shape: Sequence[int]) -> Tensor:
    """For [batch, C, ..] whose channels lie together; for [batch] where a sample is a number."""
    if not shape:
        return torch.empty(batch)
    channels, *spatial = shape
    return torch.empty(batch, *spatial, channels).movedim(-1, 1)
