"""Short ways to the tree, and to what is wrong."""

from __future__ import annotations

from pathlib import Path

from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.syntax import tree
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_text

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
PROGRAMS = sorted((HERE / "programs").glob("*.net"))
MISTAKES = sorted((HERE.parent / "mistakes").glob("*.net"))


def parsed(text: str) -> tree.File:
    return parse(from_text("a.net", text))


def errors(text: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a text; empty where nothing is."""
    try:
        parse(from_text("a.net", text))
    except NetdslError as error:
        return error.diagnostics
    return ()


def codes(text: str) -> list[str]:
    return [error.code for error in errors(text)]


def expression(text: str) -> tree.Value:
    """The tree of one value."""
    item = parsed(f"let x = {text}").items[0]
    assert isinstance(item, tree.Let)
    return item.value
