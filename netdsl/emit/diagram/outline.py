"""The diagram as a tree for the terminal: blocks open to the right, branches hang side by side, shapes at the right.

What a box reads is said where it is not simply what stands before it: `← layer1.0 and crop`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.emit.diagram.diagram import Box, Branches, Diagram, Edge, Outline
from netdsl.emit.diagram.drawing import header_text

WIDEST = 76  # where the shapes stand at most


class Row(NamedTuple):
    text: str
    shape: str


def to_outline(diagram: Diagram) -> str:
    """The whole tree."""
    rows = list(_Tree(diagram).rows(diagram.outline[""], "", None))
    column = min(max((len(row.text) for row in rows), default=0) + 2, WIDEST)
    lines = [f"{row.text:{column}}  {row.shape}".rstrip() if row.shape else row.text for row in rows]
    return "\n".join([diagram.title, *lines, *(f"note: {note}" for note in diagram.notes)]) + "\n"


class _Tree:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.boxes = {box.id: box for box in diagram.boxes}
        self.clusters = {cluster.id: cluster for cluster in diagram.clusters}
        self.arriving: dict[str, list[Edge]] = {}
        for edge in diagram.edges:
            self.arriving.setdefault(edge.target, []).append(edge)

    def rows(self, outline: Outline, indent: str, before: str | None) -> Iterator[Row]:
        """`before` is the box whose value flows in, where there is one."""
        for item in outline:
            if isinstance(item, Branches):
                yield from self._branches(item, indent, before)
                before = item.merge
            elif item in self.boxes:
                yield from self._box(self.boxes[item], indent, before)
                before = item
            else:
                name, call = header_text(self.clusters[item])
                yield Row(f"{indent}{'  '.join(text for text in (name, call) if text)}", "")
                yield from self.rows(self.diagram.outline[item], indent + "    ", before)
                before = self._last(self.diagram.outline[item])

    def _branches(self, found: Branches, indent: str, before: str | None) -> Iterator[Row]:
        for branch in found.branches:
            rows = list(self.rows(branch, "", before)) or [Row("(what came in)", "")]
            for i, row in enumerate(rows):
                yield Row(f"{indent}{'├─ ' if i == 0 else '│  '}{row.text}", row.shape)
        ends = [self._last(branch) or before for branch in found.branches]
        yield from self._box(self.boxes[found.merge], f"{indent}╰▸ ", *ends)

    def _box(self, box: Box, indent: str, *before: str | None) -> Iterator[Row]:
        texts = [_told(box, i) for i in range(len(box.parts))]
        reads = [edge for edge in self.arriving.get(box.id, ()) if edge.source not in before]
        text = " · ".join(texts)
        if reads:
            text += f"  ← {', '.join(dict.fromkeys(self._name(edge.source) for edge in reads))}"
        text += f"  ({box.note})" if box.note else ""
        yield Row(indent + text, box.shape)

    def _name(self, box_id: str) -> str:
        box = self.boxes[box_id]
        return box.parts[-1].name or box.parts[-1].label

    def _last(self, outline: Outline) -> str | None:
        """The box that an outline ends in."""
        if not outline:
            return None
        item = outline[-1]
        if isinstance(item, Branches):
            return item.merge
        return item if item in self.boxes else self._last(self.diagram.outline[item])


def _told(box: Box, number: int) -> str:
    part = box.parts[number]
    times = f" ×{box.times}" if box.times > 1 and number == len(box.parts) - 1 else ""
    error = f" [{part.error}]" if part.error else ""
    name = part.shown
    if box.kind == "data":
        return f"{part.label}{f' ({name})' if name else ''}"
    return f"{f'{name}: ' if name and name != part.label else ''}{part.label}{times}{error}"
