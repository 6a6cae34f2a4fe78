"""Python text: what is printed means what the expression means, and nothing of a user's can get out of it."""

from __future__ import annotations

import ast
import keyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.emit import python
from netdsl.expression import ARITHMETIC, COMPARISON, Expr, Literal, Operation, Variable, evaluate
from netdsl.source import Source

SITE = Source("t.net", "a b c").span(0, 1)
VARIABLES = {name: Variable(name, SITE) for name in "abc"}


def expressions() -> st.SearchStrategy[Expr]:
    leaf: st.SearchStrategy[Expr] = st.one_of(
        st.integers(-4, 9).map(Literal), st.sampled_from("abc").map(VARIABLES.__getitem__)
    )

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        binary = st.sampled_from([*(set(ARITHMETIC) - {"**"}), *COMPARISON, "and", "or"])
        return st.one_of(
            st.builds(lambda op, x, y: Operation(op, (x, y)), binary, inner, inner),
            st.builds(lambda op, x: Operation(op, (x,)), st.sampled_from(["neg", "not"]), inner),
            st.builds(lambda c, x, y: Operation("choose", (c, x, y)), inner, inner, inner),
            st.builds(lambda op, x, y: Operation(op, (x, y)), st.sampled_from(["min", "max"]), inner, inner),
            st.builds(lambda x, y: Operation("index", (Operation("tuple", (x, y)), Literal(1))), inner, inner),
            st.builds(lambda x: Operation("**", (x, Literal(2))), inner),
        )

    return st.recursive(leaf, grow, max_leaves=8)


@settings(max_examples=500, deadline=None)
@given(expressions(), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_an_expression_prints_as_what_it_means(expr: Expr, a: int, b: int, c: int) -> None:
    values = dict(zip("abc", (a, b, c), strict=True))
    try:
        wanted: Any = evaluate(expr, {VARIABLES[name]: value for name, value in values.items()})
    except (ArithmeticError, ValueError):
        return
    text = python.expression(expr, lambda atom: atom.name)  # type: ignore[union-attr]
    assert eval(text, dict(values)) == wanted, text


@settings(max_examples=200, deadline=None)
@given(expressions())
def test_an_expression_has_no_more_brackets_than_python_needs(expr: Expr) -> None:
    text = python.expression(expr, lambda atom: atom.name)  # type: ignore[union-attr]
    assert text.count("(") <= ast.unparse(ast.parse(text)).count("("), text


def test_a_negative_number_has_brackets_before_a_power_alone() -> None:
    for operator, wanted in (("*", "a * -3"), ("-", "a - -3"), ("**", "a**-3")):
        expr = Operation(operator, (VARIABLES["a"], Literal(-3)))
        assert python.expression(expr, lambda atom: atom.name) == wanted  # type: ignore[union-attr]
    assert python.expression(Operation("**", (Literal(-3), Literal(2))), str) == "(-3) ** 2"


@pytest.mark.parametrize(
    ("name", "doc", "wanted"),
    [
        ("resnet50", "ResNet (He et al., 2015), table 1.", "ResNet50"),
        ("googlenet", "GoogLeNet (Szegedy et al., 2014)", "GoogLeNet"),
        ("unet", "U-Net (Ronneberger et al., 2015): a U", "UNet"),
        ("densenet121", "DenseNet-BC (Huang et al., 2016)", "DenseNet121"),
        ("se_bottleneck", "", "SeBottleneck"),
        ("vgg16_bn", "VGG (Simonyan & Zisserman)", "VGG16Bn"),
        ("conv_relu", "", "ConvRelu"),
        ("torch", "", "Torch"),
    ],
)
def test_a_class_is_spelled_as_its_paper_spells_it(name: str, doc: str, wanted: str) -> None:
    assert python.class_name(name, doc) == wanted


@given(st.text(max_size=40), st.sets(st.sampled_from(["x", "class_", "conv", "conv2", "value"])))
def test_identifiers_are_legal_and_new(name: str, avoid: set[str]) -> None:
    found = python.identifier(name, avoid)
    assert found.isidentifier()
    assert not keyword.iskeyword(found)
    assert found not in python.RESERVED | avoid


@given(st.text(max_size=60))
def test_strings_come_back_as_they_were(text: str) -> None:
    shown = python.string(text)
    assert shown.isascii()
    assert ast.literal_eval(shown) == text


@given(st.text(max_size=80))
def test_prose_cannot_leave_its_docstring(text: str) -> None:
    line = python.prose(text).replace("\n", " ").rstrip()
    ended = line + " " if line.endswith('"') else line
    module = ast.parse(f'"""{ended}"""\nx = 1\n')
    assert len(module.body) == 2


@pytest.mark.parametrize("value", [True, 3, -2, 0.5, 1e-05, "a\"b'c\n", None, (1, (2, 3)), (4,), ()])
def test_literals_come_back_as_they_were(value: Any) -> None:
    assert ast.literal_eval(python.literal(value)) == value


def test_long_calls_are_split_where_the_formatter_splits_them() -> None:
    call = f"self.conv = nn.Conv2d({', '.join(f'argument{i}' for i in range(12))})"
    lines = python.wrapped(call, 2)
    assert lines[0].strip() == "self.conv = nn.Conv2d("
    assert lines[-1].strip() == ")"
    assert all(len(line) <= python.WIDTH for line in lines)


def test_long_sums_are_put_in_brackets() -> None:
    names = [f"branch{i}" for i in range(32)]
    lines = python.wrapped(f"x = {' + '.join(names)}", 1)
    assert lines == ["    x = (", f"        {names[0]}", *(f"        + {n}" for n in names[1:]), "    )"]
    total = f"self.first_total + self.second_total - {'x' * 68}"
    assert python.wrapped(f"return {total}", 2) == [" " * 8 + "return (", " " * 12 + total, " " * 8 + ")"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"same" keeps the size', ['    """ "same" keeps the size"""']),
        ("x" * 56 + " " + "y" * 56, ['    """' + "x" * 56, "    " + "y" * 56, '    """']),
        ("x" * 110, ['    """' + "x" * 110 + '"""']),
    ],
)
def test_docstrings_end_inside_the_line(text: str, wanted: list[str]) -> None:
    assert python.docstring(text, 1) == wanted


@pytest.mark.parametrize("tail", ["\\N{BOGUS}", "\\", "\\x", "\\u12", '\\"""', '""" """', '"' * 7])
def test_a_docstring_ends_no_line_within_an_escape(tail):
    for length in range(90, 130):
        for text in (
            '"' + "x" * length + tail,
            f"{'x' * length}{tail} and more",
            "word " * 20 + "y" * length + tail + "z" * 40,
        ):
            source = "\n".join(python.docstring(text, 1)).strip()
            shown = ast.literal_eval(source)  # a wrong escape warns, and a warning is an error here
            assert shown.split() == text.replace('"""', "'''").split()
