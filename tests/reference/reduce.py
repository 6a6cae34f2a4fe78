"""Reductions, and what an axis of a sample is in an array."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from tests.reference.windows import Array


def axis_of(axis: int, x: Array) -> int:
    """The axis of an array whose first is the batch."""
    return int(axis) + 1 if axis >= 0 else x.ndim + int(axis)


def axes_of(axes: Any, x: Array) -> tuple[int, ...]:
    return tuple(axis_of(axis, x) for axis in (axes if isinstance(axes, tuple | list) else (axes,)))


def _reduced(a: Any, xs: tuple[Array, ...], whole: Callable[..., Any], pair: Callable[..., Any]) -> Array:
    """Several values point by point; one over its axes, a scalar per sample over the batch."""
    if len(xs) > 1:
        return reduce(pair, xs)
    x = xs[0]
    if x.ndim == 1:
        return np.asarray(whole(x))
    axes = tuple(range(1, x.ndim)) if a.axis is None else axes_of(a.axis, x)
    return whole(x, axis=axes, keepdims=a.keep)


def sum_(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _reduced(a, xs, np.sum, np.add)


def mean(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    found = _reduced(a, xs, np.mean, np.add)
    return found / len(xs) if len(xs) > 1 else found


def max_(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _reduced(a, xs, np.max, np.maximum)


def min_(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return _reduced(a, xs, np.min, np.minimum)


def norm(a: Any, w: dict[str, Array], x: Array) -> Array:
    axes = tuple(range(1, x.ndim)) if a.axis is None else axes_of(a.axis, x)
    return (np.abs(x) ** a.p).sum(axes, keepdims=a.keep) ** (1 / a.p)


def l2_normalise(a: Any, w: dict[str, Array], x: Array) -> Array:
    length = np.sqrt((x * x).sum(axis_of(a.axis, x), keepdims=True))
    return x / np.maximum(length, a.eps)


def distance(a: Any, w: dict[str, Array], x: Array, y: Array) -> Array:
    return (np.abs(x - y) ** a.p).sum(tuple(range(1, x.ndim))) ** (1 / a.p)


OPERATORS = (sum_, mean, max_, min_, norm, l2_normalise, distance)
