"""The reference against torch's own layers, operator by operator: the documentation says what torch computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from netdsl.ops import OPS
from netdsl.ops.op import Op
from netdsl.runtime.operators import compute
from tests.ops.evaluate import parse, shape_of
from tests.ops.test_against_torch import CASES, inputs_for
from tests.reference.agreement import disagreement
from tests.reference.interpreter import OPERATORS

EXAMPLES = [(OPS[name].example, *OPS[name].example_input) for name in OPS if "." not in name]
RANDOM = {"noise"}


def weights_of(op: Op, shapes: tuple[Any, ...]) -> dict[str, torch.Tensor]:
    """Signed weights, variances positive; `parameter`'s own shape has the batch in front."""
    generator = torch.Generator().manual_seed(5)
    found = {}
    held: dict[str, Any] = {**op.weights(*shapes), **op.buffers(*shapes)}
    for name, shape in held.items():
        drawn = torch.randn((1, *shape) if not op.called else tuple(shape), generator=generator, dtype=torch.float64)
        found[name] = drawn.abs() + 0.5 if name.endswith("running_var") else drawn
    return found


@pytest.mark.parametrize(("text", "shapes"), [(t, s) for t, *s in EXAMPLES + CASES], ids=lambda v: str(v))
def test_the_documentation_says_what_torch_computes(text: str, shapes: list[Any]) -> None:
    op, operands = parse(text)
    wanted = tuple(shape_of(s) for s in shapes)
    if operands and len(operands) < len(wanted):
        wanted = wanted[: len(operands)]
    if op.inputs == (0, 0):
        wanted = ()
    if op.name in RANDOM:
        return
    xs = inputs_for(op, wanted)
    weights = weights_of(op, wanted)
    found = OPERATORS[op.name](op, {k: v.numpy() for k, v in weights.items()}, *(x.numpy() for x in xs))
    said = compute(op, wanted, xs, weights)
    for one, other in zip(*(v if isinstance(v, list | tuple) else [v] for v in (found, said)), strict=True):
        assert disagreement(one, np.asarray(other)) is None
