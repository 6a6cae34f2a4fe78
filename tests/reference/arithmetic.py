"""Arithmetic point by point."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from tests.reference.windows import Array


def _applied(a: Any, xs: tuple[Array, ...], function: Callable[..., Any]) -> Array:
    if a.scalar is not None:
        pair = (float(a.scalar), xs[0]) if a.reverse else (xs[0], float(a.scalar))
        return function(*pair)
    rank = max(x.ndim for x in xs)
    # A scalar per sample, or a vector of channels, goes with all points behind it.
    return reduce(function, [x.reshape(x.shape + (1,) * (rank - x.ndim)) if x.ndim else x for x in xs])


def add(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _applied(a, xs, np.add)


def sub(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _applied(a, xs, np.subtract)


def mul(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _applied(a, xs, np.multiply)


def div(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _applied(a, xs, np.divide)


def pow_(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _applied(a, xs, np.power)


def neg(a: Any, w: dict[str, Array], x: Array) -> Array:
    return -x


def abs_(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.abs(x)


def exp(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.exp(x)


def log(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.log(x)


def sqrt(a: Any, w: dict[str, Array], x: Array) -> Array:
    return np.sqrt(x)


def square(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x * x


def clamp(a: Any, w: dict[str, Array], x: Array) -> Array:
    if a.low is not None:
        x = np.maximum(x, a.low)
    return x if a.high is None else np.minimum(x, a.high)


OPERATORS = (add, sub, mul, div, pow_, neg, abs_, exp, log, sqrt, square, clamp)
