"""`:`, `,`, `=`, `else` and operators where they cannot stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix
from netdsl.source import Span
from netdsl.syntax.mistakes.brackets import blame_unclosed, opener_missing
from netdsl.syntax.tokens import END, Token, ends_operand, starts_operand

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery

_BINARY = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "FLOORDIV", "PERCENT", "POWER", "COMPARE", "AND", "OR"})
_KEYWORD_OPERANDS = frozenset({"IN", "TRUE", "FALSE"})


def colon(recovery: Recovery, token: Token) -> bool:
    """`stride: 2` for an argument, `if x:` for a body."""
    previous = recovery.previous
    if token.kind != "COLON" or previous is None:
        return False
    statement = recovery.statement()
    if recovery.inner.kind == "LPAR" and previous.kind == "NAME" and recovery.accepts("EQUAL"):
        source, text = recovery.source, recovery.source.text
        spaced = text[token.end : token.end + 1].isspace()
        replacement = "=" if text[token.start - 1].isspace() else " ="
        recovery.report(
            "N133",
            f"an argument is named with `=`: {previous.text} = ...",
            token,
            "this makes a label",
            f"write `{previous.text} = ...`",
            Fix(source.span(token.start, token.end), replacement if spaced else replacement + " "),
        )
        return recovery.take(token, "EQUAL")
    if not recovery.inner.round and ends_operand(previous) and recovery.accepts("LBRACE") and len(statement) > 1:
        headed = recovery.inner.header or statement[0]
        recovery.report(
            "N144",
            "a body stands in braces: write `{` for this `:`, and `}` after its last line",
            token,
            f"after this `{headed.text}`, `{{` is expected",
            "write `{ ... }`",
        )
        if recovery.open_brace():
            return recovery.drop()
        recovery.stray = len(recovery.brackets) == 1
        return recovery.panic()
    return False


def comma(recovery: Recovery, token: Token) -> bool:
    """Commas between statements, and tuples."""
    inner, statement = recovery.inner, recovery.statement()
    names = _name_list(statement)
    if not inner.round and names is not None and token.kind not in ("EQUAL", "COMMA", "NAME"):
        # `{ a, b }` read so far as the start of `a, b = ..`
        _separate(recovery, names)
        recovery.restart()
        return recovery.insert("NAME")
    if token.kind != "COMMA":
        return False
    if not inner.round and ends_operand(recovery.previous) and recovery.accepts("SEMICOLON"):
        if opener_missing(recovery):
            return True
        _separate(recovery, token)
        return recovery.take(token, "SEMICOLON")
    if inner.kind == "LPAR" and ends_operand(recovery.previous) and recovery.accepts("RPAR"):
        recovery.report_once(
            "N135", "a list is written in brackets, [1, 7], a size 1x7", token, "parentheses only group", "write `[..]`"
        )
        return recovery.skip_elements()
    return False


def _name_list(statement: list[Token]) -> Token | None:
    """The first comma of a statement that so far is `a, b`."""
    if len(statement) < 2:
        return None
    kinds = [token.kind for token in statement]
    listed = set(kinds[::2]) == {"NAME"} and set(kinds[1::2]) == {"COMMA"}
    return statement[1] if listed else None


def _separate(recovery: Recovery, place: Token) -> None:
    inner = recovery.inner
    if inner.kind == "LBRACE":
        message = "branches and statements are separated by new lines or `;`, not commas"
    else:
        message = "definitions are separated by new lines or `;`, not commas"
    if not inner.commas:
        recovery.report("N132", message, place, "a comma", "write `;`", Fix(place.span, ";"))
    inner.commas = True
    recovery.stray = len(recovery.brackets) == 1


def semicolon(recovery: Recovery, token: Token) -> bool:
    """`f(a; b)`."""
    bracket = recovery.inner
    if token.kind != "SEMICOLON" or not bracket.round:
        return False
    if recovery.unclosed(bracket, recovery.at):
        blame_unclosed(recovery, token)
        return True
    if not recovery.accepts("COMMA"):
        return False
    recovery.report(
        "N130", "inside brackets commas separate, not `;`", token, "this ends statements", "write `,`",
        Fix(token.span, ","),
    )  # fmt: skip
    return recovery.take(token, "COMMA")


def slash_comment(recovery: Recovery, token: Token) -> bool:
    """`// text`, `/* text`."""
    at = recovery.at
    slashes = token
    if token.kind not in ("FLOORDIV", "STAR") or ends_operand(recovery.previous):
        line = recovery.line(token)
        slashes = recovery.tokens[max(at - 2, 0)]  # `// two words` stops at the second
        if slashes.kind != "FLOORDIV" or recovery.line(slashes) != line:
            return False
        if not ends_operand(recovery.previous) or not starts_operand(token):
            return False
    elif token.kind == "STAR":
        if at == 0 or recovery.tokens[at - 1].kind != "SLASH":
            return False
        slashes = recovery.tokens[at - 1]
    recovery.report(
        "N101", f"a comment begins with `#`, not `{'//' if slashes.kind == 'FLOORDIV' else '/*'}`", slashes,
        "this divides", "write `#`", Fix(slashes.span, "#") if slashes.kind == "FLOORDIV" else None,
    )  # fmt: skip
    line = recovery.line(token)
    while recovery.tokens[recovery.at].kind not in (END, "_NL") and recovery.line(recovery.tokens[recovery.at]) == line:
        recovery.at += 1
    recovery.restart()
    return True


def equals(recovery: Recovery, token: Token) -> bool:
    """`=` for `==`, for `:`, after something that is no name, or after a keyword."""
    previous, statement = recovery.previous, recovery.statement()
    if token.kind != "EQUAL" or previous is None:
        return False
    kinds = {part.kind for part in statement}
    if recovery.accepts("COLON") and statement and statement[0].kind in ("INPUT", "TARGET"):
        recovery.report(
            "N133", f"what {_article(statement[0].text)} is follows `:`, not `=`", token, "a value is named here",
            "write `:`", Fix(token.span, ":"),
        )  # fmt: skip
        return recovery.take(token, "COLON")
    if previous.kind in _KEYWORD_OPERANDS:
        return False
    conditional = kinds & {"IF", "EXPECT", "REPEAT", "AND", "OR", "NOT", "COMPARE", "EQUAL"}
    if not recovery.inner.round and not conditional and ends_operand(previous):
        first = statement[0].span.to(previous.span) if statement else previous.span
        recovery.report(
            "N134", "only a name can stand before `=`", first, "this is no name", "give the value a name of its own"
        )
        return recovery.panic()
    if not recovery.accepts("COMPARE"):
        return False
    recovery.report(
        "N134", "`=` names a value; to compare, write `==`", token, "this does not compare", "write `==`",
        Fix(token.span, "=="),
    )  # fmt: skip
    return recovery.take(token, "COMPARE")


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def else_alone(recovery: Recovery, token: Token) -> bool:
    """`else` without its `if`."""
    if token.kind != "ELSE" or not ends_operand(recovery.previous):
        return False
    if recovery.inner.round:
        message = "this `else` has no `if` before it"
    else:
        message = "this `else` has no `if { ... }` just before it"
    recovery.report("N141", message, token, "nothing was asked", "put it right after the `}` of its `if`, or remove it")
    return recovery.take(token, "SEMICOLON") or recovery.panic()


def operator_after_stage(recovery: Recovery, token: Token) -> bool:
    """`a -> b + c`, and `a < b < c`."""
    if token.kind not in _BINARY or not ends_operand(recovery.previous):
        return False
    if recovery.accepts("PLUS"):
        if token.kind != "COMPARE":
            return False
        recovery.report("N139", "comparisons do not chain", token, "a second comparison", "write `a < b and b < c`")
        return recovery.take(token, "AND")
    if not recovery.accepts("ARROW"):
        return False
    recovery.report_once(
        "N136",
        f"`{token.text}` cannot follow a stage: write (a -> b) {token.text} c, or name the value first",
        token,
        "after an arrow only one stage stands",
        "put the pipeline in parentheses, or name its value on a line before",
    )
    return recovery.take(token, "ARROW")


def insertion(recovery: Recovery, at: int, text: str) -> Fix:
    """The edit that puts `text` in."""
    return Fix(Span(recovery.source, at, at), text)
