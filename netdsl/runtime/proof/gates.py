"""How far a result may be from the truth, and how far it is.

Errors are taken relative to the root mean square of the reference, never element by element: after a batch norm and a
rectifier many elements are near zero. The float64 and IEEE float32 rows decide whether a form is right: the smallest of
the classic fusion bugs moves an output by 4e-4, eighty times the gate. The other rows say how accurate a format is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from torch import Tensor


class Gate(NamedTuple):
    rms: float
    largest: float


GATES = {
    "float64": Gate(1e-12, 1e-10),
    "ieee": Gate(5e-6, 1e-4),
    "tf32": Gate(1e-3, 1.5e-2),
    "float16": Gate(1.5e-3, 2e-2),
    "bfloat16": Gate(1e-2, 1.5e-1),
}
# Of a whole network in float64, whose errors grow from layer to layer.
WHOLE = Gate(1e-9, 1e-7)
WIDEST = Gate(1e-5, 1e-4)  # of one in which they grow without bound


class Error(NamedTuple):
    """Root mean square and largest absolute difference, both over the root mean square of the reference."""

    rms: float
    largest: float

    def over(self, gate: Gate) -> float:
        """How many times the gate: it is passed up to 1."""
        return max(self.rms / gate.rms, self.largest / gate.largest)

    def and_of(self, other: Error) -> Error:
        """The error of two results together. The larger of two tuples would forget a `largest`."""
        return Error(max(self.rms, other.rms), max(self.largest, other.largest))


NONE = Error(0.0, 0.0)
WRONG = Error(math.inf, math.inf)


def for_chaos(moved: Error) -> Gate:
    """The gate of a whole network whose outputs are `moved` so far where its inputs are rounded otherwise: a hundred
    layers round a hundred times."""
    return Gate(
        min(max(WHOLE.rms, 100 * moved.rms), WIDEST.rms), min(max(WHOLE.largest, 100 * moved.largest), WIDEST.largest)
    )


def worst(errors: Iterable[Error]) -> Error:
    """The error of several results together; none where there are no results."""
    return reduce(Error.and_of, errors, NONE)


def measure(found: Tensor, wanted: Tensor) -> Error:
    """How far `found` is from `wanted`. Infinitely where shapes differ, or where only one of them is a number or one
    infinity is not the other; elsewhere such elements are left out."""
    if found.shape != wanted.shape:
        return WRONG
    found, wanted = found.detach().double(), wanted.detach().double()
    finite = wanted.isfinite()
    if not bool(finite.all()):
        if not bool(((found == wanted) | (found.isnan() & wanted.isnan()) | finite).all()):
            return WRONG
        found, wanted = found[finite], wanted[finite]
    if not wanted.numel():
        return NONE
    difference = found - wanted
    if not bool(difference.isfinite().all()):
        return WRONG
    scale = float(wanted.square().mean().sqrt()) or 1.0
    return Error(float(difference.square().mean().sqrt()) / scale, float(difference.abs().max()) / scale)
