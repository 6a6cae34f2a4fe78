"""Choosing a candidate: first whether each is right, then which is the fastest.

Times are taken where they will be spent: the network itself runs, again and again, each step by its candidates in
turn. So weights come from as far away as they will, what is read was just written by the step before it, and whatever
else the machine does meets all candidates alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from netdsl.runtime import algebra
from netdsl.runtime.dtypes import name_of
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.task import Task
from netdsl.runtime.proof.gates import GATES, measure

ROUNDS, SECONDS = 10, 4.0  # stop at the first of the two, but never before LEAST rounds
LEAST = 3
CLEARLY = 0.98  # of the time of an earlier candidate is what a later one must stay below

# Hears how much of the tuning is done, from 0 to 1.
Progress: TypeAlias = Callable[[float], None]


def unheard(share: float) -> None:
    """Progress that nobody follows."""


@dataclass(eq=False, slots=True)
class Trial:
    """A step by each candidate that is right; the first of `lines` stands in the program meanwhile."""

    key: str  # of the task
    names: list[str]  # of all its candidates, those found wrong too
    lines: list[Line]
    nanoseconds: list[list[int]] = field(default_factory=list)

    @property
    def best(self) -> int:
        """The fastest by its least time; the earlier one where two are about as fast."""
        chosen = 0
        for index, times in enumerate(self.nanoseconds):
            if min(times) < CLEARLY * min(self.nanoseconds[chosen]):
                chosen = index
        return chosen


def right(task: Task, made: Sequence[tuple[Candidate, Any]]) -> list[tuple[Candidate, Any]]:
    """Those that compute what the algebra of float64 does, on random numbers; all of them if none does."""
    sources = [_random(source, task) for source in task.sources]
    residual = None if task.residual is None else _random(task.residual, task)
    ends = [0, -1] if len(task.out) > 1 else [0]
    wanted = torch.empty((len(ends), *task.out.shape[1:]), dtype=torch.float64, device=task.device)
    algebra.run(
        task.step,
        [source[ends].double() for source in sources],
        None if residual is None else residual[ends].double(),
        wanted,
    )
    gate = GATES[_gate(task)]
    passed = []
    for candidate, run in made:
        added = None if residual is None else residual.clone(memory_format=torch.preserve_format)
        if candidate.writes:
            found = _random(task.out, task)
            run(sources, added, found)
        else:
            found = run(sources, added)
        if measure(found[ends], wanted).over(gate) <= 1:
            passed.append((candidate, run))
    return passed or list(made)


def time_in_place(program: Program, trials: Sequence[Trial], inputs: Sequence[Tensor], tell: Progress) -> None:
    """Fill in the times of `trials`."""
    turns = max(len(trial.lines) for trial in trials)
    trial_of = {id(trial.lines[0]): trial for trial in trials}
    for trial in trials:
        trial.nanoseconds = [[] for _ in trial.lines]
    begin = time.perf_counter()
    for done in range(-1, ROUNDS):  # the first is to warm up
        if done >= LEAST and time.perf_counter() - begin > SECONDS:
            return
        for turn in range(turns):
            _pass(program, trial_of, turn, inputs, warm=done >= 0)
            tell((1 + done + (1 + turn) / turns) / (1 + ROUNDS))


def _pass(program: Program, trial_of: dict[int, Trial], turn: int, inputs: Sequence[Tensor], *, warm: bool) -> None:
    """One pass over the network, each step on trial by candidate number `turn`, round and round."""
    slots = program.begin(inputs)
    for line in program.lines:
        trial = trial_of.get(id(line))
        if trial is None:
            line.call(slots)
        else:
            index = turn % len(trial.lines)
            start = clock(program.device)
            trial.lines[index].call(slots)
            spent = clock(program.device) - start
            if warm:
                trial.nanoseconds[index].append(spent)
        program.forget(line, slots)


def clock(device: torch.device) -> int:
    """Nanoseconds, when all work on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter_ns()


def _gate(task: Task) -> str:
    return task.precision if task.dtype is torch.float32 else name_of(task.dtype)


def _random(sketch: Tensor, task: Task) -> Tensor:
    """Signed numbers that lie as the sketch says."""
    return torch.empty_strided(sketch.shape, sketch.stride(), dtype=task.dtype, device=task.device).normal_()
