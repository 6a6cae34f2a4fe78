"""Messages that both the check of names and elaboration give: in the same words, so that each is given once."""

from __future__ import annotations

from typing import Any

from netdsl.diagnostics import Fix
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.report import Report


def unknown_name(report: Report, expr: tree.Name, near: str | None) -> Any:
    """The error that a name means nothing."""
    return report.error(
        "N201",
        f"`{expr.name}` is not an operator, a block or a value here",
        expr.span,
        "not known",
        help=f"did you mean `{near}`?"
        if near
        else "define it with `block`, `let` or `=`, or import the file that does",
    )


def unknown_prefix(report: Report, base: tree.Name, near: str | None) -> Any:
    """The error that what stands before a dot means nothing."""
    name = base.name
    return report.error(
        "N201",
        f"`{name}` is not an imported file, a value or a plugin here",
        base.span,
        "not known",
        help=f"did you mean `{near}`?"
        if near
        else f'write `import "{name}.net" as {name}`, or name the plugin with `--plugin`',
    )


def needs_source(report: Report, stage: tree.Stage, named: str, source: str) -> Any:
    """The error that an operator after `=` is applied to nothing."""
    unit = stage.unit
    at = stage.span.start
    text = short(unit.span)
    return report.error(
        "N309",
        f"`{named} = {text}` does not say what `{text}` is applied to",
        unit.span,
        "has no input",
        help=f"write `{named} = {source} -> {text}`",
        fix=Fix(Span(unit.span.source, at, at), f"{source} -> "),
    )


def short(span: Span) -> str:
    """The text at `span`, on one line, cut where it is long."""
    text = " ".join(span.text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def round_trip(names: list[str]) -> str:
    """Names that lead from one to the next and back to the first; of many only those at the ends."""
    shown = names if len(names) <= 12 else [*names[:8], "..", *names[-3:]]
    return " -> ".join(shown)
