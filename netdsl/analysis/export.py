"""The summary for spreadsheets and for pages in Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from netdsl.analysis.cells import COLUMNS, RIGHT, SHARES, Line, lines, notes, totals
from netdsl.analysis.cost import BYTES
from netdsl.analysis.count import Count
from netdsl.ops.op import show_shape

if TYPE_CHECKING:
    from netdsl.analysis.summary import Row, Summary

FIELDS = (
    *("name", "operator", "output", "params", "frozen", "params_share", "macs", "macs_share", "memory_bytes"),
    *("field_min", "field_max", "exceeds_input", "stride", "file", "line"),
)


def csv_of(summary: Summary) -> str:
    """A line for each node, or for a block that `depth` keeps closed: columns add up to what the whole network has.

    Counts are plain numbers, or text where they depend on a size; shares are between 0 and 1, of what inference needs;
    several axes are joined by `x`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(_record(summary, row) for row in _closed(summary.rows, summary.depth))
    return out.getvalue()


def _closed(rows: Iterable[Row], depth: int | None) -> Iterator[Row]:
    for row in rows:
        if row.op or depth == 1:
            yield row
        else:
            yield from _closed(row.rows, None if depth is None else depth - 1)


def _record(summary: Summary, row: Row) -> list[Any]:
    params_share, macs_share = summary.shares(row.needed)
    field = row.field
    return [
        row.name,
        row.text,
        row.broken or "; ".join(show_shape(shape).replace("×", "x") for shape in row.shapes),
        row.cost.params,
        row.cost.frozen,
        _decimal(params_share),
        _plain(row.cost.macs),
        _decimal(macs_share),
        _plain(row.cost.elements.times(BYTES)),
        "" if field is None else _axes(field.least_extents),
        "" if field is None else _axes(field.extents),
        "yes" if row.exceeds else "",
        "" if field is None or None in field.strides else _axes(field.strides),
        "" if row.site is None else row.site.source.name,
        "" if row.site is None else row.site.line,
    ]


def _plain(count: Count) -> int | str:
    return str(count) if count.number is None else count.number


def _decimal(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"


def _axes(extents: Iterable[Any]) -> str:
    texts = ["all" if extent is None else str(extent) for extent in extents]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def markdown_of(summary: Summary) -> str:
    """A table in GitHub's Markdown, and what stands below it; blocks and totals in bold."""
    body, ends = list(lines(summary, summary.depth, summary.how)), list(totals(summary))
    shown = [column for column in COLUMNS if any(line.cells.get(column) for line in (*body, *ends))]
    out = [
        "| " + " | ".join("%" if column in SHARES else column for column in shown) + " |",
        "|" + "|".join("---:" if column in RIGHT else "---" for column in shown) + "|",
    ]
    out += [_markdown(line, line.path, line.kind == "block", shown) for line in body]
    out += [_markdown(line, line.path, not line.level, shown) for line in ends]
    return "\n".join([*out, "", *(f"{_escaped(text.strip())}  " for text in notes(summary))]).rstrip() + "\n"


def _markdown(line: Line, name: str, bold: bool, columns: list[str]) -> str:
    texts = [_escaped(name if column == "name" else line.shown(column)) for column in columns]
    if bold:
        texts = [f"**{text}**" if text else "" for text in texts]
    if line.how:
        texts[columns.index("operator")] += "".join(f"<br>{_escaped(text)}" for text in line.how)
    return "| " + " | ".join(texts) + " |"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", text)
