"""Choosing a candidate: first whether each is right, then which is the fastest.

Times are taken where they will be spent. On a CPU the network itself runs, again and again, each step by its
candidates in turn. So weights come from as far away as they will, what is read was just written by the step before it,
and whatever else the machine does meets all candidates alike. On a GPU the network runs once, and each candidate is
replayed from a CUDA graph of its own, with what it reads in the L2 or not, as it will be in such a batch.
"""

from __future__ import annotations

import logging
import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from netdsl.runtime.dtypes import name_of
from netdsl.runtime.engine import graphs
from netdsl.runtime.engine.cache import Choice
from netdsl.runtime.engine.calls import Slots
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.reference import Reference
from netdsl.runtime.engine.task import Task
from netdsl.runtime.proof.gates import GATES

ROUNDS, SECONDS = 10, 4.0  # stop at the first of the two, but never before LEAST rounds
LEAST = 3
DRAWN = 1_000_003  # normal numbers, then the same again: more take seconds. A prime, so that no two rows are alike
SEED = 0  # of the numbers that candidates are tried on: torch's own stay as they are
CLEARLY = 0.95  # of a candidate's time is what a later one must stay below
HOPELESS, LONG = 2.0, 10**6  # times as long as the fastest, nanoseconds: what takes more of both is not tried again

REASON = 200  # characters of why a candidate is out

log = logging.getLogger(__name__)  # what is begun: a kernel that hangs says nothing itself

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
        """The first by whose median time no other is clearly faster."""
        medians = [statistics.median(times) if times else math.inf for times in self.nanoseconds]
        return next(index for index, spent in enumerate(medians) if CLEARLY * spent <= min(medians))

    @property
    def choice(self) -> Choice:
        """What is to be remembered."""
        times = zip(self.lines, self.nanoseconds, strict=True)
        spent = {line.kernel: statistics.median(each) / 1e3 for line, each in times if each}
        return Choice(self.lines[self.best].kernel, self.names, spent, self.out)


# Hears of trials whose times are known.
Learned: TypeAlias = Callable[[Sequence[Trial]], None]


class Faulted(RuntimeError):
    """A kernel took its device's context with it: this process computes nothing more there."""


def right(task: Task, offers: Sequence[Candidate], out: dict[str, str] | None = None) -> list[tuple[Candidate, Any]]:
    """Those that compute what the algebra of float64 does, on random numbers, with what they made; all of them if none
    does. On a GPU one that raises is out: a kernel may need more than the device has, and a library have none.

    Where they write was full of NaN before: one that leaves something out or reads it is out too. `out` gets why each
    is. Raises Faulted.
    """
    out = {} if out is None else out
    draws = torch.Generator(task.device).manual_seed(SEED)
    sources = [_random(source, task, draws) for source in task.sources]
    residual = None if task.residual is None else _random(task.residual, task, draws)
    reference = Reference(task, sources, residual)
    gate = GATES[_gate(task)]
    if may_fail(task.device):
        compile_all(offers, sources, residual, _spoilt(task))
    made: list[tuple[Candidate, Any]] = []
    passed: list[tuple[Candidate, Any]] = []
    for candidate in offers:
        added = None if residual is None else residual.clone(memory_format=torch.preserve_format)
        log.debug("trying %s for %s", candidate.name, task.key)
        try:
            run = candidate.make()
            found = computed(candidate, run, sources, added, _spoilt(task))
            wait(task.device)  # so that what goes wrong does it here
        except Exception as error:
            if not may_fail(task.device):
                raise
            out[candidate.name] = _reason(error, candidate.name, task.key, task.device)
            if candidate is offers[-1] and not made:
                raise
            continue
        made.append((candidate, run))
        far = reference.error(found)
        if far.over(gate) <= 1:
            passed.append((candidate, run))
        else:
            out[candidate.name] = f"wrong: RMS {far.rms:.1e}, largest {far.largest:.1e}"
            log.debug("%s is %s", candidate.name, out[candidate.name])
    return passed or made


def _reason(error: Exception, name: str, key: str, device: torch.device) -> str:
    """Why a candidate that raised is out. Raises Faulted."""
    first = (str(error).strip().splitlines() or [""])[0]
    reason = f"{type(error).__name__}: {first}"[:REASON]
    log.debug("%s is out: %s", name, reason)
    try:
        wait(device)
    except Exception:
        raise Faulted(f"{name} broke {device}: {reason}; it was to compute {key}") from error
    return reason


def may_fail(device: torch.device) -> bool:
    """Whether a candidate may turn out not to run there."""
    return device.type == "cuda"


def compile_all(offers: Sequence[Candidate], sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
    """Compile the kernels of ours that `offers` launch, all at once. Who fails here will where it is tried."""
    from netdsl.kernels.launch import ahead

    with ahead():
        for offer in offers:
            if offer.writes:
                with suppress(Exception):
                    computed(offer, offer.make(), sources, residual, out)


def compile_together(program: Program, inputs: Sequence[Tensor]) -> None:
    """Compile the kernels of ours that a pass launches, all at once. Who fails here will where it runs."""
    from netdsl.kernels.launch import ahead

    with suppress(Exception), ahead():
        program.run(inputs)


def computed(candidate: Candidate, run: Any, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> Tensor:
    """What a candidate yields: `out`, if it writes where it is told."""
    if not candidate.writes:
        del out  # torch will likely take the same memory for the result: cuDNN's conv + relu reads what it finds there
        found: Tensor = run(sources, residual)
        return found
    run(sources, residual, out)
    return out


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
        trial.out[line.kernel] = _reason(error, line.kernel, trial.key, device)
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


def clock(device: torch.device) -> int:
    """Nanoseconds, when all work on the device is done."""
    wait(device)
    return time.perf_counter_ns()


def wait(device: torch.device) -> None:
    """Until all work on the device is done. Raises what went wrong in it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _gate(task: Task) -> str:
    return task.precision if task.dtype is torch.float32 else name_of(task.dtype)


def _spoilt(task: Task) -> Tensor:
    """Where the result will lie, full of NaN."""
    return _like(task.out, task).fill_(torch.nan)


def _random(sketch: Tensor, task: Task, draws: torch.Generator) -> Tensor:
    """Signed numbers that lie as the sketch says."""
    found = _like(sketch, task)
    if found.numel() <= DRAWN:
        return found.normal_(generator=draws)
    drawn = torch.empty(DRAWN, dtype=task.dtype, device=task.device).normal_(generator=draws)
    return found.copy_(drawn.repeat(-(-found.numel() // DRAWN))[: found.numel()].view(found.shape))


def _like(sketch: Tensor, task: Task) -> Tensor:
    return torch.empty_strided(sketch.shape, sketch.stride(), dtype=task.dtype, device=task.device)
