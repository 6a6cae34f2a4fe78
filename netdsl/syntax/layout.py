"""Where a newline ends a statement and where it is white space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdsl.syntax.limits import MAX_NESTING
from netdsl.syntax.tokens import Token, Unexpected

OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}


def lay_out(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens without the newlines that stand directly inside `( )` or `[ ]`.

    Brackets are believed here; where they do not match, the parser stops and `recover` takes over. Raises `Unexpected`
    where they nest too deep.
    """
    closers = ["RBRACE"]
    for token in tokens:
        kind = token.kind
        if kind == "_NL":
            if closers[-1] != "RBRACE":
                continue
        elif kind in OPENERS:
            closers.append(OPENERS[kind])
            if len(closers) > MAX_NESTING + 1:
                raise Unexpected(token)
        elif kind in CLOSERS and len(closers) > 1:
            closers.pop()
        yield token
