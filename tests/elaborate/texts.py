"""Texts on their way through elaboration, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.graph import Graph
from netdsl.syntax.elaborate import check_program, elaborate, load
from netdsl.syntax.read import from_text, read_source

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "tests" / "syntax" / "programs").glob("*.net"))
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))


def check(text: str | Path) -> list[Diagnostic]:
    """Everything that is said about a text, or a file."""
    try:
        if isinstance(text, Path):
            return check_program(load(read_source(text), text.parent))
        return check_program(load(from_text("<text>", text), None))
    except NetdslError as error:
        return list(error.diagnostics)


def codes(text: str | Path) -> list[str]:
    """The codes of what is said about a text; one that is a block alone is applied to a map in a net."""
    if isinstance(text, str) and text.startswith("block a") and "net " not in text:
        text += "\nnet n { input x: 3x8x8; output y = x -> a }\n"
    return [d.code for d in check(text)]


def graph(text: str | Path, network: str | None = None, inputs: dict[str, Any] | None = None, **given: Any) -> Graph:
    """The graph of a text, or of a file."""
    source, root = (read_source(text), text.parent) if isinstance(text, Path) else (from_text("<text>", text), None)
    return elaborate(load(source, root), network, given, inputs or {}).graph


def paths(g: Graph) -> list[str]:
    """The keys of the state_dict, in order."""
    found: dict[str, None] = {}
    for node in g.nodes:
        if node.op is not None and node.owner:
            shapes = g.operand_shapes(node)
            for tensor in (*node.op.weights(*shapes), *node.op.buffers(*shapes)):
                found[f"{node.owner}.{tensor}" if tensor else node.owner] = None
    return list(found)


def owners(g: Graph) -> list[str]:
    """The paths of modules with state, in order, each once."""
    return list(dict.fromkeys(node.owner for node in g.nodes if node.owner))
