"""Text to tree.

The text is scanned, laid out and run through the LALR tables; the builder makes the nodes on the way. Where that
stops, `recover` reads the tokens again to find every mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.diagnostics import Diagnostic, InternalError, NetdslError
from netdsl.source import Source, Span
from netdsl.syntax import tree
from netdsl.syntax.build import Builder
from netdsl.syntax.grammar import Tables, tables
from netdsl.syntax.layout import lay_out
from netdsl.syntax.tokens import END, Token, scan


class Unexpected(Exception):
    """The token cannot stand where it stands."""

    def __init__(self, token: Token) -> None:
        self.token = token
        super().__init__(repr(token))


def parse(source: Source) -> tree.File:
    """The tree of a text.

    Raises `NetdslError` with all the syntax errors of the text, in order of place.
    """
    grammar = tables()
    tokens = scan(grammar, source)
    builder = Builder()
    try:
        items = run(grammar, lay_out(tokens), "start", builder)
    except Unexpected as stop:
        raise NetdslError([Diagnostic("N149", f"unexpected `{stop.token.text}`", stop.token.span)]) from None
    if builder.errors:
        raise NetdslError(builder.errors)
    return tree.File(source, items, _leading_doc(source.text))


def parse_expression(place: Span, errors: list[Diagnostic]) -> tree.Expr | None:
    """The expression that stands at `place`, as in a computed part of a string; mistakes go to `errors`."""
    grammar = tables()
    builder = Builder()
    try:
        node: tree.Expr = run(grammar, scan(grammar, place.source, place.start, place.end), "expr", builder)
    except Unexpected as stop:
        errors.append(Diagnostic("N106", f"unexpected `{stop.token.text}` in a computed part", stop.token.span))
        return None
    errors += builder.errors
    return node


def run(grammar: Tables, tokens: Iterable[Token], start: str, builder: Builder) -> Any:
    """Shift and reduce by the tables; what the builder made of `start`. Raises `Unexpected`."""
    states, end = grammar.states, grammar.ends[start]
    rules = [
        (rule.origin, rule.size, rule.spliced, _method(builder, rule.name)) for rule in grammar.rules
    ]
    stack, values = [grammar.starts[start]], []
    for token in tokens:
        kind = token.kind
        while True:
            action = states[stack[-1]].get(kind)
            if action is None:
                raise Unexpected(token)
            if action >= 0:
                stack.append(action)
                values.append(token)
                break
            origin, size, spliced, build = rules[~action]
            if build is None:
                stack[-1] = states[stack[-2]][origin]
            else:
                parts: list[Any] = []
                if size:
                    parts = values[-size:]
                    del values[-size:], stack[-size:]
                    if spliced:
                        parts = _splice(parts, spliced)
                values.append(build(parts))
                stack.append(states[stack[-1]][origin])
            if stack[-1] == end and kind == END:
                return values[-1]
    raise InternalError("the tokens have no end")


def _method(builder: Builder, name: str | None) -> Any:
    if name is None:
        return None
    return list if name.startswith("_") else getattr(builder, name)


def _splice(parts: list[Any], places: tuple[int, ...]) -> list[Any]:
    """The parts, those at `places` replaced by what they hold."""
    whole: list[Any] = parts[0] if places[0] == 0 else []
    for place, part in enumerate(parts):
        if place not in places:
            whole.append(part)
        elif place:
            whole += part
    return whole


def _leading_doc(text: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("##"):
            lines.append(stripped[2:].removeprefix(" "))
        elif lines or (stripped and not stripped.startswith("#")):
            break
    return "\n".join(lines).strip()
