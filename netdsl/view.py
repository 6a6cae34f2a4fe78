"""Operators that compute nothing: those that yield what they read, and those that yield a view of it."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.ops.crop import Crop, Slice
from netdsl.ops.op import Op, Shape
from netdsl.ops.pool import Adaptive
from netdsl.ops.random import Dropout, DropPath
from netdsl.ops.reshape import Flatten, Identity, Reshape, Split, Unflatten
from netdsl.ops.rules import axis_in


def nothing(op: Op, shapes: Sequence[Shape]) -> str | None:
    """Why the operator yields its operand at inference; None where it does not."""
    if isinstance(op, Identity):
        return "an identity"
    if isinstance(op, Dropout | DropPath):
        return "nothing happens in it at inference"
    if isinstance(op, Adaptive) and op.infer(*shapes) == shapes[0]:
        return "its windows are single points"
    return None


def view(op: Op, shapes: Sequence[Shape]) -> str | None:
    """Why a kernel finds in its operand all that the operator yields; None where something must be computed.

    Kernels read and write values with any strides but that of the channels, which is 1.
    """
    if isinstance(op, Split | Slice):
        x = shapes[0]
        if axis_in(op.axis, len(x)) > 0:
            return "points of what it reads"
        return "channels of what it reads" if isinstance(op, Split) or op.step == 1 else None
    if isinstance(op, Crop):
        return "points of what it reads"
    if isinstance(op, Flatten | Reshape | Unflatten):
        x = shapes[0]
        if all(extent == 1 for extent in (*x[1:], *op.infer(x)[1:])):
            return "a vector under another shape"
    return None
