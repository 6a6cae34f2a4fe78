"""Columns in a given width: which are shown, how wide each is, how long a bar can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GAP = 2
BARS = "bars"
SHORTEST_BAR, LONGEST_BAR = 4, 24


@dataclass(frozen=True, slots=True)
class Priorities:
    """What is given up where not everything has room.

    `kept` says to how much a column may be cut before others go; `given_up` in which order they go, those together that
    say nothing alone, BARS among them; the first column of all stays to the last. `bars` are the columns with a bar.
    """

    kept: Mapping[str, int]
    given_up: Sequence[tuple[str, ...]]
    bars: frozenset[str] = frozenset()


def fit(natural: Mapping[str, int], available: int, priorities: Priorities) -> tuple[dict[str, int], int]:
    """The widths of the columns that are shown, and the length of the bars, 0 where there are none: together as wide as
    there is room. `natural` is how wide each column would be, in order."""
    for given_up in range(len(priorities.given_up) + 1):
        gone = {column for together in priorities.given_up[:given_up] for column in together}
        bars = 0 if BARS in gone else len(priorities.bars & natural.keys())
        room = {
            column: min(most, priorities.kept.get(column, most))
            for column, most in natural.items()
            if column not in gone
        }
        spare = available - sum(room.values()) - GAP * (len(room) - 1) - bars * (1 + SHORTEST_BAR)
        if spare >= 0:
            break
    else:
        return {next(iter(natural)): available}, 0
    for column in room:  # first what was cut, then the bars, then all alike
        more = min(spare, natural[column] - room[column])
        room[column], spare = room[column] + more, spare - more
    bar = min(LONGEST_BAR, SHORTEST_BAR + spare // bars) if bars else 0
    spare -= bars * (bar - SHORTEST_BAR)
    for place, column in enumerate(room):
        room[column] += spare // len(room) + (place < spare % len(room))
    return room, bar
