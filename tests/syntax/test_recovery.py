"""Whatever the text, the parser answers: with a tree or with diagnostics, and soon.

Spoilt programs by the thousand are in tests/nasty/test_malformed.py.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.diagnostics import NetdslError
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_text
from tests.syntax.texts import MISTAKES, PROGRAMS, codes

TEXTS = [path.read_text(encoding="utf-8") for path in (*PROGRAMS, *MISTAKES)]
WORDS = [
    *sorted({word for text in TEXTS for word in re.findall(r"\w+|->|\.\.\.|\n *|.", text)}),
    "'", '"', "é", "=>", "&&", "\x00", "“", "```", "!", "+=", "3 x 3", "//", "\r", "\u202e", "~", "else", "\ud800",
]  # fmt: skip


def _answers(text: str) -> None:
    """Either a tree, or diagnostics that point into the text; anything else is raised."""
    try:
        parse(from_text("a", text))
        return
    except NetdslError as error:
        found = error.diagnostics
    assert found
    assert all(diagnostic.help for diagnostic in found)
    places = [diagnostic.span for diagnostic in found if diagnostic.span]
    assert all(0 <= place.start <= place.end <= len(text) for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    _answers(text)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_row_of_words_is_answered(words: list[str]) -> None:
    _answers(" ".join(words))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\n" * 20_000, None),
        ("# comment\n" * 20_000, None),
        ("block a = " + "x -> " * 10_000 + "y", None),
        ("block a = " + "(" * 3000 + "x" + ")" * 3000, "N162"),
        ("{" * 50_000, "N142"),
        ("block a {\n" + "f(\n" * 2000, "N162"),
        ("let a = " + "-" * 50_000 + "x", "N162"),
        ("let a = " + "x ** " * 20_000 + "x", "N162"),
        ("block a = f(" + "1 2 " * 20_000 + ")", "N130"),
        ("block a {\n" + "x y\n" * 20_000 + "}", "N131"),
        ('block a = "' + "\\" * 40_000, "N103"),
        ("block a = " + '"' * 20_001, "N103"),
        ("block a = " + "9" * 500_000, "N165"),
        ("block a = " + "1_" * 100_000, "N107"),
        ("block a = " + "}" * 20_000, "N123"),
        ("net n " * 10_000, "N149"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_time_grows_with_the_text_alone(text: str, code: str | None) -> None:
    begin = time.process_time()
    found = codes(text)
    assert time.process_time() - begin < 5  # a second here; more where growth is quadratic
    assert (code in found) if code else not found
