"""What is said about a mistake: one record, and the exceptions that carry them.

A `Diagnostic` is data; `netdsl.cli` and `str()` render it. A user's mistake is a `NetdslError`, which always holds
every diagnostic of the phase that found it. A mistake of ours is an `InternalError`, and only that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netdsl.codes import CODES
from netdsl.source import Span

if TYPE_CHECKING:
    from netdsl.graph import Graph


@dataclass(frozen=True, slots=True)
class Label:
    """A second place worth showing: `text` says what is there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that mends the mistake: replace `span` (empty to insert) by `replacement`."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message.

    `message` stands alone: lower case, no full stop, names in backticks. `label` says what is at `span`.
    `help` is an action. `code` is one of `netdsl.codes.CODES`.
    """

    code: str
    message: str
    span: Span | None
    label: str = ""
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise InternalError(f"no such diagnostic code: {self.code}")


class NetdslError(Exception):
    """The user's text or input is wrong.

    `diagnostics` holds everything that was found, in order of place; `partial` is the graph of the network as far as
    it got, where the text could be read: the operators that failed are its `broken`.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], partial: Graph | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.partial = partial
        super().__init__("\n".join(f"{d.span or ''} {d.code} {d.message}".strip() for d in self.diagnostics))


def placeless(code: str, message: str, *, help: str | None = None, notes: tuple[str, ...] = ()) -> NetdslError:
    """An error about something that stands in no text: a file, an image, the machine."""
    return NetdslError((Diagnostic(code, message, None, notes=notes, help=help),))


class InternalError(Exception):
    """A bug in netdsl; `details` may hold the graph as text."""

    def __init__(self, message: str, details: str = "") -> None:
        self.details = details
        super().__init__(message)
