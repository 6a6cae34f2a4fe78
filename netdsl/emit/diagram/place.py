"""Places for a diagram: each frame is laid out by Graphviz alone, the innermost first, and set into the one around it.

So branches keep their order, blocks that look alike are laid out once, and a network of thousands of nodes costs what
its blocks cost. Only numbers go to Graphviz: sizes, and which synthetic id leads to which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netdsl.emit.diagram.diagram import Diagram
from netdsl.emit.diagram.drawing import (
    CAPTION,
    HEADER,
    SMALL,
    STACK,
    Drawing,
    Line,
    Point,
    Rect,
    box_size,
    header_width,
)
from netdsl.emit.diagram.engine import layout
from netdsl.emit.diagram.heads import heads
from netdsl.emit.diagram.metrics import text_width
from netdsl.emit.diagram.segments import End, Frame, Key, Segment, frames
from netdsl.emit.diagram.splines import Spot, curve, cut, falling, fan, joined, landed, resting, shifted, spread
from netdsl.emit.diagram.straight import straightness
from netdsl.emit.diagram.u_place import MARGIN, u_place
from netdsl.emit.diagram.u_shape import u_shape

INSET = 10.0  # of a frame's things from its border
NODE_GAP, RANK_GAP = 20, 24
PORTS = {"TB": "tailport=s, headport=n", "LR": "tailport=e, headport=w"}
MOST_WIDENED = 90.0  # pixels by which a frame grows to have its door in the middle


@dataclass(slots=True)
class Laid:
    """A frame laid out: its size, and what is in it, from its own corner."""

    width: float
    height: float
    boxes: dict[str, Rect]
    captions: dict[str, Point]
    clusters: dict[str, Rect]
    lines: list[Line]
    doors: dict[tuple[str, Key], Point]  # where values cross its border

    def moved(self, dx: float, dy: float) -> Laid:
        return Laid(
            self.width,
            self.height,
            {name: rect.moved(dx, dy) for name, rect in self.boxes.items()},
            {name: (x + dx, y + dy) for name, (x, y) in self.captions.items()},
            {name: rect.moved(dx, dy) for name, rect in self.clusters.items()},
            [line.moved(dx, dy) for line in self.lines],
            {key: (x + dx, y + dy) for key, (x, y) in self.doors.items()},
        )


def place(diagram: Diagram, direction: str = "TB") -> Drawing:
    """The picture; `direction` is TB (top to bottom) or LR (left to right). Raises NetdslError N741."""
    if direction == "TB" and (u := u_shape(diagram)) is not None:
        return u_place(diagram, u)
    found = _Placing(diagram, direction).frame("").moved(MARGIN, MARGIN)
    width, height = found.width + 2 * MARGIN, found.height + 2 * MARGIN
    return Drawing(diagram, width, height, found.boxes, found.clusters, tuple(found.lines), found.captions)


class _Placing:
    def __init__(self, diagram: Diagram, direction: str) -> None:
        self.diagram, self.direction = diagram, direction
        self.frames = frames(diagram)
        self.boxes = {box.id: box for box in diagram.boxes}
        self.clusters = {cluster.id: cluster for cluster in diagram.clusters}
        self.losses = frozenset(End("box", box.id) for box in diagram.boxes if box.loss)
        self.laid: dict[str, Laid] = {}
        self.known: dict[str, dict[str, object]] = {}

    def frame(self, name: str) -> Laid:
        if name in self.laid:
            return self.laid[name]
        frame = self.frames[name]
        for thing in frame.things:
            if thing.kind == "cluster":
                self.frame(thing.id)
        laid = self._laid(frame)
        self.laid[name] = centred(laid) if name and self.direction == "TB" else laid
        return self.laid[name]

    def _size(self, thing: End) -> tuple[float, float]:
        """What a thing takes, its caption included."""
        if thing.kind == "cluster":
            return self.laid[thing.id].width, self.laid[thing.id].height
        box = self.boxes[thing.id]
        width, height = box_size(box)
        sheet = STACK if box.times > 1 else 0.0
        label = text_width(box.caption, SMALL)
        if self.direction == "LR":
            return width + sheet + (label + 12 if label else 0), height + sheet
        return max(width, label) + 2 * sheet, height + sheet + (CAPTION if label else 0)

    # One frame ---------------------------------------------------------------------------------------------

    def _laid(self, frame: Frame) -> Laid:
        ids = {thing: f"c{i}" for i, thing in enumerate(frame.things)}
        doors = {(kind, value): f"{kind}{i}" for kind in ("in", "out") for i, value in enumerate(frame.doors(kind))}
        text, joints = self._dot(frame, ids, doors)
        if text not in self.known:
            self.known[text] = layout(text)
        found = self.known[text]
        objects = {entry["name"]: entry for entry in found.get("objects", ())}  # type: ignore[attr-defined]
        high = float(str(found["bb"]).split(",")[3])
        spots = {name: Spot.read(entry, high) for name, entry in objects.items() if "pos" in entry}
        curves: dict[str, tuple[Point, ...]] = {}
        for edge in found.get("edges", ()):  # type: ignore[attr-defined]
            if edge.get("id"):
                curves[edge["id"]] = curve(edge["pos"], high)
        return self._composed(frame, ids, doors, joints, spots, curves)

    def _dot(self, frame: Frame, ids: dict[End, str], doors: dict[tuple[str, Key], str]) -> tuple[str, dict[int, str]]:
        lines = [
            "digraph {",
            f"graph [rankdir={self.direction}, nodesep={NODE_GAP / 72:.4f}, ranksep={RANK_GAP / 72:.4f}]",
            'node [shape=box, fixedsize=true, label=""]',
            f"edge [arrowhead=none, {PORTS[self.direction]}]",
        ]
        for thing, name in ids.items():
            width, height = self._size(thing)
            lines.append(f"{name} [width={width / 72:.4f}, height={height / 72:.4f}]")
        lines += [f"{name} [width=0.02, height=0.02]" for name in doors.values()]
        for kind, rank in (("in", "source"), ("out", "sink")):
            names = [name for (k, _), name in doors.items() if k == kind]
            if names:
                lines.append(f"{{rank={rank}; {' -> '.join(names)}{' [style=invis]' if len(names) > 1 else ''}}}")
        orders, empty = heads(self.diagram, frame)
        joints: dict[int, str] = {}
        weights = straightness(frame, self.losses)
        for i, segment in enumerate(frame.segments):
            source, target = _ends(segment, ids, doors)
            weight = weights[i]
            if i in empty:
                joints[i] = f"j{i}"
                lines.append(f"j{i} [width=0.02, height=0.02]")
                lines.append(f"{source} -> j{i} [id=e{i}a, weight={weight}]")
                lines.append(f"j{i} -> {target} [id=e{i}b, weight={weight}]")
            else:
                lines.append(f"{source} -> {target} [id=e{i}, weight={weight}]")
        for order in orders:
            names = [ids[each] if isinstance(each, End) else joints[each] for each in order]
            lines.append(f"{{rank=same; {' -> '.join(names)} [style=invis]}}")
        return "\n".join([*lines, "}"]), joints

    def _composed(
        self,
        frame: Frame,
        ids: dict[End, str],
        doors: dict[tuple[str, Key], str],
        joints: dict[int, str],
        spots: dict[str, Spot],
        curves: dict[str, tuple[Point, ...]],
    ) -> Laid:
        across = self.direction == "TB"
        dx = INSET if frame.id else 0.0
        dy = HEADER + (0.0 if across or not frame.id else INSET) if frame.id else 0.0
        rects = {thing: spots[name].rect.moved(dx, dy) for thing, name in ids.items()}
        at = {key: (spots[name].x + dx, spots[name].y + dy) for key, name in doors.items()}
        bends = {name: tuple((x + dx, y + dy) for x, y in points) for name, points in curves.items()}
        width, height = self._extent(frame, rects.values(), bends.values())
        border = {key: _border(key[0], point, width, height, across) for key, point in at.items()}
        one_door = len(frame.doors("in")) == 1
        lines = []
        for i, segment in enumerate(frame.segments):
            first = bends[f"e{i}a"] if i in joints else bends[f"e{i}"]
            rest = bends[f"e{i}b"] if i in joints else ()
            first = shifted(first, self._door(segment.source, "out", segment.value, rects), None, across)
            if segment.source.kind == "in":
                first = fan(first, border["in", segment.value], rects.values(), across, one=one_door)
            points = joined(first, rest)
            points = shifted(points, None, self._door(segment.target, "in", segment.value, rects), across)
            if segment.target.kind == "box":
                points = landed(points, rects[segment.target], across)
            if segment.target.kind == "out":
                points = cut(points, border["out", segment.value], across)
            arrow = segment.target.kind != "out"
            lines.append(Line(points, tuple(segment.edges), segment.skip, segment.error, arrow, segment.like))
        lines = spread(lines, [rects.get(segment.target) for segment in frame.segments], across)
        outside = {key: _outer(key[0], point, across) for key, point in border.items()}
        laid = Laid(width, height, {}, {}, {}, lines, outside)
        for thing, rect in rects.items():
            self._set(laid, thing, rect)
        return bars(laid, frame, rects) if across else laid

    def _extent(self, frame: Frame, rects: Iterable[Rect], curves: Iterable[tuple[Point, ...]]) -> tuple[float, float]:
        """The size of a frame around what is in it; doors out are drawn up to the border."""
        inset = INSET if frame.id else 0.0
        every = list(rects)
        right = max([rect.right for rect in every], default=0.0)
        bottom = max([rect.bottom for rect in every], default=0.0)
        for points in curves:
            if self.direction == "TB":
                right = max([right, *(x for x, _ in points)])
            else:
                bottom = max([bottom, *(y for _, y in points)])
        least = header_width(self.clusters[frame.id]) + 2 if frame.id else 0.0
        return max(right + inset, least), bottom + inset

    def _set(self, laid: Laid, thing: End, rect: Rect) -> None:
        """Put a thing where its room is: a box with its caption, or a cluster with all that it holds."""
        if thing.kind == "cluster":
            inner = self.laid[thing.id].moved(rect.x, rect.y)
            laid.clusters[thing.id] = rect
            laid.boxes.update(inner.boxes)
            laid.captions.update(inner.captions)
            laid.clusters.update(inner.clusters)
            laid.lines += inner.lines
            return
        box = self.boxes[thing.id]
        width, height = box_size(box)
        if self.direction == "TB":
            found = Rect(rect.x + (rect.width - width) / 2, rect.y, width, height)
        else:
            found = Rect(rect.x, rect.y + (rect.height - height) / 2, width, height)
        laid.boxes[thing.id] = found
        if box.caption:
            x, y = caption(found, box.caption, self.direction)
            laid.captions[thing.id] = (x, y + STACK) if box.times > 1 and self.direction == "TB" else (x, y)

    def _door(self, end: End, kind: str, value: Key, rects: dict[End, Rect]) -> Point | None:
        if end.kind != "cluster":
            return None
        x, y = self.laid[end.id].doors[kind, value]
        return rects[end].x + x, rects[end].y + y


def _ends(segment: Segment, ids: dict[End, str], doors: dict[tuple[str, Key], str]) -> tuple[str, str]:
    source = doors["in", segment.value] if segment.source.kind == "in" else ids[segment.source]
    target = doors["out", segment.value] if segment.target.kind == "out" else ids[segment.target]
    return source, target


def caption(box: Rect, shape: str, direction: str) -> Point:
    """The middle of a box's shape."""
    if direction == "LR":
        return box.right + text_width(shape, SMALL) / 2 + 6, box.y + box.height / 2
    return box.x + box.width / 2, box.bottom + CAPTION / 2 + 1


