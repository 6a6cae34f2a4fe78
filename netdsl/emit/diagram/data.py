"""The diagram as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

from netdsl.emit.diagram.diagram import Box, Diagram


def to_json(diagram: Diagram) -> str:
    """One object: `boxes` with their parts, `clusters`, `edges`; all in the order of the text."""
    return json.dumps(as_dict(diagram), ensure_ascii=False, indent=1) + "\n"


def as_dict(diagram: Diagram) -> dict[str, Any]:
    """What `to_json` writes."""
    return {
        "generator": "Written by netdsl",
        "network": diagram.name,
        "title": diagram.title,
        "boxes": [_box(box) for box in diagram.boxes],
        "clusters": [
            {
                "id": c.id,
                "block": c.block,
                "name": c.name,
                "call": c.call,
                "cluster": c.cluster,
                "times": c.times,
                "line": c.line,
            }
            for c in diagram.clusters
        ],
        "edges": [
            {
                "source": e.source,
                "target": e.target,
                "shape": e.shape,
                "slot": e.slot,
                "skip": e.skip,
                "like": e.like,
                "error": e.error,
            }
            for e in diagram.edges
        ],
        "notes": list(diagram.notes),
    }


def _box(box: Box) -> dict[str, Any]:
    return {
        "id": box.id,
        "cluster": box.cluster,
        "block": box.block,
        "times": box.times,
        "shape": box.shape,
        "note": box.note,
        "parts": [
            {
                "name": part.name,
                "label": part.label,
                "kind": part.kind,
                "nodes": list(part.nodes),
                "line": part.line,
                "error": part.error,
            }
            for part in box.parts
        ],
    }
