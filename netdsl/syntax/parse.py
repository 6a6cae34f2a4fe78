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
from netdsl.syntax.characters import forbidden_characters, foreign_text
from netdsl.syntax.grammar import Tables, tables
from netdsl.syntax.layout import lay_out
from netdsl.syntax.limits import MAX_BYTES, MAX_TOKENS, nesting_error, token_errors, too_large, too_many
from netdsl.syntax.strings import read_text
from netdsl.syntax.tokens import END, Token, Unexpected, scan


def parse(source: Source) -> tree.File:
    """The tree of a text.

    Raises `NetdslError` with all the syntax errors of the text, in order of place.
    """
    if len(source.text) > MAX_BYTES:
        raise NetdslError([too_large(source)])
    grammar = tables()
    tokens = scan(grammar, source, most=MAX_TOKENS)
    if len(tokens) > MAX_TOKENS:
        raise NetdslError([too_many(tokens[MAX_TOKENS])])
    builder = Builder()
    errors = forbidden_characters(source) + token_errors(source, tokens)
    items: tuple[tree.Item, ...] = ()
    if not errors:
        try:
            items = run(grammar, lay_out(tokens), "start", builder)
        except Unexpected:
            pass
        else:
            deep = None if builder.errors else nesting_error(items)
            if not builder.errors and not deep:
                return tree.File(source, items, _leading_doc(source.text))
            raise NetdslError([deep] if deep else builder.errors)
    raise NetdslError(_mistakes(grammar, source, tokens, errors))


def _mistakes(grammar: Tables, source: Source, tokens: list[Token], errors: list[Diagnostic]) -> list[Diagnostic]:
    """`errors` and all the others of a text that does not parse, in order of place."""
    from netdsl.syntax.recover import Recovery  # late: a text that parses does not need it

    foreign = foreign_text(source)
    if foreign:
        return [foreign]
    errors = errors + Recovery(grammar, source, tokens).run()
    for token in tokens:
        if token.kind == "STRING":
            read_text(token.span, errors)
    return sorted(errors, key=lambda error: error.span.start if error.span else 0)


def parse_expression(place: Span, errors: list[Diagnostic]) -> tree.Expr | None:
    """The expression that stands at `place`, as in a computed part of a string; mistakes go to `errors`."""
    grammar = tables()
    builder = Builder()
    try:
        node: tree.Expr = run(grammar, scan(grammar, place.source, place.start, place.end), "expr", builder)
    except Unexpected as stop:
        errors.append(_not_an_expression(place, stop.token))
        return None
    errors += builder.errors
    return node


def _not_an_expression(place: Span, token: Token) -> Diagnostic:
    label = "the expression ends too soon" if token.kind == END else "cannot stand here"
    message = f"`{place.text.strip()}` in this string is not an expression"
    help = "a computed part is an expression without strings or arrows, such as `{i + 1}`; `{{` is the brace itself"
    return Diagnostic("N106", message, token.span, label, help=help)


def run(grammar: Tables, tokens: Iterable[Token], start: str, builder: Builder) -> Any:
    """Shift and reduce by the tables; what the builder made of `start`. Raises `Unexpected`."""
    states, end = grammar.states, grammar.ends[start]
    rules = [(rule.origin, rule.size, rule.spliced, _method(builder, rule.name)) for rule in grammar.rules]
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
