"""Values joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference.reduce import axis_of
from tests.reference.windows import Array


def concat(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    return np.concatenate(xs, axis_of(a.axis, xs[0]))


def stack(a: Any, w: dict[str, Array], *xs: Array) -> Array:
    """The new axis stands at `axis` of what comes out, -1 being its last."""
    return np.stack(xs, a.axis + 1 if a.axis >= 0 else a.axis)


OPERATORS = (concat, stack)
