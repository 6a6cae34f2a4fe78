"""How straight each edge is to be: the trunk of a network goes straight down, and what leaves it bends."""

from __future__ import annotations

from collections import Counter

from netdsl.emit.diagram.segments import End, Frame, Segment

LOSS, SKIP, FORK, BRANCH, CHAIN = 0, 1, 8, 16, 60  # Graphviz's weights


def straightness(frame: Frame, losses: frozenset[End]) -> list[int]:
    """A weight for each segment of a frame; `losses` are what only training reads, which pulls at nothing.

    The edges of a chain are straight, and of several that leave one value the one with the longest way before it.
    """
    onward = _onward(frame.segments)
    entering = Counter(segment.target for segment in frame.segments)
    readers: dict[object, list[int]] = {}
    for segment in frame.segments:
        readers.setdefault((segment.source, segment.value), []).append(onward[segment.target])
    found = []
    for segment in frame.segments:
        ways = readers[segment.source, segment.value]
        first = onward[segment.target] == max(ways) and ways.count(max(ways)) == 1
        if segment.target in losses:
            found.append(FORK if _own(segment.source, frame, losses) else LOSS)
        elif segment.skip:
            found.append(SKIP)
        elif first and (entering[segment.target] == 1 or len(ways) > 1):
            found.append(CHAIN)
        else:
            found.append(BRANCH if len(ways) > 1 and max(ways) > onward[segment.target] else FORK)
    return found


def _own(source: End, frame: Frame, losses: frozenset[End]) -> bool:
    """Whether nothing but losses reads `source`, as it is with targets."""
    return all(segment.target in losses for segment in frame.segments if segment.source == source)


def _onward(segments: list[Segment]) -> dict[End, int]:
    """How many edges the longest way from each end has. A cluster may lead back to itself; that counts no further."""
    readers: dict[End, list[End]] = {}
    for segment in segments:
        readers.setdefault(_named(segment.source, segment), []).append(_named(segment.target, segment))
    found: dict[End, int] = {}
    begun: set[End] = set()
    for start in readers:
        stack = [start]
        while stack:
            end = stack[-1]
            waiting = [] if end in begun else [each for each in readers.get(end, ()) if each not in begun]
            begun.add(end)
            if waiting:
                stack += waiting
                continue
            found[end] = max((found.get(each, 0) + 1 for each in readers.get(end, ())), default=0)
            stack.pop()
    return found | {segment.target: found[_named(segment.target, segment)] for segment in segments}


def _named(end: End, segment: Segment) -> End:
    """Doors told apart by their values."""
    return End(end.kind, str(segment.value)) if end.kind in ("in", "out") else end
