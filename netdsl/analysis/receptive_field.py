"""The receptive field: how much of the input one element of a value depends on, along each spatial axis.

Going backwards, `n` neighbouring outputs of a window of `k` with stride `s` read `(n - 1)·s + k` inputs, and
`n` outputs of what enlarges by `s` read `⌊(n + k - 2) / s⌋ + 1` (worst place). Composed along a path, this says how
many inputs `n` neighbours of a value read: `r + jump·⌊alpha·n + beta⌋`, with `alpha = 1`, `beta = -1` as long as
nothing enlarges: then `r` is the receptive field of Araujo, Norris and Sim (Computing receptive fields of convolutional
neural networks, 2019) and `jump` the stride. Where paths meet, the greatest and the least are kept apart.

Fields are not cut at the border of the input. A path counts with the window that it has; where branches look past
each other, as those with one-sided padding do, their union is wider than the widest. An input called `like`, as that of
`crop`, lends its shape and is not seen. Behind what enlarges the field is that of the worst place, which a stride may
never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from netdsl.graph import Graph, Node
from netdsl.traffic import only_measured


@dataclass(frozen=True, slots=True)
class Axis:
    """What `n` neighbours along one axis read: `r + jump·⌊alpha·n + beta⌋` inputs."""

    r: int = 1
    jump: int = 1
    alpha: Fraction | int = 1
    beta: Fraction | int = -1

    def reach(self, n: int) -> int:
        return self.r + self.jump * floor(self.alpha * n + self.beta)

    @property
    def stride(self) -> int | Fraction:
        """How far the fields of two neighbours are apart, in points of the input."""
        stride = self.jump * self.alpha
        return int(stride) if stride == int(stride) else stride

    def through(self, window: int | Fraction, stride: int | Fraction) -> Axis:
        """This axis behind an operator; a `stride` below 1 enlarges, and `window` counts points of its input."""
        if stride < 1:
            by = ceil(1 / Fraction(stride))
            outputs = ceil(window * by)
            alpha = Fraction(self.alpha) / by
            return Axis(self.r, self.jump, alpha, alpha * (outputs - 2) + self.alpha + self.beta)
        window, stride = ceil(window), int(stride)
        if self.alpha == 1:
            return Axis(self.r + self.jump * (window + self.beta), self.jump * stride)  # type: ignore[arg-type]
        return Axis(self.r, self.jump, self.alpha * stride, self.beta + self.alpha * (window - stride))


Sight: TypeAlias = tuple[Axis | None, ...]  # for each spatial axis of the input; None: all of it


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """Over all paths from an input, the greatest and the least field; None along an axis that is seen whole."""

    most: Sight
    least: Sight

    @property
    def extents(self) -> tuple[int | None, ...]:
        return tuple(None if axis is None else axis.reach(1) for axis in self.most)

    @property
    def least_extents(self) -> tuple[int | None, ...]:
        return tuple(None if axis is None else axis.reach(1) for axis in self.least)

    @property
    def strides(self) -> tuple[int | Fraction | None, ...]:
        return tuple(None if axis is None else axis.stride for axis in self.most)


def receptive_fields(graph: Graph) -> tuple[ReceptiveField | None, ...]:
    """The field of every node, by number; None where no input is read."""
    found: list[ReceptiveField | None] = []
    for node in graph.nodes:
        if node.role == "input":
            axes: Sight = (Axis(),) * max(len(node.shape) - 1, 0)
            found.append(ReceptiveField(axes, axes))
        elif node.op is None:
            found.append(None)
        else:
            found.append(_behind(graph, node, found))
    return tuple(found)


def exceeding(graph: Graph, fields: Sequence[ReceptiveField | None]) -> frozenset[int]:
    """The nodes whose greatest field is wider than the input, along some axis; of several inputs, than the widest."""
    widest: dict[int, list[int | None]] = {}  # by the number of spatial axes; None where an extent is unknown
    for number in graph.inputs:
        extents = [int(e) if isinstance(e, int) else None for e in graph.nodes[number].shape[1:]]
        known = widest.setdefault(len(extents), extents)
        widest[len(extents)] = [
            None if a is None or b is None else max(a, b) for a, b in zip(known, extents, strict=True)
        ]
    return frozenset(
        number
        for number, field in enumerate(fields)
        if field is not None
        and any(
            extent is not None and there is not None and extent > there
            for extent, there in zip(field.extents, widest.get(len(field.extents), ()), strict=False)
        )
    )


def _behind(graph: Graph, node: Node, found: list[ReceptiveField | None]) -> ReceptiveField | None:
    assert node.op is not None
    fields = []
    for slot, value in enumerate(node.operands):
        field = found[value.node]
        if field is not None and not only_measured(node, slot):
            windows = node.op.receptive_field(max(len(graph.shape(value)) - 1, 0))
            fields.append(ReceptiveField(_through(field.most, windows), _through(field.least, windows)))
    if not fields:
        return None
    first, *rest = fields
    most, least = first.most, first.least
    for other in rest:
        most, least = _pick(most, other.most, 1), _pick(least, other.least, -1)
    return ReceptiveField(most, least)


def _through(sight: Sight, windows: tuple[tuple[int | Fraction, ...], tuple[int | Fraction, ...]] | None) -> Sight:
    if windows is None:
        return (None,) * len(sight)
    extents, strides = windows
    if len(extents) != len(sight):
        # The value's axes are no longer the input's. What works point by point keeps what its input sees.
        pointwise = all(e == 1 for e in extents) and all(s == 1 for s in strides)
        return sight if pointwise else (None,) * len(sight)
    return tuple(
        axis if axis is None or (e == 1 and s == 1) else axis.through(e, s)
        for axis, e, s in zip(sight, extents, strides, strict=True)
    )


def _pick(left: Sight, right: Sight, sign: int) -> Sight:
    """For each axis the greater (`sign` 1) or the lesser (-1) of the two."""
    if len(left) != len(right):  # inputs with different numbers of axes
        return (None,) * max(len(left), len(right))
    return tuple(max(pair, key=lambda axis: _rank(axis, sign)) for pair in zip(left, right, strict=True))


def _rank(axis: Axis | None, sign: int) -> float:
    return sign * (float("inf") if axis is None else axis.reach(1))
