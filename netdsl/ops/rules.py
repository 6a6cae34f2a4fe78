"""Pieces of shape rules that several families share; each raises the OpError it is named for."""

from __future__ import annotations

from typing import Any, TypeVar

from netdsl.extent import Affine, Extent, symbols
from netdsl.ops.op import OpError, Shape, show_shape

T = TypeVar("T")
_RANKS = {2: "C×W", 3: "C×H×W", 4: "C×D×H×W"}


def plural(n: int, noun: str) -> str:
    """`1 axis`, `2 axes`, `3 inputs`."""
    many = noun.removesuffix("axis") + "axes" if noun.endswith("axis") else noun + "s"
    return f"{n} {noun if n == 1 else many}"


def spatial(name: str, x: Shape, help: str | None = None) -> int:
    """The number of spatial axes of a map, 1 to 3."""
    if len(x) not in _RANKS:
        raise OpError(
            f"`{name}` needs a map, {', '.join(list(_RANKS.values())[:-1])} or {_RANKS[4]}, not {describe(x)}",
            code="N406",
            input=0,
            help=help,
        )
    return len(x) - 1


def describe(x: Shape) -> str:
    """`a vector of 10`, `64×7×7`."""
    if len(x) == 1:
        return f"a vector of {x[0]}"
    return "a scalar" if not x else show_shape(x)


def known(extent: Extent, what: str) -> int:
    """The extent, which must be a number."""
    if isinstance(extent, Affine):
        names = " and ".join(f"`{n}`" for n in sorted(symbols(extent)))
        raise OpError(
            f"{what} must be a number, and {extent} depends on {names}",
            code="N413",
            input=0,
            help="give the input a fixed size, or reduce these axes first, with `global_avg_pool` for example",
        )
    return extent


def per_axis(value: T | tuple[T, ...], rank: int, attribute: str) -> tuple[T, ...]:
    """The value of each of `rank` axes, from one for all or a list."""
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        verb = "is" if rank == 1 else "are"
        raise OpError(
            f"`{attribute}` lists {len(value)}, and there {verb} {plural(rank, 'spatial axis')}",
            code="N406",
            attribute=attribute,
        )
    return value


def axis_in(axis: int, rank: int, attribute: str = "axis") -> int:
    """`axis` counted from 0."""
    if not -rank <= axis < rank:
        last = f", 0 to {rank - 1}" if rank > 1 else ", 0" if rank else ""
        raise OpError(
            f"there is no axis {axis}: the value has {plural(rank, 'axis')}{last}", code="N409", attribute=attribute
        )
    return axis if axis >= 0 else axis + rank


def axes_in(axes: int | tuple[int, ...] | None, rank: int, attribute: str = "axis") -> tuple[int, ...]:
    """The axes counted from 0; all of them where `axes` is none."""
    if axes is None:
        return tuple(range(rank))
    found = tuple(axis_in(a, rank, attribute) for a in (axes if isinstance(axes, tuple) else (axes,)))
    if len(set(found)) != len(found):
        raise OpError("an axis is named twice", code="N409", attribute=attribute)
    return found


def dim(axis: int) -> int:
    """The dimension of the tensor that is `axis` of the sample: the batch stands before."""
    return axis + 1 if axis >= 0 else axis


def dims(axes: int | tuple[int, ...] | None, rank: int) -> Any:
    """Like `dim`, for several; one alone is an int."""
    if axes is None:
        axes = tuple(range(rank))
    if not isinstance(axes, tuple):
        return dim(axes)
    return dim(axes[0]) if len(axes) == 1 else tuple(dim(a) for a in axes)
