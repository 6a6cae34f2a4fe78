"""Which of several candidates is taken for a step, by the times that were measured."""

from __future__ import annotations

import pytest

from netdsl.runtime.engine.tuning import Trial


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
