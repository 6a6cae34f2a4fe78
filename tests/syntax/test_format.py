"""The formatter: the same meaning, the same comments, one layout."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.diagnostics import InternalError, NetdslError
from netdsl.syntax import format as formatter
from netdsl.syntax.format import format_text
from netdsl.syntax.grammar import tables
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_text, read_source
from netdsl.syntax.walk import signature
from tests.syntax.texts import PROGRAMS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.net"))


def formatted(text: str) -> str:
    return format_text(from_text("a.net", text))


def becomes(before: str, after: str) -> None:
    """Formatting makes `after` of `before`, and nothing more of that."""
    wanted = dedent(after).lstrip("\n")
    assert formatted(dedent(before).lstrip("\n")) == wanted
    assert formatted(wanted) == wanted


def comments(text: str) -> list[str]:
    found = [
        match.group() for match in tables().pattern.finditer(text) if match.lastgroup in ("COMMENT", "_NL", "_CONT")
    ]
    return [line.strip() for run in found for line in run.split("\n") if line.strip()]


@pytest.mark.parametrize("path", [*PROGRAMS, *EXAMPLES], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_formatting_keeps_the_meaning_and_settles(path: Path) -> None:
    source = read_source(path)
    text = format_text(source)
    assert signature(parse(from_text("a", text)).items) == signature(parse(source).items)
    assert comments(text) == comments(source.text)
    assert formatted(text) == text


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_programs_are_laid_out_as_the_formatter_lays_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.stem == "unet_flat":
        text = text.replace("input  image", "input image")  # nothing stands below it
    assert format_text(read_source(path)) == text


@pytest.mark.parametrize("path", PROGRAMS[::2], ids=lambda path: path.stem)
def test_a_text_without_layout_gets_its_indentation_back(path: Path) -> None:
    text = format_text(read_source(path))
    flat = "\n".join(line.lstrip() for line in text.split("\n"))
    assert [line.split() for line in formatted(flat).split("\n")] == [line.split() for line in text.split("\n")]
    indents = [len(line) - len(line.lstrip()) for line in text.split("\n") if not line.lstrip().startswith("[")]
    again = [
        len(line) - len(line.lstrip()) for line in formatted(flat).split("\n") if not line.lstrip().startswith("[")
    ]
    assert again == indents


SPACES = st.sampled_from([" ", "  ", "\t", "      "])
BREAKS = st.sampled_from(["\n", "\n   ", "  # hm\n", "\n\n# why\n     "])


@st.composite
def disturbed(draw: st.DrawFn) -> str:
    """A program whose layout somebody has spoilt, here and there."""
    text = draw(st.sampled_from(PROGRAMS)).read_text(encoding="utf-8")
    matches = list(tables().pattern.finditer(text))
    places = draw(st.sets(st.integers(0, len(matches) - 2), max_size=12))
    depth: list[str] = []
    parts: list[str] = []
    for number, match in enumerate(matches):
        kind, piece = str(match.lastgroup), match.group()
        following = str(matches[number + 1].lastgroup) if number + 1 < len(matches) else ""
        if kind in ("LPAR", "LSQB", "LBRACE"):
            depth.append(kind)
        elif kind in ("RPAR", "RSQB", "RBRACE"):
            depth.pop()
        if number in places:
            inside = bool(depth) and depth[-1] != "LBRACE"
            match kind:
                case "BLANK" if inside or following in ("ARROW", "AT", "PLUS", "COMPARE", "AND"):
                    piece = draw(BREAKS)
                case "BLANK":
                    piece = draw(SPACES)
                case "_NL":
                    piece = draw(
                        st.sampled_from(
                            ["\n", "\n\n\n\n", " ; \n", "\n  # own\n", "   # tail  \n", "\n\t\n", ";", piece]
                        )
                    )
                case "SEMICOLON":
                    piece = draw(st.sampled_from(["\n", ";\n", " ; ", ";;", "\n;\n", "  # end\n"]))
                case "LBRACE":
                    piece = draw(st.sampled_from(["{\n", "{ # opened\n", "{", "{;", "{   "]))
                case "RBRACE":
                    piece = draw(st.sampled_from(["\n}", "\n\n   }", "  }", "# closed\n}", ";}"]))
                case "COMMA":
                    piece = draw(st.sampled_from([",", " ,", "\n,", ", # why\n", ",\n"] if inside else [","]))
                case "NAME":
                    piece = draw(st.sampled_from([piece, f"({piece})"]))
        parts.append(piece)
    return "".join(parts)


@settings(max_examples=60)
@given(disturbed())
def test_a_spoilt_layout_is_mended_and_nothing_else(text: str) -> None:
    source = from_text("a", text)
    try:
        meaning = signature(parse(source).items)
    except NetdslError:
        return
    result = format_text(source)
    assert signature(parse(from_text("a", result)).items) == meaning
    assert comments(result) == comments(text)
    assert formatted(result) == result
    for line in result.split("\n"):
        assert line == line.rstrip()


def test_spaces_between_words() -> None:
    becomes(
        "block a( c,s=1,...r ):x".replace(":x", "=")
        + "conv( c ,[ 1,3 ] , stride=s,...r)->relu\nlet y=- 2**-x+a [ 1 : ]//3",
        "block a(c, s = 1, ...r) = conv(c, [1, 3], stride = s, ...r) -> relu\nlet y = -2**-x + a[1:]//3\n",
    )
    becomes("block a={x:relu;}", "block a = { x: relu }\n")
    becomes("block a=if not (x) and(y){relu}else{}", "block a = if not (x) and (y) { relu } else {}\n")
    becomes("block a=for i in[1,2]{in[0]}", "block a = for i in [1, 2] { in[0] }\n")


def test_bodies_are_indented_by_two() -> None:
    becomes(
        """
        net n {
        input x: 3
            y = x -> repeat 2 {
        relu }
          output z = y
               -> add { identity
           conv(3) -> relu
            -> tanh
          }
        }
        """,
        """
        net n {
          input x: 3
          y = x -> repeat 2 {
            relu
          }
          output z = y
            -> add {
                 identity
                 conv(3) -> relu
                   -> tanh
               }
        }
        """,
    )


def test_the_result_of_a_body_keeps_its_arrows_under_it() -> None:
    becomes(
        "block a {\n  x = in\n  -> relu\n  x -> relu\n    -> tanh\n}\n",
        "block a {\n  x = in\n    -> relu\n  x -> relu\n  -> tanh\n}\n",
    )


def test_a_head_whose_pipeline_goes_on_below_is_indented_with_it() -> None:
    becomes(
        "net n {\n  output y = concat {\n  a\n  b\n  }\n  -> relu\n}\n",
        "net n {\n  output y = concat {\n      a\n      b\n    }\n    -> relu\n}\n",
    )
    becomes("block a = add {\n a\n b\n} -> relu\n", "block a = add {\n  a\n  b\n} -> relu\n")


def test_else_stands_under_its_if() -> None:
    becomes(
        "block a {\n  if x {\n  relu\n  }\n      else {\n  tanh\n  }\n}\n",
        "block a {\n  if x {\n    relu\n  }\n  else {\n    tanh\n  }\n}\n",
    )


def test_lists_over_several_lines_stand_under_their_first_element() -> None:
    becomes("let a = [[1, 2],\n  [3, 4]]\n", "let a = [[1, 2],\n         [3, 4]]\n")
    becomes("let a = f(\n1,\n      2,\n)\n", "let a = f(\n  1,\n  2\n)\n")


def test_checks_share_a_column() -> None:
    becomes(
        """
        net n {
          output y = x
            -> conv(64, 7) @ 64x112x112
            -> relu
            -> max_pool(3, stride = 2) @ 64x56x56

            -> tanh @ 3
        }
        """,
        """
        net n {
          output y = x
            -> conv(64, 7)             @ 64x112x112
            -> relu
            -> max_pool(3, stride = 2) @ 64x56x56

            -> tanh @ 3
        }
        """,
    )


def test_tables_stay_tables() -> None:
    table = "let rows = [[1,  16, 1],\n            [6, 160, 3]]\n"
    becomes(table, table)
    becomes(table.replace("160", "16 "), "let rows = [[1, 16, 1],\n            [6, 16, 3]]\n")
    becomes("net a18  = f(1)\nnet a101 = f(2)\n", "net a18  = f(1)\nnet a101 = f(2)\n")
    becomes("let  x   =  1\n", "let x = 1\n")


def test_comments_stay_where_they_are() -> None:
    becomes(
        """
        # top
        block a {  # why
             # first
          relu   # one
          # between
            -> tanh # two
           # last
        }
        # end
        """,
        """
        # top
        block a {  # why
          # first
          relu   # one
          # between
          -> tanh  # two
          # last
        }
        # end
        """,
    )


def test_comments_behind_lines_keep_their_column() -> None:
    becomes("let a = 1   # x\nlet bb = 2  # y\n", "let a = 1   # x\nlet bb = 2  # y\n")
    becomes("let a=1     # x\nlet b =22   # y\n", "let a = 1    # x\nlet b = 22   # y\n")


def test_blank_lines() -> None:
    becomes("\n\nlet a = 1\n\n\n\n\nlet b = 1\n\n\n", "let a = 1\n\n\nlet b = 1\n")
    becomes("block b {\n\n  x = in\n\n\n  x\n\n}\n", "block b {\n  x = in\n\n  x\n}\n")
    becomes(
        "block c = relu\nblock d = relu\n## doc\nblock e {\n  relu\n}\nexpect a == 1\n",
        "block c = relu\nblock d = relu\n\n## doc\nblock e {\n  relu\n}\nexpect a == 1\n",
    )


def test_separators_that_say_nothing_go() -> None:
    becomes("block a { ; x = in;; y = x; ; y ; };\n;\n", "block a { x = in; y = x; y }\n")
    becomes("block b = f([1, 2,], 3,);", "block b = f([1, 2], 3)\n")
    becomes("block a {\n  x;\n  -y\n}\n", "block a {\n  x;\n  -y\n}\n")  # without it, x - y


def test_products_may_be_written_without_spaces() -> None:
    becomes("let a = [8*h, 2 *w, H//16, 1+ 2]\n", "let a = [8*h, 2 * w, H//16, 1 + 2]\n")


def test_an_empty_text_stays_empty() -> None:
    becomes("\n \n", "")
    becomes("# only\n", "# only\n")


def test_a_text_that_does_not_parse_is_not_touched() -> None:
    with pytest.raises(NetdslError):
        formatted("block a = => relu")


def test_a_formatter_that_changes_the_meaning_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "_laid_out", lambda file: "block a = tanh\n")
    with pytest.raises(InternalError, match="would have changed"):
        formatted("block a = relu")


def test_long_texts_are_formatted() -> None:
    text = read_source(PROGRAMS[0]).text
    assert len(re.findall("conv", formatted(text * 60))) == 60 * len(re.findall("conv", text))


LONG: dict[str, Callable[[int], str]] = {
    "stages in one line": lambda n: "block a = tanh" + " -> conv(4, 3)" * n,
    "braces in one line": lambda n: "block a = tanh" + " -> repeat 2 { relu }" * n,
    "lines with braces": lambda n: "block a = tanh" + "\n-> repeat 2 { relu\n}" * n,
    "statements in one line": lambda n: "block a { " + "; ".join(f"v{i} = tanh" for i in range(n)) + ";" * n + " }",
    "rows of a table": lambda n: "let a = [\n" + "  [1,   22, 3],\n" * n + "]",
    "two rows of many columns": lambda n: "let a = [\n" + ("1,   " * n + "\n") * 2 + "]",
    "checks and comments": lambda n: "block a = tanh\n" + "-> relu  @ 3   # c\n" * n,
}


@pytest.mark.parametrize("shape", LONG)
def test_work_grows_with_the_text_and_not_with_its_square(shape: str) -> None:
    """In calls of functions, which are the same on every machine."""

    def calls(text: str) -> int:
        count = 0

        def tick(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event == "call"

        before = sys.getprofile()
        sys.setprofile(tick)
        try:
            formatted(text)
        finally:
            sys.setprofile(before)
        return count

    assert calls(LONG[shape](400)) < 2.3 * calls(LONG[shape](200))
