"""Whatever the text, the parser answers: with a tree or with diagnostics, and soon."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.diagnostics import NetdslError
from netdsl.syntax.grammar import tables
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_text
from netdsl.syntax.tokens import scan
from tests.syntax.texts import MISTAKES, PROGRAMS, codes, errors

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


@settings(max_examples=100)
@given(st.data())
def test_a_spoilt_program_is_answered(data: st.DataObject) -> None:
    words = re.findall(r"\w+|->|\.\.\.|\s+|.", data.draw(st.sampled_from(TEXTS)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(words) - 1))
        words[place : place + data.draw(st.integers(0, 2))] = data.draw(st.lists(st.sampled_from(WORDS), max_size=2))
        if not words:
            return
    _answers("".join(words))


def test_most_single_deletions_are_reported_where_they_were_made() -> None:
    """One token is taken out; what is found should lie within one line of it, and should be one thing."""
    near = single = wrong = 0
    for path in PROGRAMS[::3]:
        text = path.read_text(encoding="utf-8")
        source = from_text("a", text)
        for token in [token for token in scan(tables(), source) if token.kind != "_NL"][:-1:5]:
            found = errors(text[: token.start] + text[token.end :])
            if not found:
                continue
            wrong += 1
            line = source.position(token.start)[0]
            places = [place for d in found for place in (d.span, *(other.span for other in d.others)) if place]
            near += any(abs(place.line - line) <= 1 for place in places)
            single += len(found) == 1
    assert wrong > 150
    assert near / wrong > 0.95
    assert single / wrong > 0.9


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
    begin = time.perf_counter()
    found = codes(text)
    assert time.perf_counter() - begin < 5  # a second here; more where growth is quadratic
    assert (code in found) if code else not found
