"""One diagnostic code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`title` names the mistake in a few words; `text` explains it at length, with a wrong and a right example."""

    title: str
    text: str


def explained(title: str, text: str, wrong: str, right: str) -> Code:
    """A code whose examples are netdsl texts: the wrong one gives this code and no other, the right one none."""

    def block(example: str) -> str:
        return "\n".join(f"    {line}".rstrip() for line in example.strip("\n").split("\n"))

    return Code(title, f"{text.strip()}\n\nWrong:\n\n{block(wrong)}\n\nRight:\n\n{block(right)}\n")
