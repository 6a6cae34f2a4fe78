"""One line of a source as a terminal shows it.

A tab takes four columns, a wide character two, a combining mark none. What a terminal would not show, or would obey, is
shown by its number. Very long lines are cut around the place of interest.
"""

from __future__ import annotations

import unicodedata

_TAB = "    "
_WIDTH = 140
_ELLIPSIS = "..."


class Line:
    """A line, and the columns of its characters."""

    def __init__(self, text: str, focus: int = 0) -> None:
        """`focus` is the offset in `text` that must be seen."""
        first = 0
        if len(text) > 2 * _WIDTH:
            first = max(0, focus - _WIDTH // 2)
            text = text[first : first + _WIDTH]
        pieces = [_shown(character) for character in text]
        self._first = first
        self._columns = [len(_ELLIPSIS) if first else 0]
        for piece in pieces:
            self._columns.append(self._columns[-1] + _width(piece))
        self.text = (_ELLIPSIS if first else "") + "".join(pieces).rstrip()

    def column(self, offset: int) -> int:
        """The column, from 0, where the character at `offset` begins."""
        return self._columns[min(max(offset - self._first, 0), len(self._columns) - 1)]


def _shown(character: str) -> str:
    if character == "\t":
        return _TAB
    if character.isprintable() or unicodedata.category(character) in ("Zs", "Mn", "Me"):
        return character
    return f"<U+{ord(character):04X}>"


def _width(piece: str) -> int:
    if len(piece) > 1:
        return len(piece)
    if unicodedata.combining(piece) or unicodedata.category(piece) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(piece) in ("W", "F") else 1


def width(text: str) -> int:
    """The columns that `text` takes, which holds nothing that a terminal would obey."""
    if not text or max(text) < "\u0300":  # nothing wide, nothing that combines
        return len(text)
    return sum(_width(character) for character in text)


def cut(text: str, columns: int) -> str:
    """`text`, its end given up for an ellipsis where it takes more than `columns`."""
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[:-1]
    return text + "…" * (columns > 0)


def safe(text: str) -> str:
    """`text` with nothing in it that a terminal would obey; newlines stay."""
    return "".join(character if character == "\n" else _shown(character) for character in text)
