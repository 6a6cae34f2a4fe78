"""Which of the candidates that are right is the fastest.

Times are taken where they will be spent. On a CPU the network itself runs, again and again, each step by its
candidates in turn. So weights come from as far away as they will, what is read was just written by the step before it,
and whatever else the machine does meets all candidates alike. On a GPU the network runs once, and each candidate is
replayed from a CUDA graph of its own, with what it reads in the L2 or not, as it will be in such a batch.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from netdsl.runtime.engine import graphs
from netdsl.runtime.engine.cache import Choice
from netdsl.runtime.engine.calls import Slots
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.waiting import clock, log, reason_of

ROUNDS, SECONDS = 10, 4.0  # stop at the first of the two, but never before LEAST rounds
LEAST = 3
CLEARLY = 0.95  # of a candidate's time is what a later one must stay below
HOPELESS, LONG = 2.0, 10**6  # times as long as the fastest, nanoseconds: what takes more of both is not tried again

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
    left: list[int] = field(default_factory=list)  # of `lines`, those that are still tried
    out: dict[str, str] = field(default_factory=dict)  # of `names`, those that are no good, and why

    def begin(self) -> None:
        """Try all of them."""
        self.nanoseconds, self.left = [[] for _ in self.lines], list(range(len(self.lines)))

    def narrow(self) -> None:
        """Of a step that takes so long, leave what is hopeless by its least time so far."""
        least = {index: min(self.nanoseconds[index]) for index in self.left}
        longest = max(LONG, HOPELESS * min(least.values()))
        self.left = [index for index, spent in least.items() if spent <= longest]

    def forget(self) -> None:
        """The times of those that are still tried."""
        for index in self.left:
            self.nanoseconds[index] = []

    @property
    def best(self) -> int:
        """The first by whose median time no other is clearly faster, of those that were tried to the end: the machine
        may have been another before."""
        tried = self.left or range(len(self.nanoseconds))
        medians = {index: statistics.median(self.nanoseconds[index] or [math.inf]) for index in tried}
        return next(index for index, spent in medians.items() if CLEARLY * spent <= min(medians.values()))

    @property
    def choice(self) -> Choice:
        """What is to be remembered."""
        times = zip(self.lines, self.nanoseconds, strict=True)
        spent = {line.kernel: statistics.median(each) / 1e3 for line, each in times if each}
        return Choice(self.lines[self.best].kernel, self.names, spent, self.out)


# Hears of trials whose times are known.
Learned: TypeAlias = Callable[[Sequence[Trial]], None]


def compile_together(program: Program, inputs: Sequence[Tensor]) -> None:
    """Compile the kernels of ours that a pass launches, all at once. Who fails here will where it runs."""
    from netdsl.kernels.launch import ahead

    with suppress(Exception), ahead():
        program.run(inputs)


def time_in_graphs(
    program: Program, trials: Sequence[Trial], inputs: Sequence[Tensor], tell: Progress, learned: Learned
) -> None:
    """Fill in the times of `trials` on a GPU, where issuing a step takes longer than many do: each candidate in a graph
    by itself, on what the steps before it wrote. Raises Faulted, and what the last candidate does if all raise."""
    trial_of = {id(trial.lines[0]): trial for trial in trials}
    compile_together(program, inputs)  # what was remembered; of what is tried all is compiled
    slots, done = program.begin(inputs), 0
    cold = program.sketch.batch >= graphs.COLD
    for line in program.lines:
        if (trial := trial_of.get(id(line))) is not None:
            trial.nanoseconds = []
            for each in trial.lines:
                trial.nanoseconds.append(_in_graph(each, trial, slots, program.device, cold))
            learned([trial])
            line = trial.lines[trial.best]
            done += 1
            tell(done / len(trials))
        line.call(slots)
        program.forget(line, slots)


def _in_graph(line: Line, trial: Trial, slots: Slots, device: torch.device, cold: bool) -> list[int]:
    """The times of a candidate; none where it raises after all."""
    log.debug("timing %s for %s", line.kernel, trial.key)
    try:
        return graphs.nanoseconds(partial(line.call, slots), device, cold)
    except Exception as error:
        trial.out[line.kernel] = reason_of(error, line.kernel, trial.key, device)
        if line is trial.lines[-1] and not any(trial.nanoseconds):
            raise
        return []


def time_in_place(
    program: Program, trials: Sequence[Trial], inputs: Sequence[Tensor], tell: Progress, learned: Learned
) -> None:
    """Fill in the times of `trials`. `learned` hears of each as soon as it is known."""
    if program.device.type == "cuda":
        time_in_graphs(program, trials, inputs, tell, learned)
        return
    trial_of = {id(trial.lines[0]): trial for trial in trials}
    for trial in trials:
        trial.begin()
    begin = time.perf_counter()
    for done in range(-1, ROUNDS):
        if done >= LEAST and time.perf_counter() - begin > SECONDS:
            break
        turns = max(len(trial.left) for trial in trials)
        for turn in range(turns):
            _pass(program, trial_of, turn, inputs)
            tell((1 + done + (1 + turn) / turns) / (1 + ROUNDS))
        for trial in trials:
            trial.narrow()
            if done < 0:  # that was to warm up
                trial.forget()
    learned(trials)


def _pass(program: Program, trial_of: dict[int, Trial], turn: int, inputs: Sequence[Tensor]) -> None:
    """One pass over the network, each step on trial by candidate number `turn`, round and round."""
    slots = program.begin(inputs)
    for line in program.lines:
        trial = trial_of.get(id(line))
        if trial is None:
            line.call(slots)
        else:
            index = trial.left[turn % len(trial.left)]
            start = clock(program.device)
            trial.lines[index].call(slots)
            trial.nanoseconds[index].append(clock(program.device) - start)
        program.forget(line, slots)
