"""Names and structure, checked in all of a text, whether it is used or not."""

from __future__ import annotations

from netdsl.syntax.elaborate.report import Report
from netdsl.syntax.elaborate.scopes import FileScope


def resolve(file: FileScope, report: Report, *, main: bool) -> None:
    """Report what is wrong with the names of a file."""
