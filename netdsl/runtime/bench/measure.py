"""Timing side by side: rounds in which every contender has one turn, in an order drawn afresh for each round.

A turn is some passes one after the other, waited for once, so that a device is kept busy as in use. Whatever the
machine does besides, it does to all of them; ratios are taken within rounds.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from netdsl.runtime.bench.contender import Contender

T = TypeVar("T")

TURN = 0.2  # seconds that a turn should last: a pass or more
MOST = 3 * TURN  # seconds after which no further pass is begun
PAUSE = 0.02  # seconds before a turn, in which the threads of the contender before it stop spinning
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A median, and where 95 % of the medians of samples drawn from the same rounds lie (the bootstrap's interval)."""

    median: float
    low: float
    high: float


def rounds(
    contenders: Mapping[T, Contender], count: int, tell: Callable[[int], None] = lambda done: None
) -> dict[T, list[float]]:
    """Seconds per pass of each contender in each of `count` rounds."""
    order = list(contenders)
    shuffle = random.Random(SEED).shuffle
    passes = {name: _passes(contender) for name, contender in contenders.items()}
    times: dict[T, list[float]] = {name: [] for name in order}
    gc.collect()
    collecting = gc.isenabled()
    gc.disable()
    try:
        for done in range(count):
            shuffle(order)
            for name in order:
                times[name].append(_turn(contenders[name], passes[name]))
            tell(done + 1)
    finally:
        if collecting:
            gc.enable()
    return times


def _turn(contender: Contender, passes: int) -> float:
    time.sleep(PAUSE)
    if passes > 1:  # quick enough that what its caches lack would show
        contender.wait(contender.run())
    return timed(contender, passes)


def timed(contender: Contender, passes: int = 1) -> float:
    """Seconds per pass; fewer passes where a busy machine makes them last."""
    start = time.perf_counter()
    done = 0
    while done < passes and (not done or time.perf_counter() - start < MOST):
        result = contender.run()
        done += 1
    contender.wait(result)
    return (time.perf_counter() - start) / done


def _passes(contender: Contender) -> int:
    """How many make a turn."""
    once = timed(contender)
    if once > TURN:
        return 1
    several = max(1, int(TURN / once / 4))
    return max(1, round(TURN / min(once, timed(contender, several))))


def fastest(ways: Sequence[Callable[[], Contender]], trials: int = 3) -> tuple[Contender, float]:
    """The best of several ways to set up one peer, by the least time of a few passes each; and the seconds that it took
    from nothing to its first result."""
    made: list[Contender] = []
    ready: list[float] = []
    for way in ways:
        start = time.perf_counter()
        contender = way()
        contender.wait(contender.run())
        ready.append(time.perf_counter() - start)
        made.append(contender)
    if len(made) == 1:
        return made[0], ready[0]
    least = [min(timed(each) for _ in range(trials)) for each in made]
    best = least.index(min(least))
    return made[best], ready[best]


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Interval:
    """How many times as long they take, round by round."""
    pairs = [a / b for a, b in zip(theirs, ours, strict=True)]
    return interval(pairs)


def interval(values: Sequence[float], middle: Callable[[Sequence[float]], float] = statistics.median) -> Interval:
    draw = random.Random(SEED)
    found = sorted(middle(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(middle(values), found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1])


def spread(times: Sequence[float]) -> float:
    """From the lower to the upper quartile."""
    if len(times) < 2:
        return 0.0
    lower, _, upper = statistics.quantiles(times, n=4, method="inclusive")
    return upper - lower
