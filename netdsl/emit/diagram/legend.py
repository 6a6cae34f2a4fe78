"""The legend: the kinds that a picture has, in rows under it, and its notes."""

from __future__ import annotations

from netdsl.emit.diagram.drawing import SMALL, Drawing, Rect
from netdsl.emit.diagram.kinds import KINDS
from netdsl.emit.diagram.metrics import text_width

ROW = 18.0
NOTE = "note"  # an entry that is no kind
LEAST = 420.0  # a narrow picture's legend may be wider than it


def legend(drawing: Drawing) -> tuple[list[tuple[str, Rect, str]], float, float]:
    """(kind, place, text) for each entry, and the width and height of picture and legend."""
    kinds = drawing.diagram.kinds()
    entries: list[tuple[str, Rect, str]] = []
    limit = max(drawing.width, LEAST) - 14
    x, y = 14.0, drawing.height + 4
    for kind, text in KINDS.items():
        if kind not in kinds:
            continue
        width = 17 + text_width(text, SMALL)
        if x > 14 and x + width > limit:
            x, y = 14.0, y + ROW
        entries.append((kind, Rect(x, y, width, 12.0), text))
        x += width + 16
    for note in drawing.diagram.notes:
        x, y = 14.0, y + ROW
        entries.append((NOTE, Rect(x, y, text_width(note, SMALL), 12.0), note))
    width = max([drawing.width, *(rect.right + 14 for _, rect, _ in entries)])
    return entries, width, y + ROW + 6
