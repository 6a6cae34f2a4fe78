"""Graphs for tests: elaborated from netdsl text, and nothing done to them yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netdsl.graph import Graph
from netdsl.syntax.elaborate import elaborate, load
from netdsl.syntax.read import from_text, read_source


def graph(text: str | Path, network: str | None = None, **parameters: Any) -> Graph:
    """The graph of a text, or of a file."""
    if isinstance(text, Path):
        return elaborate(load(read_source(text), text.parent), network, parameters, {}).graph
    return elaborate(load(from_text("<text>", text), None), network, parameters, {}).graph
