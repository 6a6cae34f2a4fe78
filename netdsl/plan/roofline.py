"""What each step of a fused network computes and moves, and the least time that takes on a device.

FLOPs are two for each multiply-accumulate: what is computed point by point is never what takes the time. Bytes are
those of `netdsl.traffic`. A step takes at least the longer of computing and moving; steps run one after the other.
Caches are not counted, so that where maps are small enough to stay in one, a step may take less.
"""

from __future__ import annotations

from dataclasses import dataclass

from netdsl.graph import Graph, Node
from netdsl.plan.device import Device
from netdsl.step import kernels
from netdsl.traffic import moved


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one kernel in one forward pass: operations, bytes, least seconds, and whether "memory" or "compute" binds."""

    flops: int
    bytes: int
    seconds: float
    bound: str


def costs(fused: Graph, batch: int, dtype: str, width: int, device: Device) -> dict[int, Cost]:
    """By the number of each node that launches a kernel, in order. All extents known."""
    return {node.number: _cost(fused, node, batch, dtype, width, device) for node in kernels(fused)}


def _cost(fused: Graph, node: Node, batch: int, dtype: str, width: int, device: Device) -> Cost:
    assert node.op is not None
    macs, bytes_ = node.op.macs(*fused.operand_shapes(node)), moved(fused, node).bytes(batch, width)
    assert isinstance(macs, int)
    assert isinstance(bytes_, int)
    flops = int(2 * macs * batch)
    return Cost(
        flops,
        int(bytes_),
        device.seconds(flops, bytes_, dtype),
        device.bound(flops, bytes_, dtype),
    )
