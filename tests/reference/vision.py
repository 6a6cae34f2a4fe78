"""Operators of particular networks."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from tests.reference.windows import Array


def channel_shuffle(a: Any, w: dict[str, Array], x: Array) -> Array:
    batch, channels, *extents = x.shape
    return x.reshape(batch, a.groups, channels // a.groups, *extents).swapaxes(1, 2).reshape(x.shape)


def warp(a: Any, w: dict[str, Array], x: Array, flow: Array) -> Array:
    """Half of an axis is (extent - 1) / 2 points: from the middle of the first point to that of the last."""
    extents = x.shape[2:]
    places = []
    for axis, extent in enumerate(extents):
        start = np.arange(extent).reshape(-1, *(1,) * (len(extents) - 1 - axis))
        moved = flow[:, axis] * ((extent - 1) / 2 if a.unit == "half" else 1)
        places.append(_inside(start + moved, extent, a.padding))
    if a.mode == "nearest":
        return _read(x, [np.rint(place).astype(int) for place in places])
    low = [np.floor(place).astype(int) for place in places]
    found = np.zeros(x.shape)
    for corner in product((0, 1), repeat=len(extents)):
        share = math.prod(at - edge if c else edge + 1 - at for at, edge, c in zip(places, low, corner, strict=True))
        found += np.expand_dims(share, 1) * _read(x, [edge + c for edge, c in zip(low, corner, strict=True)])
    return found


def _inside(place: Array, extent: int, padding: str) -> Array:
    """Where to read what lies outside: nowhere, at the border, or as often mirrored at the first and last point as it
    takes."""
    if extent == 1:
        return np.zeros(place.shape)
    if padding == "border":
        return np.clip(place, 0, extent - 1)
    if padding == "reflection":
        place = np.abs(place) % (2 * (extent - 1))
        return np.minimum(place, 2 * (extent - 1) - place)
    return place


def _read(x: Array, at: list[Array]) -> Array:
    """The values at whole places of each sample, 0 outside."""
    good = np.ones(at[0].shape, bool)
    for index, extent in zip(at, x.shape[2:], strict=True):
        good &= (index >= 0) & (index < extent)
    clipped = [np.clip(index, 0, extent - 1) for index, extent in zip(at, x.shape[2:], strict=True)]
    samples = np.arange(x.shape[0]).reshape(-1, *(1,) * (x.ndim - 2))
    values = np.moveaxis(x, 1, -1)[(samples, *clipped)]
    return np.moveaxis(np.where(good[..., None], values, 0.0), -1, 1)


OPERATORS = (channel_shuffle, warp)
