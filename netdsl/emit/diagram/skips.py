"""Which edges are skips: they pass by something that lies on another way from their source to their target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from netdsl.emit.diagram.diagram import Edge


def mark_skips(edges: Iterable[Edge], losses: Collection[str]) -> Iterator[Edge]:
    """The same edges, skips marked; what only a loss reads passes by nothing."""
    every = list(edges)
    passing = [edge for edge in every if not edge.like]  # where only a size is read, nothing passes
    readers: dict[str, list[str]] = {}
    for edge in passing:
        readers.setdefault(edge.source, []).append(edge.target)
    rank = ranks(passing)
    for edge in every:
        far = edge.target not in losses and not edge.like and rank[edge.target] - rank[edge.source] > 1
        yield edge._replace(skip=True) if far and _leads(edge, readers, rank) else edge


def ranks(edges: Iterable[Edge]) -> dict[str, int]:
    """How many edges the longest way to each box has. The edges of a network make no circle."""
    sources: dict[str, list[str]] = {}
    readers: dict[str, list[str]] = {}
    for edge in edges:
        sources.setdefault(edge.target, []).append(edge.source)
        sources.setdefault(edge.source, [])
        readers.setdefault(edge.source, []).append(edge.target)
    waiting = {name: len(found) for name, found in sources.items()}
    ready = [name for name, count in waiting.items() if not count]
    rank = dict.fromkeys(sources, 0)
    for name in ready:
        for reader in readers.get(name, ()):
            rank[reader] = max(rank[reader], rank[name] + 1)
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    return rank


def _leads(edge: Edge, readers: dict[str, list[str]], rank: dict[str, int]) -> bool:
    """Whether another way leads from the edge's source to its target."""
    seen: set[str] = set()
    stack = [name for name in readers[edge.source] if name != edge.target]
    while stack:
        name = stack.pop()
        if name == edge.target:
            return True
        if name not in seen and rank[name] < rank[edge.target]:
            seen.add(name)
            stack += readers.get(name, ())
    return False