def _border(kind: str, point: Point, width: float, height: float, across: bool) -> Point:
    """Where a value crosses the border, as seen from inside: below the header where it comes in from above."""
    x, y = point
    if across:
        return (x, HEADER) if kind == "in" else (x, height)
    return (0.0, y) if kind == "in" else (width, y)


BAR = 18.0  # of a merge beyond the lines that fall on it


def bars(laid: Laid, frame: Frame, rects: dict[End, Rect]) -> Laid:
    """The same frame with its merges as wide as what falls on them, where there is room: then lines are straight."""
    arriving: dict[End, list[int]] = {}
    for i, segment in enumerate(frame.segments):
        if segment.target.kind == "box" and segment.target in rects:
            arriving.setdefault(segment.target, []).append(i)
    for target, numbers in arriving.items():
        rect = laid.boxes[target.id]
        others = [room for thing, room in rects.items() if thing != target]
        falls = {i: _falls(laid.lines[i], rect.y, others) for i in numbers}
        straight = [x for x in falls.values() if x is not None]
        if len(numbers) < 2 or len(set(straight)) < 2:
            continue
        left, right = min(rect.x, min(straight) - BAR), max(rect.right, max(straight) + BAR)
        wide = Rect(left, rect.y, right - left, rect.height)
        if right > laid.width or left < 0 or any(wide.meets(room) for room in others):
            continue
        laid.boxes[target.id] = wide
        for i, x in falls.items():
            if x is not None:
                laid.lines[i] = laid.lines[i]._replace(points=falling(laid.lines[i].points, x, rect.y))
    return laid


