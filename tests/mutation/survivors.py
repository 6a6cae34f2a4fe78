"""The mutants that live, each with its reason, and the sum of a run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.mutation.judge import Verdict
from tests.mutation.mutants import Key

FOLDER = Path(__file__).parent / "survivors"


class Reason(NamedTuple):
    """`equivalent`: no input tells the mutant from the right one. Else one could, and `text` says why none does."""

    equivalent: bool
    text: str


def listed(area: str) -> dict[Key, Reason]:
    """The survivors of an area: blocks of four lines and more, divided by empty ones, as a run prints them."""
    found = {}
    for block in (FOLDER / f"{area}.txt").read_text(encoding="utf-8").split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines() if not line.startswith("#")]
        if not lines:
            continue
        place, line, change, *rest = lines
        file, _, function = place.partition(": ")
        kind, _, text = " ".join(rest).partition(": ")
        assert kind in ("equivalent", "open"), block
        assert text, block
        key = Key(file, function, line, change)
        assert key not in found, block
        found[key] = Reason(kind == "equivalent", text)
    return found


class Tally:
    """What became of the mutants of an area."""

    def __init__(self, area: str, floor: float, reasons: dict[Key, Reason]) -> None:
        self.area = area
        self.floor = floor
        self.reasons = reasons
        self.counts: Counter[str] = Counter()

    def add(self, verdict: Verdict) -> str:
        """What became of it: `killed`, `equivalent`, `open` or `unlisted`."""
        reason = self.reasons.get(verdict.mutant.key)
        if verdict.killer is not None:
            became = "killed"
        elif reason is None:
            became = "unlisted"
        else:
            became = "equivalent" if reason.equivalent else "open"
        self.counts["mutants"] += 1
        self.counts[became] += 1
        return became

    @property
    def rate(self) -> float:
        """The share killed of those that something could tell apart."""
        return self.counts["killed"] / max(self.counts["mutants"] - self.counts["equivalent"], 1)

    @property
    def good(self) -> bool:
        return self.rate >= self.floor

    def told(self) -> str:
        counts = self.counts
        rest = ", ".join(f"{counts[kind]} {kind}" for kind in ("equivalent", "open", "unlisted"))
        told = f"{counts['mutants']:,} mutants, {counts['killed']:,} killed, {rest}"
        return f"{self.area}: {told}: {self.rate:.1%} of those that can be told apart are killed"
