"""What elaboration found wrong, each thing once."""

from __future__ import annotations

from typing import Any, Literal

from netdsl.diagnostics import Diagnostic
from netdsl.source import Span


class Poisoned(Exception):
    """What was wanted follows from a mistake that is reported already (or must not be reported: see `Report.quiet`)."""


class Stop(Exception):
    """Going on makes no sense: a limit is reached."""


class Report:
    """Collects diagnostics. A block is elaborated once for each call, so the same mistake is met many times: it is
    kept once. While `quiet` is positive nothing is kept."""

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.quiet = 0
        self._seen: set[tuple[str, Span | None]] = set()
        self.places: set[Span] = set()  # where names were found to be wrong

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep `diagnostic`, unless one of the same code at the same place is there."""
        key = diagnostic.code, diagnostic.span
        if self.quiet or key in self._seen:
            return
        self._seen.add(key)
        if diagnostic.code.startswith("N2") and diagnostic.span is not None:
            self.places.add(diagnostic.span)
        (self.errors if diagnostic.severity == "error" else self.warnings).append(diagnostic)

    def error(self, code: str, message: str, span: Span | None, label: str = "", **rest: Any) -> Poisoned:
        """Keep an error; what is returned is to be raised where nothing can be done without the value."""
        self.add(Diagnostic(code, message, span, label, **rest))
        return Poisoned()

    def warning(self, code: str, message: str, span: Span, label: str = "", **rest: Any) -> None:
        severity: Literal["warning"] = "warning"
        self.add(Diagnostic(code, message, span, label, severity=severity, **rest))
