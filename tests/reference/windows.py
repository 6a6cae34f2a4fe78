"""What convolutions and pools share: one number for all axes or one each, padding, and the windows of a map."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

NUMPY_MODE = {
    "zeros": "constant",
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


def each(value: Any, rank: int) -> list[int]:
    """One number for each of `rank` axes."""
    return [int(v) for v in value] if isinstance(value, tuple | list) else [int(value)] * rank


def sides(value: Any, rank: int) -> list[tuple[int, int]]:
    """Before and after, for each of `rank` axes."""
    items = value if isinstance(value, tuple | list) else [value] * rank
    return [(int(v[0]), int(v[1])) if isinstance(v, tuple | list) else (int(v), int(v)) for v in items]


def padded(x: Array, amounts: list[tuple[int, int]], mode: str = "constant", value: float = 0.0) -> Array:
    """The last axes of `x` with more points on both sides."""
    widths = [(0, 0)] * (x.ndim - len(amounts)) + amounts
    held: dict[str, Any] = {"constant_values": value} if NUMPY_MODE[mode] == "constant" else {}
    words: Any = NUMPY_MODE[mode]
    return np.pad(x, widths, words, **held)


def windows(x: Array, kernel: list[int], stride: list[int], dilation: list[int]) -> Array:
    """N×C×L.. to N×C×P..×K..: for each place of the window its points."""
    rank = len(kernel)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(2, 2 + rank)))
    places = tuple(slice(None, None, s) for s in stride)
    points = tuple(slice(None, None, d) for d in dilation)
    return view[(slice(None), slice(None), *places, *points)]


def per_channel(weight: Array, x: Array) -> Array:
    """A number for each channel, so that it goes with N×C×L.."""
    return weight.reshape(1, -1, *(1,) * (x.ndim - 2))
