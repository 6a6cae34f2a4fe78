"""Weights that stand alone."""

from __future__ import annotations

from typing import Any

from tests.reference.windows import Array, per_channel


def scale(a: Any, w: dict[str, Array], x: Array) -> Array:
    y = x * per_channel(w["weight"], x)
    return y + per_channel(w["bias"], x) if "bias" in w else y


def parameter(a: Any, w: dict[str, Array]) -> Array:
    return w[""]


OPERATORS = (scale, parameter)
