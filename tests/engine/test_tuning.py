"""Which of several candidates is taken for a step, by the times that were measured."""

from __future__ import annotations

import pytest

from netdsl.runtime.engine.program import Line
from netdsl.runtime.engine.tuning import LONG, Trial


@pytest.mark.parametrize(
    ("times", "best"),
    [
        ([[100, 100, 100], [80, 80, 80]], 1),
        ([[100, 100, 100], [97, 97, 97]], 0),  # not clearly faster than the best guess
        ([[100, 100, 100], [97, 97, 97], [94, 94, 94]], 1),  # which the last is, but not than the one between
        ([[100, 101, 99], [60, 140, 130]], 0),  # once is not usually
        ([[100, 900, 100], [98, 98, 98]], 0),  # what the machine did besides is not the candidate's
        ([[100]], 0),
    ],
)
def test_the_first_that_no_other_is_clearly_faster_than(times: list[list[int]], best: int) -> None:
    assert Trial("key", [], [], times).best == best


@pytest.mark.parametrize(
    ("times", "left"),
    [
        ([[5, 9], [12, 11], [9, 9]], [0, 2]),
        ([[5], [9], [50]], [0, 1]),
        ([[50], [9], [5]], [1, 2]),
        ([[5, 30], [40, 5]], [0, 1]),  # the machine did other things besides
    ],
)
def test_what_takes_twice_as_long_and_long_is_not_tried_again(times: list[list[int]], left: list[int]) -> None:
    for unit, wanted in ((LONG, left), (LONG // 100, list(range(len(times))))):
        trial = Trial("key", [], [Line] * len(times))  # type: ignore[list-item]
        trial.begin()
        trial.nanoseconds = [[unit * spent for spent in each] for each in times]
        best = trial.best
        trial.narrow()
        assert trial.left == wanted
        assert trial.best == best
        for index in left:  # a machine that is now as slow as what was dropped
            trial.nanoseconds[index].append(unit * 1000)
        trial.narrow()
        assert trial.left == wanted
        trial.forget()
        for index in wanted:
            trial.nanoseconds[index].append(unit * 1000)
        trial.narrow()
        assert trial.left == wanted
        assert trial.best in wanted
        trial.forget()
        assert [bool(each) for each in trial.nanoseconds] == [index not in wanted for index in range(len(times))]
