"""Newlines that stand where a statement goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix
from netdsl.source import Span
from netdsl.syntax.tokens import Token, ends_operand, starts_operand

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery

_BINARY = frozenset({"PLUS", "STAR", "SLASH", "FLOORDIV", "PERCENT", "POWER", "COMPARE", "AND", "OR", "AT", "DOT"})


def _gap(recovery: Recovery, start: int, replacement: str) -> Fix | None:
    """The edit of all between `start` and the next token, unless a comment stands there."""
    span = Span(recovery.source, start, recovery.following.start)
    return None if "#" in span.text else Fix(span, replacement)


def brace_on_next_line(recovery: Recovery, token: Token) -> bool:
    """`block a(c)`, and the brace below it."""
    if token.kind != "_NL" or recovery.following.kind != "LBRACE" or not recovery.accepts("LBRACE"):
        return False
    place = Span(recovery.source, token.start, token.start)
    recovery.report(
        "N124",
        "`{` belongs at the end of this line, not on the next one",
        place,
        "`{` is expected here",
        "move the `{` up",
        _gap(recovery, token.start, " "),
    )
    recovery.at += 1
    return True


def line_ends_too_soon(recovery: Recovery, token: Token) -> bool:
    """`x ->`, `x +`, `x =`, `label:` at the end of a line."""
    previous = recovery.previous
    if token.kind != "_NL" or previous is None or ends_operand(previous):
        return False
    follows = starts_operand(recovery.following) and not _begins_statement(recovery)
    deeper = recovery.indent(recovery.following) > recovery.indent(previous)
    if previous.kind != "ARROW":
        follows = follows and deeper
    what = previous.text
    margin = " " * recovery.indent(recovery.following)
    if previous.kind == "ARROW" or previous.kind in _BINARY or (previous.kind == "MINUS" and follows):
        before = recovery.tokens[recovery.at - 2]
        recovery.report(
            "N138",
            f"a line cannot end with `{what}`: move the {_noun(previous)} to the start of the next line",
            previous,
            "the line ends here",
            f"begin the next line with `{what}`" if follows else f"write what comes after `{what}`, or remove it",
            _gap(recovery, before.end, f"\n{margin}{what} ") if follows else None,
        )
    elif previous.kind in ("EQUAL", "COLON"):
        recovery.report(
            "N137",
            f"nothing stands after `{what}` on this line",
            previous,
            "the line ends here",
            "begin on the same line what belongs to it",
            _gap(recovery, previous.end, " ") if follows else None,
        )
    else:
        return False
    if not follows:
        recovery.insert("NAME")
        return True
    recovery.at += 1
    return True


def _noun(token: Token) -> str:
    return "arrow" if token.kind == "ARROW" else f"`{token.text}`"


def _begins_statement(recovery: Recovery) -> bool:
    """Whether the next line is `name = ..`, `name, ..` or `aux output ..`, and not what is missing here."""
    after = recovery.tokens[min(recovery.at + 2, len(recovery.tokens) - 1)]
    return recovery.following.kind == "NAME" and after.kind in ("EQUAL", "COMMA", "OUTPUT")
