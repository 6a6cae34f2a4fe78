"""Marks and words of other languages, and characters that netdsl does not know."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix
from netdsl.syntax.tokens import Token

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery

_LOGIC = {"&&": ("and", "AND"), "||": ("or", "OR"), "!": ("not", "NOT")}


def foreign_token(recovery: Recovery, token: Token) -> bool:
    """The terminals of the grammar's last paragraph."""
    report = _REPORTS.get(token.kind)
    return report is not None and report(recovery, token)


def _arrow(recovery: Recovery, token: Token) -> bool:
    recovery.report(
        "N110", f"an arrow is written `->`, not `{token.text}`", token, "not an arrow", "write `->`",
        Fix(token.span, "->"),
    )  # fmt: skip
    return recovery.take(token, "ARROW") or recovery.drop()


def _assignment(recovery: Recovery, token: Token) -> bool:
    if token.text == ":=":
        message, help, fix = "a value is named with `=`, not `:=`", "write `=`", Fix(token.span, "=")
    else:
        name = recovery.previous.text if recovery.previous and recovery.previous.kind == "NAME" else "x"
        operator = token.text[:-1]
        message = f"`{token.text}` does not exist: values are named once, with `=` (x2 = x {operator} ...)"
        help, fix = f"give the result a name of its own: {name}2 = {name} {operator} ...", None
    recovery.report("N111", message, token, "names are not changed", help, fix)
    return recovery.take(token, "EQUAL") or recovery.drop()


def _logic(recovery: Recovery, token: Token) -> bool:
    word, kind = _LOGIC[token.text]
    before, after = recovery.source.text[token.start - 1 : token.start], recovery.source.text[token.end : token.end + 1]
    glued = before.isalnum() or before == "_"
    replacement = " " * glued + (word if after.isspace() else word + " ")
    recovery.report(
        "N112", f"write `{word}` for `{token.text}`", token, "not an operator here", f"write `{word}`",
        Fix(token.span, replacement),
    )  # fmt: skip
    return recovery.take(token, kind) or recovery.drop()


def _single_quotes(recovery: Recovery, token: Token) -> bool:
    closed = len(token.text) > 1 and token.text.endswith("'")
    inner = token.text[1:-1] if closed else ""
    fix = Fix(token.span, f'"{inner}"') if closed and '"' not in inner and "\\" not in inner else None
    recovery.report("N104", "a string is written in double quotes", token, "single quotes", 'write "..."', fix)
    return recovery.take(token, "STRING") or recovery.panic()


def _open_string(recovery: Recovery, token: Token) -> bool:
    recovery.report("N103", "this string has no closing quote on its line", token, "begins here", 'close it with `"`')
    return recovery.take(token, "STRING") or recovery.panic()


def _number(recovery: Recovery, token: Token) -> bool:
    text, fix = token.text, None
    if text.startswith("."):
        message, help = f"`{text}` is no number: a digit stands before the point", f"write `0{text}`"
        fix = Fix(token.span, f"0{text}") if text[1:].isdigit() else None
    elif text.endswith("."):
        message, help = f"`{text}` is no number: a digit stands after the point", f"write `{text}0`"
        fix = Fix(token.span, f"{text}0") if text[:-1].isdigit() else None
    elif "_" in text and text.replace("_", "").isdigit():
        message, help = f"`{text}` is no number: `_` stands between two digits", "write the underscores between digits"
    elif text[0].isdigit() and "." not in text:
        message, help = f"`{text}` is neither a number nor a name", "a name begins with a letter or `_`"
    else:
        message, help = f"`{text}` is no number", "numbers are written 64, 1_000, 0.5 or 1e-3"
    recovery.report("N107", message, token, "not a number", help, fix)
    kind = "INT" if recovery.accepts("INT") else "NAME"
    return recovery.take(token, kind) or recovery.drop()


_REPORTS = {
    "WRONG_ARROW": _arrow,
    "WRONG_ASSIGN": _assignment,
    "WRONG_LOGIC": _logic,
    "WRONG_STRING": _single_quotes,
    "OPEN_STRING": _open_string,
    "WRONG_NUMBER": _number,
    "WRONG_POINT": _number,
}

