"""Things side by side, things missing, and whatever no other handler knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.diagnostics import Fix, Label
from netdsl.syntax.layout import CLOSERS, OPENERS
from netdsl.syntax.mistakes.marks import insertion
from netdsl.syntax.tokens import END, Token, ends_operand, starts_operand

if TYPE_CHECKING:
    from netdsl.syntax.recover import Recovery


def side_by_side(recovery: Recovery, token: Token) -> bool:
    """`3 x 3`, `f(64 3)`, `conv 64`, `if c conv(3)`."""
    previous = recovery.previous
    if previous is None or not ends_operand(previous) or not starts_operand(token):
        return False
    if _spaced_size(recovery, previous, token):
        return True
    if recovery.inner.round and recovery.accepts("COMMA", token.kind):
        recovery.report(
            "N130",
            f"a comma is missing before `{token.text}`",
            token,
            f"`{previous.text}` ends before it",
            "put a comma between them",
            insertion(recovery, previous.end, ","),
        )
        return recovery.insert("COMMA")
    if not recovery.accepts("ARROW") and (recovery.accepts("EQUAL") or not recovery.accepts("SEMICOLON")):
        return False
    what = previous.text if previous.kind == "NAME" else ".."
    recovery.report_once(
        "N131",
        f"`{previous.text}` `{token.text}`: two things side by side; put `->`, `;` or a new line between them "
        "(arguments go in parentheses)",
        token,
        "a second thing",
        f"write `{what}({token.text})` for an argument, `{what} -> {token.text}` for the next stage",
    )
    recovery.inner.said.add("N136")  # `1 x + y` is read on as `1 -> x + y`
    return any(recovery.accepts(kind, token.kind) and recovery.insert(kind) for kind in ("ARROW", "SEMICOLON")) or (
        recovery.panic()
    )


def _spaced_size(recovery: Recovery, previous: Token, token: Token) -> bool:
    if previous.kind not in ("INT", "SIZE") or token.kind != "NAME":
        return False
    end, extents = recovery.at, previous.text
    while recovery.tokens[end].text.lower() == "x" and recovery.tokens[end + 1].kind in ("INT", "SIZE"):
        extents += "x" + recovery.tokens[end + 1].text
        end += 2
    if end == recovery.at:
        return False
    last = recovery.tokens[end - 1]
    recovery.report(
        "N108",
        f"a size is written without spaces: {extents}",
        token,
        "spaces stand around this `x`",
        f"write `{extents}`",
        Fix(previous.span.to(last.span), extents),
    )
    recovery.at = end
    return True


def brace_missing(recovery: Recovery, token: Token) -> bool:
    """`if c relu`, `else relu`, `repeat 3 relu`."""
    previous = recovery.previous
    header = previous if previous and previous.kind == "ELSE" else recovery.inner.header
    ended = token.kind == "_NL"
    if header is None or recovery.inner.round or not recovery.accepts("LBRACE"):
        return False
    if not ended and not starts_operand(token):
        return False
    if header is not previous and not ends_operand(previous):
        return False
    recovery.report(
        "N144",
        "a `{` is missing at the end of this line" if ended else f"a `{{` is missing before `{token.text}`",
        token,
        f"what belongs to this `{header.text}` stands in braces",
        "add `{`" if ended else "write `{ ... }` around it",
    )
    if recovery.following.kind == "LBRACE":
        return recovery.drop()
    return recovery.open_brace() or recovery.panic()


_NAMES = {"_NL": "the end of the line", "SEMICOLON": "`;`", END: "the end of the text"}


def _shown(token: Token) -> str:
    return _NAMES.get(token.kind) or f"`{token.text}`"


def operand_missing(recovery: Recovery, token: Token) -> bool:
    """`z + -> relu`, `f(, 3)`, `x ->` at the end of the text."""
    previous = recovery.previous
    if previous is None or ends_operand(previous) or not recovery.accepts("NAME"):
        return False
    if previous.kind in ("_NL", "SEMICOLON"):
        return False
    where = "between" if token.kind != END else "after"
    rest = f" and {_shown(token)}" if token.kind != END else ""
    recovery.report(
        "N137",
        f"something is missing {where} `{previous.text}`{rest}",
        token,
        f"`{previous.text}` needs something after it",
        f"write what belongs after `{previous.text}`, or remove it",
    )
    return recovery.insert("NAME")


def anything_else(recovery: Recovery, token: Token) -> bool:
    """No more is known than what could stand here, which is shown where it is one thing or two."""
    expected = recovery.expected()
    if recovery.accepts("EQUAL", token.kind) and not recovery.accepts("ARROW"):
        expected = ["EQUAL"]  # `output y x`
    few = len(expected) <= 2
    fitting = [kind for kind in expected if few and recovery.accepts(kind, token.kind)]
    if len(fitting) == 1:
        expected = fitting
    message = _SHORT.get(token.kind) or f"unexpected `{token.text}`"
    help = "look at what stands before it: a name, an operator or a bracket may be missing"
    if few and expected:
        shown = " or ".join(sorted(_shown_kind(recovery, kind) for kind in expected))
        message += f": expected {shown}"
        help = f"write {shown}"
    ended = recovery.ended if len(recovery.brackets) == 1 else None
    others = (Label(ended.span, "the last definition ends here"),) if ended else ()
    recovery.report("N149", message, token, "cannot stand here", help, others=others)
    if len(fitting) == 1 and fitting[0] not in OPENERS and fitting[0] not in CLOSERS:
        return recovery.insert(fitting[0])
    if expected == ["LBRACE"] and recovery.open_brace():
        return True
    if len(recovery.brackets) == 1:
        recovery.stray = True
    return recovery.panic()


def _shown_kind(recovery: Recovery, kind: str) -> str:
    literal = recovery.grammar.literals.get(kind)
    return f"`{literal}`" if literal else _CLASSES.get(kind, kind.lower())


_SHORT = {"_NL": "the line ends too soon", END: "the text ends too soon"}
_CLASSES = {
    "NAME": "a name",
    "STRING": "a string",
    "INT": "a number",
    "FLOAT": "a number",
    "SIZE": "a size",
    "_NL": "a new line",
    END: "the end of the text",
}
