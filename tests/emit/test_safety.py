"""A netdsl text never runs code: whatever names, strings and comments hold, emitted text is what the emitter means."""

from __future__ import annotations

import ast

import pytest
from torch import nn

import netdsl
from netdsl import NetdslError
from netdsl.emit.allowed import strangers

WORDS = [
    *('"""', "'''", "\\", '\\"""', '"', "'", '""""', "\\\\", "\\n", "\\x22\\x22\\x22", "{x}", "{{", "%s", "\\N{DASH}"),
    *("# coding: latin-1", "-*- coding: utf-7 -*-", "\t", "\f", "\v", "\x00", "\x1b[31m", "\x85", "\u2028", "\u2029"),
    *("\u202e", "\u200b", "\ufeff", "é", "🔥", "ｅｖａｌ", "\ud7ff", '"""\n__import__("os").system("true")\n"""'),
    *('""" + open("x") + """', "\\u0022\\u0022\\u0022", "x" * 5000, "\r", "a\rb", '\\\\"""'),
]
NAMES = [
    *("lambda", "None", "True", "match", "type", "self", "torch", "nn", "F", "Tensor", "math", "NamedTuple", "super"),
    *("__init__", "__import__", "__class__", "__getattr__", "_parameters", "_modules", "training", "forward"),
    *("parameters", "eval", "exec", "open", "getattr", "print", "int", "range", "tuple", "isinstance"),
    *("staticmethod", "ValueError", "state_dict", "modules", "register_buffer", "warp", "crop", "x" * 300, "_", "__"),
    *("_0", "aux", "f2"),
]  # fmt: skip


def emitted(text: str) -> str | None:
    """The module; None where the compiler refuses the text."""
    try:
        return netdsl.compile(text, network="f").source()
    except NetdslError:
        return None


def harmless(source: str, name: str) -> None:
    """The text parses, holds nothing foreign, and is made of ASCII wherever it is code."""
    tree = ast.parse(source)
    assert strangers(tree) == []
    assert all(
        isinstance(n, ast.Import | ast.ImportFrom | ast.Assign | ast.ClassDef | ast.FunctionDef) for n in tree.body[1:]
    )
    assert isinstance(netdsl.compile(name, network="f").module(), nn.Module)


@pytest.mark.parametrize("word", WORDS)
def test_comments_stay_comments(word: str) -> None:
    texts = [
        f"## {word}\n\n## {word} {word}\nnet f {{ input x: 3x4x4; output y = x -> conv(2, 1) }}\n",
        f"## {word}\nblock b(c) = conv(c, 1) -> relu\nnet f {{ input x: 3x4x4; output y = x -> b(2) }} # {word}\n",
    ]
    for text in texts:
        source = emitted(text)
        if source is not None:
            harmless(source, text)
            assert len([n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ClassDef)]) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_names_stay_names(name: str) -> None:
    widths, lists = (
        f"net f {{ input x: 3x4x4; output y = x -> b({a}) -> b({b}) }}" for a, b in ((2, 3), ("[2, 3]", "[4]"))
    )
    texts = [
        f"block {name}(c) = conv(c, 1) -> relu\nnet f {{ input x: 3x4x4; output y = x -> {name}(2) -> {name}(3) }}",
        f"block b({name}) = conv({name}, 1) -> relu\nnet f {{ input x: 3x4x4; output y = x -> b(2) -> b(3) }}",
        f"net f({name} = 2) {{ input x: 3x4x4; output y = x -> conv({name}, 1) }}",
        f"net f {{ input {name}: 3x4x4; output y = {name} -> conv(2, 1) }}",
        f"net f {{ input x: 3x4x4; {name} = x -> conv(2, 1); output y = concat {{ {name}; {name} -> relu }} }}",
        f"net f {{ input x: 3x4x4; output {name} = x -> conv(2, 1); output z = x }}",
        f"net f {{ input x: 3x4x4; output y = x -> {name}: conv(2, 1) -> relu -> b: conv(2, 1) }}",
        f"block b(n) = for {name} in n {{ conv({name}, 1) }}\n{lists}",
        f"block b(n) {{ let {name} = n * 2; conv({name}, 1) -> conv({name}, 1) }}\n{widths}",
        f"net f {{ input x: 3x4x4; shared {name} = conv(3, 1); output y = x -> {name} -> {name} }}",
    ]
    found = [text for text in texts if emitted(text) is not None]
    for text in found:
        harmless(str(emitted(text)), text)


@pytest.mark.parametrize("word", WORDS)
def test_strings_stay_strings(word: str) -> None:
    for label in (word, f"a{word}", f"a{word}{{1 + 1}}"):
        text = f'net f {{ input x: 3x4x4; output y = x -> "{label}": conv(2, 1) -> relu }}\n'
        source = emitted(text)
        if source is not None:
            harmless(source, text)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("import os", "an import of os"),
        ("from subprocess import run", "an import from subprocess"),
        ("from . import x", "an import from None"),
        ("eval('1')", "the name eval"),
        ("open('x')", "the name open"),
        ("getattr(1, 'x')", "the name getattr"),
        ("__import__('os')", "the name __import__"),
        ("().__class__", "the attribute __class__"),
        ("lambda: 1", "a Lambda"),
        ("while True:\n    pass", "a While"),
        ("with x:\n    pass", "a With"),
        ("try:\n    pass\nfinally:\n    pass", "a Try"),
        ("(x := 1)", "a NamedExpr"),
        ("del x", "a Delete"),
        ("global x", "a Global"),
        ("async def f():\n    pass", "a AsyncFunctionDef"),
    ],
)
def test_the_lock_holds(code: str, wanted: str) -> None:
    assert wanted in strangers(ast.parse(code))
