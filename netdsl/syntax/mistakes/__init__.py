"""What people write instead of netdsl, and what they are told.

A handler looks at the token that cannot stand where it stands. Where it knows the mistake it reports it, mends the
reading (see `recover`), and returns True. The first that knows wins: hence the order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl.syntax.mistakes.brackets import (
    closer_without_opener,
    definition_inside,
    end_inside,
    line_inside_round,
    parameters_unclosed,
)  # fmt: skip
from netdsl.syntax.mistakes.foreign import foreign_token, foreign_word, unknown_character
from netdsl.syntax.mistakes.gaps import anything_else, brace_missing, operand_missing, side_by_side
from netdsl.syntax.mistakes.lines import brace_on_next_line, line_ends_too_soon
from netdsl.syntax.mistakes.marks import (
    colon,
    comma,
    else_alone,
    equals,
    operator_after_stage,
    semicolon,
    slash_comment,
)  # fmt: skip
from netdsl.syntax.mistakes.words import (
    broken_name,
    keyword_as_name,
    misspelt_keyword,
    names_in_parentheses,
    outside_definitions,
)  # fmt: skip
from netdsl.syntax.tokens import Token

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery

Handler = Callable[["Recovery", Token], bool]

HANDLERS: tuple[Handler, ...] = (
    foreign_token,  # `=>`, `+=`, `&&`, 'text': plain whatever stands around them
    unknown_character,
    definition_inside,  # a definition that begins inside brackets tells that one is open: before all else about it
    end_inside,
    line_inside_round,
    closer_without_opener,
    slash_comment,
    brace_on_next_line,
    line_ends_too_soon,
    foreign_word,  # `return`, `def`: before they are taken for names that lack an arrow
    misspelt_keyword,
    outside_definitions,
    parameters_unclosed,
    colon,
    comma,
    semicolon,
    equals,
    else_alone,
    operator_after_stage,
    broken_name,
    names_in_parentheses,
    keyword_as_name,
    brace_missing,
    side_by_side,
    operand_missing,
    anything_else,
)

STRUCTURAL: tuple[Handler, ...] = (definition_inside, end_inside, line_inside_round, closer_without_opener)
"""Those that are asked even about a token that was blamed already: what they report is another mistake."""
