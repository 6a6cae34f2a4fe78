"""Edges cut at the frames of clusters: a value enters a cluster once, at its header, and spreads inside.

Each cluster, and the whole picture, is a frame with things in it: boxes, clusters, and the doors by which values come
in and go out. So each frame is a small graph without clusters of its own, laid out alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from netdsl.emit.diagram.diagram import Diagram, Edge

Key = tuple[int, int]  # a value


class End(NamedTuple):
    """`kind` is "box", "cluster", "in" or "out"; a door has no id."""

    kind: str
    id: str = ""


@dataclass(slots=True)
class Segment:
    source: End
    target: End
    value: Key
    slot: int = -1  # where the target is a box
    edges: list[int] = field(default_factory=list)
    skip: bool = True
    like: bool = True
    error: str = ""


@dataclass(slots=True)
class Frame:
    """`things` in the order of the text."""

    id: str
    things: list[End] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def doors(self, kind: str) -> list[Key]:
        ends = ((s.source if kind == "in" else s.target, s.value) for s in self.segments)
        return list(dict.fromkeys(value for end, value in ends if end.kind == kind))


def frames(diagram: Diagram) -> dict[str, Frame]:
    """The frames by the ids of their clusters; the whole picture's is ""."""
    found = {"": Frame("")} | {cluster.id: Frame(cluster.id) for cluster in diagram.clusters}
    outer = {cluster.id: cluster.cluster for cluster in diagram.clusters}
    around = {name: _around(name, outer) for name in found}
    home = {box.id: box.cluster for box in diagram.boxes}
    placed: set[str] = set()
    for box in diagram.boxes:
        for inner, name in zip(around[box.cluster], around[box.cluster][1:], strict=False):
            if name not in placed:
                placed.add(name)
                found[inner].things.append(End("cluster", name))
        found[box.cluster].things.append(End("box", box.id))
    known: dict[tuple[object, ...], Segment] = {}
    for number, edge in enumerate(diagram.edges):
        for name, source, target in _stretches(edge, around[home[edge.source]], around[home[edge.target]]):
            slot = edge.slot if target.kind == "box" else -1
            key = (name, source, target, edge.value, slot)
            if key not in known:
                known[key] = Segment(source, target, edge.value, slot)
                found[name].segments.append(known[key])
            segment = known[key]
            segment.edges.append(number)
            segment.skip = segment.skip and edge.skip
            segment.like = segment.like and edge.like
            segment.error = segment.error or (edge.error if target.kind == "box" else "")
    return found


def _around(name: str, outer: dict[str, str]) -> list[str]:
    """The frames around, from the whole picture's to `name` itself."""
    path = [name]
    while path[-1]:
        path.append(outer[path[-1]])
    return path[::-1]


def _stretches(edge: Edge, source: list[str], target: list[str]) -> list[tuple[str, End, End]]:
    """(frame, from, to) for each frame that the edge passes."""
    same = 0
    while same < min(len(source), len(target)) and source[same] == target[same]:
        same += 1
    found = []
    start = End("box", edge.source)
    for name in reversed(source[same:]):
        found.append((name, start, End("out")))
        start = End("cluster", name)
    for name, inner in zip(target[same - 1 :], target[same:], strict=False):
        found.append((name, start, End("cluster", inner)))
        start = End("in")
    found.append((target[-1], start, End("box", edge.target)))
    return found
