"""Results as a page: a table with every cell, losing ones too, geometric means, and what was not measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from benchmarks.book import Book
from benchmarks.networks import BY_NET

OURS = "netdsl"
NORMAL = 1.96  # standard deviations from the middle to the end of a 95 % interval
LEGEND = (
    "Milliseconds are medians of a pass over the batch, with half the spread between quartiles; in the columns of the "
    "peers stands how many times as long as netdsl they take: the median over rounds in which all took turns, with the "
    "bootstrap's 95 % interval. Above 1 netdsl is faster; **bold** where it is slower beyond noise. Every output was "
    "checked against float64 first. docs/bench.md says how each peer is set up."
)


class Ratio(NamedTuple):
    """How many times as long as netdsl a peer takes, with a 95 % interval."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        text = f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f})"
        return f"**{text}**" if self.high < 1 else text


def title(key: str) -> str:
    """`resnet50 batch 1 float32` -> `ResNet-50, batch 1, float32`."""
    net, _, batch, dtype = key.split()
    return f"{BY_NET[net].title if net in BY_NET else net}, batch {batch}, {dtype}"


def rows(cell: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By peer."""
    return {row["peer"]: row for row in cell.get("rows", ())}


def ratio(row: dict[str, Any]) -> Ratio | None:
    found = row.get("ratio")
    return None if not found else Ratio(found["median"], found["low"], found["high"])


def peers(book: Book, keys: Iterable[str]) -> list[str]:
    """All that were measured somewhere, in the order of their first row."""
    found = dict.fromkeys(peer for key in keys for peer in rows(book.cells.get(key, {})))
    return [peer for peer in found if peer != OURS]


def geometric_mean(ratios: Sequence[Ratio]) -> Ratio:
    """Of independent ratios. The interval is that of the noise of measuring these networks, not of other networks."""
    middle = sum(math.log(r.median) for r in ratios) / len(ratios)
    deviation = math.sqrt(sum((math.log(r.high / r.low) / (2 * NORMAL)) ** 2 for r in ratios)) / len(ratios)
    return Ratio(*(math.exp(middle + sign * NORMAL * deviation) for sign in (0, -1, 1)))


def means(book: Book, keys: Sequence[str], peer: str) -> Ratio | None:
    found = [ratio(rows(book.cells[key])[peer]) for key in keys if peer in rows(book.cells.get(key, {}))]
    known = [each for each in found if each is not None]
    return geometric_mean(known) if known else None


def brief(cell: dict[str, Any]) -> str:
    """A cell on one line."""
    if not cell.get("rows"):
        return str(cell.get("error", "not measured"))
    return ", ".join(_brief(row) for row in cell["rows"])


def _brief(row: dict[str, Any]) -> str:
    if row["median_ms"] is None:
        return f"{row['peer']}: {row['error']}"
    said = f"{row['peer']} {_figure(row['median_ms'])} ms" + (f" ×{found.median:.2f}" if (found := ratio(row)) else "")
    return f"{said} ({row['note']})" if row["peer"] == OURS and row["note"] else said


# --------------------------------------------------------------------------------------------------------- the page


def page(book: Book, keys: Sequence[str], command: str, *, cold: bool = True) -> str:
    """`cold` says that caches were empty, so that the time until the first result means something."""
    measured = [key for key in keys if book.cells.get(key, {}).get("rows")]
    names = peers(book, measured)
    lines = ["# The engine beside its peers", "", *_about(book, measured, command), ""]
    lines += ["| cell | netdsl ms | " + " | ".join(names) + " |", "|---|---:|" + "---:|" * len(names)]
    for key in keys:
        lines.append(_line(book, key, names))
    lines += ["", "## Geometric means", ""]
    lines += ["| of | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for label, chosen in _groups(measured):
        found = [means(book, chosen, peer) for peer in names]
        lines.append(f"| {label} | " + " | ".join("" if mean is None else str(mean) for mean in found) + " |")
    if cold:
        lines += _ready(book, measured, names)
    if wrong := list(_failures(book, keys)):
        lines += ["", "## Not measured", "", *wrong]
    return "\n".join([*lines, ""])


def _ready(book: Book, measured: Sequence[str], names: Sequence[str]) -> list[str]:
    lines = ["", "## Seconds until the first result", ""]
    lines += ["Setting up, compiling, tuning and the first pass, from cold caches.", ""]
    lines += ["| cell | netdsl | " + " | ".join(names) + " |", "|---|---:|" + "---:|" * len(names)]
    for key in measured:
        found_rows = rows(book.cells[key])
        seconds = [found_rows.get(peer, {}).get("compile_s") for peer in (OURS, *names)]
        lines.append(f"| {title(key)} | " + " | ".join("" if s is None else f"{s:.1f}" for s in seconds) + " |")
    return lines


def _about(book: Book, measured: Sequence[str], command: str) -> list[str]:
    lines = [f"Written by `{command}`. {LEGEND}"]
    cells = [book.cells[key] for key in measured]
    for machine in dict.fromkeys(
        f"{cell['machine'] if cell['device'] == 'cpu' else cell['device']}, {cell['threads']} threads; "
        + ", ".join(f"{name} {version}" for name, version in cell["versions"].items())
        for cell in cells
    ):
        lines += ["", machine + "."]
    if cells:
        dates = sorted({cell["date"] for cell in cells})
        fewest = sorted({row["rounds"] for cell in cells for row in cell["rows"] if row["rounds"]})
        lines += [
            "",
            f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}, in {_range(fewest)} rounds a cell.",
        ]
    lines += [f"\n{name}: {text}." for name, text in book.about.items()]
    return lines


def _range(ordered: Sequence[Any]) -> str:
    return " to ".join(map(str, dict.fromkeys((ordered[0], ordered[-1])))) if ordered else "no"


def _line(book: Book, key: str, names: Sequence[str]) -> str:
    found = rows(book.cells.get(key, {}))
    ours = found.get(OURS, {})
    mine = "" if ours.get("median_ms") is None else _figure(ours["median_ms"], ours["spread"] / 2)
    cells = []
    for peer in names:
        row = found.get(peer, {})
        times = ratio(row)
        cells.append(str(times) if times else f"{_figure(row['median_ms'])} ms" if row.get("median_ms") else "")
    return f"| {title(key)} | {mine} | " + " | ".join(cells) + " |"


def _figure(milliseconds: float, deviation: float | None = None) -> str:
    """To about three digits, and how far it varies to as many places."""
    places = 1 if milliseconds >= 10 else 2 if milliseconds >= 1 else 3
    return f"{milliseconds:.{places}f}" + ("" if deviation is None else f" ± {deviation:.{places}f}")


def _groups(keys: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Cells of one batch size and dtype, then all of one dtype."""
    found: dict[str, list[str]] = {}
    for key in keys:
        _, _, batch, dtype = key.split()
        found.setdefault(f"batch {batch}, {dtype}", []).append(key)
    for key in keys:
        found.setdefault(f"all, {key.split()[3]}", []).append(key)
    return [(f"{label} ({len(chosen)} cells)", chosen) for label, chosen in found.items()]


def _failures(book: Book, keys: Sequence[str]) -> Iterable[str]:
    for key in keys:
        cell = book.cells.get(key)
        if cell is None:
            yield f"- {title(key)}: found no time"
            continue
        if not cell.get("rows"):
            yield f"- {title(key)}: {cell.get('error')}"
        for row in cell.get("rows", ()):
            if row["error"]:
                yield f"- {title(key)}, {row['peer']}: {row['error']}"
