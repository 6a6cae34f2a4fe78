"""Texts made worse: words and characters taken out, doubled, exchanged, or put where they do not belong."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONGEST = 1500  # characters: of small texts more can be tried in the same time

_FENCED = re.compile(r"^```net\n(.*?)^```", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"\w+|->|\.\.\.|\s+|.", re.DOTALL)
_INTRUDERS = [
    *("'", '"', "é", "=>", "&&", "\x00", "“", "```", "!", "+=", "3 x 3", "//", "\r", "\u202e", "~", "else", "\ud800"),
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "->",
        ":",
        "@",
        "in",
        "...",
        "**",
        "0",
        "-1",
        "1e309",
        "9" * 19,
        "x" * 65,
        "1x",
        "H",
    ),
    *("repeat 10000 {", "if", "for", "each", "let", "shared", "input", "output", "net", "block", "import", "expect"),
]


def corpus() -> list[str]:
    """Right and wrong texts of the tests and of the language's page, the short ones."""
    files = [
        *sorted((TESTS / "syntax" / "programs").glob("*.net")),
        *sorted((TESTS / "elaborate" / "errors").glob("*.net")),
        *sorted((TESTS / "mistakes").glob("*.net")),
    ]
    texts = [path.read_text(encoding="utf-8") for path in files]
    texts += _FENCED.findall((TESTS.parent / "docs" / "language.md").read_text(encoding="utf-8"))
    return [text for text in texts if len(text) <= LONGEST]


def spoilt(seed: int, count: int) -> Iterator[str]:
    """`count` texts, each with one to four things done to it; the same for the same seed."""
    source = random.Random(seed)
    texts = corpus()
    for _ in range(count):
        words = _WORD.findall(source.choice(texts))
        for _ in range(source.randint(1, 4)):
            if words:
                words = _spoil(words, source, texts)
        yield "".join(words)


def _spoil(words: list[str], source: random.Random, texts: list[str]) -> list[str]:
    place, other = source.randrange(len(words)), source.randrange(len(words))
    match source.randrange(9):
        case 0:
            return words[:place] + words[place + 1 :]
        case 1:
            return [*words[:place], words[place], *words[place:]]
        case 2:
            words[place], words[other] = words[other], words[place]
            return words
        case 3:
            return [*words[:place], source.choice(_INTRUDERS), *words[place:]]
        case 4:
            return [*words[:place], words[other], *words[place + 1 :]]
        case 5:
            first, last = sorted((place, other))
            return words[:first] + words[min(last, first + 20) :]
        case 6:
            return words[:place]
        case 7:
            donor = _WORD.findall(source.choice(texts))
            start = source.randrange(len(donor))
            return words[:place] + donor[start : start + 15] + words[place:]
        case _:
            word = words[place]
            at = source.randrange(len(word))
            character = chr(source.choice((source.randrange(128), source.randrange(0x3000))))
            return [*words[:place], word[:at] + character + word[at + source.randrange(2) :], *words[place + 1 :]]
