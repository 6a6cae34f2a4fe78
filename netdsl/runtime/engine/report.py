"""What an engine does and what it takes: step by step, measured where it runs."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor

from netdsl.form import title
from netdsl.graph import Graph
from netdsl.runtime.engine import graphs
from netdsl.runtime.engine.cache import Choices
from netdsl.runtime.engine.calls import Launch
from netdsl.runtime.engine.capture import Captured
from netdsl.runtime.engine.head import Split
from netdsl.runtime.engine.program import VIEW, Line, Program
from netdsl.runtime.engine.waiting import clock

WARM = 2  # passes before the first that is timed
BY_IMAGE = ", by image"  # said of the kernels of a head

Floors: TypeAlias = Callable[[Graph], Mapping[int, float]]  # the least seconds of a graph's steps, by numbers of nodes


@dataclass(frozen=True, slots=True)
class StepTime:
    """One step. `floor` is the least that it could take here, by the roofline, in microseconds too; None where nothing
    says so. It leaves caches out, so that a small step may stay below it. `candidates` has the microseconds that each
    took when the engine was tuned, the best guess first; `out` those that were not right or did not run, and why."""

    step: str
    operator: str
    kernel: str
    microseconds: float
    floor: float | None
    candidates: Mapping[str, float] = field(default_factory=dict)
    out: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Of the floor in the time: 1 is as fast as can be."""
        return None if self.floor is None or not self.microseconds else self.floor / self.microseconds


@dataclass(frozen=True, slots=True)
class Report:
    """What an engine does. Times are medians of `runs` passes; `build_seconds` is what making it took, tuning
    included; `weight_bytes` and `buffer_bytes` are held between calls; `uncaptured` says why no CUDA graph holds the
    network, on a GPU where none does."""

    network: str
    device: str
    dtype: str
    batch: int
    build_seconds: float
    measured: int
    weight_bytes: int
    buffer_bytes: int
    uncaptured: str | None
    runs: int
    milliseconds: float
    steps: tuple[StepTime, ...]

    def json(self) -> dict[str, Any]:
        found = asdict(self)
        for row, step in zip(found["steps"], self.steps, strict=True):
            row["share_of_floor"] = step.share
        return found

    def to_json(self) -> str:
        return json.dumps(self.json(), indent=2)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.network} on {self.device}, {self.dtype}, batch {self.batch}: {self.milliseconds:.2f} ms"
        tuned = f", {self.measured} tasks measured" if self.measured else ""
        yield (
            f"made in {self.build_seconds:.1f} s{tuned}; holds {self.weight_bytes / 2**20:.1f} MiB of weights, "
            f"{self.buffer_bytes / 2**20:.1f} MiB of buffers"
        )
        if self.uncaptured is not None:
            yield f"not in a CUDA graph: {self.uncaptured}"
        if out := sum(len(step.out) for step in self.steps):
            yield f"{out} candidates of these steps were wrong or did not run: `to_json()` says which and why"
        yield ""
        names = max([len("step"), *(len(step.step) for step in self.steps)])
        kernels = max([len("kernel"), *(len(step.kernel) for step in self.steps)])
        yield f"{'step':{names}}  {'kernel':{kernels}}  {'µs':>9}  {'%':>5}  {'floor':>9}  {'left':>9}"
        total = sum(step.microseconds for step in self.steps) or 1.0
        for step in self.steps:
            floor, left = "", ""
            if step.floor is not None:
                floor, left = f"{step.floor:.1f}", f"{max(0.0, step.microseconds - step.floor):.1f}"
            spent = f"{step.microseconds:9.1f}  {100 * step.microseconds / total:5.1f}"
            yield f"{step.step:{names}}  {step.kernel:{kernels}}  {spent}  {floor:>9}  {left:>9}".rstrip()


def timed(
    program: Program | Split, inputs: Sequence[Tensor], runs: int, floors: Floors, choices: Choices | None
) -> tuple[StepTime, ...]:
    """The steps of `program`, each with the median of its times; those of candidates stand in `choices`."""
    if isinstance(program, Split):
        head = program.head
        passes = [head.times(inputs) for _ in range(WARM + runs)][WARM:]
        rows = _rows(head.lines, [list(spent) for spent in zip(*passes, strict=True)], floors(head.graph), BY_IMAGE)
        return rows + timed(program.tail, head.outputs, runs, floors, choices)
    times = _in_graphs(program, inputs, runs) if program.device.type == "cuda" else _in_passes(program, inputs, runs)
    return _rows(program.lines, times, floors(program.graph), choices=choices)


def _rows(
    lines: Sequence[Line],
    times: Sequence[list[int]],
    floors: Mapping[int, float],
    how: str = "",
    choices: Choices | None = None,
) -> tuple[StepTime, ...]:
    found = []
    for line, spent in zip(lines, times, strict=True):
        floor = floors.get(line.node.number)
        operator = "" if line.node.op is None else line.node.op.label()
        microseconds = statistics.median(spent) / 1e3
        row = StepTime(title(line.node, 0), operator, line.kernel + how, microseconds, floor and 1e6 * floor)
        if choices is not None and isinstance(line.call, Launch) and (known := choices.about(line.call.key)):
            row = replace(row, candidates=known.microseconds, out=known.out)
        found.append(row)
    return tuple(found)


def _in_passes(program: Program, inputs: Sequence[Tensor], runs: int) -> list[list[int]]:
    """The nanoseconds of each line in each of `runs` passes."""
    times: list[list[int]] = [[] for _ in program.lines]
    for done in range(-WARM, runs):
        slots = program.begin(inputs)
        before = clock(program.device)
        for line, spent in zip(program.lines, times, strict=True):
            line.call(slots)
            program.forget(line, slots)
            now = clock(program.device)
            if done >= 0:
                spent.append(now - before)
            before = now
    return times


def _in_graphs(program: Program, inputs: Sequence[Tensor], runs: int) -> list[list[int]]:
    """The same on a GPU, where issuing a step takes longer than many do: each by itself, replayed `runs` times."""
    times, slots = [], program.begin(inputs)
    cold = program.sketch.batch >= graphs.COLD
    for line in program.lines:
        view = line.kernel == VIEW
        times.append([0] if view else graphs.nanoseconds(partial(line.call, slots), program.device, cold, runs))
        line.call(slots)
        program.forget(line, slots)
    return times


def passed(program: Program | Split | Captured, inputs: Sequence[Tensor], runs: int) -> list[int]:
    """The nanoseconds of each of so many passes."""
    if program.device.type == "cuda":
        return graphs.spent(partial(program.run, inputs), program.device, False, runs)
    times = []
    for _ in range(runs):
        start = clock(program.device)
        program.run(inputs)
        times.append(clock(program.device) - start)
    return times
