"""The lines of a text as words: tokens and comments, with the brackets that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from netdsl.source import Source, Span
from netdsl.syntax.format.spacing import LOOP, gap
from netdsl.syntax.grammar import tables
from netdsl.syntax.layout import CLOSERS, OPENERS
from netdsl.syntax.tokens import Token, ends_operand


@dataclass(eq=False, slots=True)
class Word:
    """A token or a comment. `gap` is the least space before it, `pad` what a column adds to that.

    `at` is its column in the source, `space` the blanks that stood before it there; `place` counts the words before it
    in its line; `frame` is the bracket around it, `bracket` the one that it opens or closes; `sign` tells a minus of
    one number from one between two.
    """

    token: Token
    at: int
    space: int
    frame: Frame
    line: Line
    place: int
    gap: int = 0
    pad: int = 0
    sign: bool = False
    bracket: Frame | None = None
    statement: Statement | None = None

    @property
    def kind(self) -> str:
        return self.token.kind

    @property
    def width(self) -> int:
        return len(self.token.text)

    @property
    def first(self) -> bool:
        """Whether it begins its line."""
        return self.place == 0

    def column(self) -> int:
        """Where it begins, given the indentation of its line and what stands before it."""
        return self.line.column(self.place)

    def pad_by(self, pad: int) -> None:
        """Set the space that a column adds."""
        if pad != self.pad:
            self.pad = pad
            self.line.forget(self.place)


@dataclass(eq=False, slots=True)
class Line:
    """`blank` counts the blank lines above it. `columns` are those of its first words, as far as they are known."""

    blank: int
    words: list[Word] = field(default_factory=list)
    indent: int = 0
    columns: list[int] = field(default_factory=list)

    def indent_by(self, indent: int) -> None:
        """Set where it begins."""
        if indent != self.indent:
            self.indent = indent
            self.forget(0)

    def column(self, place: int) -> int:
        """Where a word begins. All of a line from left to right take time that grows with the line, not its square."""
        columns = self.columns
        for number in range(len(columns), place + 1):
            word = self.words[number]
            columns.append(columns[-1] + self.words[number - 1].width + word.gap + word.pad if number else self.indent)
        return columns[place]

    def forget(self, place: int) -> None:
        """Words from this one on have moved."""
        del self.columns[place:]


@dataclass(eq=False, slots=True)
class Statement:
    """A statement or a definition: its first word, those that begin later lines of it, the last `->` among these."""

    head: Word
    continuations: list[Word] = field(default_factory=list)
    arrow: Word | None = None


@dataclass(eq=False, slots=True)
class Frame:
    """A pair of brackets, or the file. `content` and `close` are the columns of its lines and of its closer."""

    opener: Word | None
    parent: Frame | None
    closer: Word | None = None
    statement: Statement | None = None
    first: Word | None = None
    content: int = 0
    close: int = 0

    @property
    def round(self) -> bool:
        """Whether newlines mean nothing directly inside."""
        return self.opener is not None and self.opener.kind != "LBRACE"

    def ancestors(self) -> Iterator[Frame]:
        """The frame itself and those around it, from the inside."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


def read_lines(source: Source) -> list[Line]:
    """The lines of a text that parses: separators and commas that say nothing left out, broken braces on lines of
    their own."""
    return _frames(_broken_braces(_without_separators(_pieces(source))))


@dataclass(slots=True)
class _Break:
    """A line end: `ends` tells that it ends a statement where statements stand; `blank` counts blank lines after it."""

    ends: bool
    blank: int = 0


_Piece = tuple[Token, int, int]


def _pieces(source: Source) -> list[_Piece | _Break]:
    """Words as `(token, column, blanks before)`, and line ends."""
    pieces: list[_Piece | _Break] = []
    text, line_start, last = source.text, 0, 0

    def add(kind: str, start: int, end: int) -> None:
        nonlocal last
        token = Token(kind, text[start:end].rstrip(), Span(source, start, end))
        pieces.append((token, start - line_start, start - last))
        last = end

    for match in tables().pattern.finditer(text):
        kind, start = str(match.lastgroup), match.start()
        if kind in ("_NL", "_CONT"):
            # A run of line ends with the comments between them.
            for offset, line in _rows(match.group(), start):
                stripped = line.strip()
                line_start = offset
                last = offset
                if stripped:
                    at = offset + line.index("#")
                    pieces.append(_Break(kind == "_NL"))
                    add("COMMENT", at, at + len(stripped))
                else:
                    pieces.append(_Break(kind == "_NL"))
        elif kind != "BLANK":
            add(kind, start, match.end())
    return _merge_breaks(pieces)


def _rows(run: str, start: int) -> list[tuple[int, str]]:
    """The lines that begin in a run of line ends, with their offsets; the last is the start of the next word's line."""
    rows, at = [], run.find("\n")
    while at >= 0:
        end = run.find("\n", at + 1)
        rows.append((start + at + 1, run[at + 1 : end if end >= 0 else len(run)]))
        at = end
    return rows


def _merge_breaks(pieces: list[_Piece | _Break]) -> list[_Piece | _Break]:
    merged: list[_Piece | _Break] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, _Break) and isinstance(last, _Break):
            last.blank += 1
        else:
            merged.append(piece)
    return merged


