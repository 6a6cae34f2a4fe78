"""The summary as a table of text, exactly as wide as it is to be."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from netdsl.analysis.cells import COLUMNS, RIGHT, SHARES, Line, lines, notes, totals
from netdsl.rendering.columns import cut
from netdsl.rendering.columns import width as columns_of

if TYPE_CHECKING:
    from netdsl.analysis.summary import Summary

BARS = "bars"
GIVEN_UP = ("line", "stride", BARS, "memory", *SHARES, "field", "MACs", "operator", "output", "params")
"""In this order, where the width is too small for all: the least telling first."""

KEPT = {"name": 20, "operator": 16, "output": 20}
"""To how much a column may be cut before another is given up."""

GAP = 2
SHORTEST_BAR, LONGEST_BAR = 4, 24
EIGHTHS: tuple[str, ...] = ("", *"▏▎▍▌▋▊▉")

BOLD, DIM, RED, BAR, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[36m", "\x1b[0m"
STYLES = {"block": BOLD, "broken": RED}


def table(summary: Summary, width: int, depth: int | None, how: bool, color: bool) -> str:
    """The table, the totals and what is to be said of them. The rules are `width` wide, and nothing is wider."""
    body, ends = list(lines(summary, depth, how)), list(totals(summary))
    heading = Line("heading", "", {column: "%" if column in SHARES else column for column in COLUMNS})
    columns, bar = _fit([heading, *body, *ends], width)
    rule = "─" * width
    out = [_row(heading, columns, bar, DIM, color), rule]
    for line in body:
        out.append(_row(line, columns, bar, STYLES.get(line.kind, ""), color))
        for text in line.how:
            out += [_styled(part, DIM, color) for part in _wrapped(text, width, 2 * line.level + 4)]
    out += [rule, *(_row(line, columns, bar, "" if line.level else BOLD, color) for line in ends), rule]
    for text in notes(summary):
        out += _wrapped(text.lstrip(), width, len(text) - len(text.lstrip()))
    return "\n".join(out)


def _fit(table: list[Line], available: int) -> tuple[dict[str, int], int]:
    """The columns that are shown with their widths, and how long the bars are: together as wide as there is room."""
    natural = {column: max(columns_of(_text(line, column)) for line in table) for column in COLUMNS}
    for column in COLUMNS:
        if not any(line.cells.get(column) for line in table[1:]):  # a heading and nothing below
            del natural[column]
    for given_up in range(len(GIVEN_UP) + 1):
        gone = GIVEN_UP[:given_up]
        bars = sum(share in natural for share in SHARES) if BARS not in gone else 0
        room = {column: min(most, KEPT.get(column, most)) for column, most in natural.items() if column not in gone}
        spare = available - sum(room.values()) - GAP * (len(room) - 1) - bars * (1 + SHORTEST_BAR)
        if spare >= 0:
            break
    else:
        return {"name": available}, 0
    for column in room:  # first what was cut, then the bars, then all alike
        more = min(spare, natural[column] - room[column])
        room[column], spare = room[column] + more, spare - more
    bar = min(LONGEST_BAR, SHORTEST_BAR + spare // bars) if bars else 0
    spare -= bars * (bar - SHORTEST_BAR)
    for place, column in enumerate(room):
        room[column] += spare // len(room) + (place < spare % len(room))
    return room, bar


def _text(line: Line, column: str) -> str:
    return "  " * (line.level if column == "name" else 0) + line.cells.get(column, "")


def _row(line: Line, columns: dict[str, int], bar: int, style: str, color: bool) -> str:
    parts = []
    for column, room in columns.items():
        text = cut(_text(line, column), room)
        blank = " " * (room - columns_of(text))
        shown = _styled(text, style, color)
        part = blank + shown if column in RIGHT else shown + blank
        if bar and column in SHARES:
            length = drawn(line.shares.get(column), bar)
            part += " " + _styled(length, BAR, color) + " " * (bar - len(length))
        parts.append(part)
    return (" " * GAP).join(parts).rstrip()


def drawn(share: float | None, length: int) -> str:
    """A bar that is `share` of `length` characters long, to an eighth of one."""
    eighths = round(8 * length * min(share or 0.0, 1.0))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8]


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    margin = " " * min(indent, width // 2)
    return textwrap.wrap(text, max(width, 1), initial_indent=margin, subsequent_indent=margin + "  " * (indent > 2))


def _styled(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{PLAIN}" if color and style and text.strip() else text
