"""Pooling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.reference.windows import Array, each, padded, sides, windows


def count(extent: int, window: int, stride: int, pad: tuple[int, int], ceil: bool) -> int:
    """How many windows there are along an axis."""
    steps = (extent + sum(pad) - window) / stride
    found = (math.ceil(steps) if ceil else math.floor(steps)) + 1
    return found - 1 if ceil and (found - 1) * stride >= extent + pad[0] else found


def pooled(a: Any, x: Array, fill: float, dilation: Any = 1) -> Array:
    """N×C×L.. to N×C×P..×K..: the windows, what lies outside of the map being `fill`."""
    rank = x.ndim - 2
    kernel, dilations = each(a.kernel, rank), each(dilation, rank)
    stride = kernel if a.stride is None else each(a.stride, rank)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    amounts = []
    for extent, window, step, pad in zip(x.shape[2:], spans, stride, sides(a.pad, rank), strict=True):
        end = (count(extent, window, step, pad, a.ceil) - 1) * step + window  # of the last window
        amounts.append((pad[0], end - pad[0] - extent))
    cut: Any = tuple(
        slice(None, extent + min(after, 0)) for extent, (_, after) in zip(x.shape[2:], amounts, strict=True)
    )
    filled = padded(x[(..., *cut)], [(before, max(after, 0)) for before, after in amounts], value=fill)
    return windows(filled, kernel, stride, dilations)


def max_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    return _points(pooled(a, x, -np.inf, a.dilation), x).max(-1)


def _points(found: Array, x: Array) -> Array:
    """All points of a window in one axis, the last."""
    return found.reshape(*found.shape[: x.ndim], -1)


def avg_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    """What lies beyond the padding, under a window that `ceil` added, never counts."""
    counted = np.ones((1, 1, *x.shape[2:]))
    if a.count_include_pad:
        counted = padded(counted, sides(a.pad, x.ndim - 2), value=1)
        rank = x.ndim - 2
        before = [pad[0] for pad in sides(a.pad, rank)]
        total = _points(pooled(a, x, 0), x).sum(-1)
        return total / _extents(a, counted, before, total.shape[2:])
    total = _points(pooled(a, x, 0), x).sum(-1)
    return total / _points(pooled(a, counted, 0), x).sum(-1)


def _extents(a: Any, padded_map: Array, before: list[int], places: tuple[int, ...]) -> Array:
    """How many points of the padded map each window covers."""
    rank = len(places)
    kernel = each(a.kernel, rank)
    stride = kernel if a.stride is None else each(a.stride, rank)
    found = np.ones(places)
    for axis in range(rank):
        starts = np.arange(places[axis]) * stride[axis]
        covered = np.minimum(starts + kernel[axis], padded_map.shape[2 + axis]) - starts
        found = found * covered.reshape(-1, *(1,) * (rank - 1 - axis))
    return found


def global_avg_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x.mean(tuple(range(2, x.ndim)), keepdims=a.keep)


def global_max_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x.max(tuple(range(2, x.ndim)), keepdims=a.keep)


def cut_into(x: Array, size: list[int], reduce: Any) -> Array:
    """Every axis in its turn cut into windows, the i-th of n from ⌊i·extent/n⌋ to ⌈(i+1)·extent/n⌉; windows overlap
    where n does not divide the extent, hence all axes of a window are reduced together."""
    extents = x.shape[2:]
    y = np.empty((*x.shape[:2], *size))
    for place in np.ndindex(*size):
        window: Any = tuple(
            slice(i * e // n, -(-(i + 1) * e // n)) for i, e, n in zip(place, extents, size, strict=True)
        )
        y[(..., *place)] = reduce(x[(..., *window)], axis=tuple(range(2, x.ndim)))
    return y


def adaptive_avg_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    return cut_into(x, each(a.size, x.ndim - 2), np.mean)


def adaptive_max_pool(a: Any, w: dict[str, Array], x: Array) -> Array:
    return cut_into(x, each(a.size, x.ndim - 2), np.max)


OPERATORS = (max_pool, avg_pool, global_avg_pool, global_max_pool, adaptive_avg_pool, adaptive_max_pool)
