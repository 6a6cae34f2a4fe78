"""What each step of a fused network computes and moves, and the least time that takes on a device.

FLOPs are two for each multiply-accumulate: what is computed point by point is never what takes the time. Bytes are
those of `netdsl.traffic`. A step takes at least the longer of computing and moving; steps run one after the other.
Caches are not counted, so that where maps are small enough to stay in one, a step may take less.
"""

from __future__ import annotations

from typing import NamedTuple

from netdsl.graph import Graph, Node
from netdsl.plan.device import Device
from netdsl.step import kernels
from netdsl.traffic import moved


class Work(NamedTuple):
    """Operations and bytes of one kernel in one forward pass."""

    flops: int
    bytes: int


class Cost(NamedTuple):
    """What that takes: least seconds, and whether "memory" or "compute" binds."""

    flops: int
    bytes: int
    seconds: float
    bound: str


def work(fused: Graph, batch: int, width: int) -> dict[int, Work]:
    """By the number of each node that launches a kernel, in order. All extents known."""
    return {node.number: _work(fused, node, batch, width) for node in kernels(fused)}


def costs(fused: Graph, batch: int, width: int, dtype: str, device: Device) -> dict[int, Cost]:
    """The same with its time on a device, computed in `dtype`."""
    return {
        number: Cost(*done, device.seconds(*done, dtype), device.bound(*done, dtype))
        for number, done in work(fused, batch, width).items()
    }


def _work(fused: Graph, node: Node, batch: int, width: int) -> Work:
    assert node.op is not None
    macs, moved_ = node.op.macs(*fused.operand_shapes(node)), moved(fused, node).bytes(batch, width)
    assert isinstance(macs, int)
    assert isinstance(moved_, int)
    return Work(int(2 * macs * batch), int(moved_))
