"""What a picture writes, and where: the same for SVG and PDF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.emit.diagram.diagram import Box, Cluster
from netdsl.emit.diagram.drawing import (
    GAP,
    PADDING,
    ROW,
    SIZE,
    SMALL,
    Drawing,
    Line,
    Point,
    Rect,
    box_rows,
    box_size,
    header_text,
)
from netdsl.emit.diagram.metrics import text_width

BAR = 4.0  # of a kind's colour, at the left of a box
HEAD, HALF = 6.0, 3.2  # an arrow's length, and half of its breadth


class Text(NamedTuple):
    """`role` is its colour's name: label, faint, shape, times, wrong; `anchor` as in SVG."""

    text: str
    x: float
    y: float  # of the base line
    size: float
    role: str
    anchor: str = "start"

    @property
    def width(self) -> float:
        return text_width(self.text, self.size)


def corner(box: Box, rect: Rect) -> float:
    """The radius of a box's corners: inputs and outputs are round."""
    return rect.height / 2 if box.kind == "data" else 3.0


def strips(box: Box, rect: Rect) -> Iterator[tuple[Rect, list[Text]]]:
    """For each part of a box its strip, and what is written there; notes stand in the last."""
    rows = box_rows(box)
    for i in range(len(box.parts)):
        last = i == len(box.parts) - 1
        strip = Rect(rect.x, rect.y + ROW * i, rect.width, rect.height - ROW * i if last else ROW)
        yield (
            strip,
            [
                text
                for j, row in enumerate(rows[i:] if last else rows[i : i + 1])
                for text in _row(row, box, strip, strip.y + 15 + ROW * j, further=j > 0)
            ],
        )


def _row(row: tuple[str, str], box: Box, strip: Rect, y: float, further: bool) -> Iterator[Text]:
    left, right = row
    size, role = (SMALL, "faint") if further else (SIZE, "label")
    if further and left in {part.error for part in box.parts}:
        role = "wrong"
    if not right and (box.kind == "data" or strip.width > box_size(box)[0] + 1):
        yield Text(left, strip.x + strip.width / 2, y, size, role, "middle")
        return
    yield Text(left, strip.x + PADDING + 1, y, size, role)
    if right:
        yield Text(right, strip.right - PADDING, y, SMALL, "times" if right.startswith("×") else "faint", "end")


def header_texts(cluster: Cluster, rect: Rect) -> Iterator[Text]:
    """A cluster's name and call."""
    name, call = header_text(cluster)
    x = rect.x + PADDING
    if name:
        yield Text(name, x, rect.y + 15, SIZE, "label")
        x += text_width(name, SIZE) + GAP
    if call:
        yield Text(call, x, rect.y + 15, SMALL, "faint")


def captions(drawing: Drawing) -> Iterator[Text]:
    """The shapes of what leaves the boxes."""
    shapes = {box.id: box.caption for box in drawing.diagram.boxes}
    for name, (x, y) in drawing.captions.items():
        yield Text(shapes[name], x, y + SMALL * 0.35, SMALL, "shape", "middle")


def arrow(line: Line) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The curve cut short by its head, and the head."""
    points = line.points
    if not line.arrow:
        return points, ()
    end = points[-1]
    before = next((p for p in reversed(points[:-1]) if abs(p[0] - end[0]) + abs(p[1] - end[1]) > 1), points[0])
    dx, dy = end[0] - before[0], end[1] - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy = dx / length, dy / length
    neck = (end[0] - HEAD * ux, end[1] - HEAD * uy)
    head = (end, (neck[0] - HALF * uy, neck[1] + HALF * ux), (neck[0] + HALF * uy, neck[1] - HALF * ux))
    return (*points[:-1], neck), head
