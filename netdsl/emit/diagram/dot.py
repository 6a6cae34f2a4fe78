"""The diagram as DOT, for a Graphviz of the reader's own.

Ids are synthetic and every text is quoted with nothing left in it that DOT reads: no label becomes HTML, an escape
or a port.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.emit.diagram.diagram import Box, Branches, Diagram, Outline
from netdsl.emit.diagram.drawing import box_rows, header_text
from netdsl.emit.diagram.heads import first
from netdsl.emit.diagram.labels import shortened
from netdsl.emit.diagram.palette import LIGHT

LONGEST = 400  # characters of a line: Graphviz reads no string past 16 KiB


def to_dot(diagram: Diagram, direction: str = "TB") -> str:
    """The whole file; shapes stand on the edges, what passes by a layer is dashed."""
    return "\n".join(_file(diagram, direction)) + "\n"


def quoted(*lines: str) -> str:
    """Lines of text as one DOT string that shows them as they are."""
    plain = (shortened(line, LONGEST).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(plain) + '"'


def _file(diagram: Diagram, direction: str) -> Iterator[str]:
    yield "// Written by netdsl."
    yield "digraph {"
    yield f"  graph [rankdir={direction}, label={quoted(diagram.title)}, labelloc=t, fontname=Helvetica, compound=true]"
    yield "  node [shape=box, style=filled, fontname=Helvetica, fontsize=12, margin=0.1]"
    yield "  edge [fontname=Helvetica, fontsize=10]"
    boxes = {box.id: box for box in diagram.boxes}
    yield from _inside(diagram, boxes, diagram.outline[""], "  ")
    for edge in diagram.edges:
        style = "dotted" if edge.like else "dashed" if edge.skip else ""
        label = f"{edge.shape} {edge.error}".strip() if edge.error else edge.shape
        attributes = [f"label={quoted(label)}"]
        attributes += [f"style={style}"] if style else []
        attributes += [f"color={quoted(LIGHT.error)}"] if edge.error else []
        yield f"  {edge.source} -> {edge.target} [{', '.join(attributes)}]"
    yield "}"


def _inside(diagram: Diagram, boxes: dict[str, Box], outline: Outline, indent: str) -> Iterator[str]:
    clusters = {cluster.id: cluster for cluster in diagram.clusters}
    for item in outline:
        if isinstance(item, Branches):
            for branch in item.branches:
                yield from _inside(diagram, boxes, branch, indent)
            yield from _inside(diagram, boxes, (item.merge,), indent)
            heads = [head for branch in item.branches if (head := first(branch)) in boxes]
            if len(heads) > 1:  # Graphviz sorts branches as it likes, unless it is led
                yield f"{indent}{{rank=same; {' -> '.join(str(head) for head in heads)} [style=invis]}}"
        elif item in boxes:
            yield f"{indent}{item} [{_box(boxes[item])}]"
        else:
            yield f"{indent}subgraph cluster_{item} {{"
            yield f"{indent}  label={quoted(' '.join(text for text in header_text(clusters[item]) if text))}"
            yield f"{indent}  labeljust=l; style=filled; fillcolor={quoted(LIGHT.frame)}; color={quoted(LIGHT.border)}"
            yield from _inside(diagram, boxes, diagram.outline[item], indent + "  ")
            yield f"{indent}}}"


def _box(box: Box) -> str:
    rows = [" ".join(text for text in row if text) for row in box_rows(box)]
    shape = ", shape=ellipse" if box.kind == "data" else ", peripheries=2" if box.closed else ""
    color = LIGHT.error if any(part.error for part in box.parts) else LIGHT.bars[box.kind]
    return f"label={quoted(*rows)}, fillcolor={quoted(LIGHT.tints[box.kind])}, color={quoted(color)}{shape}"
