"""The margins of a text: where its lines begin, and how far to the right."""

from __future__ import annotations

import re
from bisect import bisect_right

from netdsl.source import Source
from netdsl.syntax.tokens import Token

_BLANKS = re.compile(r"[ \t]*")


class Margins:
    """Answers about the lines of one source, each in logarithmic time, however long the lines are."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lines = [0, *(match.end() for match in re.finditer("\n", source.text))]

    def starts_line(self, token: Token) -> bool:
        """Whether only blanks stand before the token on its line."""
        return self._margin(token) == token.start

    def indent(self, token: Token) -> int:
        """The blanks at the start of the token's line."""
        return self._margin(token) - self._lines[bisect_right(self._lines, token.start) - 1]

    def _margin(self, token: Token) -> int:
        """Where the token's line really begins."""
        match = _BLANKS.match(self.source.text, self._lines[bisect_right(self._lines, token.start) - 1])
        assert match is not None
        return match.end()

    def line(self, token: Token) -> int:
        return self.source.position(token.start)[0]
