"""What is said about a text that does not parse.

The messages of tests/mistakes are the ones that the design of the language promises; golden files show the pages.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from netdsl.codes.syntax import CODES
from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.rendering import render
from netdsl.source import Source
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_bytes, read_source
from tests.syntax.texts import GOLDEN, MISTAKES, codes, errors, parsed

PROMISED = {
    "01_missing_brace": [
        "6: a `}` is missing: the `{` opened on line 2 is closed by the `}` on line 4, which lines up with line 1"
    ],
    "02_fat_arrow": ["3: an arrow is written `->`, not `=>`"],
    "03_missing_comma": ["1: a comma is missing before `3`"],
    "04_misspelt_op": [],  # the parser knows no operators
    "05_arrow_at_end": ["2: a line cannot end with `->`: move the arrow to the start of the next line"],
    "06_missing_paren": ["5: the `(` opened on line 3 is never closed: add `)`"],
    "07_colon_argument": ["1: an argument is named with `=`: stride = ..."],
    "08_spaced_size": ["1: a size is written without spaces: 3x3"],
    "09_op_without_parens": [
        (
            "1: `conv` `64`: two things side by side; put `->`, `;` or a new line between them "
            "(arguments go in parentheses)"
        )
    ],
    "10_missing_arrow": [],  # nor which value is used
    "11_stage_arithmetic": ["3: `+` cannot follow a stage: write (a -> b) + c, or name the value first"],
    "12_commas_in_braces": ["1: branches and statements are separated by new lines or `;`, not commas"],
    "13_single_equals": ["1: `=` names a value; to compare, write `==`"],
    "14_keyword_name": [
        "2: `input` is a word of the language and cannot be a name",
        "3: `input` is a word of the language and cannot be a name",
    ],
    "15_wrong_closer": ["1: `)` does not match the `[` opened on line 1: `]` comes first"],
    "16_extra_brace": ["1: this `}` closes nothing"],
    "17_open_string": ["1: this string has no closing quote on its line"],
    "18_tuple": ["1: a list is written in brackets, [1, 7], a size 1x7"],
    "19_py_operators": [
        "3: `+=` does not exist: values are named once, with `=` (x2 = x + ...)",
        "4: write `and` for `&&`",
    ],
    "20_else_alone": ["4: this `else` has no `if { ... }` just before it"],
    "21_brace_next_line": [
        "1: `{` belongs at the end of this line, not on the next one",
        "3: `{` belongs at the end of this line, not on the next one",
    ],
    "90_many": [
        "2: a comma is missing before `3`",
        "6: an arrow is written `->`, not `=>`",
        "7: an argument is named with `=`: stride = ...",
        "13: the `(` opened on line 12 is not closed by the end of line 12 (or a comma is missing there)",
        "13: a line cannot end with `->`: move the arrow to the start of the next line",
        "14: something is missing between `+` and `->`",
        "18: a `net` cannot start here: the `{` opened on line 17 is still open; add `}` before it",
    ],
}


def _found(path: Path) -> tuple[Diagnostic, ...]:
    source = read_source(path)
    try:
        parse(Source(path.name, source.text))
    except NetdslError as error:
        return error.diagnostics
    return ()


def test_every_mistake_is_promised_something() -> None:
    assert [path.stem for path in MISTAKES] == list(PROMISED)


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_gets_its_messages_and_no_others(path: Path, golden: Any) -> None:
    found = _found(path)
    assert [f"{d.span.line}: {d.message}" for d in found if d.span] == PROMISED[path.stem]
    if found:
        golden(GOLDEN / "mistakes" / f"{path.stem}.txt", render(found) + "\n")


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_fix_mends_its_mistake(path: Path) -> None:
    found = _found(path)
    for diagnostic in found:
        if diagnostic.fix:
            after = apply(diagnostic)
            assert (diagnostic.code, diagnostic.message) not in [(d.code, d.message) for d in errors(after)] or (
                diagnostic.code == "N124"
            )
            assert len(errors(after)) < len(found)


def apply(diagnostic: Diagnostic) -> str:
    """The text after the diagnostic's fix."""
    assert diagnostic.fix
    source, start, end = diagnostic.fix.span
    return source.text[:start] + diagnostic.fix.replacement + source.text[end:]


def example(code: str, kind: str) -> str | None:
    """The wrong or right example of a code's text."""
    match = re.search(rf"{kind}:\n\n((?:    .*\n|\n)+)", CODES[code].text)
    return re.sub("^    ", "", match.group(1), flags=re.MULTILINE).strip("\n") if match else None


BIG = {
    "N102": b"block a = relu # \xe2\x80\xae drawkcab\nblock b = \x07relu",
    "N160": b"#" * ((1 << 20) + 1),
    "N161": b"x;" * 100_000,
    "N162": b"let a = " + b"(" * 65 + b"x" + b")" * 65,
    "N163": b"let " + b"a" * 65 + b" = 1",
    "N164": b'import "' + b"a" * 4097 + b'"',
    "N182": b"block a = \xff",
    "N183": b"*Vertices 3",
}