def _kind(piece: _Piece | _Break) -> str:
    return piece[0].kind if isinstance(piece, tuple) else ""


def _without_separators(pieces: list[_Piece | _Break]) -> list[_Piece | _Break]:
    """The same without the `;` beside a line end, a brace or another `;`, and the comma before a closing bracket."""
    words = [place for place, piece in enumerate(pieces) if isinstance(piece, tuple) and _kind(piece) != "COMMENT"]
    dropped: set[int] = set()
    before, left = "", -1  # the kind of the last word that is left, and where the last piece stands that is left
    for number, place in enumerate(words):
        if place - 1 not in dropped:
            left = place - 1
        kind = _kind(pieces[place])
        after = words[number + 1] if number + 1 < len(words) else len(pieces)
        following = _kind(pieces[after]) if after < len(pieces) else ""
        breaks = [piece for piece in pieces[place + 1 : after] if isinstance(piece, _Break)]
        if kind == "COMMA" and following in ("RPAR", "RSQB"):
            dropped.add(place)
            continue
        if kind == "SEMICOLON":
            # Without it, a line that begins with an operator would go on with the statement before it.
            needed = bool(breaks) and not all(piece.ends for piece in breaks)
            opened = before in ("", "LBRACE", "SEMICOLON") or left < 0 or isinstance(pieces[left], _Break)
            closed = following in ("", "RBRACE", "SEMICOLON") or bool(breaks)
            if opened or (closed and not needed):
                dropped.add(place)
                continue
        before = kind
    return [piece for place, piece in enumerate(pieces) if place not in dropped]


def _broken_braces(pieces: list[_Piece | _Break]) -> list[_Piece | _Break]:
    """The same; where a line ends directly inside braces, one ends after `{` and before `}`, too."""
    stack: list[int] = []
    broken: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for place, piece in enumerate(pieces):
        if isinstance(piece, _Break):
            if stack:
                broken.add(stack[-1])
        elif _kind(piece) in OPENERS:
            stack.append(place)
        elif _kind(piece) in CLOSERS:
            pairs.append((stack.pop(), place))
    wanted = [(opener, closer) for opener, closer in pairs if opener in broken and _kind(pieces[opener]) == "LBRACE"]
    added: set[int] = set()
    for opener, closer in wanted:
        inner = opener + 1
        while _kind(pieces[inner]) == "COMMENT":
            inner += 1
        if not isinstance(pieces[inner], _Break):
            added.add(opener + 1)
        if not isinstance(pieces[closer - 1], _Break):
            added.add(closer)
    broken_up: list[_Piece | _Break] = []
    for place, piece in enumerate(pieces):
        if place in added:
            broken_up.append(_Break(True))
        broken_up.append(piece)
    return broken_up


def _frames(pieces: list[_Piece | _Break]) -> list[Line]:
    lines: list[Line] = []
    frame = Frame(None, None)
    line = Line(0)
    before: Word | None = None
    ended, loop = True, False
    for piece in pieces:
        if isinstance(piece, _Break):
            if line.words:
                lines.append(line)
                line = Line(piece.blank)
            else:
                line.blank = max(line.blank, piece.blank)
            ended = ended or piece.ends
            continue
        token, at, space = piece
        if token.kind in ("FOR", "EACH"):
            loop = True
        elif token.kind == "IN" and loop:
            token, loop = Token(LOOP, token.text, token.span), False
        if token.kind in CLOSERS:
            closing, frame = frame, _parent(frame)
            word = Word(token, at, space, frame, line, len(line.words))
            closing.closer = word
            word.bracket = closing
            word.statement = frame.statement
        else:
            word = Word(token, at, space, frame, line, len(line.words))
        line.words.append(word)
        if token.kind == "COMMENT":
            word.gap = 2
            continue
        if token.kind not in CLOSERS:
            _place(word, ended)
        word.gap = gap(before.token if before else None, token, frame.round and _square(frame))
        if before and (before.sign or _tied(before, word)):
            word.gap = 0
        word.sign = token.kind == "MINUS" and not ends_operand(before.token if before else None)
        if token.kind in OPENERS:
            frame = word.bracket = Frame(word, frame)
            ended = True
        else:
            ended = token.kind == "SEMICOLON"
        before = word
    if line.words:
        lines.append(line)
    return lines


def _tied(operator: Word, word: Word) -> bool:
    """Whether the author wrote `8*h` without spaces, which is kept; the operator is tied to what is before it, too."""
    if operator.kind not in ("STAR", "SLASH", "FLOORDIV", "PERCENT", "POWER"):
        return False
    if operator.first or word.first or operator.space or word.space:
        return False
    operator.gap = 0
    return True


def _parent(frame: Frame) -> Frame:
    assert frame.parent is not None
    return frame.parent


def _square(frame: Frame) -> bool:
    return frame.opener is not None and frame.opener.kind == "LSQB"


def _place(word: Word, ended: bool) -> None:
    """Give the word its statement, or let it begin one."""
    frame = word.frame
    if frame.first is None:
        frame.first = word
    if not frame.round and word.kind != "SEMICOLON":
        if ended or frame.statement is None:
            frame.statement = Statement(word)
        elif word.first:
            frame.statement.continuations.append(word)
            if word.kind == "ARROW":
                frame.statement.arrow = word
    word.statement = frame.statement
