"""Brackets that are not closed, closed twice, or closed by the wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix, Label
from netdsl.source import Span
from netdsl.syntax.layout import CLOSERS, OPENERS
from netdsl.syntax.tokens import END, Token, ends_operand, starts_operand

if TYPE_CHECKING:
    from netdsl.syntax.recover import Bracket, Recovery

_TEXT = {"LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}"}
_DEFINING = ("BLOCK", "NET", "IMPORT")


def _opened(bracket: Bracket) -> Label:
    return Label(bracket.opener.span, f"this `{bracket.opener.text}` is open")


def definition_inside(recovery: Recovery, token: Token) -> bool:
    """`block`, `net` or `import` at the start of a line, with brackets open: one was forgotten before it."""
    if token.kind not in _DEFINING or not recovery.starts_line(token) or len(recovery.brackets) == 1:
        return False
    if recovery.inner.round:
        blame_unclosed(recovery, token)
    if len(recovery.brackets) == 1:
        return True
    if recovery.indent(token) > recovery.indent(recovery.brackets[1].opener):
        return _nested(recovery, token)
    _blame_brace(recovery, token)
    return _leave_all(recovery)


def end_inside(recovery: Recovery, token: Token) -> bool:
    """The text ends with brackets open."""
    if token.kind != END or len(recovery.brackets) == 1:
        return False
    if recovery.inner.round:
        blame_unclosed(recovery, token)
    if len(recovery.brackets) > 1:
        _blame_brace(recovery, token)
    return _leave_all(recovery)


def _leave_all(recovery: Recovery) -> bool:
    del recovery.brackets[1:]
    recovery.misplaced = None
    recovery.restart()
    return True


def _blame_brace(recovery: Recovery, token: Token) -> None:
    found, braces = recovery.misplaced, recovery.brackets[1:]
    ended = token.kind == END
    here = "the text ends here" if ended else f"a `{token.text}` cannot stand inside braces"
    if found:
        opener, closer, outer = (recovery.line(place) for place in (found.opener, found.closer, found.outer))
        recovery.report(
            "N120",
            f"a `}}` is missing: the `{{` opened on line {opener} is closed by the `}}` on line {closer}, "
            f"which lines up with line {outer}",
            token,
            here,
            "add the `}` that is missing before that one",
            others=(Label(found.opener.span, "this `{`"), Label(found.closer.span, "is closed by this `}`")),
        )
        return
    line = recovery.line(braces[-1].opener)
    if ended:
        message = f"the `{{` opened on line {line} is never closed: add `}}`"
    else:
        message = (
            f"a `{token.text}` cannot start here: the `{{` opened on line {line} is still open; add `}}` before it"
        )
    recovery.report("N120", message, token, here, "add `}`", others=tuple(_opened(brace) for brace in braces))


def _nested(recovery: Recovery, token: Token) -> bool:
    """A definition that was indented on purpose: read it as a group, that its own mistakes be found."""
    outer = recovery.brackets[1]
    recovery.report(
        "N142",
        f"a `{token.text}` cannot be defined inside another definition",
        token,
        "stands inside braces",
        "move it out of the braces, before or after the definition",
        others=(_opened(outer),),
    )
    if token.kind == "IMPORT":
        return recovery.panic()
    recovery.restart()
    while recovery.tokens[recovery.at].kind not in ("LBRACE", "EQUAL", "_NL", END):
        recovery.at += 1
    if recovery.tokens[recovery.at].kind == "EQUAL":
        recovery.at += 1
    return True


def line_inside_round(recovery: Recovery, token: Token) -> bool:
    """A statement that begins while `(` or `[` is open from an earlier line."""
    bracket = recovery.inner
    if not bracket.round:
        return False
    first = recovery.at
    while first > bracket.index and not recovery.starts_line(recovery.tokens[first]):
        first -= 1
    start = recovery.tokens[first]
    if first <= bracket.index or start.kind in CLOSERS or not recovery.unclosed(bracket, first):
        return False
    # Only the line that shows the bracket open is blamed: `first` may be a line that looked like an argument.
    recovery.at = first
    blame_unclosed(recovery, start)
    return True


def blame_unclosed(recovery: Recovery, token: Token) -> None:
    """Report the `(` or `[` that is open before `token`, and leave every round bracket."""
    bracket = recovery.inner
    opener, closer = bracket.opener, _TEXT[OPENERS[bracket.kind]]
    line = recovery.line(opener)
    before = recovery.tokens[recovery.at - 1]
    if before.kind == "_NL":
        before = recovery.tokens[recovery.at - 2]
    if starts_operand(token) and token.kind != "LBRACE":
        ended = recovery.line(before)
        message = (
            f"the `{opener.text}` opened on line {line} is not closed by the end of line {ended} "
            "(or a comma is missing there)"
        )
    else:
        message = f"the `{opener.text}` opened on line {line} is never closed: add `{closer}`"
    here = "the text ends here" if token.kind == END else "a new statement begins here"
    at = before.span.end
    fix = None
    if recovery.line(before) == line:
        fix = Fix(Span(recovery.source, at, at), closer)
    recovery.report("N121", message, token, here, f"add `{closer}`", fix, (_opened(bracket),))
    recovery.leave_round()


def closer_without_opener(recovery: Recovery, token: Token) -> bool:
    """`)`, `]` or `}` that closes nothing, or not the innermost bracket."""
    if token.kind not in CLOSERS or CLOSERS[token.kind] == recovery.inner.kind:
        return False
    wanted = CLOSERS[token.kind]
    if all(bracket.kind != wanted for bracket in recovery.brackets):
        if recovery.inner.round and token.kind != "RBRACE" and not _balanced_without(recovery, token):
            return _mismatch(recovery, token, swap=True)
        if not (recovery.stray and token.kind == "RBRACE"):
            recovery.report("N123", f"this `{token.text}` closes nothing", token, "no bracket is open", "remove it")
        return recovery.drop()
    if token.kind == "RBRACE" and recovery.starts_line(token):
        blame_unclosed(recovery, token)
        return True
    if _balanced_without(recovery, token):
        recovery.report("N123", f"this `{token.text}` closes nothing", token, "one too many", "remove it")
        return recovery.drop()
    return _mismatch(recovery, token, swap=False)


def _balanced_without(recovery: Recovery, token: Token) -> bool:
    """Whether the innermost bracket is closed later on the line, so that `token` is the one too many."""
    depth, line = 0, recovery.line(token)
    for later in recovery.tokens[recovery.at + 1 :]:
        if recovery.line(later) != line:
            return False
        if later.kind in OPENERS:
            depth += 1
        elif later.kind in CLOSERS:
            if not depth:
                return CLOSERS[later.kind] == recovery.inner.kind
            depth -= 1
    return False


def opener_missing(recovery: Recovery) -> bool:
    """A comma outside round brackets, with a `)` or `]` later on the line that nothing opened: blame that."""
    depth, line = 0, recovery.line(recovery.tokens[recovery.at])
    for place in range(recovery.at, len(recovery.tokens)):
        token = recovery.tokens[place]
        if recovery.line(token) != line or token.kind in ("LBRACE", "RBRACE"):
            return False
        if token.kind in OPENERS:
            depth += 1
        elif token.kind in CLOSERS:
            depth -= 1
            if depth < 0:
                break
    else:
        return False
    opener = _TEXT[CLOSERS[token.kind]]
    recovery.report(
        "N123",
        f"this `{token.text}` closes nothing: a `{opener}` is missing before it",
        token,
        f"no `{opener}` is open",
        f"add `{opener}`",
    )
    recovery.at = place + 1
    return True


def parameters_unclosed(recovery: Recovery, token: Token) -> bool:
    """`block a(c {`, `block a(c = relu`: a definition goes on while its parameters are open."""
    bracket = recovery.inner
    if token.kind not in ("LBRACE", "EQUAL") or bracket.kind != "LPAR" or bracket.index < 2:
        return False
    if not ends_operand(recovery.previous):
        return False
    if recovery.tokens[bracket.index - 2].kind not in ("BLOCK", "NET") or not recovery.accepts("RPAR", token.kind):
        return False
    at = recovery.tokens[recovery.at - 1].end
    recovery.report(
        "N121",
        f"the `(` opened on line {recovery.line(bracket.opener)} is never closed: add `)`",
        token,
        "the parameters should have ended",
        "add `)`",
        Fix(Span(recovery.source, at, at), ")"),
        (_opened(bracket),),
    )
    recovery.feed("RPAR")
    recovery.brackets.pop()
    return True


def _mismatch(recovery: Recovery, token: Token, swap: bool) -> bool:
    bracket = recovery.inner
    closer = _TEXT[OPENERS[bracket.kind]]
    recovery.report(
        "N122",
        f"`{token.text}` does not match the `{bracket.opener.text}` opened on line {recovery.line(bracket.opener)}: "
        f"`{closer}` comes first",
        token,
        f"expected `{closer}`",
        f"write `{closer}` here" if swap else f"add `{closer}` before it",
        Fix(token.span, closer) if swap else Fix(Span(recovery.source, token.start, token.start), closer),
        (_opened(bracket),),
    )
    if swap:
        recovery.force_close()
        return recovery.drop()
    while recovery.inner.kind != CLOSERS[token.kind]:
        recovery.force_close()
    return True
