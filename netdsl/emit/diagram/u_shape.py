"""Whether a network is a U: maps shrink on the way down, grow on the way up, and skips join what has one size.

It is read off the graph: no name is looked at.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from netdsl.emit.diagram.diagram import Diagram, Edge
from netdsl.emit.diagram.skips import ranks

STEP = 1.5  # a change of extent by at least this factor leads to another level
LEAST_LEVELS = 2  # with a skip across
MOST_BESIDE = 4  # boxes that belong to neither arm


@dataclass(frozen=True, slots=True)
class U:
    """The arms in the order in which values pass them; `level` says how far down each box of the trunk is.

    `across` are the boxes on skips, each with the box of the right arm that it leads to; `beside` is what is left.
    """

    left: tuple[str, ...]
    bottom: tuple[str, ...]
    right: tuple[str, ...]
    level: dict[str, int]
    across: dict[str, str]
    beside: tuple[str, ...]


def u_shape(diagram: Diagram) -> U | None:
    """The arms of a U, or None where the network is none."""
    edges = [edge for edge in diagram.edges if not edge.like]
    trunk = _trunk(diagram, edges)
    levels = _levels(trunk)
    if not levels:
        return None
    names = [trunk[0].source, *(edge.target for edge in trunk)]
    deepest = max(levels)
    first, last = levels.index(deepest), len(levels) - 1 - levels[::-1].index(deepest)
    falls = all(a <= b for a, b in itertools.pairwise(levels[: first + 1]))
    rises = all(a >= b for a, b in itertools.pairwise(levels[last:]))
    if not falls or not rises or levels[last:] == [deepest]:
        return None
    left, bottom, right = names[:first], names[first : last + 1], names[last + 1 :]
    level = dict(zip(names, levels, strict=True))
    across, joined = _across(edges, set(left), set(right), set(names), level)
    beside = tuple(box.id for box in diagram.boxes if box.id not in level and box.id not in across)
    if joined is None or len(joined) < LEAST_LEVELS or len(beside) > MOST_BESIDE:
        return None
    return U(tuple(left), tuple(bottom), tuple(right), level, across, beside)


def _trunk(diagram: Diagram, edges: list[Edge]) -> list[Edge]:
    """The longest way to the first output, as edges."""
    arriving: dict[str, list[Edge]] = {}
    for edge in edges:
        arriving.setdefault(edge.target, []).append(edge)
    rank = ranks(edges)
    at = next((box.id for box in diagram.boxes if box.id.startswith("o") and not box.aux), "")
    found: list[Edge] = []
    while arriving.get(at):
        edge = max(arriving[at], key=lambda e: rank[e.source])
        found.append(edge)
        at = edge.source
    return found[::-1]


def _levels(trunk: list[Edge]) -> list[int]:
    """How far down each box of the trunk is; empty where an extent is not known."""
    extents = [edge.extent for edge in trunk]
    if not extents or any(extent is None for extent in extents):
        return []
    known = [extent for extent in extents if extent is not None]
    levels = [0]
    for before, after in itertools.pairwise(known):
        ratio = before / after
        change = round(math.log2(ratio)) if ratio >= STEP or ratio <= 1 / STEP else 0
        levels.append(levels[-1] + change)
    return [*levels, levels[-1]]


def _across(
    edges: list[Edge], left: set[str], right: set[str], trunk: set[str], level: dict[str, int]
) -> tuple[dict[str, str], set[int] | None]:
    """The boxes on the ways from the left arm to the right one, and the levels that such ways join; None for these
    where a way leads from one level to another."""
    readers: dict[str, list[str]] = {}
    for edge in edges:
        readers.setdefault(edge.source, []).append(edge.target)
    across: dict[str, str] = {}
    joined: set[int] = set()
    for start in sorted(left):
        for between, target in _ways(start, readers, trunk, right):
            if level[target] != level[start]:
                return across, None
            joined.add(level[target])
            across.update(dict.fromkeys(between, target))
    return across, joined


def _ways(
    start: str, readers: dict[str, list[str]], trunk: set[str], right: set[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """From `start` beside the trunk to the right arm: the boxes between, each tried once, and where they lead."""
    seen: set[str] = set()
    stack: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    while stack:
        at, way = stack.pop()
        for name in readers.get(at, ()):
            if name in right:
                yield way, name
            elif name not in trunk and name not in seen:
                seen.add(name)
                stack.append((name, (*way, name)))
