"""The order of branches: their first things stand in one row, from left to right as in the text."""

from __future__ import annotations

from netdsl.emit.diagram.diagram import Diagram, Outline
from netdsl.emit.diagram.segments import End, Frame


def heads(diagram: Diagram, frame: Frame) -> tuple[list[list[End | int]], set[int]]:
    """The rows of a frame, and which of its segments get a joint of their own in a row.

    An entry of a row is a thing, or the number of the segment that is all of an empty branch.
    """
    lifted = _lifted(diagram, frame)
    readers: dict[End, set[End]] = {}
    for segment in frame.segments:
        readers.setdefault(segment.source, set()).add(segment.target)
    rows: list[list[End | int]] = []
    joints: set[int] = set()
    for branches, merge in diagram.branches():
        if lifted.get(merge) != End("box", merge):
            continue
        row: list[End | int] = []
        for slot, branch in enumerate(branches):
            head = first(branch)
            if head is None:
                row += [i for i, s in enumerate(frame.segments) if s.target == End("box", merge) and s.slot == slot]
            elif head in lifted:
                row.append(lifted[head])
        if len(row) < 2 or len(set(row)) < len(row) or _related(row, readers):
            continue
        rows.append(row)
        joints |= {entry for entry in row if isinstance(entry, int)}
    return rows, joints


def _lifted(diagram: Diagram, frame: Frame) -> dict[str, End]:
    """Each box to the thing of the frame that it is in."""
    outer = {cluster.id: cluster.cluster for cluster in diagram.clusters}
    found = {name: End("cluster", name) for name, around in outer.items() if around == frame.id}
    for box in diagram.boxes:
        thing, around = End("box", box.id), box.cluster
        while around != frame.id and around:
            thing, around = End("cluster", around), outer[around]
        if around == frame.id:
            found[box.id] = thing
    return found


def first(outline: Outline) -> str | None:
    """The id of what an outline begins with."""
    for item in outline:
        if isinstance(item, str):
            return item
        found = next((head for branch in item.branches if (head := first(branch)) is not None), None)
        return item.merge if found is None else found
    return None


def _related(row: list[End | int], readers: dict[End, set[End]]) -> bool:
    """Whether a thing of the row leads to another: then they cannot stand beside one another."""
    things = {entry for entry in row if isinstance(entry, End)}
    for thing in things:
        seen: set[End] = set()
        stack = list(readers.get(thing, ()))
        while stack:
            each = stack.pop()
            if each in things:
                return True
            if each not in seen:
                seen.add(each)
                stack += readers.get(each, ())
    return False
