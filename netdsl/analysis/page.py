"""The summary as a part of a page: a table whose blocks fold, without a script.

Every line is a grid with the same columns, and a block is a `<details>`: so a notebook and a saved page can do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from netdsl.analysis.cells import COLUMNS, RIGHT, SHARES, Line, lines, notes, totals
from netdsl.rendering.columns import width

if TYPE_CHECKING:
    from netdsl.analysis.summary import Summary

WIDEST = 40  # characters of a column; what is longer is cut by the browser, and shown under the pointer
BAR = 12
OPENED = 1  # blocks are open down to here, where the summary says nothing of its depth

STYLE = """
.netdsl-summary { font: 13px/1.5 ui-monospace, monospace; overflow-x: auto }
.netdsl-summary .row { display: grid; column-gap: 2ch; grid-template-columns: COLUMNS; white-space: pre }
.netdsl-summary .row > * { overflow: hidden; text-overflow: ellipsis; text-align: left }
.netdsl-summary .row > .right { text-align: right }
.netdsl-summary .head { opacity: .65; border-bottom: 1px solid }
.netdsl-summary .total { border-top: 1px solid }
.netdsl-summary .total, .netdsl-summary summary > :first-child { font-weight: 600 }
.netdsl-summary summary { cursor: pointer; list-style: none }
.netdsl-summary summary > :first-child::before { content: "▸ " }
.netdsl-summary details[open] > summary > :first-child::before { content: "▾ " }
.netdsl-summary .broken { color: #c62828 }
.netdsl-summary .how { opacity: .65; padding-left: 4ch }
.netdsl-summary .share { background: linear-gradient(90deg, #4c92c366 var(--share), transparent 0) }
"""


def page(summary: Summary) -> str:
    """A `<div>` with its style; everything in it is escaped."""
    body, ends = list(lines(summary, None, summary.how)), list(totals(summary))
    columns = [column for column in COLUMNS if any(line.cells.get(column) for line in (*body, *ends))]
    heading = Line("head", "", {column: "%" if column in SHARES else column for column in columns})
    widths = [_width([heading, *body, *ends], column) for column in columns]
    depth = OPENED if summary.depth is None else summary.depth - 1
    out = [
        "<style>" + STYLE.replace("COLUMNS", " ".join(f"{n}ch" for n in widths)) + "</style>",
        '<div class="netdsl-summary">',
        _row(heading, columns, "head"),
        *_nested(body, columns, depth),
        *(_row(line, columns, "" if line.level else "total") for line in ends),
        *(f"<div>{escape(text)}</div>" for text in notes(summary)),
        "</div>",
    ]
    return "\n".join(out)


def _width(lines: Sequence[Line], column: str) -> int:
    """Of a column, in characters; room is left for a bar, and for the mark of a block that folds."""
    if column in SHARES:
        return BAR
    indents = [2 * line.level + 2 if column == "name" else 0 for line in lines]
    return min(WIDEST, max(width(line.cells.get(column, "")) + n for line, n in zip(lines, indents, strict=True)) + 1)


def _nested(body: Sequence[Line], columns: list[str], depth: int) -> Iterator[str]:
    level = 0
    for line in body:
        while level > line.level:
            yield "</details>"
            level -= 1
        if line.open:
            yield f"<details{' open' * (line.level < depth)}>" + _row(line, columns, "", "summary")
            level += 1
        else:
            yield _row(line, columns, line.kind)
        yield from (f'<div class="how">{escape(text)}</div>' for text in line.how)
    yield from ["</details>"] * level


def _row(line: Line, columns: list[str], kind: str, tag: str = "div") -> str:
    cells = "".join(_cell(line, column) for column in columns)
    return f'<{tag} class="{f"row {kind}".strip()}">{cells}</{tag}>'


def _cell(line: Line, column: str) -> str:
    text = line.cells.get(column, "")
    kinds = ["right"] * (column in RIGHT)
    style = ""
    if share := line.shares.get(column):
        kinds.append("share")
        style = f' style="--share: {100 * share:.1f}%"'
    elif column == "name" and line.level:
        style = f' style="padding-left: {2 * line.level}ch"'
    title = f' title="{escape(text)}"' if width(text) > WIDEST // 2 else ""
    label = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<span{label}{style}{title}>{escape(text)}</span>"
