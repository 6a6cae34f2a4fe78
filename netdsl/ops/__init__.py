"""The operators. Importing this package fills `OPS`; adding an operator is one class in the file of its family."""

from __future__ import annotations

from netdsl.ops import (
    activation,
    arithmetic,
    conv,
    crop,
    learned,
    linear,
    loss,
    merge,
    norm,
    pool,
    random,
    reduce,
    reshape,
    resize,
    vision,
)
from netdsl.ops.initialiser import INITIALISERS
from netdsl.ops.op import OPS

FAMILIES = (
    conv,
    linear,
    norm,
    activation,
    pool,
    reshape,
    crop,
    resize,
    arithmetic,
    merge,
    reduce,
    random,
    learned,
    vision,
    loss,
)

__all__ = ["FAMILIES", "INITIALISERS", "OPS"]
