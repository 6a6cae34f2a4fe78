"""Diagnostics for programs: one line each, JSON, annotations for GitHub, SARIF 2.1.0.

Lines and columns are counted from 1, columns in characters (code points); an end is the place just after.
"""

from __future__ import annotations

import json as _json
import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from netdsl.codes import CODES
from netdsl.diagnostics import Diagnostic, Fix
from netdsl.rendering.columns import safe
from netdsl.source import Span

SCHEMA_VERSION = 1
"""Grows when a field changes its meaning or goes; new fields may come without it."""


def concise(diagnostics: Sequence[Diagnostic]) -> str:
    """`file:line:column: error[N130]: message`, a line each."""
    return "\n".join(f"{_where(d)}{d.severity}[{d.code}]: {_one_line(d.message)}" for d in diagnostics)


def json(diagnostics: Sequence[Diagnostic]) -> str:
    """One object: `schema_version` and `diagnostics`; `file`, `start` and `end` are null where there is no place."""
    return _json.dumps(
        {"schema_version": SCHEMA_VERSION, "diagnostics": [_object(diagnostic) for diagnostic in diagnostics]}, indent=2
    )


def _object(diagnostic: Diagnostic) -> dict[str, Any]:
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "label": diagnostic.label,
        "labels": [{"text": other.text, **_place(other.span)} for other in diagnostic.others],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "fix": {"replacement": fix.replacement, **_place(fix.span)} if fix else None,
    }


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "start": None, "end": None}
    return {"file": span.source.name, "start": _position(span, span.start), "end": _position(span, span.end)}


def _position(span: Span, offset: int) -> dict[str, int]:
    line, column = span.source.position(offset)
    return {"line": line, "column": column, "offset": offset}


def github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change."""
    return "\n".join(_command(diagnostic) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {"title": f"netdsl {diagnostic.code}"}
    span = diagnostic.span
    if span is not None:
        line, column = span.source.position(span.start)
        end_line, end_column = span.source.position(span.end)
        properties = {"file": span.source.name, "line": str(line), "endLine": str(end_line), **properties}
        if line == end_line:  # columns are only understood within one line
            properties |= {"col": str(column), "endColumn": str(end_column)}
    listed = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{diagnostic.severity} {listed}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    text = safe(text)
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A SARIF log of one run, with a rule for each code that occurs."""
    used = sorted({diagnostic.code for diagnostic in diagnostics})
    rules = [
        {"id": code, "shortDescription": {"text": CODES[code].title}, "help": {"text": CODES[code].text.strip()}}
        for code in used
    ]
    driver = {"name": "netdsl", "rules": rules}
    results = [_result(diagnostic, used.index(diagnostic.code)) for diagnostic in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    text = diagnostic.message + (f"; {diagnostic.help}" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": text},
        "locations": [_location(diagnostic.span)] if diagnostic.span else [],
    }
    if diagnostic.others:
        result["relatedLocations"] = [
            {**_location(other.span), "message": {"text": other.text}} for other in diagnostic.others
        ]
    if diagnostic.fix:
        result["fixes"] = [_sarif_fix(diagnostic)]
    return result


def _sarif_fix(diagnostic: Diagnostic) -> dict[str, Any]:
    fix = diagnostic.fix
    assert isinstance(fix, Fix)
    location = _location(fix.span)["physicalLocation"]
    replacement = {"deletedRegion": location["region"], "insertedContent": {"text": fix.replacement}}
    return {
        "description": {"text": diagnostic.help or "apply the edit"},
        "artifactChanges": [{"artifactLocation": location["artifactLocation"], "replacements": [replacement]}],
    }


def _location(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.source.name)}, "region": region}}


def _uri(name: str) -> str:
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def _where(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    return f"{_one_line(str(span))}: " if span is not None else ""


def _one_line(text: str) -> str:
    return safe(" ".join(text.split()))
