"""What is said about texts that parse and are wrong: errors/*.net, each with its page beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.codes import limits, meaning, names
from netdsl.diagnostics import Diagnostic
from netdsl.rendering import render
from tests.elaborate.texts import check, codes

HERE = Path(__file__).parent
ERRORS = sorted((HERE / "errors").glob("*.net"))
# Found where a name leads out of the text: tests/elaborate/test_imports.py and test_networks.py.
ELSEWHERE = {"N210", "N211", "N304", "N602", "N603", "N604", "N605", "N606"}


def page(path: Path) -> str:
    return render(check(path)).replace(str(HERE) + "/", "")


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_the_page_is_the_one_that_was_reviewed(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path.with_suffix(".err"), page(path))


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_every_message_has_a_place_and_reads_as_the_house_wants_it(path: Path) -> None:
    found = check(path)
    assert found
    for diagnostic in found:
        assert diagnostic.span is not None
        assert diagnostic.span.text or diagnostic.span.start == diagnostic.span.end
        assert not diagnostic.message.endswith(".")
        assert diagnostic.message[0].islower() or diagnostic.message[0] in "`-0123456789"
        assert "\n" not in diagnostic.message


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_a_proposed_edit_mends_what_it_is_proposed_for(path: Path) -> None:
    for diagnostic in check(path):
        if diagnostic.fix is None:
            continue
        span, text = diagnostic.fix.span, diagnostic.span.source.text  # type: ignore[union-attr]
        mended = text[: span.start] + diagnostic.fix.replacement + text[span.end :]
        assert _places(check(mended), diagnostic) < _places(check(text), diagnostic)


def _places(found: list[Diagnostic], like: Diagnostic) -> int:
    return sum(d.code == like.code for d in found)


def test_every_code_has_an_error_that_shows_it() -> None:
    shown = {code for path in ERRORS for code in codes(path)}
    known = {**names.CODES, **meaning.CODES, **limits.CODES}
    rest = set(known) - shown - ELSEWHERE
    # Each of these has its example in the text of `netdsl explain`, which tests/elaborate/test_codes.py runs.
    assert rest <= {"N332", "N333", "N336", "N613", "N614", "N615"}


@pytest.mark.parametrize(
    ("name", "line", "message", "hint"),
    [
        ("04_misspelt_op", 1, "`rellu` is not an operator, a block or a value here", "did you mean `relu`?"),
        ("10_missing_arrow", 2, "the value of line 2 is never used", "begin line 3 with `->` to pass it on"),
    ],
)
def test_the_mistakes_that_parse_get_the_messages_of_the_design(name: str, line: int, message: str, hint: str) -> None:
    (found,) = check(HERE.parent / "mistakes" / f"{name}.net")
    assert found.span is not None
    assert (found.span.line, found.message, found.help) == (line, message, hint)
