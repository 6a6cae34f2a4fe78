"""Fully connected layers, matrix products, classes as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.reduce import axis_of
from tests.reference.windows import Array


def linear(a: Any, w: dict[str, Array], x: Array) -> Array:
    axis = 1 if a.axis is None else axis_of(a.axis, x)
    y = np.moveaxis(x, axis, -1) @ w["weight"].T
    return np.moveaxis(y + w["bias"] if "bias" in w else y, -1, axis)


def matmul(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    return x @ (y.swapaxes(-1, -2) if a.transpose else y)


def one_hot(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.moveaxis(np.eye(a.classes)[x], -1, 1)


OPERATORS = (linear, matmul, one_hot)
