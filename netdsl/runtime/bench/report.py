"""What came of a benchmark, as data and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from netdsl.runtime.bench.measure import Interval
from netdsl.runtime.bench.peers import OURS

HEAD: tuple[str, ...] = ("peer", "batch", "dtype", "ms", "spread", "images/s", "× netdsl", "ready in", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One peer in one case. Where `error` says why it was not timed, figures are None.

    `spread` is from the lower to the upper quartile of the rounds, in milliseconds. `compile_s` is from the module to
    the first result, tuning included. `ratio` is this peer's time over netdsl's in the same rounds; `off` the distance
    of its outputs from float64, relative.
    """

    peer: str
    batch: int
    dtype: str
    median_ms: float | None = None
    spread: float | None = None
    images_per_s: float | None = None
    compile_s: float | None = None
    error: str | None = None
    rounds: int = 0
    ratio: Interval | None = None
    off: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """`machine` names the processor; `versions` those of the packages that took part."""

    network: str
    device: str
    rows: tuple[Row, ...]
    machine: str
    threads: int
    date: str
    versions: dict[str, str]
    notes: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sound(self) -> bool:
        """Whether netdsl's own engine was right and timed in every case."""
        return not any(row.error for row in self.rows if row.peer == OURS)

    def text(self) -> str:
        used = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        where = self.machine if self.device == "cpu" else f"{self.device}, {self.machine}"
        lines = [f"{self.network} on {where}, {self.threads} threads, {self.date}", used, ""]
        table = [HEAD, *map(_cells, self.rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        lines += [_aligned(line, widths) for line in table]
        return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    head = (row.peer, str(row.batch), row.dtype)
    if row.median_ms is None:
        return (*head, "", "", "", "", "", row.error or "")
    times = f"{row.ratio.median:.2f} ({row.ratio.low:.2f}–{row.ratio.high:.2f})" if row.ratio else ""
    figures = (f"{row.median_ms:.2f}", f"{row.spread:.2f}", f"{row.images_per_s:,.1f}", times, f"{row.compile_s:.1f} s")
    return (*head, *figures, row.note)


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(_placed(cells, widths)).rstrip()


def _placed(cells: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if index in (0, 2, 8) else cell.rjust(width)
