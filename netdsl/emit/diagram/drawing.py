"""A picture as a value: where each thing of a diagram is, in pixels, y downwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from netdsl.emit.diagram.diagram import Box, Cluster, Diagram
from netdsl.emit.diagram.metrics import text_width

Point: TypeAlias = tuple[float, float]

SIZE, SMALL = 12.0, 10.5  # of text
ROW = 21.0  # a line of a box
CAPTION = 15.0  # the shape below a box
PADDING = 8.0  # beside the text of a box
GAP = 12.0  # between a label and the name beside it
STACK = 4.0  # how far the sheet behind a repeated box stands out
HEADER = 22.0  # of a cluster
LEGEND = 26.0


class Rect(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def meets(self, other: Rect) -> bool:
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def moved(self, dx: float, dy: float) -> Rect:
        return self._replace(x=self.x + dx, y=self.y + dy)


class Line(NamedTuple):
    """An edge, or the stretch of one inside a cluster: Bézier points, three a curve after the first.

    `edges` are the numbers of the edges of the diagram that run along it.
    """

    points: tuple[Point, ...]
    edges: tuple[int, ...]
    skip: bool = False
    error: str = ""
    arrow: bool = True
    like: bool = False  # only the size is read

    def moved(self, dx: float, dy: float) -> Line:
        return self._replace(points=tuple((x + dx, y + dy) for x, y in self.points))


@dataclass(frozen=True, slots=True)
class Drawing:
    """`captions` are the places of the middles of boxes' shapes."""

    diagram: Diagram
    width: float
    height: float
    boxes: dict[str, Rect]
    clusters: dict[str, Rect]
    lines: tuple[Line, ...]
    captions: dict[str, Point]


def box_size(box: Box) -> tuple[float, float]:
    """Width and height of a box without its caption."""
    rows = box_rows(box)
    further = len(rows) - len(box.parts)
    widths = [row_width(row, SMALL if i >= len(rows) - further else SIZE) for i, row in enumerate(rows)]
    width = max(max(widths) + 2 * PADDING, text_width(box.caption, SMALL))
    return max(round(width), 36.0), ROW * len(rows)


def box_rows(box: Box) -> list[tuple[str, str]]:
    """The lines of a box: the label at the left, what stands at the right."""
    times = f"×{box.times}" if box.times > 1 else ""
    if box.closed:
        (part,) = box.parts
        rows = [(part.shown or part.label, times)]
        if part.label not in ("", part.shown, "{ .. }"):
            rows.append((part.label, ""))
    else:
        rows = [(part.label, part.shown) for part in box.parts]
        if times:
            rows[0] = (rows[0][0], f"{rows[0][1]} {times}".strip())
    errors = [part.error for part in box.parts if part.error]
    further = [*errors, box.note, box.shape if box.several else ""]
    return [*rows, *((text, "") for text in further if text)]


def row_width(row: tuple[str, str], size: float) -> float:
    left, right = row
    return text_width(left, size) + (GAP + text_width(right, SMALL) if right else 0.0)


def header_text(cluster: Cluster) -> tuple[str, str]:
    """A cluster's name, and its call with how often it runs."""
    call = "" if cluster.call in ("{ .. }", cluster.shown) else cluster.call
    times = f"×{cluster.times}" if cluster.times > 1 else ""
    return cluster.shown, " ".join(text for text in (call, times) if text)


def header_width(cluster: Cluster) -> float:
    name, call = header_text(cluster)
    gap = GAP if name and call else 0.0
    return text_width(name, SIZE) + gap + text_width(call, SMALL) + 2 * PADDING
