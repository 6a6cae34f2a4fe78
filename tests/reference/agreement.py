"""When two computations of one value agree: the error's root mean square and its largest element, both relative to
the root mean square of the reference. An elementwise relative error says nothing where values are near 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Gate(NamedTuple):
    """How large the error may be. Values below `least` on the average are what is left of larger ones, with the
    errors of these, and are taken to be as large."""

    rms: float
    largest: float
    least: float


DOUBLE = Gate(1e-12, 1e-10, 1e-3)  # float64 against float64
SINGLE = Gate(5e-6, 1e-4, 0.02)  # IEEE float32: leaves room for a sequential accumulator, 80 times below a wrong eps


def disagreement(found: Any, wanted: Any, gate: Gate = DOUBLE) -> str | None:
    """What is wrong with `found`, or None."""
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    if found.shape != wanted.shape:
        return f"the shape is {found.shape}, not {wanted.shape}"
    good = np.isfinite(wanted)
    if not np.array_equal(found[~good], wanted[~good], equal_nan=True):
        return "other elements are infinite or NaN"
    if not good.any():
        return None
    error = np.abs(found[good] - wanted[good])
    size = max(float(np.sqrt(np.square(wanted[good]).mean())), gate.least)
    if not np.isfinite(error).all():
        return "an element is infinite or NaN"
    if float(np.sqrt(np.square(error).mean())) > gate.rms * size or float(error.max()) > gate.largest * size:
        place = tuple(int(i) for i in np.argwhere(good)[error.argmax()])
        return f"at {place}: {found[place]!r}, not {wanted[place]!r} (root mean square of all {size:.3g})"
    return None
