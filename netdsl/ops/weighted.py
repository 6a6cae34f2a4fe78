"""What all operators with weights have: initialisers, and freezing."""

from __future__ import annotations

import math
from typing import Any

from netdsl.ops.initialiser import INIT, Initialiser
from netdsl.ops.kinds import FLAG, optional
from netdsl.ops.op import LARGEST_SIZE, Op, OpError, Shape, Template, attr, show_shape


def check_size(name: str, weights: dict[str, Shape]) -> None:
    """OpError where a weight holds more numbers than one tensor may."""
    for tensor, shape in weights.items():
        extents: Any = shape
        if (size := math.prod(int(e) for e in extents)) > LARGEST_SIZE:
            raise OpError(
                f"the {tensor} of `{name}`, {show_shape(shape)}, would hold {size} numbers; "
                f"the limit is {LARGEST_SIZE}",
                code="N410",
            )


class Weighted(Op):
    """Base of the operators with a `weight` and perhaps a `bias`."""

    init: Initialiser | None = attr(
        optional(INIT),
        "how the weight is filled before training; torch's way where there is none",
        default=None,
        keyword=True,
    )
    bias_init: Initialiser | None = attr(
        optional(INIT),
        "how the bias is filled before training; torch's way where there is none",
        default=None,
        keyword=True,
    )
    frozen: bool = attr(FLAG, "keep the weights as they are: no gradient", default=False, keyword=True)

    def setup(self, *shapes: Any, **_: Any) -> tuple[Template, ...]:
        statements = []
        weights = self.weights(*shapes)
        for tensor, initialiser in (("weight", self.init), ("bias", self.bias_init)):
            if initialiser is not None and tensor in weights:
                statements.append(initialiser.fill(f"{{module}}.{tensor}"))
        if self.frozen:
            statements.append(Template("{module}.requires_grad_(False)"))
        return tuple(statements)

    def check_weights(self, *shapes: Any) -> None:
        """OpError where a weight is too large, or an initialiser does not suit it; for `infer`."""
        weights = self.weights(*shapes)
        check_size(self.name, weights)
        for tensor, attribute, initialiser in (("weight", "init", self.init), ("bias", "bias_init", self.bias_init)):
            if initialiser is not None and tensor in weights:
                initialiser.check(weights[tensor], attribute)
