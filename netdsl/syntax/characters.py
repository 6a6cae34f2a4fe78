"""Characters that may stand nowhere, and whole texts that are something else."""

from __future__ import annotations

import re
import unicodedata

from netdsl.diagnostics import Diagnostic
from netdsl.source import Source
from netdsl.syntax.tokens import Token

# Control characters but tab and newline, line separators that only some programs honour, the marks that reorder what is
# shown (Boucher & Anderson, "Trojan Source", 2021), and lone surrogates, which no file can hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
MAX_FORBIDDEN = 50

_MARKER = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
_PYTHON = re.compile(
    r"(?:\s|#[^\n]*\n)*+"
    r"(?:import [\w.]+(?: as \w+)?[ \t]*(?:$|#)|from [\w.]+ import\b|def \w+\(.*|class \w+(?:\(.*\))?:)",
    re.MULTILINE,
)


def forbidden_characters(source: Source) -> list[Diagnostic]:
    """Each control character or invisible mark, wherever it stands."""
    errors = []
    for match in FORBIDDEN.finditer(source.text):
        code = ord(match.group())
        name = unicodedata.name(match.group(), "a control character").lower()
        help = "remove it"
        if match.group() == "\r":
            help = "end lines with a newline alone"
        errors.append(
            Diagnostic(
                "N102",
                f"the character U+{code:04X} cannot stand in a text",
                source.span(*match.span()),
                name,
                help=help,
            )
        )
        if len(errors) == MAX_FORBIDDEN:
            break
    return errors


def foreign_text(source: Source) -> Diagnostic | None:
    """What a text is instead of netdsl: two versions of a file, a page of Markdown, or Python."""
    match = _MARKER.search(source.text)
    if match:
        return Diagnostic(
            "N114", "this is the mark of a merge conflict: the file holds two versions of its text",
            source.span(*match.span()), "written by a version control system",
            help="keep one of the two versions and remove the lines with the marks",
        )  # fmt: skip
    match = _FENCE.search(source.text)
    if match:
        return Diagnostic(
            "N114", "this is the fence of a Markdown code block", source.span(*match.span()), "not netdsl",
            help="keep what stands between the fences, and remove them",
        )  # fmt: skip
    match = _PYTHON.match(source.text)
    if match:
        start = match.end() - len(match.group().rsplit("\n", 1)[-1].lstrip())
        return Diagnostic(
            "N114", "this text looks like Python", source.span(start, match.end()), "not netdsl",
            help="netdsl describes networks with `block` and `net`; `netdsl compile` writes the Python",
        )  # fmt: skip
    return None


def join_words(tokens: list[Token]) -> list[Token]:
    """The tokens, with words that hold letters beyond ASCII in one piece each, as `UNKNOWN`."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        touching = last is not None and last.end == token.start and "UNKNOWN" in (last.kind, token.kind)
        if last is not None and touching and _wordy(last) and _wordy(token):
            joined[-1] = Token("UNKNOWN", last.text + token.text, last.span.to(token.span))
        else:
            joined.append(token)
    return joined


def _wordy(token: Token) -> bool:
    if token.kind == "UNKNOWN":
        return all(character.isalnum() or unicodedata.combining(character) for character in token.text)
    return token.text.isidentifier()
