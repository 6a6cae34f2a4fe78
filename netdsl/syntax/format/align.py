"""Columns: words that stand under one another because the author put them there, `@`, and comments behind lines.

A group of words shares a column. Each goes as far to the left as the widest of its lines allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netdsl.syntax.format.indent import Layout
from netdsl.syntax.format.words import Frame, Line, Word

_REACH = 4
"""Lines above in which a word finds the column that it stands in."""

_NUMBERS = frozenset({"INT", "FLOAT", "SIZE"})


@dataclass(slots=True)
class _Group:
    """Words that share the column of their starts, or of their ends, each in a line of its own.

    `extra` is the air that the author left, `at` the column of the first in the source.
    """

    words: list[Word]
    ends: bool
    extra: int
    at: int
    by_line: dict[int, Word] = field(default_factory=dict)

    def add(self, word: Word) -> None:
        self.words.append(word)
        self.by_line[id(word.line)] = word


class Columns:
    """The columns of a text."""

    def __init__(self, lines: list[Line], layout: Layout) -> None:
        groups = [*_tables(lines), *_checks(lines), *_comments(lines)]
        self._groups = sorted(groups, key=lambda group: group.at)

    def settle(self) -> bool:
        """Pad the words so that each group has one column; whether anything moved."""
        moved = False
        for group in self._groups:
            natural = [word.column() - word.pad + (word.width if group.ends else 0) for word in group.words]
            target = max(natural) + group.extra
            for word, column in zip(group.words, natural, strict=True):
                moved = moved or word.pad != target - column
                word.pad_by(target - column)
        return moved


def _surplus(word: Word) -> int:
    return max(word.space - word.gap, 0)


def _tables(lines: list[Line]) -> list[_Group]:
    """The groups of words that stand in a column in neighbouring lines of the source, where space was added for it."""
    groups: dict[int, _Group] = {}
    for number, below in enumerate(lines):
        for above in reversed(lines[max(0, number - _REACH) : number]):
            if below.blank:
                break
            for ends in (True, False):
                taken = {_anchor(word, ends): word for word in above.words[1:] if _tabular(word, ends)}
                for word in below.words[1:]:
                    partner = taken.get(_anchor(word, ends))
                    if partner is not None and _tabular(word, ends) and _alike(partner, word):
                        _join(groups, partner, word, ends)
            if above.blank:
                break
    unique = {id(group): group for group in groups.values()}
    for group in unique.values():
        group.extra = min(_surplus(word) for word in group.words)
    return list(unique.values())


def _tabular(word: Word, ends: bool) -> bool:
    """Whether the word may stand in a column; a bracket or a comma that is tied to the word before it may not."""
    number = word.kind in _NUMBERS
    return word.kind not in ("COMMENT", "AT") and (number or not ends) and (word.gap > 0 or (ends and number))


def _anchor(word: Word, ends: bool) -> int:
    return word.at + (word.width if ends else 0)


def _alike(above: Word, below: Word) -> bool:
    """Whether the words stand as deep in brackets of one body, in lines of one kind, and one was moved."""
    if not (_surplus(above) or _surplus(below)):
        return False
    if _depth(above) != _depth(below):
        return False
    return above.frame.round or _heads(above) == _heads(below)


def _depth(word: Word) -> tuple[int, int]:
    """How many round brackets are around the word, and which body is around these."""
    return next((depth, id(frame)) for depth, frame in enumerate(word.frame.ancestors()) if not frame.round)


def _heads(word: Word) -> bool:
    """Whether the word's line begins its statement."""
    first = word.line.words[0]
    return first.statement is not None and first.statement.head is first


def _join(groups: dict[int, _Group], above: Word, below: Word, ends: bool) -> None:
    """Put both words into one group; a word stands in one group only."""
    if id(below) in groups or (id(above) in groups and groups[id(above)].ends != ends):
        return
    group = groups.get(id(above))
    if group is None:
        group = _Group([], ends, 0, above.at)
        group.add(above)
    if _depends(below, group):
        return
    group.add(below)
    groups[id(above)] = groups[id(below)] = group


def _depends(below: Word, group: _Group) -> bool:
    """Whether the line of `below` is indented under a bracket behind a word of `group`: that would never settle."""
    for frame in below.line.words[0].frame.ancestors():
        word = group.by_line.get(id(frame.opener.line)) if frame.opener else None
        if word is not None and frame.opener is not None and frame.opener.token.start > word.token.start:
            return True
    return False


def _checks(lines: list[Line]) -> list[_Group]:
    """The `@` at the ends of lines in one body, up to a blank line there."""
    runs: dict[int, list[Word]] = {}
    done: list[list[Word]] = []
    for line in lines:
        check = _final_check(line)
        frame: Frame | None = line.words[0].frame
        if line.blank and frame is not None and id(frame) in runs:
            done.append(runs.pop(id(frame)))
        if check is not None:
            runs.setdefault(id(check.frame), []).append(check)
    return [_aligned(run) for run in [*done, *runs.values()]]


def _final_check(line: Line) -> Word | None:
    """The `@` of a line behind which nothing but its size stands."""
    for place in range(len(line.words) - 1, 0, -1):
        word = line.words[place]
        if word.kind == "AT":
            rest = line.words[place + 1 :]
            inside = all(
                later.frame is not word.frame or later.kind not in ("ARROW", "RBRACE", "SEMICOLON") for later in rest
            )
            return word if inside else None
    return None


def _comments(lines: list[Line]) -> list[_Group]:
    """The comments behind lines that follow one another."""
    runs: list[list[Word]] = []
    last: Line | None = None
    for line in lines:
        comment = line.words[-1]
        if comment.kind == "COMMENT" and len(line.words) > 1:
            joined = last is not None and not line.blank and runs and runs[-1][-1].line is last
            if joined and runs[-1][-1].at == comment.at:
                runs[-1].append(comment)
            else:
                runs.append([comment])
        last = line
    return [_aligned(run) for run in runs]


def _aligned(run: list[Word]) -> _Group:
    same = len({word.at for word in run}) == 1
    extra = min(_surplus(word) for word in run) if same else 0
    return _Group(run, False, extra, run[0].at)
