"""Diagnostics as text: made-up ones, so that every part is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netdsl import rendering
from netdsl.diagnostics import Diagnostic, Fix, Label
from netdsl.rendering.columns import Line
from netdsl.source import Source

GOLDEN = Path(__file__).parent / "golden" / "rendering"
NET = Source("nets/a.net", "block a = conv(64 3)\n\tlet 幅 = 1\nnet n {\n  x\n  y\n}\n\nlast line, no end")
OTHER = Source("b c.net", "block b = relu\n")


def _diagnostic(number: int = 0) -> Diagnostic:
    at = NET.text.index("3")
    return Diagnostic(
        "N130",
        "a comma is missing before `3`",
        NET.span(at, at + 1),
        "`64` ends before it",
        (Label(NET.span(15, 17), "this"), Label(NET.span(len(NET.text) - 3, len(NET.text)), "and this")),
        ("the first note", "the second\nover two lines"),
        "put a comma between them",
        Fix(NET.span(at - 1, at - 1), ","),
        "warning" if number % 2 else "error",
    )


WIDE = Diagnostic("N101", "odd", NET.span(26, 27), "wide", (Label(NET.span(30, 31), "behind"),))
LONG = Diagnostic("N120", "over lines", NET.span(NET.text.index("{"), NET.text.index("}")), "all this", help="a\nb")
FAR = Diagnostic("N149", "elsewhere", OTHER.span(10, 14), "here", (Label(NET.span(6, 7), "from there"),))
END = Diagnostic("N149", "at the end", NET.span(len(NET.text), len(NET.text)), "the text ends")
ODD = Diagnostic("N102", "an escape \x1b[31m", Source("odd\x1b.net", "a\x1b\u202eb e\u0301 c").span(9, 10), "c \x07")
PLACELESS = Diagnostic("N180", "`a.net` cannot be read: no such file", None, help="check the path")
ALL = (_diagnostic(), _diagnostic(1), WIDE, LONG, FAR, END, ODD, PLACELESS)


@pytest.mark.parametrize("name", ["concise", "json", "github", "sarif"])
def test_formats(name: str, golden: Callable[[Path, str], None]) -> None:
    ending = {"json": "json", "sarif": "sarif.json"}.get(name, "txt")
    golden(GOLDEN / f"{name}.{ending}", getattr(rendering, name)(ALL) + "\n")


def test_pages(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "pages.txt", rendering.render(ALL) + "\n")


def test_pages_in_colour_say_the_same(golden: Callable[[Path, str], None]) -> None:
    import re

    coloured = rendering.render(ALL, True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == rendering.render(ALL)
    golden(GOLDEN / "colour.txt", coloured.replace("\x1b", "ESC") + "\n")


def test_carets_stand_under_what_they_mean() -> None:
    lines = rendering.render([WIDE]).split("\n")
    shown, caret, other = lines[3], lines[4], lines[5]
    assert shown == "2 |     let 幅 = 1"
    assert caret == "  |         ^^ wide"  # a tab takes four columns, the character two
    assert other == "  |              - behind"


def test_what_a_terminal_would_obey_is_shown_by_number() -> None:
    page = rendering.render([ODD])
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "a<U+001B><U+202E>b" in page


def test_twenty_are_shown_and_the_rest_is_counted() -> None:
    page = rendering.render([_diagnostic()] * 23)
    assert page.count("a comma is missing") == 20
    assert page.endswith("\n\n... and 3 more")
    assert "more" not in rendering.render([_diagnostic()] * 20)


def test_nothing_to_say_is_nothing() -> None:
    assert rendering.render([]) == ""
    assert rendering.concise([]) == ""
    assert rendering.github([]) == ""


def test_a_very_long_line_is_cut_around_its_caret() -> None:
    source = Source("a", "x" * 100_000 + "!" + "y" * 100_000)
    page = rendering.render([Diagnostic("N101", "odd", source.span(100_000, 100_001), "here")])
    shown, caret = page.split("\n")[3:5]
    assert len(shown) < 200
    assert shown[caret.index("^")] == "!"


def test_no_line_ends_in_blanks() -> None:
    assert all(line == line.rstrip() for line in rendering.render(ALL).split("\n"))


def test_a_combining_mark_takes_no_column() -> None:
    line = Line("e\u0301x")
    assert [line.column(at) for at in range(4)] == [0, 1, 1, 2]


def test_json_holds_everything() -> None:
    data = json.loads(rendering.json(ALL))
    assert data["schema_version"] == 1
    first: dict[str, Any] = data["diagnostics"][0]
    assert first["start"] == {"line": 1, "column": 19, "offset": 18}
    assert first["fix"] == {
        "replacement": ",",
        "file": "nets/a.net",
        "start": {"line": 1, "column": 18, "offset": 17},
        "end": {"line": 1, "column": 18, "offset": 17},
    }
    assert data["diagnostics"][-1]["file"] is None


def test_an_annotation_cannot_break_out_of_its_line() -> None:
    source = Source("a,b:c\n.net", "x")
    text = rendering.github([Diagnostic("N101", "100%\n::error::", source.span(0, 1), "x")])
    assert (
        text == "::error file=a%2Cb%3Ac%0A.net,line=1,endLine=1,title=netdsl N101,col=1,endColumn=2::100%25%0A::error::"
    )


def test_sarif_names_its_rules() -> None:
    run = json.loads(rendering.sarif(ALL))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({diagnostic.code for diagnostic in ALL})
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"] if r["locations"]]
    assert "b%20c.net" in uris
