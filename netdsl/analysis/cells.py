"""The figures of a summary as texts, line by line: what every table of it shows, whatever it is written in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netdsl.analysis.cost import BYTES, NOTHING, Cost
from netdsl.analysis.count import Count
from netdsl.ops.op import show_shape
from netdsl.rendering.columns import safe
from netdsl.source import Source, Span

if TYPE_CHECKING:
    from netdsl.analysis.summary import Row, Summary

# By what a line calls them; the share of each count stands behind it.
COLUMNS = ("name", "operator", "output", "params", "params %", "MACs", "MACs %", "memory", "field", "stride", "line")
SHARES = ("params %", "MACs %")
RIGHT = frozenset(("params", "MACs", "memory", "line", *SHARES))
BEYOND = "!"
"""Marks a field that is wider than the input."""


@dataclass(slots=True)
class Line:
    """One line of a table. `kind` is "node", "block", "total" or "broken"; `path` its whole name, of which the cell
    `name` may be the end; `level` how deep it stands; `open` that the lines of what is inside follow."""

    kind: str
    path: str
    cells: dict[str, str]
    shares: dict[str, float | None] = field(default_factory=dict)
    how: tuple[str, ...] = ()
    level: int = 0
    open: bool = False

    def __post_init__(self) -> None:
        self.cells |= {column: percent(share) for column, share in self.shares.items()}

    def shown(self, column: str) -> str:
        """The cell where all lines are seen: what is inside an open block is told there, and its memory only there."""
        return "" if self.open and column == "memory" else self.cells.get(column, "")


def lines(summary: Summary, depth: int | None, how: bool = False) -> Iterator[Line]:
    """The nodes in their blocks; these are opened down to `depth`, all where it is None."""
    yield from _lines(summary, summary.rows, depth, how, "", 0)


def _lines(
    summary: Summary, rows: Iterable[Row], depth: int | None, how: bool, prefix: str, level: int
) -> Iterator[Line]:
    for row in rows:
        opened = not row.op and (depth is None or level + 1 < depth)
        field, stride = sight(row)
        cells = {
            "name": row.name.removeprefix(prefix),
            "operator": _one_line(row.text),
            "output": row.broken or "; ".join(show_shape(shape) for shape in row.shapes),
            "memory": "" if row.broken else memory(row.cost.elements),
            "field": field + BEYOND * row.exceeds,
            "stride": stride,
            "line": _place(row.site, summary.source),
            **_counts(row.cost),
        }
        kind = "broken" if row.broken else "node" if row.op else "block"
        shares = dict(zip(SHARES, summary.shares(row.needed), strict=True))
        yield Line(kind, row.name, cells, shares, row.how if how else (), level, opened)
        if opened:
            yield from _lines(summary, row.rows, depth, how, f"{row.name}.", level + 1)


def totals(summary: Summary) -> Iterator[Line]:
    """What inference needs, the same by operator, and what only training needs."""
    training = sum((row.cost for row in summary.nodes if row.needed is NOTHING), NOTHING)
    trains = bool(training.scalars or training.macs)
    yield _total(summary, "total", "at inference" if trains else "", summary.total, 0)
    for total in summary.totals:
        yield _total(summary, total.op, f"{total.nodes} node{'s' * (total.nodes != 1)}", total.cost, 1)
    if trains:
        yield Line("total", "more in training", {"name": "more in training", **_counts(training)})


# In words, for a place with room for them: what a page tells of one node or block.
FACTS = {
    "output": "shape",
    "params": "parameters",
    "params %": "share of parameters",
    "MACs": "MACs",
    "MACs %": "share of MACs",
    "memory": "activations",
    "field": "receptive field",
    "stride": "stride",
}


def facts(summary: Summary) -> dict[str, list[tuple[str, str]]]:
    """The figures of each node and block in words, by path; those of the whole network stand at ""."""
    found = {line.path: _facts(line) for line in lines(summary, None)}
    found[""] = _facts(next(totals(summary)))
    return found


def _facts(line: Line) -> list[tuple[str, str]]:
    told = [(words, column, line.cells.get(column)) for column, words in FACTS.items()]
    return [(words, f"{cell} %" if column in SHARES else cell) for words, column, cell in told if cell]


def _total(summary: Summary, name: str, text: str, cost: Cost, level: int) -> Line:
    cells = {"name": name, "operator": text, "memory": memory(cost.elements), **_counts(cost)}
    return Line("total", name, cells, dict(zip(SHARES, summary.shares(cost), strict=True)), level=level)


def notes(summary: Summary) -> Iterator[str]:
    """What is said below the table."""
    made = " in what could be made of it" if summary.broken else ""
    yield f"{summary.network}: {summary.params:,} parameters, {summary.total.macs} MACs{made}"
    if summary.inference_params != summary.params and not summary.broken:
        yield f"  {summary.inference_params:,} parameters without what only aux outputs need"
    if summary.frozen:
        yield f"  {summary.frozen:,} frozen parameters besides"
    yield f"  {memory(summary.total.elements)} of activations for one sample in fp32"
    if any(row.exceeds for row in summary.nodes):
        yield f"  {BEYOND} a field wider than the input"


def _counts(cost: Cost) -> dict[str, str]:
    return {"params": f"{cost.scalars:,}" if cost.scalars else "", "MACs": str(cost.macs) if cost.macs else ""}


def percent(share: float | None) -> str:
    """`94.8`: the share in percent, to a tenth; what is less but not nothing is `<0.1`."""
    if share is None:
        return ""
    return "<0.1" if share < 0.0005 else "100" if share >= 0.9995 else f"{100 * share:.1f}"


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


def _place(site: Span | None, main: Source) -> str:
    if site is None:
        return ""
    return str(site.line) if site.source is main else _one_line(f"{site.source.name.rpartition('/')[2]}:{site.line}")


def _one_line(text: str) -> str:
    return " ".join(safe(text).split("\n"))
