"""Turns, ratios and intervals, on contenders that take as long as they are told."""

from __future__ import annotations

import pytest

from netdsl.runtime.bench import measure
from netdsl.runtime.bench.contender import Contender


class Clock:
    """Time that passes only when somebody works or sleeps."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measure, "time", clock)
    return clock


def worker(clock, seconds, calls, name):
    """Takes `seconds` for a pass; `calls` hears of it."""

    def run():
        calls.append(name)
        clock.sleep(seconds() if callable(seconds) else seconds)

    return Contender(run, lambda found: [], lambda found: None)


def test_a_turn_is_as_many_passes_as_fill_it_behind_one_that_does_not_count(clock):
    calls = []
    times = measure.rounds({"fast": worker(clock, 0.05, calls, "fast"), "slow": worker(clock, 1.0, calls, "slow")}, 3)
    assert times == {"fast": [pytest.approx(0.05)] * 3, "slow": [pytest.approx(1.0)] * 3}
    assert calls.count("slow") == 1 + 3  # once to see how long it takes
    assert calls.count("fast") == 2 + 3 * (1 + 4)


def test_every_round_has_every_contender_once_and_orders_differ(clock):
    calls = []
    names = "abcd"
    measure.rounds({name: worker(clock, 1.0, calls, name) for name in names}, 12)
    rounds = ["".join(calls[i : i + 4]) for i in range(4, len(calls), 4)]
    assert len(rounds) == 12
    assert all(sorted(each) == list(names) for each in rounds)
    assert len(set(rounds)) > 4


def test_a_turn_ends_where_a_busy_machine_makes_passes_last(clock):
    load = iter([0.001] * 51 + [10.0] * 5)
    calls = []
    turn = measure.rounds({"x": worker(clock, lambda: next(load), calls, "x")}, 1)
    assert turn["x"] == [pytest.approx(10.0)]


def test_of_several_ways_the_fastest_is_taken_with_its_own_time_to_be_ready(clock):
    def way(seconds, ready):
        def make():
            clock.sleep(ready)
            return worker(clock, seconds, [], "")

        return make

    contender, ready = measure.fastest([way(3.0, 10.0), way(1.0, 20.0)])
    assert ready == 21.0
    assert measure.timed(contender) == pytest.approx(1.0)


def test_a_ratio_is_taken_within_rounds():
    ours = [1.0, 10.0, 2.0, 5.0, 1.5]  # the machine was slow now and then, for both
    theirs = [1.2 * each for each in ours]
    found = measure.ratio(theirs, ours)
    assert [found.low, found.median, found.high] == pytest.approx([1.2] * 3)


def test_the_interval_holds_the_median_and_narrows_with_more_rounds():
    few = measure.interval([1.0, 1.1, 1.2, 1.3, 1.4] * 2)
    many = measure.interval([1.0, 1.1, 1.2, 1.3, 1.4] * 40)
    assert few.low < few.median == 1.2 < few.high
    assert few.high - few.low > many.high - many.low


def test_the_spread_is_that_of_the_middle_half():
    assert measure.spread([1.0, 2.0, 3.0, 4.0, 100.0]) == pytest.approx(2.0)
    assert measure.spread([3.0]) == 0.0
