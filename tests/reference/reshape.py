"""The same numbers, arranged otherwise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.reference.reduce import axis_of
from tests.reference.windows import Array


def identity(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x


def flatten(a: Any, w: dict[str, Array], x: Array) -> Array:
    first, last = axis_of(a.first, x), axis_of(a.last, x)
    return x.reshape(*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :])


def reshape(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x.reshape(x.shape[0], *filled(a.shape, math.prod(x.shape[1:])))


def unflatten(a: Any, w: dict[str, Array], x: Array) -> Array:
    axis = axis_of(a.axis, x)
    return x.reshape(*x.shape[:axis], *filled(a.shape, x.shape[axis]), *x.shape[axis + 1 :])


def filled(shape: Any, size: int) -> list[int]:
    """The extents, with what is left in place of -1."""
    known = math.prod(int(e) for e in shape if e != -1)
    return [size // known if e == -1 else int(e) for e in shape]


def permute(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x.transpose(0, *(axis_of(axis, x) for axis in a.order))


def transpose(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x.swapaxes(axis_of(a.first, x), axis_of(a.second, x))


def split(a: Any, w: dict[str, Array], x: Array) -> list[Array]:
    axis = axis_of(a.axis, x)
    if isinstance(a.parts, tuple | list):
        return np.split(x, np.cumsum([int(size) for size in a.parts])[:-1], axis)
    return np.split(x, int(a.parts), axis)


def expand(a: Any, w: dict[str, Array], x: Array, like: Array) -> Array:
    return np.repeat(x, like.shape[0], 0) if x.shape[0] == 1 else x


OPERATORS = (identity, flatten, reshape, unflatten, permute, transpose, split, expand)
