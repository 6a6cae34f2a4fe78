"""Paths: what the trace calls things is what the graph calls them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.graph import Graph
from netdsl.scope import Apply, Invoke, Join, Region, Share, Step
from netdsl.verify.trace import regions, whole


def paths_follow_the_trace(graph: Graph) -> Iterator[str]:
    """A module's path is made of the names on the way to it; what is shared stands where it was declared."""
    for place in _placed(graph):
        if isinstance(place.step, Apply) and place.step.owner and place.step.owner != place.path:
            yield f"`{place.step.owner}` stands at `{place.path}`"


def siblings_differ(graph: Graph) -> Iterator[str]:
    """Two modules, or containers of modules, in one container have two names, unless they share."""
    found: dict[tuple[int, str], Step] = {}
    for path, container, _, step in _placed(graph):
        module = step.owner if isinstance(step, Apply) else regions(step) or isinstance(step, Share)
        if module and step.name and _share(step) is None:
            other = found.setdefault((container, step.name), step)
            if other is not step:
                yield f"`{path}` is at {other.site} and at {step.site}"


def chains_are_numbered(graph: Graph) -> Iterator[str]:
    """In a chain the names that are numbers ascend, as in nn.Sequential."""
    last: dict[int, int] = {}
    for place in _placed(graph):
        if place.region.chain and place.step.name.isdigit() and _share(place.step) is None:
            number = int(place.step.name)
            if number <= last.get(place.container, -1):
                yield f"`{place.path}` comes after number {last[place.container]}"
            last[place.container] = number


class _Place(NamedTuple):
    """`path` is the step's own, or its container's where it has no name; `container` tells containers apart."""

    path: str
    container: int
    region: Region
    step: Step


def _placed(graph: Graph) -> list[_Place]:
    places: list[_Place] = []
    shared: dict[int, str] = {}
    for region in whole(graph):
        _place(region, "", id(graph.root), shared, places)
    return places


def _place(region: Region, prefix: str, container: int, shared: dict[int, str], places: list[_Place]) -> None:
    for step in region.steps:
        share = _share(step)
        if share is not None:
            path = shared.get(id(share), "?")
        else:
            path = f"{prefix}.{step.name}" if prefix and step.name else prefix or step.name
        if type(step) is Share:
            shared[id(step)] = path
        places.append(_Place(path, container, region, step))
        inner = id(step) if step.name and type(step) is not Apply else container
        for part in regions(step):
            _place(part, path, inner, shared, places)
        if type(step) is Join:
            places.append(_Place(path, inner, region, step.apply))


def _share(step: Step) -> Share | None:
    return step.share if type(step) is Apply or type(step) is Invoke else None
