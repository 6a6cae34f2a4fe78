"""Networks to draw, and measures of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import netdsl
from netdsl.emit.diagram import Diagram, Drawing, diagram, place
from netdsl.emit.diagram.drawing import SMALL, Line, Point, Rect
from netdsl.emit.diagram.metrics import text_width


def drawn(text: str, **options: Any) -> Diagram:
    """The diagram of the only network of a text."""
    return diagram(netdsl.compile(text).graph, **options)


def labels(found: Diagram) -> list[list[str]]:
    return [[part.label for part in box.parts] for box in found.boxes]


def points_along(line: Line, pieces: int = 12) -> Iterator[Point]:
    """Points that a curve goes through."""
    points = line.points
    for i in range(0, len(points) - 3, 3):
        a, b, c, d = points[i : i + 4]
        for step in range(pieces + 1):
            t = step / pieces
            u = 1 - t
            yield (
                u**3 * a[0] + 3 * u * u * t * b[0] + 3 * u * t * t * c[0] + t**3 * d[0],
                u**3 * a[1] + 3 * u * u * t * b[1] + 3 * u * t * t * c[1] + t**3 * d[1],
            )


def caption_rect(drawing: Drawing, name: str) -> Rect:
    """What the shape of a box takes."""
    shape = next(box.shape for box in drawing.diagram.boxes if box.id == name)
    (x, y), width = drawing.captions[name], text_width(shape, SMALL)
    return Rect(x - width / 2, y - SMALL / 2, width, SMALL)


def inside(rect: Rect, point: Point, by: float = 1.0) -> bool:
    """Whether a point lies in a rectangle, by more than a hair."""
    return rect.x + by < point[0] < rect.right - by and rect.y + by < point[1] < rect.bottom - by


def faults(drawing: Drawing) -> Iterator[str]:
    """What is wrong with a picture: things that overlap, lines through boxes and shapes, things outside of it."""
    page = Rect(0, 0, drawing.width, drawing.height)
    written = {f"the shape of {name}": caption_rect(drawing, name) for name in drawing.captions}
    things = [*drawing.boxes.items(), *written.items()]
    for i, (name, rect) in enumerate(things):
        if rect.x < page.x or rect.y < page.y or rect.right > page.right or rect.bottom > page.bottom:
            yield f"{name} is not all on the page"
        for other, room in things[:i]:
            if rect.meets(room):
                yield f"{name} overlaps {other}"
    for line in drawing.lines:
        ends = {end for number in line.edges for end in drawing.diagram.edges[number][:2]}
        for name, rect in things:
            if name.removeprefix("the shape of ") not in ends and any(inside(rect, p) for p in points_along(line)):
                yield f"a line of {sorted(ends)} runs through {name}"


def picture(text: str, direction: str = "TB", **options: Any) -> Drawing:
    return place(drawn(text, **options), direction)
