"""Drawings as files: a graph's, or any diagram's, in every format that there is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.graph import Graph
from netdsl.traffic import BYTES

if TYPE_CHECKING:
    from netdsl.emit.diagram import Diagram


def draw_graph(
    graph: Graph,
    path: str | os.PathLike[str] | None,
    *,
    format: str | None,
    depth: int | None,
    fold: bool,
    direction: str,
    theme: str,
    force: bool,
) -> bytes:
    """What `Network.draw` does, also for the part of a network that is not broken."""
    from netdsl.analysis.cells import facts
    from netdsl.analysis.summary import summarise
    from netdsl.emit.diagram import FORMATS, diagram, emit_diagram
    from netdsl.emit.page import page

    chosen = _chosen(path, format, (*FORMATS, "html"), direction, theme)
    if chosen == "html":
        if fold or direction != "TB" or graph.plan is not None:
            raise ValueError(
                "a page folds as its reader likes, runs downwards and shows the network as written: "
                "it takes no `fold`, `direction` and `fused`"
            )
        data = page(graph, facts(summarise(graph, broken=bool(graph.broken))), depth, theme).encode("utf-8")
    else:
        found = diagram(graph, depth=depth, fold=fold)
        if graph.plan is not None:
            found = _priced(found, graph)
        data = emit_diagram(found, chosen, direction, theme, graph.source.short_name)
    return _written(data, chosen, path, graph, force)


def _priced(found: Diagram, fused: Graph) -> Diagram:
    """The diagram of kernels, with what each computes and moves; as it is where the sizes of inputs are not known."""
    from netdsl.plan.roofline import work
    from netdsl.plan.table import amount

    if not all(isinstance(extent, int) for number in fused.inputs for extent in fused.nodes[number].shape):
        return found
    each = work(fused, 1, BYTES["fp16"])
    boxes = []
    for box in found.boxes:
        inside = [each[number] for number in {n for part in box.parts for n in part.nodes} if number in each]
        flops, moved = sum(done.flops for done in inside), sum(done.bytes for done in inside)
        told = f"{amount(flops, 'FLOP')}, {amount(moved, 'B')}" if flops else amount(moved, "B")
        notes = (box.note, told + (" in all" if box.times > 1 else "") if inside else "")
        boxes.append(replace(box, note="; ".join(filter(None, notes))))
    meaning = "in each box: the operations and the bytes moved for one sample in fp16"
    return replace(found, boxes=tuple(boxes), notes=(*found.notes, meaning))


def draw_diagram(
    found: Diagram,
    graph: Graph,
    path: str | os.PathLike[str] | None,
    *,
    format: str | None,
    direction: str,
    theme: str,
    force: bool,
) -> bytes:
    """The bytes of a diagram's file, written to `path` where one is given; `graph` says what text it is of."""
    from netdsl.emit.diagram import FORMATS, emit_diagram

    chosen = _chosen(path, format, FORMATS, direction, theme)
    return _written(emit_diagram(found, chosen, direction, theme, graph.source.short_name), chosen, path, graph, force)


def _chosen(
    path: str | os.PathLike[str] | None, format: str | None, formats: tuple[str, ...], direction: str, theme: str
) -> str:
    """The format: as it is given, as the path ends, else svg. ValueError where a setting is none that there is."""
    from netdsl.emit.diagram import DIRECTIONS, THEMES

    chosen = format or (Path(path).suffix.lower().lstrip(".") if path is not None else "svg")
    for value, known in ((chosen, formats), (direction, DIRECTIONS), (theme, THEMES)):
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return chosen


def _written(data: bytes, format: str, path: str | os.PathLike[str] | None, graph: Graph, force: bool) -> bytes:
    """The bytes of a drawing, written to `path` where one is given."""
    from netdsl.files import BANNER, write_generated

    if path is not None:
        signed = f"# {BANNER} from {graph.source.short_name}.\n".encode() if format == "txt" else b""
        write_generated(Path(path), signed + data, force=force, source=graph.source.path)
    return data
