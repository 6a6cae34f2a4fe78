"""The kinds that a picture tells apart, and which operators are of them."""

from __future__ import annotations

from netdsl.ops.op import Op

# kind -> what the legend calls it, in the order of the legend.
KINDS = {
    "data": "input, output",
    "weighted": "convolution, linear",
    "norm": "normalisation",
    "activation": "activation",
    "pool": "pooling, resizing",
    "merge": "merge, arithmetic",
    "shape": "reshaping",
    "random": "dropout, noise",
    "loss": "loss",
    "other": "other operator",
    "block": "block, closed",
    # In the picture of a difference, where colours say what was done, and not to what.
    "added": "+ added",
    "removed": "– removed",
    "changed": "~ changed",
    "same": "the same",
}

_FAMILIES = {
    "activation": "activation",
    "arithmetic": "merge",
    "conv": "weighted",
    "crop": "shape",
    "learned": "weighted",
    "linear": "weighted",
    "loss": "loss",
    "merge": "merge",
    "norm": "norm",
    "pool": "pool",
    "random": "random",
    "reduce": "pool",
    "reshape": "shape",
    "resize": "pool",
    "vision": "shape",
}

# What may share a box with the layer that it follows: it works point by point on that layer's value alone.
FOLLOWING = frozenset(("activation", "norm", "random"))


def kind(op: Op | None) -> str:
    """The kind of an operator, by its family; inputs and targets are data."""
    return "data" if op is None else _FAMILIES.get(type(op).family, "other")
