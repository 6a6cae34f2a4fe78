"""Operators that draw random numbers. At inference only `noise` does, here from a function of its operand, which the
tests put in the place of torch's generators too."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.windows import Array


def dropout(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x


def drop_path(a: Any, w: dict[str, Array], x: Array) -> Array:
    return x


def noise(a: Any, w: dict[str, Array], like: Array) -> Array:
    return a.std * drawn(a.kind, like)


def drawn(kind: str, like: Array) -> Array:
    """Numbers in the shape of `like`, from -1 to 1 for a Gaussian, from 0 to 1 for a uniform distribution."""
    like = np.tanh(like)  # so that large numbers, with their errors, do not come out anywhere
    return np.sin(3 * like) if kind == "normal" else 0.5 + 0.5 * np.sin(5 * like)


OPERATORS = (dropout, drop_path, noise)
