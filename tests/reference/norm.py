"""Normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.reduce import axes_of
from tests.reference.windows import Array, per_channel


def _standard(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def _affine(x: Array, w: dict[str, Array]) -> Array:
    return x * per_channel(w["weight"], x) + per_channel(w["bias"], x) if "weight" in w else x


def batch_norm(a: Any, w: dict[str, Array], x: Array) -> Array:
    if not a.track:  # the batch's statistics, always
        return _affine(_standard(x, (0, *range(2, x.ndim)), a.eps), w)
    spread = np.sqrt(w["running_var"] + a.eps)
    return _affine((x - per_channel(w["running_mean"], x)) / per_channel(spread, x), w)


def instance_norm(a: Any, w: dict[str, Array], x: Array) -> Array:
    return _affine(_standard(x, tuple(range(2, x.ndim)), a.eps), w)


def group_norm(a: Any, w: dict[str, Array], x: Array) -> Array:
    groups = x.reshape(x.shape[0], a.groups, -1)
    return _affine(_standard(groups, (2,), a.eps).reshape(x.shape), w)


def layer_norm(a: Any, w: dict[str, Array], x: Array) -> Array:
    axes = tuple(range(1, x.ndim)) if a.axis is None else axes_of(a.axis, x)
    y = _standard(x, axes, a.eps)
    shape = [extent if i in axes else 1 for i, extent in enumerate(x.shape)]
    if "weight" in w:
        y = y * w["weight"].reshape(shape)
    return y + w["bias"].reshape(shape) if "bias" in w else y


def lrn(a: Any, w: dict[str, Array], x: Array) -> Array:
    """Of an even number of channels, one more lies before c than after it."""
    before, after = a.size // 2, (a.size - 1) // 2
    squares = np.pad(x * x, [(0, 0), (before, after)] + [(0, 0)] * (x.ndim - 2))
    total = sum(squares[:, i : i + x.shape[1]] for i in range(a.size))
    return x / (a.k + a.alpha / a.size * total) ** a.beta


OPERATORS = (batch_norm, instance_norm, group_norm, layer_norm, lrn)
