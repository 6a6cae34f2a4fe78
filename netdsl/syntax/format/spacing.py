"""The space between two words of a line."""

from __future__ import annotations

from netdsl.syntax.tokens import Token, ends_operand

LOOP = "LOOP"
"""The kind that the `in` of a loop is given, to tell it from the value."""

_TIGHT_BEFORE = frozenset({"RPAR", "RSQB", "COMMA", "SEMICOLON", "DOT", "COLON"})
_TIGHT_AFTER = frozenset({"LPAR", "LSQB", "DOT", "ELLIPSIS"})


def gap(before: Token | None, token: Token, square: bool) -> int:
    """0 or 1. `square` tells that the word stands directly in `[ ]`, where `:` makes a slice."""
    if before is not None and before.kind == LOOP:
        return 1
    if before is None or token.kind in _TIGHT_BEFORE or before.kind in _TIGHT_AFTER:
        return 0
    if before.kind == "COLON" and square:
        return 0
    if token.kind in ("LPAR", "LSQB"):
        return 0 if ends_operand(before) else 1
    return 0 if (before.kind, token.kind) == ("LBRACE", "RBRACE") else 1
