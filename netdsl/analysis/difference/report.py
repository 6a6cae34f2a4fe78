"""The difference of two networks as a table, both sides of every figure beside each other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netdsl.analysis.cells import memory, sight
from netdsl.analysis.difference.windows import together
from netdsl.analysis.fit import GAP, Priorities, fit
from netdsl.ops.op import show, show_shape
from netdsl.rendering.columns import cut, safe
from netdsl.rendering.columns import width as columns_of

if TYPE_CHECKING:
    from netdsl.analysis.difference.difference import Difference, Entry
    from netdsl.analysis.summary import Row, Summary

MARKS = {"added": "+", "removed": "-", "changed": "~"}
COLUMNS = ("name", "operator", "output", "params", "new params", "MACs", "new MACs", "field")
RIGHT = frozenset(("params", "new params", "MACs", "new MACs"))
PRIORITIES = Priorities(
    kept={"name": 20, "operator": 26, "output": 20},
    given_up=(("output",), ("field",), ("MACs", "new MACs"), ("params", "new params"), ("operator",)),
)
COLORS = {"added": "\x1b[32m", "removed": "\x1b[31m", "changed": "\x1b[33m"}
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def report(difference: Difference, width: int, color: bool) -> str:
    """What differs, line by line, with what it comes to; one sentence where nothing does."""
    old, new = difference.old, difference.new
    title = " → ".join(f"{side.source.name.rpartition('/')[2]}:{side.network}" for side in (old, new))
    if difference.equal:
        return "\n".join(_wrapped(f"{safe(title)}: no difference", width))
    out = [_styled(part, BOLD, color) for part in _wrapped(safe(title), width)]
    out += _table(difference, width, color)
    for note in _notes(difference):
        out += _wrapped(note, width, 2 if note.startswith(" ") else 0)
    return "\n".join(out)


def _table(difference: Difference, width: int, color: bool) -> list[str]:
    hunks = list(difference.hunks())
    if not hunks:
        return []
    lines = [[_cells(entry) for entry in hunk if entry.differs] for hunk in hunks]
    heading = {column: column.removeprefix("new ") for column in COLUMNS}
    old, new = difference.old, difference.new
    ends = [dict(zip(COLUMNS, cells, strict=True)) for cells in _totals(old, new)]
    natural = {
        column: max(
            columns_of(cells[column]) for cells in [heading, *ends, *(cells for hunk in lines for cells in hunk)]
        )
        for column in COLUMNS
    }
    columns, _ = fit(natural, width - 2, PRIORITIES)
    rule = "─" * width
    out = [_row("", heading, columns, DIM, color), rule]
    for hunk, cells in zip(hunks, lines, strict=True):
        differing = [entry for entry in hunk if entry.differs]
        for entry, texts in zip(differing, cells, strict=True):
            out.append(_row(MARKS[entry.kind], texts, columns, COLORS[entry.kind], color))
        out += [
            _styled(part, DIM, color) for note in _hunk_notes(difference, hunk) for part in _wrapped(note, width, 4)
        ]
    out += [rule, *(_row("", cells, columns, BOLD, color) for cells in ends), rule]
    return out


def _cells(entry: Entry) -> dict[str, str]:
    old, new = entry.old, entry.new
    return {
        "name": _names(old.name if old else None, new.name if new else None),
        "operator": _one_line(_operator(entry)),
        "output": _both(_shapes(old) if old else None, _shapes(new) if new else None),
        **_counts("", old),
        **_counts("new ", new),
        "field": _both(sight(old)[0] if old else None, sight(new)[0] if new else None),
    }


def _counts(prefix: str, row: Row | None) -> dict[str, str]:
    return {
        f"{prefix}params": f"{row.cost.scalars:,}" if row and row.cost.scalars else "",
        f"{prefix}MACs": str(row.cost.macs) if row and row.cost.macs else "",
    }


def _operator(entry: Entry) -> str:
    """`conv(64, 3, groups = 2 → 1)`: the new operator, with the old values where they differ."""
    old, new = entry.old, entry.new
    if old is None or new is None:
        row = new or old
        assert row is not None
        return row.text
    if entry.attributes and old.op == new.op:
        changes = ", ".join(f"{name} = {_shown(a)} → {_shown(b)}" for name, (a, b) in entry.attributes.items())
        text = f"{new.op}({changes})"
    else:
        text = _both(old.text, new.text)
    reads = ", ".join(f"{a or 'nothing'} → {b or 'nothing'}" for a, b in entry.reads)
    return f"{text} reads {reads}" if reads else text


def _shown(value: object) -> str:
    return show(value)


def _shapes(row: Row) -> str:
    return "; ".join(show_shape(shape) for shape in row.shapes)


def _both(old: str | None, new: str | None) -> str:
    if old is None or new is None or old == new:
        return (new if old is None else old) or ""
    return f"{old} → {new}"


def _names(old: str | None, new: str | None) -> str:
    """`layer1.(0 → 1).conv`: what both begin and end with is told once."""
    if old is None or new is None or old == new:
        return _both(old, new)
    a, b = old.split("."), new.split(".")
    least = min(len(a), len(b)) - 1
    head = next((i for i in range(least) if a[i] != b[i]), least)
    tail = next((i for i in range(least - head) if a[-1 - i] != b[-1 - i]), least - head)
    middle = " → ".join(".".join(parts[head : len(parts) - tail]) for parts in (a, b))
    return ".".join([*a[:head], f"({middle})" if head or tail else middle, *a[len(a) - tail :]])


def _totals(old: Summary, new: Summary) -> Iterator[tuple[str, ...]]:
    yield (
        *("total", "at inference", _both(memory(old.total.elements), memory(new.total.elements))),
        *(f"{old.total.scalars:,}", f"{new.total.scalars:,}", str(old.total.macs), str(new.total.macs)),
        _both(widest(old), widest(new)),
    )


def widest(summary: Summary) -> str:
    """The widest field that does not see all, along the axis where it is widest."""
    extents = [e for row in summary.nodes if row.field is not None for e in row.field.extents if e is not None]
    return str(max(extents)) if extents else ""


def _hunk_notes(difference: Difference, hunk: Sequence[Entry]) -> Iterator[str]:
    """`25 → 18 weights per channel pair, the same field`: where windows came in place of windows."""
    olds = [entry for entry in hunk if entry.old is not None]
    news = [entry for entry in hunk if entry.new is not None]
    before, after = together(entry.taps[0] for entry in olds), together(entry.taps[1] for entry in news)
    chains = difference.chain(hunk, 0) and difference.chain(hunk, 1)
    if chains and before and after and before != after and olds[-1].old and news[-1].new:
        was, now = sight(olds[-1].old)[0], sight(news[-1].new)[0]
        field = "the same field" if was == now else f"the field {was} → {now}"
        yield f"{before} → {after} weights per channel pair, {field}"


def _notes(difference: Difference) -> Iterator[str]:
    for output in difference.outputs:
        was, now = output.reads
        yield f"{output.name}: {output.kind}" + (f", reads {_both(was, now)}" if was != now and was and now else "")
    old, new = difference.old, difference.new
    for name, before, after in (("parameters", old.params, new.params), ("MACs", old.macs, new.macs)):
        if before != after and before is not None and after is not None:
            relative = f" ({100 * (after - before) / before:+.1f} %)" if before else ""
            yield f"{name}: {before:,} → {after:,}, {after - before:+,}{relative}".replace("-", "−")
    for kind, text in (("renamed", "has only another name"), ("resized", "has only another size")):
        number = sum(entry.kind == kind for entry in difference.entries)
        if number:
            yield f"{number} node{'s' * (number != 1)} {text if number == 1 else text.replace('has', 'have')}"
    yield from _key_notes(difference)


def _key_notes(difference: Difference) -> Iterator[str]:
    keys = difference.keys
    same = len(keys.kept) - len(keys.renamed)
    counts = (
        (same, "same"),
        (len(keys.renamed), "renamed"),
        (len(keys.reshaped), "reshaped"),
        (len(keys.dropped), "removed"),
        (len(keys.added), "added"),
    )
    yield "keys of the state_dict: " + (", ".join(f"{number} {text}" for number, text in counts if number) or "none")
    for (a, b), number in keys.prefixes().items():
        yield f"  {a} → {b} ({number} key{'s' * (number != 1)})"


def _row(mark: str, cells: dict[str, str], columns: dict[str, int], style: str, color: bool) -> str:
    parts = [mark.ljust(1)]
    for column, room in columns.items():
        text = cut(cells[column], room)
        blank = " " * (room - columns_of(text))
        parts.append(blank + text if column in RIGHT else text + blank)
    return _styled((parts[0] + " " + (" " * GAP).join(parts[1:])).rstrip(), style, color)


def _one_line(text: str) -> str:
    return " ".join(safe(text).split("\n"))


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    margin = " " * min(indent, width // 2)
    return textwrap.wrap(text.strip(), max(width, 1), initial_indent=margin, subsequent_indent=margin + "  ")


def _styled(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{PLAIN}" if color and style and text.strip() else text
