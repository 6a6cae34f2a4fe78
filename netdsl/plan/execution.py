"""The plan of a network: every step with what it costs and where what it yields lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netdsl.diagnostics import placeless
from netdsl.extent import Extent
from netdsl.form import form_of, title
from netdsl.graph import Graph, Node
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Shape
from netdsl.plan.device import Device
from netdsl.plan.memory import MemoryPlan, memory
from netdsl.plan.roofline import Cost, costs
from netdsl.scope import Value
from netdsl.step import Step, kernels, parts
from netdsl.traffic import BYTES, only_measured

WIDTHS = {**BYTES, "tf32": BYTES["fp32"]}  # tf32: numbers of fp32, multiplied by tensor cores
SPATIAL = ("", "W", "HW", "DHW")


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One kernel: node `number` of the fused graph. `nodes` are those of the network that it computes, `ours` says
    whether a kernel of netdsl can, or only torch's operator. `shapes` are what it yields, siblings joined on
    their channels; `reads` and `writes` are numbers of storages."""

    number: int
    name: str
    label: str
    nodes: tuple[str, ...]
    ours: bool
    shapes: tuple[Shape, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    cost: Cost


@dataclass(frozen=True, eq=False)
class ExecutionPlan:
    """One forward pass of `batch` samples at inference, in numbers of `dtype`, on `device`.

    `steps` run in this order; `memory` has the storages that they read and write. Made without torch.
    """

    network: str
    batch: int
    dtype: str
    device: Device
    steps: tuple[PlannedStep, ...]
    memory: MemoryPlan

    @property
    def flops(self) -> int:
        """Twice the multiply-accumulates."""
        return sum(step.cost.flops for step in self.steps)

    @property
    def bytes(self) -> int:
        """What kernels read and write."""
        return sum(step.cost.bytes for step in self.steps)

    @property
    def seconds(self) -> float:
        """The roofline floor: the least time that the steps take one after the other, as long as nothing is cached."""
        return sum(step.cost.seconds for step in self.steps)

    @property
    def memory_bound(self) -> float:
        """The share of that time in which memory binds."""
        bound = sum(step.cost.seconds for step in self.steps if step.cost.bound == "memory")
        return bound / self.seconds if self.steps else 0.0

    def to_json(self) -> str:
        """One object, as docs/plan.md describes it."""
        from netdsl.plan.table import to_json

        return to_json(self)

    def to_text(self) -> str:
        """The table: a line for each step, and the totals."""
        from netdsl.plan.table import to_text

        return to_text(self)

    def __str__(self) -> str:
        return self.to_text()


def plan(fused: Graph, batch: int, dtype: str, device: Device) -> ExecutionPlan:
    """The plan of a fused network. Raises NetdslError N734 where the size of an input is not known, ValueError for a
    batch or data type that there is not."""
    if dtype not in WIDTHS:
        raise ValueError(f"{dtype!r} is none of {', '.join(WIDTHS)}")
    if batch < 1:
        raise ValueError(f"a batch of {batch} has no samples")
    _refuse_symbols(fused)
    width = WIDTHS[dtype]
    found = memory(fused, batch, width)
    return ExecutionPlan(
        fused.plan.origin.name if fused.plan is not None else fused.name,
        batch,
        dtype,
        device,
        tuple(_steps(fused, found, costs(fused, batch, width, dtype, device))),
        found,
    )


def joined(node: Node) -> tuple[Shape, ...]:
    """The shapes of what a node yields; siblings, side by side on the channels, are one."""
    if not isinstance(node.op, Step) or len(node.shapes) == 1:
        return node.shapes
    channels: Extent = 0
    for shape in node.shapes:
        channels = channels + shape[0]
    return ((channels, *node.shape[1:]),)


def layout(rank: int) -> str:
    """How a map with so many spatial axes lies in memory, the last axis densest: NHWC."""
    return f"N{SPATIAL[rank]}C" if rank < len(SPATIAL) else f"N{'·' * rank}C"


def _steps(fused: Graph, planned: MemoryPlan, cost: dict[int, Cost]) -> Iterator[PlannedStep]:
    behind = planned.lifetimes.behind
    for node in kernels(fused):
        assert node.op is not None
        operands = (value for slot, value in enumerate(node.operands) if not only_measured(node, slot))
        read = dict.fromkeys(number for value in operands for number in behind[value])
        written = dict.fromkeys(planned.storage(Value(node.number, i)) for i in range(len(node.shapes)))
        yield PlannedStep(
            node.number,
            title(node, 0),
            node.op.label(),
            tuple(part.name for part in parts(node)),
            isinstance(node.op, Lrn) or form_of(fused, node) is not None,
            joined(node),
            tuple(read),
            tuple(written),
            cost[node.number],
        )


def _refuse_symbols(fused: Graph) -> None:
    for number in fused.inputs:
        node = fused.nodes[number]
        if not all(isinstance(extent, int) for extent in node.shape):
            example = "x".join(str(e) if isinstance(e, int) else "256" for e in node.shape)
            raise placeless(
                "N734",
                f"the input `{node.name}` is [{', '.join(map(str, node.shape))}], and a plan needs its size",
                help=f"give it, for instance `--input {node.name}={example}`",
            )
