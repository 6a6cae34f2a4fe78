"""The full form: the line, what is wrong there, what else belongs to it, and what to do.

    error[N130]: a comma is missing before `3`
     --> a.net:1:19
      |
    1 | block a = conv(64 3, stride = 2)
      |                   ^ `64` ends before it
      |
      = help: put a comma between them
      |
    1 | block a = conv(64, 3, stride = 2)
      |                  +

Places in other files follow under their names; of a place that covers several lines the first is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from netdsl.diagnostics import Diagnostic, Fix
from netdsl.rendering.columns import Line, safe
from netdsl.source import Source, Span

SHOWN = 20
"""Diagnostics shown; the rest is counted."""

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "bold": "1",
    "gutter": "1;34",
    "other": "1;34",
    "help": "1;36",
    "fix": "1;32",
}


def render(diagnostics: Sequence[Diagnostic], colour: bool = False) -> str:
    """The diagnostics as a person reads them, one after the other, without a newline at the end."""
    pages = [_Page(diagnostic, colour).text() for diagnostic in diagnostics[:SHOWN]]
    left = len(diagnostics) - SHOWN
    if left > 0:
        pages.append(f"... and {left} more")
    return "\n\n".join(pages)


class _Page:
    def __init__(self, diagnostic: Diagnostic, colour: bool) -> None:
        self.diagnostic = diagnostic
        self.colour = colour
        places = [place for place, _ in _places(diagnostic)]
        last = max((place.line for place in places), default=0)
        if diagnostic.fix:
            last = max(last, diagnostic.fix.span.line)
        self.margin = len(str(last)) if places else 0

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines())

    def _paint(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text

    def _gutter(self, number: int | None, rest: str = "") -> str:
        mark = str(number) if number is not None else ""
        return self._paint("gutter", f"{mark:>{self.margin}} |") + (f" {rest}" if rest else "")

    def _lines(self) -> Iterator[str]:
        diagnostic = self.diagnostic
        head = self._paint(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
        yield head + self._paint("bold", f": {safe(diagnostic.message)}")
        for number, (source, group) in enumerate(groupby(_by_source(diagnostic), key=lambda place: place[0].source)):
            yield from self._excerpt(source, list(group), first=not number)
        notes = [("note", note) for note in diagnostic.notes]
        if diagnostic.help:
            notes.append(("help", diagnostic.help))
        if notes and diagnostic.span is not None:
            yield self._gutter(None)
        for kind, text in notes:
            yield from self._note(kind, text)
        if diagnostic.fix:
            yield from self._fix(diagnostic.fix)

    def _note(self, kind: str, text: str) -> Iterator[str]:
        lead = " " * self.margin + " " + self._paint("gutter", "=") + " " + self._paint("help", kind) + ": "
        indent = " " * (self.margin + len(f" = {kind}: "))
        for number, line in enumerate(safe(text).split("\n")):
            yield (indent if number else lead) + line

    def _excerpt(self, source: Source, places: list[tuple[Span, str]], first: bool) -> Iterator[str]:
        arrow = "-->" if first else ":::"
        place = self.diagnostic.span if first and self.diagnostic.span else places[0][0]
        yield " " * self.margin + self._paint("gutter", arrow) + f" {safe(source.name)}:{place.line}:{place.column}"
        yield self._gutter(None)
        before = 0
        places = sorted(places, key=lambda entry: entry[0].line)
        for number, group in groupby(places, key=lambda entry: entry[0].line):
            if before and number > before + 1:
                yield self._paint("gutter", "...")
            before = number
            entries = list(group)
            focus = entries[0][0].column - 1
            line = Line(source.line(number), focus)
            yield self._gutter(number, line.text)
            for span, label in entries:
                main = span is self.diagnostic.span
                yield self._gutter(None, self._underline(line, span, safe(label), main))

    def _underline(self, line: Line, span: Span, label: str, main: bool) -> str:
        text = span.source.line(span.line)
        start = span.column - 1
        begin = line.column(start)
        end = line.column(min(start + span.end - span.start, len(text)))
        mark = ("^" if main else "-") * max(end - begin, 1)
        rest = f"{mark} {label}" if label else mark
        return " " * begin + self._paint(self.diagnostic.severity if main else "other", rest)

    def _fix(self, fix: Fix) -> Iterator[str]:
        """The line as it would be, where the edit stays within one line."""
        source, start, end = fix.span
        if "\n" in fix.replacement or "\n" in source.text[start:end]:
            return
        number, column = source.position(start)
        old = source.line(number)
        new = old[: column - 1] + fix.replacement + old[column - 1 + end - start :]
        line = Line(new, column - 1)
        begin, stop = line.column(column - 1), line.column(column - 1 + len(fix.replacement))
        yield self._gutter(None)
        yield self._gutter(number, line.text)
        mark = "~" if end > start else "+"
        if fix.replacement:
            yield self._gutter(None, " " * begin + self._paint("fix", mark * max(stop - begin, 1)))


def _places(diagnostic: Diagnostic) -> list[tuple[Span, str]]:
    main = [(diagnostic.span, diagnostic.label)] if diagnostic.span is not None else []
    return main + [(other.span, other.text) for other in diagnostic.others]


def _by_source(diagnostic: Diagnostic) -> list[tuple[Span, str]]:
    """The places, those of the diagnostic's own source first, the sources in the order in which they appear."""
    places = _places(diagnostic)
    order: dict[int, int] = {}
    for span, _ in places:
        order.setdefault(id(span.source), len(order))
    return sorted(places, key=lambda place: order[id(place[0].source)])
