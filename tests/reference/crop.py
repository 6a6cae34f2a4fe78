"""A part of a value, or more around it."""

from __future__ import annotations

from typing import Any

from tests.reference.reduce import axis_of
from tests.reference.windows import Array, each, padded, sides


def slice_(a: Any, w: dict[str, Array], x: Array) -> Array:
    at: list[Any] = [slice(None)] * x.ndim
    at[axis_of(a.axis, x)] = slice(a.start, a.stop, a.step)
    return x[tuple(at)]


def crop(a: Any, w: dict[str, Array], x: Array, like: Array | None = None) -> Array:
    rank = x.ndim - 2
    size = each(a.size, rank) if like is None else list(like.shape[2:])
    spare = [extent - wanted for extent, wanted in zip(x.shape[2:], size, strict=True)]
    begin = [s // 2 for s in spare] if a.offset is None else each(a.offset, rank)
    cut: Any = [slice(b, b + s) for b, s in zip(begin, size, strict=True)]
    return x[(..., *cut)]


def pad(a: Any, w: dict[str, Array], x: Array) -> Array:
    if a.axis is None:
        return padded(x, sides(a.amount, x.ndim - 2), a.mode, a.value)
    amount = a.amount[0] if isinstance(a.amount, tuple | list) and len(a.amount) == 1 else a.amount
    pair = amount if isinstance(amount, tuple | list) else (amount, amount)
    amounts = [(0, 0)] * x.ndim
    amounts[axis_of(a.axis, x)] = (int(pair[0]), int(pair[-1]))
    return padded(x, amounts, a.mode, a.value)


OPERATORS = (slice_, crop, pad)
