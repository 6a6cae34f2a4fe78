"""Interpolation: every axis in its turn, as a matrix from the old points to the new."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.pool import cut_into
from tests.reference.windows import Array, each


def upsample(a: Any, w: dict[str, Array], x: Array) -> Array:
    scale = each(a.scale, x.ndim - 2)
    return interpolated(a, x, [e * s for e, s in zip(x.shape[2:], scale, strict=True)])


def resize(a: Any, w: dict[str, Array], x: Array, like: Array | None = None) -> Array:
    return interpolated(a, x, each(a.size, x.ndim - 2) if like is None else list(like.shape[2:]))


def interpolated(a: Any, x: Array, size: list[int]) -> Array:
    if a.mode == "area":
        return cut_into(x, size, np.mean)
    for axis, n in enumerate(size, 2):
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix(x.shape[axis], n, a.mode, a.align_corners).T, -1, axis)
    return x


def matrix(old: int, new: int, mode: str, align_corners: bool) -> Array:
    """`new`×`old`: how much of each old point there is in each new one."""
    found = np.zeros((new, old))
    for i in range(new):
        for point, share in points(i, old, new, mode, align_corners):
            found[i, min(max(point, 0), old - 1)] += share
    return found


def points(i: int, old: int, new: int, mode: str, align_corners: bool) -> list[tuple[int, float]]:
    """The old points that new point i is made of, with their shares; points outside stand for the edge."""
    if mode == "nearest":
        return [(i * old // new, 1.0)]
    if mode == "nearest-exact":
        return [((2 * i + 1) * old // (2 * new), 1.0)]
    if align_corners:
        at = i * (old - 1) / (new - 1) if new > 1 else 0.0
    else:
        at = (i + 0.5) * old / new - 0.5
    if mode != "bicubic":
        at = max(at, 0.0)
        low = int(at)
        return [(low, 1 - (at - low)), (low + 1, at - low)]
    low = int(np.floor(at))
    return [(low + k, cubic(abs(at - low - k))) for k in (-1, 0, 1, 2)]


def cubic(d: float, a: float = -0.75) -> float:
    """The cubic convolution of Keys (1981), at distance d."""
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a


OPERATORS = (upsample, resize)
