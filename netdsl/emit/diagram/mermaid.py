"""The diagram as Mermaid, which GitHub draws in a README.

Ids are synthetic; in texts every character that Mermaid may read is written as its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.emit.diagram.diagram import Box, Branches, Diagram, Outline
from netdsl.emit.diagram.drawing import box_rows, header_text
from netdsl.emit.diagram.palette import LIGHT

_PLAIN = frozenset(" .,+/_-=()×…")


def to_mermaid(diagram: Diagram, direction: str = "TB") -> str:
    """The whole chart."""
    return "\n".join(_file(diagram, direction)) + "\n"


def quoted(text: str) -> str:
    """Text in quotes, as Mermaid's label that shows it as it is."""
    return '"' + "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text) + '"'


def _file(diagram: Diagram, direction: str) -> Iterator[str]:
    yield "%% Written by netdsl."
    yield f"flowchart {direction}"
    boxes = {box.id: box for box in diagram.boxes}
    clusters = {c.id: " ".join(text for text in header_text(c) if text) for c in diagram.clusters}
    yield from _inside(diagram, boxes, clusters, diagram.outline[""], "  ")
    for edge in diagram.edges:
        label = f"{edge.shape} {edge.error}".strip()
        arrow = "-.->" if edge.skip or edge.like else "-->"
        yield f"  {edge.source} {arrow}{f'|{quoted(label)}|' if label else ''} {edge.target}"
    for kind in sorted(diagram.kinds()):
        yield f"  classDef k_{kind} fill:{LIGHT.tints[kind]},stroke:{LIGHT.bars[kind]},color:{LIGHT.text}"
    yield f"  classDef bad stroke:{LIGHT.error},stroke-width:3px"
    for kind in sorted({box.kind for box in diagram.boxes}):
        yield f"  class {','.join(box.id for box in diagram.boxes if box.kind == kind)} k_{kind}"
    bad = [box.id for box in diagram.boxes if any(part.error for part in box.parts)]
    if bad:
        yield f"  class {','.join(bad)} bad"


def _inside(
    diagram: Diagram, boxes: dict[str, Box], clusters: dict[str, str], outline: Outline, indent: str
) -> Iterator[str]:
    for item in outline:
        if isinstance(item, Branches):
            for branch in item.branches:
                yield from _inside(diagram, boxes, clusters, branch, indent)
            yield from _inside(diagram, boxes, clusters, (item.merge,), indent)
        elif item in boxes:
            box = boxes[item]
            text = "<br/>".join(quoted(" ".join(t for t in row if t))[1:-1] for row in box_rows(box))
            opening, closing = ("([", "])") if box.kind == "data" else ("[[", "]]") if box.closed else ("[", "]")
            yield f'{indent}{item}{opening}"{text}"{closing}'
        else:
            yield f"{indent}subgraph {item} [{quoted(clusters[item])}]"
            yield from _inside(diagram, boxes, clusters, diagram.outline[item], indent + "  ")
            yield f"{indent}end"