# What is seen, what is written instead, and as which token reading goes on.
_LOOKALIKES = {
    "\u2212": ("-", "MINUS"), "\u2013": ("-", "MINUS"), "\u2014": ("-", "MINUS"), "\u2010": ("-", "MINUS"),
    "\u2011": ("-", "MINUS"), "\u22c5": ("*", "STAR"), "\u00b7": ("*", "STAR"), "\u2217": ("*", "STAR"),
    "\u00f7": ("/", "SLASH"), "\u2264": ("<=", "COMPARE"), "\u2265": (">=", "COMPARE"), "\u2260": ("!=", "COMPARE"),
    "\u2190": ("=", "EQUAL"), "\u21d2": ("->", "ARROW"), "\u27f6": ("->", "ARROW"), "\u2026": ("...", "ELLIPSIS"),
    "\u00d7": ("*", "STAR"), "\u2227": ("and", "AND"), "\u2228": ("or", "OR"), "\u00ac": ("not", "NOT"),
    "\uff0c": (",", "COMMA"), "\uff08": ("(", "LPAR"), "\uff09": (")", "RPAR"), "\uff1a": (":", "COLON"),
    "^": ("**", "POWER"),
}  # fmt: skip
_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb`"


def unknown_character(recovery: Recovery, token: Token) -> bool:
    """A character, or a run of them, that is no part of the language."""
    if token.kind != "UNKNOWN":
        return False
    text, first = token.text, token.text[0]
    if recovery.forbidden(token):
        return recovery.drop()
    if first in _LOOKALIKES and len(text) == 1:
        wanted, kind = _LOOKALIKES[first]
        if first == "\u00d7" and _between_digits(token):
            wanted = "x"
        _report(recovery, token, f"write `{wanted}`", Fix(token.span, wanted))
        return recovery.take(token, kind) or recovery.drop()
    if first in _QUOTES:
        _report(recovery, token, 'a string is written in straight double quotes, "..."')
        return recovery.panic()
    if text.isspace():
        _report(recovery, token, "write a plain space", Fix(token.span, " "))
        return recovery.drop()
    if any(character.isalnum() for character in text):
        recovery.report(
            "N101", f"`{text}` is no name: names are made of the letters a to z, digits and `_`", token,
            f"{_describe(next(c for c in text if not c.isascii()))}", "write the name without accents or other letters",
        )  # fmt: skip
        return recovery.take(token, "NAME") or recovery.panic()
    _report(recovery, token, "remove it")
    return recovery.drop()


def _between_digits(token: Token) -> bool:
    source, start, end = token.span
    return source.text[max(start - 1, 0) : start].isdigit() and source.text[end : end + 1].isdigit()


def _report(recovery: Recovery, token: Token, help: str, fix: Fix | None = None) -> None:
    shown = token.text if token.text.isprintable() else token.text.encode("unicode_escape").decode()
    recovery.report("N101", f"`{shown}` is no character of the language", token, _describe(token.text[0]), help, fix)


def _describe(character: str) -> str:
    return f"U+{ord(character):04X}, {unicodedata.name(character, 'unnamed').lower()}"


_DEFINES = "a definition begins with `block` or `net`"
_NAMES = "a number or a list is named with `let`, a value with `=` alone"
_WORDS = {
    "return": ("there is no `return`: the last pipeline of a body is its result", "remove `return`"),
    "def": (f"{_DEFINES}, not `def`", "write `block name(..) { .. }`"),
    "class": (f"{_DEFINES}, not `class`", "write `net name(..) { .. }`"),
    "function": (f"{_DEFINES}, not `function`", "write `block name(..) { .. }`"),
    "func": (f"{_DEFINES}, not `func`", "write `block name(..) { .. }`"),
    "fn": (f"{_DEFINES}, not `fn`", "write `block name(..) { .. }`"),
    "while": (
        "there is no `while`: the loops are `repeat` and `for`",
        "write `repeat n { .. }` or `for x in xs { .. }`",
    ),
    "elif": ("`elif` is written `else if`", "write `else if` after the `}` of the `if`"),
    "var": (f"{_NAMES}, not with `var`", "write `let name = ..`"),
    "const": (f"{_NAMES}, not with `const`", "write `let name = ..`"),
    "from": ("a file is imported with `import`, not `from`", 'write `import "file.net"`'),
    "then": ("there is no `then`: what an `if` chooses stands in braces", "write `if .. { .. }`"),
}


def foreign_word(recovery: Recovery, token: Token) -> bool:
    """A keyword of another language, met as a name beside another thing."""
    previous = recovery.previous
    word = token if token.text in _WORDS else previous
    if word is None or word.kind != "NAME" or word.text not in _WORDS or recovery.inner.round:
        return False
    heads = [] if word is token else [word]
    if word.text != "then" and recovery.statement() != heads:
        return False
    message, help = _WORDS[word.text]
    recovery.report("N113", message, word, "not a word of the language", help)
    if word is token and word.text == "then" and recovery.following.kind == "LBRACE":
        return recovery.drop()
    return recovery.panic()
