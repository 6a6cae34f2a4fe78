"""The kinds of attributes: what a value may be, and the normal form it is kept in.

A reader gives back the value that it was given, not a copy, where it can: the value may be traced, and its
expression must reach the emitted code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from netdsl.expression import Flag, Sequence, provenance
from netdsl.ops.op import Kind

# What the readers give.
Sizes: TypeAlias = int | tuple[int, ...]  # one for all axes, or one for each
Side: TypeAlias = int | tuple[int, int]  # both sides, or [before, after]
Pads: TypeAlias = int | tuple[Side, ...] | None


def is_integer(value: Any) -> bool:
    """An int, traced or not; truth values are none."""
    return isinstance(value, int) and not isinstance(value, bool | Flag)


def is_real(value: Any) -> bool:
    """A finite number, traced or not."""
    return is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def alike(values: tuple[Any, ...]) -> bool:
    """Whether all values are equal and come from the same expression, so that one may stand for all."""
    first = values[0]
    return all(v == first and provenance(v) == provenance(first) for v in values[1:])


def collapse(value: Any) -> Any:
    """For torch: one value where a list holds the same for all axes; a list that is traced as a whole stays."""
    if isinstance(value, tuple) and value and not isinstance(value, Sequence) and alike(value):
        return value[0]
    return value


def _check(wanted: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not wanted(value):
            raise ValueError
        return value

    return read


def _list(value: Any) -> Any:
    """Lists are tuples; one that is traced stays what it is."""
    return tuple(value) if type(value) is list else value


def _sizes(least: int) -> Callable[[Any], Sizes]:
    def read(value: Any) -> Any:
        value = _list(value)
        if is_integer(value):
            if value < least:
                raise ValueError
            return value
        if not (isinstance(value, tuple) and 1 <= len(value) <= 3):
            raise ValueError
        if not all(is_integer(v) and v >= least for v in value):
            raise ValueError
        return value

    return read


def _pads(value: Any) -> Any:
    value = _list(value)
    if value is None or (is_integer(value) and value >= 0):
        return value
    if not (isinstance(value, tuple) and 1 <= len(value) <= 3):
        raise ValueError
    sides = tuple(_list(side) for side in value)
    for side in sides:
        pair = side if isinstance(side, tuple) else (side, side)
        if len(pair) != 2 or not all(is_integer(p) and p >= 0 for p in pair):
            raise ValueError
    return value if isinstance(value, Sequence) else sides


def _real(value: Any) -> Any:
    if not is_real(value):
        raise ValueError
    return value


def real(text: str, holds: Callable[[float], bool], samples: tuple[float, ...]) -> Kind:
    """A finite number of which `holds` is true."""

    def read(value: Any) -> Any:
        value = _real(value)
        if not holds(value):
            raise ValueError
        return value

    return Kind(text, read, samples, "float")


def choice(*words: str) -> Kind:
    """One of some words."""
    text = f"one of {', '.join(words[:-1])} and {words[-1]}"
    return Kind(text, _check(lambda v: isinstance(v, str) and v in words), words, "str")


def sampled(kind: Kind, *samples: Any) -> Kind:
    """`kind`, of which random tests take other samples."""
    return replace(kind, samples=samples)


def optional(kind: Kind) -> Kind:
    """A value of `kind`, or none."""
    return Kind(
        f"{kind.text}, or none",
        lambda value: None if value is None else kind.read(value),
        (None, *kind.samples),
        f"{kind.annotation} | None",
    )


def _axes(value: Any) -> Any:
    value = _list(value)
    if is_integer(value):
        return value
    if not (isinstance(value, tuple) and value and all(is_integer(v) for v in value)):
        raise ValueError
    return value


def _integers(holds: Callable[[Any], bool]) -> Callable[[Any], tuple[int, ...]]:
    def read(value: Any) -> Any:
        value = _list(value)
        if not (isinstance(value, tuple) and value and all(is_integer(v) and holds(v) for v in value)):
            raise ValueError
        return value

    return read


COUNT = Kind("a positive integer", _check(lambda v: is_integer(v) and v >= 1), (1, 2, 3, 4, 6))
NATURAL = Kind("an integer that is not negative", _check(lambda v: is_integer(v) and v >= 0), (0, 1, 2))
INTEGER = Kind("an integer", _check(is_integer), (-1, 0, 1, 2))
SIZE = Kind(
    "a positive integer, or a list of them, one for each axis", _sizes(1), (1, 2, 3, (3, 1)), "int | tuple[int, ...]"
)
EDGE = Kind(
    "an integer that is not negative, or a list of them, one for each axis", _sizes(0), (0, 1), "int | tuple[int, ...]"
)
PADS = Kind(
    "an integer that is not negative, or a list with one, or a pair [before, after], for each axis",
    _pads,
    (0, 1, 2, ((0, 1), (1, 0))),
    "int | tuple[int, ...]",
)
FLAG = Kind("true or false", _check(lambda v: isinstance(v, bool | Flag)), (True, False), "bool")
REAL = Kind("a number", _real, (-0.5, 0.5, 1.0, 2.0), "float")
POSITIVE = real("a positive number", lambda v: v > 0, (1e-5, 0.5, 1.0))
EXPONENT = real("a positive number", lambda v: v > 0, (0.5, 1.0, 2.0, 3.0))
AT_LEAST_ZERO = real("a number that is not negative", lambda v: v >= 0, (0.0, 0.5, 1.0))
PROBABILITY = real("a number from 0 to 1", lambda v: 0 <= v <= 1, (0.0, 0.25, 0.5))
AXIS = Kind("an axis: an integer, channels being 0 and -1 the last", _check(is_integer), (0, -1, 1, -2, 2))
AXES = Kind(
    "an axis or a list of axes, channels being 0 and -1 the last",
    _axes,
    (0, -1, 1, (1, 2), (0, -1)),
    "int | tuple[int, ...]",
)
EXTENTS = Kind(
    "a list of positive integers, one of which may be -1, what is left",
    _integers(lambda v: v >= 1 or v == -1),
    ((-1,), (2, -1), (-1, 2), (1, -1, 3)),
    "tuple[int, ...]",
)
SIZES = Kind("a list of positive integers", _integers(lambda v: v >= 1), ((4,), (2, 4)), "tuple[int, ...]")
