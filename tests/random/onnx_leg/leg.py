"""ONNX Runtime against the reference, node by node on the same single precision operands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.random.legs import Case
from tests.random.onnx_leg.builder import Builder, Untranslated
from tests.random.onnx_leg.translate import TRANSLATIONS
from tests.reference.agreement import SINGLE, disagreement
from tests.reference.interpreter import Array, apply, owned


def single(array: Array) -> Array:
    """Rounded to what single precision holds."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(np.float32).astype(np.float64)


def onnx(case: Case, counts: dict[str, int] | None = None) -> Iterator[str]:
    """Where a node of the network differs from what ONNX Runtime says; `counts` says how many were compared."""
    counts = {} if counts is None else counts
    builder = Builder()
    weights = {path: single(array) for path, array in case.weights.items()}
    values: dict[tuple[int, int], Array] = {}
    names: dict[tuple[int, int], str] = {}
    compared: list[tuple[Any, tuple[Array, ...]]] = []
    for node in case.net.graph.nodes:
        if node.op is None:
            continue
        for value in node.operands:
            if value not in values:
                values[value] = single(case.values[value.node][value.index])
        operands = [values[value] for value in node.operands]
        if not all(np.isfinite(x).all() for x in operands):
            continue
        wanted = apply(node, weights, operands)
        if not all(np.isfinite(y).all() and np.abs(y).max() < 1e30 for y in wanted):
            continue
        for value in node.operands:
            if value not in names:
                names[value] = builder.given(values[value])
        held = {name: builder.constant(array) for name, array in owned(weights, node.owner).items() if array.size}
        shapes = [x.shape for x in operands]
        before = len(builder.nodes)
        try:
            found = TRANSLATIONS[node.op.name](builder, node.op, held, shapes, *(names[v] for v in node.operands))
        except (KeyError, Untranslated):
            del builder.nodes[before:]
            counts["untranslated"] = counts.get("untranslated", 0) + 1
            continue
        builder.outputs += found if isinstance(found, list) else [found]
        compared.append((node, wanted))
    counts["compared"] = counts.get("compared", 0) + len(compared)
    results = iter(builder.run() if compared else [])
    for node, wanted in compared:
        for i, one in enumerate(wanted):
            found = next(results)
            wrong = disagreement(found, one, SINGLE)
            if wrong is not None and not cancelled(case, node, found, one):
                yield f"`{node.name}` ({node.op.label()}) output {i}: {wrong}"


def cancelled(case: Case, node: Any, found: Array, wanted: Array) -> bool:
    """Whether the error is one of single precision all the same: sums of large terms that leave little, and functions
    that are steep here. Measured by moving the operands a few units in their last place; and differences of distances
    (triplet) round to units of the longest operand, in whatever the others are measured."""
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return False
    weights = {path: single(array) for path, array in case.weights.items()}
    operands = [single(case.values[value.node][value.index]) for value in node.operands]
    allowed = np.zeros(wanted.shape)
    for i, x in enumerate(operands):
        if x.dtype.kind == "f":
            for seed in range(3):
                signs = np.random.default_rng(seed).choice((-1.0, 1.0), x.shape)
                moved = [o * (1 + signs * 2**-20) if j == i else o for j, o in enumerate(operands)]
                allowed += np.abs(apply(node, weights, moved)[0] - wanted)
    longest = max((length(x) for x in operands if x.dtype.kind == "f" and x.size), default=0.0)
    noise = 16 * allowed.max() + 1e-6 * np.abs(wanted).max() + 2**-20 * longest
    return bool((np.abs(found - wanted) <= noise).all())


def length(x: Array) -> float:
    """Of the longest sample."""
    return float(np.sqrt(np.square(x.reshape(len(x) if x.ndim else 1, -1)).sum(1).max()))