def _falls(line: Line, y: float, others: list[Rect]) -> float | None:
    """Where a line comes down if it comes straight: from its start, or from its joint, where it has one."""
    x, top = resting(line.points)
    down = Rect(x - 3, top + 1, 6, y - top - 2)
    return x if y > top and not any(down.meets(room) for room in others) else None


def centred(laid: Laid) -> Laid:
    """The same frame, widened on one side so that its one value goes out in the middle, unless that takes much.

    A value that comes in alone comes in the middle too: the whole header is its door.
    """
    goes_out = [x for (kind, _), (x, _) in laid.doors.items() if kind == "out"]
    wider = laid.width - 2 * goes_out[0] if len(goes_out) == 1 else 0.0
    if abs(wider) <= MOST_WIDENED:
        laid = _widened(laid, wider)
    comes_in = [key for key in laid.doors if key[0] == "in"]
    if len(comes_in) == 1:
        laid.doors[comes_in[0]] = (laid.width / 2, 0.0)
    return laid


def _widened(laid: Laid, by: float) -> Laid:
    """Wider by `by` at the left, or, where it is negative, at the right."""
    found = laid.moved(max(by, 0.0), 0.0)
    found.width += abs(by)
    return found


def _outer(kind: str, point: Point, across: bool) -> Point:
    """The same as seen from outside: the header's upper edge."""
    return (point[0], 0.0) if across and kind == "in" else point
