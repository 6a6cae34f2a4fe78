"""An independent meaning of graphs: NumPy in float64, written from docs/operators.md and nothing else.

It knows of a graph only its nodes, operands and owners, and of an operator its name and attributes. It imports neither
torch nor netdsl, so that nothing can be wrong in the same way here and there. A value has the batch in front: axis 0
of a sample is axis 1 of its array. Losses are arrays without axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tests.reference import (  # fmt: skip
    activation,
    arithmetic,
    conv,
    crop,
    learned,
    linear,
    loss,
    merge,
    norm,
    pool,
    random,
    reduce,
    reshape,
    resize,
    vision,
)

if TYPE_CHECKING:
    from netdsl.graph import Graph, Node

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# Every operator is a function of its attributes, its weights by name, and its operands.
FAMILIES = (
    conv, linear, norm, activation, pool, reshape, crop, resize, arithmetic, merge, reduce, random, learned, vision,
    loss,
)  # fmt: skip
OPERATORS = {function.__name__.rstrip("_"): function for family in FAMILIES for function in family.OPERATORS}


def interpret(graph: Graph, inputs: Mapping[str, Array], weights: Mapping[str, Array]) -> list[tuple[Array, ...]]:
    """The values of every node at inference, by its number.

    `inputs` are the inputs and targets by name, `weights` the tensors of the state_dict by path.
    """
    found: list[tuple[Array, ...]] = []
    for node in graph.nodes:
        if node.op is None:
            found.append((inputs[node.name],))
        else:
            found.append(apply(node, weights, [found[value.node][value.index] for value in node.operands]))
    return found


def apply(node: Node, weights: Mapping[str, Array], operands: list[Array]) -> tuple[Array, ...]:
    """The outputs of one node."""
    assert node.op is not None
    with np.errstate(all="ignore"):  # the operators say what comes of 0, and of negative numbers
        result = OPERATORS[node.op.name](node.op, owned(weights, node.owner), *operands)
    return tuple(result) if isinstance(result, list) else (result,)


def owned(weights: Mapping[str, Array], owner: str) -> dict[str, Array]:
    """The weights of one module: `conv1.weight` is the `weight` of `conv1`; a `parameter` is nameless."""
    if not owner:
        return {}
    start = f"{owner}."
    found = {path.removeprefix(start): array for path, array in weights.items() if path.startswith(start)}
    if owner in weights:
        found[""] = weights[owner]
    return found
