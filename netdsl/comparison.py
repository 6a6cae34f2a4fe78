"""The difference of two networks as users have it: it draws and shows itself."""

from __future__ import annotations

import os
from typing import Any

from netdsl.analysis.difference import Difference
from netdsl.drawing import draw_diagram


class Comparison(Difference):
    """A difference (see there for the figures) that knows how to draw itself."""

    __slots__ = ()

    def draw(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        format: str | None = None,
        direction: str = "TB",
        theme: str = "auto",
        force: bool = False,
    ) -> bytes:
        """One coloured picture of both networks, as `Network.draw` gives it and with its errors."""
        from netdsl.emit.diagram.difference import difference_diagram

        old, new = self.graphs
        pairs = [(*entry.numbers, entry.kind) for entry in self.entries]
        found = difference_diagram(old, new, pairs)
        return draw_diagram(found, new, path, format=format, direction=direction, theme=theme, force=force)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from netdsl.display import bundle, compared

        return bundle(compared(self), include, exclude)
