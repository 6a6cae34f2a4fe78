"""Text to tree: structure, places, strings, comments, layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netdsl.source import Source, Span
from netdsl.syntax import tree
from netdsl.syntax.grammar import tables
from netdsl.syntax.parse import parse
from netdsl.syntax.read import read_source
from netdsl.syntax.tokens import scan
from netdsl.syntax.walk import nodes
from tests.syntax.dump import dump
from tests.syntax.texts import GOLDEN, PROGRAMS, codes, expression, parsed


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_has_its_tree(path: Path, golden: Any) -> None:
    golden(GOLDEN / "trees" / f"{path.stem}.txt", dump(parse(read_source(path))))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_spans_quote_what_they_are_about(path: Path) -> None:
    file = parse(read_source(path))
    seen = 0
    for node in nodes(file.items):
        quoted = node.span.text
        seen += 1
        assert quoted == quoted.strip()
        match node:
            case tree.Name(name):
                assert quoted.strip("()") == name
            case tree.Number(value):
                assert float(quoted.strip("()").replace("_", "")) == value
            case tree.Definition(kind):
                assert quoted.startswith(kind)
                assert quoted.count("{") == quoted.count("}")
            case tree.Body():
                assert (quoted[0], quoted[-1]) == ("{", "}")
            case tree.Call() | tree.Applied():
                assert quoted.endswith(")")
            case tree.Binary(operator, left, right, place):
                assert place.text == operator
                assert left.span.end <= place.start < place.end <= right.span.start
            case tree.Text() | tree.Label(tree.Text()):
                assert (quoted[0], quoted[-1]) == ('"', '"')
    assert seen > 50


def test_every_node_lies_within_its_parent() -> None:
    for path in PROGRAMS:
        for node in nodes(parse(read_source(path)).items):
            for child in nodes(
                [
                    getattr(node, name)
                    for name in ("unit", "value", "left", "stages", "statements")
                    if hasattr(node, name)
                ]
            ):
                assert node.span.start <= child.span.start <= child.span.end <= node.span.end


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1 + 2 * 3", "<1 + <2 * 3>>"),
        ("1 - 2 - 3", "<<1 - 2> - 3>"),
        ("(1 - 2) * 3", "<<1 - 2> * 3>"),
        ("-a ** -b", "<- <a ** <- b>>>"),
        ("2 ** 3 ** 4", "<2 ** <3 ** 4>>"),
        ("a or b and not c == d", "<a or <b and <not <c == d>>>>"),
        ("1 if a else 2 if b else 3", "<a ? 1 : <b ? 2 : 3>>"),
        ("f(a)[1:, :2, 3].b", "f(a)[1: :2 3].b"),
        ("f(a, b = 1, ...c)", "f(a b=1 ...c)"),
        ("[x * 2 for x in xs]", "[<x * 2> for x in xs]"),
        ("[1, [2, 3],]", "[1 [2 3]]"),
        ("((3))", "3"),
        ("(a -> b)", "applied(pipeline(a -> b))"),
        ("({ relu })", "applied(pipeline({\n  pipeline(relu)\n}))"),
        ("a -> b", "pipeline(a -> b)"),
        ("1_000 // 3x4", "<1000 // size(3, 4)>"),
        ("1e-3 % 0.5", "<0.001 % 0.5>"),
        ("true", "True"),
        ('"a{i + 1}b"', "text<'a'|<i + 1>|'b'>"),
        ('"{{{a}}}\\"\\\\"', "text<'{'|a|'}\"\\\\'>"),
        ('""', "text<>"),
    ],
)
def test_expressions(text: str, shape: str) -> None:
    assert dump(parsed(f"let x = {text}")).split("let x = ", 1)[1].rstrip("\n") == shape


def test_a_plain_value_is_held_as_its_expression_and_a_chain_as_a_pipeline() -> None:
    assert isinstance(expression("conv(3)"), tree.Call)
    assert isinstance(expression("conv(3) -> relu"), tree.Pipeline)
    assert isinstance(expression("conv(3) @ 3x3"), tree.Pipeline)
    assert isinstance(expression("{ relu }"), tree.Pipeline)


def test_parentheses_belong_to_the_span_of_what_they_hold() -> None:
    node = expression("(a + b) * c")
    assert isinstance(node, tree.Binary)
    assert (node.span.text, node.left.span.text) == ("(a + b) * c", "(a + b)")


def test_the_places_of_computed_parts_are_places_in_the_file() -> None:
    node = expression('"layer{i + 1}-{ n[0] }"')
    assert isinstance(node, tree.Text)
    assert [part if isinstance(part, str) else part.span.text for part in node.parts] == ["layer", "i + 1", "-", "n[0]"]


def test_a_label_is_a_name_or_a_string_and_leaves_the_colon_out() -> None:
    block = parsed('block a = one: relu -> "0": tanh @ 3').items[0]
    assert isinstance(block, tree.Definition)
    assert isinstance(block.body, tree.Pipeline)
    first, second = block.body.stages
    assert first.label is not None
    assert second.label is not None
    assert (first.label.span.text, second.label.span.text) == ("one", '"0"')
    assert second.span.text == '"0": tanh @ 3'


def test_comments_above_a_definition_document_it() -> None:
    file = parsed(
        "# licence\n\n## The file.\n\nlet x = 1\n# not this\n##   Two\n## lines.\nblock a = relu\nblock b = relu\n"
    )
    assert file.doc == "The file."
    assert [item.doc for item in file.items if isinstance(item, tree.Definition)] == ["Two\nlines.", ""]


def test_the_comment_at_the_top_may_be_the_definitions_own() -> None:
    file = parsed("## Both.\nblock a = relu")
    assert isinstance(file.items[0], tree.Definition)
    assert file.doc == file.items[0].doc == "Both."


@pytest.mark.parametrize("after", ["-> relu", "+ x", "@ 3", ".y", "else { tanh }", "and c", "== 3", "** 2"])
def test_a_line_goes_on_where_the_next_begins_with_an_operator(after: str) -> None:
    before = "if a { relu }" if after.startswith("else") else "x = y"
    both = parsed(f"block b {{\n  {before}   # why\n\n  # more\n  {after}\n}}").items[0]
    assert isinstance(both, tree.Definition)
    assert isinstance(both.body, tree.Body)
    assert len(both.body.statements) == 1


def test_a_newline_means_nothing_in_round_brackets_but_in_braces_inside_them() -> None:
    text = "block a = f(\n  1,\n  [2,\n3],\n  {\n    x = in\n    x\n  },\n)"
    definition = parsed(text).items[0]
    body = next(node for node in nodes([definition]) if type(node) is tree.Body)
    assert len(body.statements) == 2


def test_else_if_is_an_if_in_the_else() -> None:
    tail = next(
        node for node in nodes(parsed("block a = if x { b } else if y { c } else { d }").items) if type(node) is tree.If
    )
    assert isinstance(tail.otherwise, tree.If)
    assert isinstance(tail.otherwise.otherwise, tree.Body)


def test_empty_texts_parse() -> None:
    assert parsed("").items == ()
    assert parsed("\n# only this\n\n;;\n").items == ()


def test_every_character_falls_into_some_token() -> None:
    text = 'block é = "x" → 3x3 .5 \x00 ‘' + "'q' ```"
    tokens = scan(tables(), Source("a", text))
    assert "".join(token.text for token in tokens) == text.replace(" ", "")
    assert [token.text for token in tokens] == [token.span.text for token in tokens]


def test_a_span_knows_its_line_and_column() -> None:
    source = Source("a", "ab\ncd")
    assert [(source.position(at)) for at in (0, 2, 3, 5)] == [(1, 1), (1, 3), (2, 1), (2, 3)]
    assert str(Span(source, 4, 5)) == "a:2:2"


def test_what_a_text_may_not_exceed() -> None:
    name, string = "a" * 64, "s" * 4096
    assert codes(f'let {name} = "{string}"\nlet b = {10**18 - 1}\nlet c = 1e308\nblock d = {"(" * 64}x{")" * 64}') == []
    assert codes(f"let {name}a = 1") == ["N163"]
    assert codes(f'let a = "{string}s"') == ["N164"]
    assert codes(f"let a = {10**18}") == ["N165"]
    assert codes("let a = 3x1234567890123456789") == ["N165"]
    assert codes("let a = 1e309") == ["N166"]
    assert codes(f"block d = {'(' * 65}x{')' * 65}") == ["N162"]
    assert codes("let a = " + " + ".join("x" * 65)) == []
    assert codes("let a = " + " + ".join("x" * 66)) == ["N162"]
    assert codes("let a = " + "-" * 65 + "x") == ["N162"]
    assert codes("block d = " + "if a { x } else " * 65 + "{ x }") == ["N162"]
    assert codes("# " + "x" * (1 << 20)) == ["N160"]
    assert codes("x;" * 100_000) == ["N161"]
