"""Places for a network that is a U: down at the left, up at the right, skips across, one row to each size.

In the right arm values go upwards, so a box's shape stands above it there. Frames of blocks are left out: a recursive
block holds both arms.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.emit.diagram.diagram import Box, Diagram
from netdsl.emit.diagram.drawing import CAPTION, SMALL, STACK, Drawing, Line, Point, Rect, box_size
from netdsl.emit.diagram.metrics import text_width
from netdsl.emit.diagram.splines import straight
from netdsl.emit.diagram.u_shape import U

MARGIN = 14.0
GAP = 22.0  # between boxes of one arm
ROW_GAP = 30.0  # between levels
LEAST_ACROSS = 200.0  # pixels between the arms
SIDE = 44.0  # free on each side of what stands between the arms


def u_place(diagram: Diagram, u: U) -> Drawing:
    """The picture of a U."""
    return _Placing(without_frames(diagram), u).drawing()


def without_frames(diagram: Diagram) -> Diagram:
    """The same boxes with no clusters around; names say a little more instead."""
    kept = {cluster.id: cluster for cluster in diagram.clusters}

    def named(box: Box) -> Box:
        cluster = kept.get(box.cluster)
        if cluster is None:
            return box
        *_, last = cluster.name.split(".")
        plain = [p if not p.shown or box.closed else replace(p, shown=f"{last}.{p.shown}") for p in box.parts]
        return replace(box, parts=tuple(plain), cluster="")

    both = {c.id for c in diagram.clusters if any(inner.cluster == c.id for inner in diagram.clusters)}
    boxes = [replace(box, cluster="") if box.cluster in both else named(box) for box in diagram.boxes]
    return replace(diagram, boxes=tuple(boxes), clusters=())


class _Placing:
    def __init__(self, diagram: Diagram, u: U) -> None:
        self.diagram, self.u = diagram, u
        self.boxes = {box.id: box for box in diagram.boxes}
        self.rects: dict[str, Rect] = {}
        self.captions: dict[str, Point] = {}
        self.upward = {*u.right, *u.across}

    def drawing(self) -> Drawing:
        u = self.u
        rows = [
            ([b for b in u.left if u.level[b] == level], [b for b in u.right if u.level[b] == level])
            for level in range(max(u.level.values()))
        ]
        left_width = max(self._size(b)[0] for b in u.left)
        right_width = max(self._size(b)[0] for b in u.right)
        bottom_width = sum(self._size(b)[0] + GAP for b in u.bottom) + GAP
        middle_width = max([self._size(b)[0] for b in u.across], default=0.0) + 2 * SIDE
        between = max(LEAST_ACROSS, middle_width, bottom_width)
        x_left, x_right = left_width / 2, left_width + between + right_width / 2
        x_middle = left_width + between / 2
        y = 0.0
        for left, right in rows:
            y = self._row(left, right, x_left, x_right, y) + ROW_GAP
        self._bottom(x_middle, y)
        self._middle(x_middle)
        self._beside(x_right - right_width / 2)
        lines = [self._line(i) for i in range(len(self.diagram.edges))]
        return self._framed(lines)

    def _size(self, name: str) -> tuple[float, float]:
        return box_size(self.boxes[name])

    def _put(self, name: str, x: float, y: float) -> None:
        """A box with the middle of its upper edge at (x, y)."""
        width, height = self._size(name)
        rect = Rect(x - width / 2, y, width, height)
        self.rects[name] = rect
        if self.boxes[name].caption:
            sheet = STACK if self.boxes[name].times > 1 else 0.0
            above = name in self.upward
            self.captions[name] = (x, rect.y - CAPTION / 2 - 1 if above else rect.bottom + sheet + CAPTION / 2 + 1)

    # Rows --------------------------------------------------------------------------------------------------

    def _row(self, left: list[str], right: list[str], x_left: float, x_right: float, y: float) -> float:
        """Put the boxes of one level, the ends of its skip at one height; returns how far down they reach."""
        down = self._stack(left)
        up = self._stack(right[::-1])
        apart = self._apart(down, up)
        at_left, at_right = max(0.0, -apart), max(0.0, apart)
        for name, top in down.items():
            self._put(name, x_left, y + at_left + top)
        for name, top in up.items():
            self._put(name, x_right, y + at_right + top + CAPTION)
        ends = [self.rects[name].bottom + (0 if name in self.upward else CAPTION) for name in (*left, *right)]
        return max(ends, default=y)

    def _stack(self, names: list[str]) -> dict[str, float]:
        """The upper ends of boxes that stand above one another, from 0."""
        found = {}
        y = 0.0
        for name in names:
            found[name] = y
            y += self._size(name)[1] + CAPTION + GAP
        return found

    def _apart(self, down: dict[str, float], up: dict[str, float]) -> float:
        """How much lower the start of the row's skip is than its end, if both stacks begin at one height."""
        ends = {self.u.across.get(name, name) for name in self.u.across if self.u.across[name] in up}
        for edge in self.diagram.edges:
            target = self.u.across.get(edge.target, edge.target)
            if edge.source in down and (target in up or target in ends):
                from_middle = down[edge.source] + self._size(edge.source)[1] / 2
                return from_middle - (up[target] + CAPTION + self._size(target)[1] / 2)
        return 0.0

    def _bottom(self, x: float, y: float) -> None:
        width = sum(self._size(b)[0] + GAP for b in self.u.bottom) - GAP
        highest = max(self._size(b)[1] for b in self.u.bottom)
        left = x - width / 2
        for name in self.u.bottom:
            own, height = self._size(name)
            self._put(name, left + own / 2, y + (highest - height) / 2)
            left += own + GAP

    def _middle(self, x: float) -> None:
        """Boxes on skips stand at the height of what they lead to; several beside one another."""
        ways: dict[str, list[str]] = {}
        for name, target in self.u.across.items():
            ways.setdefault(target, []).append(name)
        for target, names in ways.items():
            width = sum(self._size(name)[0] + GAP for name in names) - GAP
            left = x - width / 2
            for name in names:
                own, height = self._size(name)
                end = self.rects[target]
                self._put(name, left + own / 2, end.y + (end.height - height) / 2)
                left += own + GAP

    def _beside(self, right: float) -> None:
        """What is left stands at the left of the last box: what comes last beside it, the others in a column."""
        if not self.u.beside:
            return
        *others, nearest = self.u.beside
        last = self.rects[self.u.right[-1]]
        width, height = self._size(nearest)
        self._put(nearest, right - SIDE - width / 2, last.y + (last.height - height) / 2)
        x, y = right - SIDE - width - 2 * GAP, self.rects[nearest].y
        for name in others:
            width, height = self._size(name)
            self._put(name, x - width / 2, y)
            y += height + CAPTION + GAP

    # Lines -------------------------------------------------------------------------------------------------

    def _line(self, number: int) -> Line:
        edge = self.diagram.edges[number]
        points = self._way(edge.source, edge.target, edge.like)
        skip = edge.skip or edge.source in self.u.across or edge.target in self.u.across
        return Line(points, (number,), skip and not edge.like, edge.error, like=edge.like)

    def _way(self, source: str, target: str, like: bool) -> tuple[Point, ...]:
        a, b = self.rects[source], self.rects[target]
        left, right, bottom = set(self.u.left), set(self.u.right), set(self.u.bottom)
        if source in left and target in left:
            return _down(a, b)
        if source in left and target in bottom:
            start = (a.x + a.width / 2, a.bottom + CAPTION)
            end = (b.x, b.y + b.height / 2)
            return (start, (start[0], end[1]), (start[0], end[1]), end)
        if source in bottom and target in right:
            start = (a.right, a.y + a.height / 2)
            end = (b.x + b.width / 2, b.bottom)
            return (start, (end[0], start[1]), (end[0], start[1]), end)
        if source in right and target in right:
            return _up(a, b)
        if like and b.right <= a.x:  # the size of what stands below
            start, end = (a.x, a.y + a.height / 2), (b.x + b.width / 2, b.bottom)
            return (start, (end[0], start[1]), (end[0], start[1]), end)
        if b.right <= a.x:
            return _aside((a.x, a.y + a.height / 2), (b.right, b.y + b.height / 2))
        return _aside((a.right, a.y + a.height / 2), (b.x, b.y + b.height / 2))

    def _framed(self, lines: list[Line]) -> Drawing:
        """The picture moved into its margins."""
        dx = MARGIN - min(rect.x for rect in self.rects.values())
        dy = MARGIN - min([rect.y for rect in self.rects.values()] + [y - 8 for _, y in self.captions.values()])
        wide = [text_width(self.boxes[name].caption, SMALL) / 2 + x for name, (x, _) in self.captions.items()]
        return Drawing(
            self.diagram,
            max([rect.right for rect in self.rects.values()] + wide) + dx + MARGIN,
            max([rect.bottom + CAPTION for rect in self.rects.values()]) + dy + MARGIN,
            {name: rect.moved(dx, dy) for name, rect in self.rects.items()},
            {},
            tuple(line.moved(dx, dy) for line in lines),
            {name: (x + dx, y + dy) for name, (x, y) in self.captions.items()},
        )


def _down(a: Rect, b: Rect) -> tuple[Point, ...]:
    start = (a.x + a.width / 2, a.bottom + CAPTION)
    return (start, *straight(start, (b.x + b.width / 2, b.y)))


def _up(a: Rect, b: Rect) -> tuple[Point, ...]:
    start = (a.x + a.width / 2, a.y - CAPTION)
    return (start, *straight(start, (b.x + b.width / 2, b.bottom)))


def _aside(start: Point, end: Point) -> tuple[Point, ...]:
    """A curve that begins and ends level."""
    middle = (start[0] + end[0]) / 2
    return (start, (middle, start[1]), (middle, end[1]), end)
