"""Keywords as names, misspelt keywords, and statements outside any definition."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix, Label
from netdsl.source import Span
from netdsl.syntax.tokens import Token, starts_operand

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery

_WANT_A_NAME = frozenset({"INPUT", "TARGET", "OUTPUT", "SHARED", "LET", "EACH", "REPEAT", "EXPECT", "BLOCK", "NET"})
_HEADS = frozenset({"FOR", "IF"})
_KEYWORD_OPERANDS = frozenset({"IN", "TRUE", "FALSE"})
_AFTER_A_NAME = frozenset(
    {"EQUAL", "COLON", "COMMA", "ARROW", "DOT", "LPAR", "RPAR", "RBRACE", "AT", "_NL", "SEMICOLON"}
)
_JOINING = frozenset({"AND", "OR", "ELSE", "AS", "IN"})
_ITEMS = ("block", "net", "import", "let", "expect")
_STATEMENTS = ("input", "target", "output", "shared", "let", "expect", "each")
_CONTROL = ("for", "repeat", "each", "if")


def keyword_as_name(recovery: Recovery, token: Token) -> bool:
    """`input input: ..`, `x -> input`, `in = ..`."""
    keywords = recovery.grammar.keywords
    if token.kind in keywords and token.kind not in _JOINING and recovery.accepts("NAME"):
        _report(recovery, token)
        return recovery.take(token, "NAME")
    if token.kind == "IN" and recovery.accepts("NAME", recovery.following.kind):
        _report(recovery, token)
        return recovery.take(token, "NAME")
    previous = recovery.previous
    if previous is None or token.kind not in _AFTER_A_NAME:
        return False
    wants = previous.kind in _WANT_A_NAME | _HEADS and token.kind not in ("_NL", "SEMICOLON")
    operand = previous.kind in _KEYWORD_OPERANDS and token.kind in ("EQUAL", "COLON", "COMMA")
    if not (wants or operand):
        return False
    kept = recovery.states
    recovery.states = recovery.earlier
    if not recovery.accepts("NAME", token.kind):
        recovery.states = kept
        return False
    _report(recovery, previous)
    return recovery.insert("NAME")


def _report(recovery: Recovery, token: Token) -> None:
    help = f"choose another name, such as `{token.text}_`"
    if token.kind == "INPUT":
        help = "choose another name; the value that enters the braces is `in`"
    recovery.report(
        "N140", f"`{token.text}` is a word of the language and cannot be a name", token, "a name is expected here", help
    )


def misspelt_keyword(recovery: Recovery, token: Token) -> bool:
    """`ouput y = x`, `bloc a { .. }`, `repaet 3 { .. }`."""
    at_file_start = token.kind == "NAME" and len(recovery.brackets) == 1 and recovery.accepts("BLOCK")
    if at_file_start:
        return recovery.following.kind in ("NAME", "STRING") and _respell(recovery, token, _ITEMS, before=False)
    previous = recovery.previous
    if previous is None or previous.kind != "NAME" or recovery.inner.round or not starts_operand(token):
        return False
    statement = recovery.statement()
    if statement and statement[-1] is previous and len(statement) == 1:
        choices = (*_STATEMENTS, *_CONTROL) if token.kind in ("NAME", "INT") else _CONTROL
        return _respell(recovery, previous, choices, before=True)
    if len(statement) > 1 and statement[-2].kind == "ARROW":
        return _respell(recovery, previous, _CONTROL, before=True)
    return False


def _respell(recovery: Recovery, word: Token, choices: tuple[str, ...], before: bool) -> bool:
    """Report that `word` is meant for a keyword; `before` tells that it was already read, as a name."""
    if word.text in choices:
        return False
    close = get_close_matches(word.text.lower(), choices, 1, 0.7)
    if not close:
        return False
    keyword = close[0]
    if before:
        kept = recovery.states
        recovery.states = recovery.earlier
        if not recovery.accepts(keyword.upper(), recovery.tokens[recovery.at].kind):
            recovery.states = kept
            return False
        recovery.insert(keyword.upper())
        if keyword in _CONTROL:
            recovery.inner.header = word
    recovery.report(
        "N143", f"`{word.text}` is no word of the language; did you mean `{keyword}`?", word, "not a keyword",
        f"write `{keyword}`", Fix(word.span, keyword),
    )  # fmt: skip
    return True if before else recovery.take(word, keyword.upper())


def outside_definitions(recovery: Recovery, token: Token) -> bool:
    """A statement where only definitions stand."""
    if len(recovery.brackets) > 1 or not recovery.accepts("BLOCK") or token.kind in ("RBRACE", "RPAR", "RSQB"):
        return False
    if token.kind == "NAME" and recovery.following.kind == "EQUAL" and not recovery.stray:
        recovery.report(
            "N142",
            f"outside definitions a number, a list or a block is named with `let`: let {token.text} = ...",
            token,
            "`let` is missing",
            f"write `let {token.text} = ...`",
            Fix(Span(recovery.source, token.start, token.start), "let "),
        )
        return recovery.insert("LET")
    if not recovery.stray:
        ended = recovery.ended
        recovery.report(
            "N142",
            f"`{token.text}` cannot stand outside a definition",
            token,
            "outside any `net` or `block`",
            "a file holds `import`, `let`, `block`, `net` and `expect`; move the rest into the braces of a definition",
            others=(Label(ended.span, "the last definition ends here"),) if ended else (),
        )
    recovery.stray = True
    return recovery.panic()


def broken_name(recovery: Recovery, token: Token) -> bool:
    """`let a-b = 3`, `block conv.relu { .. }`: a name in more than one piece, where a name is given."""
    previous, following = recovery.previous, recovery.following
    if token.kind not in ("MINUS", "DOT") or previous is None or previous.kind != "NAME" or following.kind != "NAME":
        return False
    statement = recovery.statement()
    given = len(statement) > 1 and statement[-2].kind in _WANT_A_NAME
    if not given or previous.end != token.start or token.end != following.start:
        return False
    name = f"{previous.text}_{following.text}"
    whole = previous.span.to(following.span)
    recovery.report(
        "N145",
        f"`{whole.text}` is no name: names are made of letters, digits and `_`",
        whole,
        f"`{token.text}` cannot stand in a name",
        f"write `{name}`",
        Fix(whole, name),
    )
    recovery.at += 2
    return True


def names_in_parentheses(recovery: Recovery, token: Token) -> bool:
    """`for (i, x) in xs { .. }`."""
    previous = recovery.previous
    if token.kind != "LPAR" or previous is None or previous.kind not in ("FOR", "EACH"):
        return False
    end = recovery.at + 1
    while recovery.tokens[end].kind in ("NAME", "COMMA"):
        end += 1
    if recovery.tokens[end].kind != "RPAR":
        return False
    whole = token.span.to(recovery.tokens[end].span)
    recovery.report(
        "N135",
        f"the names after `{previous.text}` stand without parentheses",
        whole,
        "parentheses only group",
        f"write `{previous.text} {whole.text[1:-1].strip()} in ..`",
        Fix(whole, whole.text[1:-1].strip()),
    )
    recovery.at = end
    return recovery.take(recovery.tokens[end], "NAME")