@pytest.mark.parametrize("code", sorted(set(CODES) - {"N180", "N181"}))  # these need a file: test_read.py
def test_every_code_has_a_page(code: str, golden: Any) -> None:
    wrong = example(code, "Wrong")
    data = wrong.encode() if wrong is not None else BIG[code]
    with pytest.raises(NetdslError) as caught:
        parse(from_bytes("a.net", data))
    assert {d.code for d in caught.value.diagnostics} == {code}
    assert all(d.help for d in caught.value.diagnostics)
    golden(GOLDEN / "codes" / f"{code}.txt", render(caught.value.diagnostics) + "\n")


@pytest.mark.parametrize("code", [code for code in CODES if example(code, "Right")])
def test_the_right_example_of_a_code_parses(code: str) -> None:
    assert codes(str(example(code, "Right"))) == []


def test_the_pages_of_files_that_cannot_be_read(tmp_path: Path, golden: Any) -> None:
    pages = []
    for path in (tmp_path / "no.net", tmp_path):
        with pytest.raises(NetdslError) as caught:
            read_source(path)
        pages.append(render(caught.value.diagnostics).replace(str(tmp_path), "FOLDER"))
    golden(GOLDEN / "codes" / "N180-N181.txt", "\n\n".join(pages) + "\n")


MORE = """
N149 block a(c) conv(c, 3)
N149 net n { input x 3x3 }
N149 net n { output y x }
N101 block a { // why/  relu }
N101 block a { relu // this is why/ }
N101 let a = “b”
N101 let a = 3×3
N107 let a = 3d
N107 let a = 1_
N108 net n { input x: 3 x 224 x 224 }
N111 let a := 3
N112 let a = !b
N113 block a { if x then { relu } }
N113 block a { elif x { relu } }
N120 block a { relu
N121 let a = [1, 2
N121 let a = f(1, 2/let b = 3
N122 let a = f(1]
N123 let a = f(1))
N123 block a = f({ relu)  })
N124 block a { repeat 3/{ relu } }
N130 let a = f(1; 2)
N131 block a { x y z }
N132 block a { concat { a, b } }
N132 block a { concat {/ relu,/ tanh,/ gelu/ } }
N132 let a = 1, b = 2
N133 net n { target y = class }
N134 block a { x.y = 3 }
N134 block a { f(x) = 3 }
N135 block a { for (i, x) in xs { relu } }
N136 block a { x -> f - y * 2 + 3 }
N136 block a { concat { x; y } + z }
N137 let a =/let b = 3
N137 let a = f(1,, 2)
N137 let a = f(, 2)
N137 let a = not
N137 block a { repeat { relu } }
N138 block a { x = in +/ y }
N140 net n { input -> relu }
N140 block a { in = 3 }
N140 block in = relu
N140 block a { x -> output }
N140 let a = f(for = 3)
N141 let a = f(x else y)
N142 input x: 3
N142 x = 3
N142 relu
N142 block a {/  block b { relu }/}
N143 net n { ouput y = x }
N143 block a { x -> repaet 3 { relu } }
N143 nett n { relu }
N144 block a(c):/  conv(c, 3)/block b = relu
N144 block a { if x: relu }
N144 block a { if x { y } else relu }
N144 block a { for i in x relu }
N145 block a.b { relu }
""".strip().split("\n")


@pytest.mark.parametrize("case", MORE)
def test_one_mistake_is_reported_once(case: str) -> None:
    code, text = case.split(" ", 1)
    lines = re.sub(r"(?<!/)/(?!/)", "\n", text)
    assert codes(lines) == [code]


def test_mistakes_in_one_statement_are_all_found() -> None:
    found = errors("block a = conv(64 3, pad: 1) => relu -> conv(3, 'x', (1, 2)) -> tanh ! x")
    assert [d.code for d in found] == ["N130", "N133", "N110", "N104", "N135", "N112"]


def test_what_follows_a_mistake_is_read_on() -> None:
    text = "block a = ] foo {\n  conv(64 3)\n  x => y\n}\nblock b = conv(1 2)\n"
    assert [d.span.line for d in errors(text) if d.span] == [1, 2, 3, 5]


def test_a_long_list_of_mistakes_ends() -> None:
    found = errors("block a = f(" + "1 2 " * 1000 + ")")
    assert len(found) == 200


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< HEAD\nblock a = relu\n=======\nblock a => tanh\n>>>>>>> b",
        "```netdsl\nblock a => relu\n```",
        "from torch import nn\nx = 3",
        "# model\nimport torch\n",
        "class Net(nn.Module):\n    pass",
    ],
)
def test_a_text_that_is_something_else_is_named_alone(text: str) -> None:
    assert codes(text) == ["N114"]


def test_marks_of_something_else_may_stand_in_comments() -> None:
    assert parsed("# ```\nblock a = relu  # <<<<<<<\n").items


def test_pages_say_what_stands_where_a_bracket_is_open() -> None:
    (found,) = errors("block a {\n  x = f(1,\n    2\n  y = 3\n}")
    assert [(other.span.line, other.text) for other in found.others] == [(2, "this `(` is open")]
