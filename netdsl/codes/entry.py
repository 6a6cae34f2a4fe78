"""One diagnostic code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`title` names the mistake in a few words; `text` explains it at length, with a wrong and a right example."""

    title: str
    text: str
