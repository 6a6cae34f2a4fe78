"""The summary as a table of text, exactly as wide as it is to be."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from netdsl.analysis.cells import COLUMNS, RIGHT, SHARES, Line, lines, notes, totals
from netdsl.analysis.fit import BARS, GAP, Priorities, fit
from netdsl.rendering.columns import cut
from netdsl.rendering.columns import width as columns_of

if TYPE_CHECKING:
    from netdsl.analysis.summary import Summary

PRIORITIES = Priorities(
    kept={"name": 20, "operator": 16, "output": 20},
    given_up=(
        *(("line",), ("stride",), (BARS,), ("memory",), SHARES),
        *(("field",), ("MACs",), ("operator",), ("output",), ("params",)),
    ),
    bars=frozenset(SHARES),
)
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
    natural = {
        column: max(columns_of(_text(line, column)) for line in table)
        for column in COLUMNS
        if any(line.cells.get(column) for line in table[1:])  # more than a heading
    }
    return fit(natural, available, PRIORITIES)


def _text(line: Line, column: str) -> str:
    return "  " * (line.level if column == "name" else 0) + line.shown(column)


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
