"""Graphviz's places and curves, read, and bent to where they are to begin and end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from netdsl.emit.diagram.drawing import Line, Point, Rect


class Spot(NamedTuple):
    """The middle of a thing, and its size."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def read(cls, entry: Mapping[str, Any], high: float) -> Spot:
        """From an object of json0; `high` is the height of the whole, whose y goes up."""
        x, y = (float(number) for number in entry["pos"].split(","))
        return cls(x, high - y, float(entry["width"]) * 72, float(entry["height"]) * 72)

    @property
    def rect(self) -> Rect:
        return Rect(self.x - self.width / 2, self.y - self.height / 2, self.width, self.height)


def curve(pos: str, high: float) -> tuple[Point, ...]:
    """The points of an edge's `pos`, a B-spline as Graphviz writes it."""
    found = []
    for pair in pos.split():
        if pair[0] in "es":
            continue
        x, y = pair.split(",")
        found.append((float(x), high - float(y)))
    return tuple(found)


def shifted(points: tuple[Point, ...], start: Point | None, end: Point | None, across: bool) -> tuple[Point, ...]:
    """The same curve from `start` to `end`, where they are given: its first and last pieces give way sideways."""
    found = list(points)
    if start is not None:
        dx, dy = start[0] - found[0][0], start[1] - found[0][1]
        found[0] = start
        found[1] = (found[1][0] + dx, found[1][1]) if across else (found[1][0], found[1][1] + dy)
    if end is not None:
        dx, dy = end[0] - found[-1][0], end[1] - found[-1][1]
        found[-1] = end
        found[-2] = (found[-2][0] + dx, found[-2][1]) if across else (found[-2][0], found[-2][1] + dy)
    return tuple(found)


def fan(points: tuple[Point, ...], door: Point, things: Iterable[Rect], across: bool, one: bool) -> tuple[Point, ...]:
    """A curve from a frame's border. Where one value alone comes in, the whole header is its source: the line falls
    straight from it, unless something stands in the way."""
    end = points[-1]
    straight = (end[0], door[1]) if across else (door[0], end[1])
    if one and not any(_crosses(straight, end, rect) for rect in things):
        return (straight, straight, end, end)
    return (door, door, points[0], *points)


def _crosses(start: Point, end: Point, rect: Rect) -> bool:
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return left < rect.right and right > rect.x and top < rect.bottom - 0.5 and bottom > rect.y + 0.5


def straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """A straight stretch as a Bézier curve, without its start."""
    (x0, y0), (x1, y1) = start, end
    return ((x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3), (x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3), end)


def joined(first: tuple[Point, ...], rest: tuple[Point, ...]) -> tuple[Point, ...]:
    """One curve of two."""
    return (*first, *straight(first[-1], rest[0]), *rest[1:]) if rest else first


def landed(points: tuple[Point, ...], rect: Rect, across: bool) -> tuple[Point, ...]:
    """The same curve to the very border of a box: Graphviz rounds."""
    x, y = points[-1]
    return (*points[:-1], (x, rect.y) if across else (rect.x, y))


def cut(points: tuple[Point, ...], door: Point, across: bool) -> tuple[Point, ...]:
    """A curve that ends on a frame's border, and nothing of it outside."""
    if across:
        return (*((x, min(y, door[1])) for x, y in points[:-1]), door)
    return (*((min(x, door[0]), y) for x, y in points[:-1]), door)


def resting(points: tuple[Point, ...]) -> Point:
    """Where a curve that comes down stops being straight: the lowest point right below its start."""
    x, y = points[0]
    for point in points[::3]:  # those that it goes through
        if abs(point[0] - x) > 0.5:
            break
        y = max(y, point[1])
    return x, y


def falling(points: tuple[Point, ...], x: float, y: float) -> tuple[Point, ...]:
    """A straight line down from where the curve starts."""
    return (points[0], *straight(points[0], (x, y)))


STEP = 13.0  # between the heads of two lines on one side of a box


def spread(lines: list[Line], targets: list[Rect | None], across: bool) -> list[Line]:
    """The same lines, those that end in one thing beside one another on its side, in the order in which they come."""
    arriving: dict[Rect, list[int]] = {}
    for i, target in enumerate(targets):
        if target is not None:
            arriving.setdefault(target, []).append(i)
    found = list(lines)
    axis = 0 if across else 1
    for target, numbers in arriving.items():
        if len(numbers) < 2:
            continue
        side = target.width if across else target.height
        offset = {i: _before(lines[i].points, axis) - lines[i].points[-1][axis] for i in numbers}
        numbers.sort(key=lambda i: offset[i])
        middle = [i for i in numbers if abs(offset[i]) < 1]
        below = sum(offset[i] <= -1 for i in numbers)
        zero = below if len(middle) == 1 else (len(numbers) - 1) / 2  # a straight line stays straight
        most = max(zero, len(numbers) - 1 - zero)
        step = min(STEP, (side / 2 - 4) / most)
        for place, i in enumerate(numbers):
            x, y = lines[i].points[-1]
            by = (place - zero) * step
            end = (x + by, y) if across else (x, y + by)
            found[i] = lines[i]._replace(points=shifted(lines[i].points, None, end, across))
    return found


def _before(points: tuple[Point, ...], axis: int) -> float:
    """Where along a side a curve comes from."""
    return points[max(0, len(points) - 4)][axis]
