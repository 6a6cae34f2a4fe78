"""What a text may not exceed. Every limit has a code of its own, and none can be raised by a text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from netdsl.diagnostics import Diagnostic
from netdsl.source import Source, Span
from netdsl.syntax import tree
from netdsl.syntax.tokens import Token
from netdsl.syntax.walk import parts

MAX_BYTES = 1 << 20
"""Bytes of one source."""

MAX_TOKENS = 200_000
"""Tokens of one source."""

MAX_NESTING = 64
"""Brackets in brackets, and operators in operators."""

MAX_NAME = 64
"""Characters of a name."""

MAX_STRING = 4096
"""Characters of a string."""

MAX_DIGITS = 18
"""Digits of an integer."""

_SUSPECT = re.compile(rf'[A-Za-z0-9_]{{{MAX_DIGITS + 1}}}|"[^"\n]{{{MAX_STRING}}}|[eE][-+]?[0-9]{{3}}')
"""Found in every text that holds a token which is too long, and in few others."""


def too_large(source: Source) -> Diagnostic:
    return Diagnostic(
        "N160", f"`{source.name}` is larger than 1 MiB", None, help="split the text into files, and import them"
    )


def too_many(token: Token) -> Diagnostic:
    return Diagnostic(
        "N161", f"the text has more than {MAX_TOKENS:,} tokens".replace(",", "_"), token.span, "the limit is here",
        help="split the text into files, or say with `repeat` and `for` what repeats",
    )  # fmt: skip


def too_deep(place: Span) -> Diagnostic:
    return Diagnostic(
        "N162", f"nested deeper than {MAX_NESTING}", place, "too deep", help="name a part, with `let`, `=` or a block"
    )


def token_errors(source: Source, tokens: Iterable[Token]) -> list[Diagnostic]:
    """The names, strings and numbers that are too long or too large."""
    if not _SUSPECT.search(source.text):
        return []
    return [error for token in tokens if (error := _token_error(token))]


def _token_error(token: Token) -> Diagnostic | None:
    text, length = token.text, len(token.text)
    match token.kind:
        case "NAME" if length > MAX_NAME:
            return _too_long("N163", "name", f"{length} characters, and the limit is {MAX_NAME}", token)
        case "STRING" if length - 2 > MAX_STRING:
            return _too_long("N164", "string", f"{length - 2} characters, and the limit is {MAX_STRING}", token)
        case "INT" | "SIZE":
            digits = max(len(part.replace("_", "")) for part in text.split("x"))
            if digits > MAX_DIGITS:
                return _too_long("N165", "integer", f"{digits} digits, and the limit is {MAX_DIGITS}", token)
        case "FLOAT" if math.isinf(float(text.replace("_", ""))):
            return Diagnostic(
                "N166", "this number is too large for a float", token.span, "reads as infinity",
                help="write a number below 1.8e308",
            )  # fmt: skip
    return None


def _too_long(code: str, what: str, why: str, token: Token) -> Diagnostic:
    return Diagnostic(
        code, f"this {what} is too long: it has {why}", token.span, "too long", help=f"shorten the {what}"
    )


def nesting_error(items: Iterable[tree.Item]) -> Diagnostic | None:
    """The first node that stands deeper than `MAX_NESTING` inside expressions and bodies, if any.

    Operators count as brackets do, so that whoever walks the tree may recurse.
    """
    stack: list[tuple[object, int]] = [(item, 0) for item in items]
    while stack:
        node, depth = stack.pop()
        if type(node) is tuple:
            stack += [(part, depth) for part in node]
            continue
        kind = type(node)
        names = parts(kind)
        if not names:
            continue
        if kind in _COUNTED:
            depth += 1
            if depth > MAX_NESTING:
                return too_deep(node.span)  # type: ignore[attr-defined]
        stack += [(getattr(node, name), depth) for name in names]
    return None


_COUNTED = frozenset(
    {
        tree.Unary, tree.Binary, tree.Choose, tree.Call, tree.Index, tree.Attribute, tree.Applied, tree.List,
        tree.Comprehension, tree.Merge, tree.Repeat, tree.For, tree.If, tree.Each,
    }
)  # fmt: skip
