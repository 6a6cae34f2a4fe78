"""What stays of a graph whatever things are called and in whatever order they were said."""

from __future__ import annotations

from typing import Any

from netdsl.graph import Graph, leaves
from netdsl.ops.op import Op
from netdsl.scope import Value

DRAWING = ("dropout", "drop_path", "noise")  # twice is not the same as once


def canonical(graph: Graph, without: tuple[str, ...] = (), once: bool = False) -> list[Any]:
    """The nodes from the outputs and the loss backwards, numbered as they are met: operator, operands, which module.

    Operators named in `without` count as their operand. With `once`, what is computed several times from the same
    operands, by an operator without weights or by one module, counts as one node.
    """
    numbers: dict[int, int] = {}
    same: dict[Any, int] = {}
    owners: dict[str, int] = {}
    found: list[Any] = []

    def visit(value: Value) -> Any:
        node = graph.nodes[value.node]
        if node.op is not None and node.op.name in without:
            return visit(node.operands[0])
        if node.number not in numbers:
            operands = tuple(visit(operand) for operand in node.operands)
            owner = owners.setdefault(node.owner, len(owners)) if node.owner else None
            line = (said(node.op) if node.op else node.role, operands, owner, tuple(map(tuple, node.shapes)))
            if once and node.op is not None and node.op.name not in DRAWING and line in same:
                numbers[node.number] = same[line]
            else:
                numbers[node.number] = same[line] = len(found)
                found.append(line)
        return numbers[node.number], value.index

    for output in graph.outputs:
        found.append((output.aux, [visit(value) for value in leaves(output.value)]))
    found.append([visit(graph.loss)] if graph.loss is not None else [])
    return found


def said(op: Op) -> str:
    return op.label()
