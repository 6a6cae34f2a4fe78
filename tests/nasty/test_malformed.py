"""Texts spoilt by the thousand, and texts derived from the grammar: each is answered, soon, with places inside it."""

from __future__ import annotations

import time

import pytest

from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.source import Source
from netdsl.syntax.elaborate import check_program, load
from netdsl.syntax.garbage import uncollected
from netdsl.syntax.grammar import tables
from netdsl.syntax.read import from_text
from netdsl.syntax.tokens import scan
from tests.nasty.derivation import derived
from tests.nasty.spoiling import corpus, spoilt

BATCHES = 20
SPOILT, DERIVED = 10_000, 2_000  # texts in all batches
SECONDS = 4.0  # of processor time for one text: two, and as many again for a busy machine, whose seconds hold less
NEAR = 0.9  # of single deletions that are found are reported within a line of the deletion


def said(text: str) -> tuple[list[Diagnostic], Source | None]:
    """Everything that is said about a text. Whatever is not a NetdslError comes through."""
    try:
        source = from_text("a.net", text)
        return check_program(load(source, None)), source
    except NetdslError as error:
        return list(error.diagnostics), None


def assert_answered(text: str) -> bool:
    """Whether something is wrong with the text; fails where that is said late, or points outside."""
    with uncollected():  # the garbage of all the tests before this one is not the text's
        begin = time.process_time()
        try:
            found, _ = said(text)
        except Exception as error:
            error.add_note(f"the text was:\n{text!r}")
            raise
        assert time.process_time() - begin < SECONDS, text
    for diagnostic in found:
        edits = [diagnostic.fix.span] if diagnostic.fix else []
        for span in (diagnostic.span, *(other.span for other in diagnostic.others), *edits):
            assert span is None or 0 <= span.start <= span.end <= len(span.source.text), (diagnostic, text)
    return bool(found)


def search(seed: int, counted) -> None:
    spoilt_texts, derived_texts = spoilt(seed, SPOILT // BATCHES), derived(seed, DERIVED // BATCHES)
    wrong = sum(assert_answered(text) for text in spoilt_texts)
    counted("spoilt texts answered", SPOILT // BATCHES)
    counted("spoilt texts with something wrong", wrong)
    for text in derived_texts:
        assert_answered(text)
    counted("texts derived from the grammar answered", DERIVED // BATCHES)
    assert wrong > 0.8 * SPOILT // BATCHES  # else the spoiling spoils nothing


@pytest.mark.parametrize("seed", range(BATCHES))
def test_whatever_a_text_holds_it_is_answered(seed, counted):
    search(seed, counted)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1000, 1000 + 20 * BATCHES))
def test_whatever_a_text_holds_it_is_answered_at_length(seed, counted):
    search(seed, counted)


def test_what_is_derived_is_right_in_its_syntax():
    """Or the derivation tests the parser alone."""
    texts = list(derived(0, 200))
    parsed = [text for text in texts if not any(d.code < "N2" for d in said(text)[0])]
    assert len(parsed) > 0.95 * len(texts)
    assert len(set(texts)) > 0.95 * len(texts)


@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_token_that_is_missing_is_missed_where_it_was(first, counted):
    """Every second token of every small text that is right is taken out once; the others at night."""
    near = single = wrong = 0
    for text in corpus():
        if said(text)[0]:
            continue
        source = from_text("a.net", text)
        tokens = [token for token in scan(tables(), source) if token.kind != "_NL"][:-1]
        for token in tokens[first::2]:
            found = said(text[: token.start] + text[token.end :])[0]
            if not found:
                continue
            wrong += 1
            line = source.position(token.start)[0]
            places = [place for d in found for place in (d.span, *(other.span for other in d.others)) if place]
            near += any(abs(place.line - line) <= 1 for place in places)
            single += len(found) == 1
    counted("single tokens taken out, and missed", wrong)
    counted("of these reported within one line", f"{near / wrong:.1%}")
    counted("of these reported as one mistake", f"{single / wrong:.1%}")
    assert wrong > 1000
    assert near / wrong >= NEAR
