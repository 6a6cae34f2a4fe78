"""The summary as a table of text, aligned, in a given width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from netdsl.analysis.cost import BYTES
from netdsl.analysis.count import Count
from netdsl.ops.op import show_shape
from netdsl.source import Source, Span

if TYPE_CHECKING:
    from netdsl.analysis.summary import Row, Summary

HEADINGS = ("name", "operator", "output", "params", "MACs", "memory", "field", "stride", "line")
RIGHT = frozenset(("params", "MACs", "memory", "line"))
GIVEN_UP = ("memory", "stride", "line", "field", "MACs")  # in this order, where the width is too small for all
SHORTEST = 12  # what the operator's column keeps, and the name's
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Line(NamedTuple):
    cells: tuple[str, ...]
    style: str  # of the whole line, on a terminal
    how: tuple[str, ...]
    indent: int


def table(summary: Summary, width: int, depth: int | None, how: bool, color: bool) -> str:
    """The table, and the totals under it; every line is at most `width` wide where that can be."""
    main = next((row.site.source for row in summary.nodes if row.site), None)
    lines = list(_lines(summary.rows, depth, how, main, "", 0))
    columns = _columns([HEADINGS, *(line.cells for line in lines)], width)
    rule = "─" * (sum(columns.values()) + 2 * (len(columns) - 1))
    out = [_styled(_fitted(HEADINGS, columns), DIM, color), rule]
    for line in lines:
        out.append(_styled(_fitted(line.cells, columns), line.style, color))
        out.extend(_styled(" " * (line.indent + 4) + text, DIM, color) for text in line.how)
    out += [rule, *_totals(summary)]
    return "\n".join(out)


def _columns(rows: list[tuple[str, ...]], width: int) -> dict[int, int]:
    """The columns that are shown, with their widths."""
    widths = {column: max(len(cells[column]) for cells in rows) for column in range(len(HEADINGS))}
    for heading in ("", *GIVEN_UP):
        if heading:
            del widths[HEADINGS.index(heading)]
        excess = sum(widths.values()) + 2 * (len(widths) - 1) - width
        for column in (1, 0):  # the operator gives way first, then the name
            kept = max(min(widths[column], SHORTEST), widths[column] - max(excess, 0))
            excess -= widths[column] - kept
            if excess <= 0:
                return widths | {column: kept} | ({1: min(widths[1], SHORTEST)} if column == 0 else {})
    return widths | {column: min(widths[column], SHORTEST) for column in (0, 1)}


def _lines(
    rows: Iterable[Row], depth: int | None, how: bool, main: Source | None, prefix: str, level: int
) -> Iterator[Line]:
    for row in rows:
        name = row.name.removeprefix(prefix)
        is_block = not row.op
        opened = is_block and (depth is None or level + 1 < depth)
        cells = (
            "  " * level + name,
            row.text,
            "; ".join(show_shape(shape) for shape in row.shapes),
            f"{row.cost.params + row.cost.frozen:,}" if row.cost.params or row.cost.frozen else "",
            str(row.cost.macs) if row.cost.macs else "",
            "" if opened else memory(row.cost.elements),
            *sight(row),
            _place(row.site, main),
        )
        yield Line(cells, BOLD if is_block else "", row.how if how else (), 2 * level)
        if opened:
            yield from _lines(row.rows, depth, how, main, f"{row.name}.", level + 1)


def sight(row: Row) -> tuple[str, str]:
    """The receptive field and the stride: `7`, `3..7` from the least to the greatest path, `all` for all of an axis."""
    field = row.field
    if field is None:
        return "", ""
    if not field.most or all(axis is None for axis in field.most):
        least = [str(e) for e in field.least_extents if e is not None]
        return (f"{_alike(least)}..all" if least else "all" if field.most else ""), ""
    spans = []
    for least_extent, extent in zip(field.least_extents, field.extents, strict=True):
        text = "all" if extent is None else str(extent)
        spans.append(text if least_extent == extent else f"{'all' if least_extent is None else least_extent}..{text}")
    return _alike(spans), _alike(["" if stride is None else str(stride) for stride in field.strides])


def _alike(parts: list[str]) -> str:
    return parts[0] if len(set(parts)) == 1 else "×".join(parts)


def memory(elements: Count) -> str:
    """Bytes in fp32: `3.1 MiB`."""
    number = elements.number
    if number is None:
        return f"4·({elements}) B"
    size = float(BYTES * number)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _place(site: Span | None, main: Source | None) -> str:
    if site is None:
        return ""
    return str(site.line) if site.source is main else f"{site.source.name.rpartition('/')[2]}:{site.line}"


def _fitted(cells: tuple[str, ...], columns: dict[int, int]) -> str:
    fitted = []
    for column, width in columns.items():
        cell = cells[column]
        text = cell if len(cell) <= width else cell[: width - 1] + "…"
        fitted.append(text.rjust(width) if HEADINGS[column] in RIGHT else text.ljust(width))
    return "  ".join(fitted).rstrip()


def _styled(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{PLAIN}" if color and style else text


def _totals(summary: Summary) -> Iterator[str]:
    yield f"{summary.network}: {summary.params:,} parameters, {summary.counts['macs']} MACs"
    if summary.inference_params != summary.params:
        yield f"  {summary.inference_params:,} parameters without what only aux outputs need"
    if summary.frozen:
        yield f"  {summary.frozen:,} frozen parameters besides"
    yield f"  {memory(summary.counts['activations'])} of activations for one sample in fp32"
