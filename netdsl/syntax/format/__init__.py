"""The formatter.

It keeps the author's line breaks and comments, and sets everything else: the indentation of every line, the spaces
between words, blank lines, and columns. What the author aligned in neighbouring lines (numbers of a table, `=`, the
names of inputs) stays aligned; the `@` of a run of lines and the comments behind them share a column.
"""

from __future__ import annotations

from netdsl.diagnostics import InternalError
from netdsl.source import Source
from netdsl.syntax.format.align import Columns
from netdsl.syntax.format.indent import Layout
from netdsl.syntax.format.words import read_lines
from netdsl.syntax.garbage import uncollected
from netdsl.syntax.parse import parse
from netdsl.syntax.tree import File
from netdsl.syntax.walk import signature

_ROUNDS = 8
"""More than columns that depend on columns ever took to settle."""


def format_text(source: Source) -> str:
    """The text of `source`, laid out. Formatting the result again changes nothing.

    Raises `NetdslError` where the text does not parse, and `InternalError` rather than return a text that says
    something else.
    """
    with uncollected():
        file = parse(source)
        meaning = signature(file.items)
        for _ in range(_ROUNDS):
            text = _laid_out(file)
            if text == file.source.text:
                break
            file = parse(Source(source.name, text))
            if signature(file.items) != meaning:
                raise InternalError("the formatter would have changed what the text says", source.text)
        return file.source.text


def _laid_out(file: File) -> str:
    lines = read_lines(file.source)
    layout = Layout(lines, file)
    columns = Columns(lines, layout)
    for _ in range(_ROUNDS):
        layout.indent()
        if not columns.settle():
            break
    return layout.text()
