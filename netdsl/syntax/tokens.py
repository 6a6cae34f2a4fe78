"""Text to tokens.

One pass of one regular expression made of the grammar's terminals. Every character falls into some token, as
`UNKNOWN` takes what nothing else wants.
"""

from __future__ import annotations

import sys

from netdsl.source import Source, Span
from netdsl.syntax.grammar import Tables

END = "$END"


class Token:
    """One token: `kind` is the terminal's name in the grammar, `text` what was written."""

    __slots__ = ("kind", "span", "text")

    def __init__(self, kind: str, text: str, span: Span) -> None:
        self.kind = kind
        self.text = text
        self.span = span

    @property
    def start(self) -> int:
        return self.span.start

    @property
    def end(self) -> int:
        return self.span.end

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r}, {self.span.start})"


class Unexpected(Exception):
    """The token cannot stand where it stands."""

    def __init__(self, token: Token) -> None:
        self.token = token
        super().__init__(repr(token))


def scan(
    tables: Tables, source: Source, start: int = 0, end: int | None = None, most: int = sys.maxsize
) -> list[Token]:
    """The tokens of `source.text[start:end]`, white space and comments left out, the end marker last.

    Of more than `most` tokens the first `most` and one more are given.
    """
    stop = len(source.text) if end is None else end
    ignored = tables.ignored
    tokens: list[Token] = []
    for match in tables.pattern.finditer(source.text, start, stop):
        kind = match.lastgroup
        assert kind is not None
        if kind not in ignored:
            first, last = match.span()
            tokens.append(Token(kind, match.group(), Span(source, first, last)))
            if len(tokens) > most:
                return tokens
    tokens.append(Token(END, "", Span(source, stop, stop)))
    return tokens


_OPERANDS = frozenset({"NAME", "IN", "INT", "FLOAT", "SIZE", "STRING", "TRUE", "FALSE"})
_MISTAKEN = frozenset({"OPEN_STRING", "WRONG_STRING", "WRONG_NUMBER", "WRONG_POINT"})
_ENDS = _OPERANDS | _MISTAKEN | {"RPAR", "RSQB", "RBRACE"}
_STARTS = _OPERANDS | _MISTAKEN | {"LPAR", "LSQB", "LBRACE", "NOT", "IF", "FOR", "REPEAT", "ELLIPSIS"}


def ends_operand(token: Token | None) -> bool:
    """Whether an expression or a stage could end with this token."""
    return token is not None and token.kind in _ENDS


def starts_operand(token: Token) -> bool:
    """Whether an expression or a stage could begin with this token, seen by itself (`-` may stand between two)."""
    return token.kind in _STARTS
