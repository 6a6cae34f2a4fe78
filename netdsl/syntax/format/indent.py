"""Where each line begins."""

from __future__ import annotations

from bisect import bisect_right

from netdsl.syntax import tree
from netdsl.syntax.format.words import Frame, Line, Statement, Word
from netdsl.syntax.layout import CLOSERS, OPENERS
from netdsl.syntax.walk import nodes

STEP = 2
_ARROW = len("-> ")


class Layout:
    """The lines of a text and their indentation.

    A body stands two columns to the right of what it belongs to. A line that goes on with a statement stands two
    columns to the right of it; but where a pipeline is the result of a body, its arrows stand under its first stage.
    """

    def __init__(self, lines: list[Line], file: tree.File) -> None:
        self.lines = lines
        self._results = _results(file)
        _set_blanks(lines, file)

    def indent(self) -> None:
        """Set the indentation of every line, given the columns of the words before it."""
        following: Line | None = None
        before: Line | None = None
        for line in self.lines:
            first = line.words[0]
            if first.kind != "COMMENT":
                line.indent_by(self._indent(first, before))
            before = line
            for word in line.words:
                if word.kind in OPENERS and word.bracket is not None:
                    self._open(word, word.bracket)
        for line in reversed(self.lines):
            if line.words[0].kind == "COMMENT":
                line.indent_by(self._comment(line.words[0], following))
            following = line

    def _comment(self, comment: Word, following: Line | None) -> int:
        """A comment stands as the line after it, but inside the braces that end there."""
        if following is None or following.words[0].kind in CLOSERS:
            return comment.frame.content
        return following.indent

    def _indent(self, word: Word, before: Line | None) -> int:
        frame, statement = word.frame, word.statement
        if word.kind in CLOSERS and word.bracket is not None:
            return word.bracket.close
        if frame.round:
            return frame.content + (STEP if _continues(word) and frame.first is not word else 0)
        if statement is None or statement.head is word:
            return frame.content
        start = statement.head.column()
        if word.kind == "ARROW" and statement.head.token.start in self._results:
            return start
        if word.kind == "ELSE":
            body = _last(before).bracket if before else None
            return body.close if body else start + STEP
        return start + STEP

    def _open(self, opener: Word, frame: Frame) -> None:
        """Set the columns of what stands in the bracket."""
        base = self._base(opener, frame)
        frame.content, frame.close = base + STEP, base
        if frame.round and frame.first is not None and frame.first.line is opener.line:
            frame.content, frame.close = frame.first.column(), opener.column()

    def _base(self, opener: Word, frame: Frame) -> int:
        """The column of the line, within the statement, to which the bracket belongs."""
        statement = opener.statement
        first = opener.line.words[0]
        if statement is not None and not opener.frame.round:
            later = bisect_right(statement.continuations, opener.token.start, key=lambda word: word.token.start)
            first = (statement.continuations[later - 1] if later else statement.head).line.words[0]
        column = first.column()
        if first.kind == "ARROW":
            return column + _ARROW
        if statement is not None and statement.head is first and self._goes_on(statement, frame):
            return column + STEP
        return column

    def _goes_on(self, statement: Statement, frame: Frame) -> bool:
        """Whether an arrow begins a line, indented, behind the bracket."""
        if frame.closer is None or statement.head.token.start in self._results:
            return False
        return statement.arrow is not None and statement.arrow.token.start > frame.closer.token.start

    def text(self) -> str:
        """The lines, put together."""
        rows: list[str] = []
        for line in self.lines:
            rows += [""] * line.blank
            row = [" " * line.indent]
            for word in line.words:
                row.append(word.token.text if word.first else " " * (word.gap + word.pad) + word.token.text)
            rows.append("".join(row))
        return "\n".join([*rows, ""]) if rows else ""


def _continues(word: Word) -> bool:
    return word.kind in ("ARROW", "AT", "DOT", "PLUS", "MINUS", "STAR", "SLASH", "FLOORDIV", "PERCENT", "POWER") or (
        word.kind in ("COMPARE", "AND", "OR", "ELSE", "IF", "FOR")
    )


def _results(file: tree.File) -> set[int]:
    """Where the pipelines begin that are the result of a body that is no merge."""
    merged: set[int] = set()
    starts: set[int] = set()
    for node in nodes(file.items):  # a merge comes before its body
        if type(node) is tree.Merge:
            merged.add(id(node.body))
        elif type(node) is tree.Body and id(node) not in merged:
            starts.update(part.span.start for part in node.statements if type(part) is tree.Pipeline)
    return starts


def _set_blanks(lines: list[Line], file: tree.File) -> None:
    """At most one blank line in a body and two outside; none at the ends of a body; one between long definitions."""
    previous: Line | None = None
    for line in lines:
        first = line.words[0]
        outside = first.frame.parent is None and first.kind not in CLOSERS
        line.blank = min(line.blank, 2 if outside else 1)
        opened = previous is not None and _last(previous).kind in OPENERS
        if previous is None or opened or first.kind in CLOSERS:
            line.blank = 0
        previous = line
    _separate(lines, file)


def _last(line: Line) -> Word:
    words = [word for word in line.words if word.kind != "COMMENT"]
    return words[-1] if words else line.words[-1]


def _separate(lines: list[Line], file: tree.File) -> None:
    starts = {line.words[0].token.start: number for number, line in enumerate(lines)}
    before: tree.Item | None = None
    for item in file.items:
        number = starts.get(item.span.start)
        both = isinstance(before, tree.Definition) and isinstance(item, tree.Definition)
        if number is not None and both and before is not None and ("\n" in before.span.text or "\n" in item.span.text):
            while number and lines[number].blank == 0 and lines[number - 1].words[0].kind == "COMMENT":
                number -= 1
            lines[number].blank = max(lines[number].blank, 1)
        before = item
