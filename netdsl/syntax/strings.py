"""Strings: escapes, and parts that are computed, as in `"layer{i + 1}"`."""

from __future__ import annotations

import re

from netdsl.diagnostics import Diagnostic
from netdsl.source import Span
from netdsl.syntax import tree

_PIECE = re.compile(r'[^"\\{}]+|\\.?|\{\{|\}\}|\{|\}')
_ESCAPES = {'\\"': '"', "\\\\": "\\", "{{": "{", "}}": "}"}


def read_text(span: Span, errors: list[Diagnostic]) -> tree.Text:
    """The string that stands, with its quotes, at `span`; what is wrong in it goes to `errors`."""
    source, start, end = span
    content = source.text[start + 1 : end - 1]
    if not ("\\" in content or "{" in content or "}" in content):
        return tree.Text((content,) if content else (), span)
    parts: list[str | tree.Expr] = []
    literal = ""
    at = start + 1
    while at < end - 1:
        match = _PIECE.match(source.text, at, end - 1)
        assert match is not None
        piece = match.group()
        here = Span(source, at, match.end())
        at = match.end()
        if piece == "{":
            close = _closing(source.text, at, end - 1)
            if close < 0:
                errors.append(_unclosed(here))
                break
            inner = Span(source, at, close)
            at = close + 1
            expression = _computed(inner, Span(source, here.start, at), errors)
            if expression is not None:
                if literal:
                    parts.append(literal)
                    literal = ""
                parts.append(expression)
        elif piece == "}":
            errors.append(_lone(here))
        elif piece.startswith("\\") and piece not in _ESCAPES:
            errors.append(_bad_escape(here))
        else:
            literal += _ESCAPES.get(piece, piece)
    if literal:
        parts.append(literal)
    return tree.Text(tuple(parts), span)


def _closing(text: str, start: int, end: int) -> int:
    """Where the `}` stands that closes the `{` before `start`; -1 if it is not there."""
    depth = 1
    for at in range(start, end):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at
    return -1


def _computed(inner: Span, whole: Span, errors: list[Diagnostic]) -> tree.Expr | None:
    from netdsl.syntax.parse import parse_expression  # late: the parser itself reads strings

    if not inner.text.strip():
        errors.append(
            Diagnostic(
                "N106", "nothing stands between `{` and `}` in this string", whole, "computes nothing",
                help="write an expression, as in \"layer{i + 1}\", or `{{}}` for the braces themselves",
            )
        )  # fmt: skip
        return None
    return parse_expression(inner, errors)


def _unclosed(here: Span) -> Diagnostic:
    return Diagnostic(
        "N106", "the `{` in this string is never closed", here, "a computed part begins here",
        help="close it with `}`, or write `{{` for the brace itself",
    )  # fmt: skip


def _lone(here: Span) -> Diagnostic:
    return Diagnostic(
        "N106",
        "this `}` closes nothing in its string",
        here,
        "no `{` before it",
        help="write `}}` for the brace itself",
    )


def _bad_escape(here: Span) -> Diagnostic:
    return Diagnostic(
        "N105", f"`{here.text}` is no escape in a string", here, "unknown escape",
        help='after `\\` only `"` and `\\` may stand; write `\\\\` for a backslash',
    )  # fmt: skip
