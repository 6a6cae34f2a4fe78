"""Steps: several operators that one kernel computes, and what passes know about a network beyond its graph.

A fused graph is an ordinary `Graph` whose operator nodes are kernels: an operator by itself, or a `Step`, which holds
its parts in the order they are computed. Because a step is an operator, all that reads graphs reads fused ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from netdsl.expression import Number
from netdsl.extent import Extent
from netdsl.ops.op import Classes, Field, Loss, Op, Shape
from netdsl.scope import Value

if TYPE_CHECKING:
    from netdsl.form import Form
    from netdsl.graph import Graph, Node


class Outer(NamedTuple):
    """Operand `slot` of the step's node."""

    slot: int


class Inner(NamedTuple):
    """What part number `part` of the same step yields."""

    part: int


Source: TypeAlias = Outer | Inner


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the network as a step computes it. `name` is the node's in the network as written: its identity."""

    name: str
    op: Op
    owner: str
    operands: tuple[Source, ...]


Walked: TypeAlias = tuple[Part, tuple[Shape, ...], Shape]


class Step(Op):
    """Several operators in one kernel. Every part yields one value; output i of the node is that of part
    `results[i]`, and no other value of a part is seen outside."""

    __slots__ = ("_form", "_walked")  # what was found out once; no attributes, as those stand in `__dict__`

    name: ClassVar[str] = "step"
    inputs = (0, None)
    class_inputs = None
    parts: tuple[Part, ...]
    results: tuple[int, ...]

    def walk(self, *shapes: Shape) -> Sequence[Walked]:
        """Each part with the shapes of its operands and of what it yields."""
        known: tuple[Any, list[Walked]] | None = getattr(self, "_walked", None)
        if known is not None and known[0] == shapes:
            return known[1]
        found: list[Walked] = []
        for part in self.parts:
            given = tuple(shapes[s.slot] if type(s) is Outer else found[s[0]][2] for s in part.operands)
            found.append((part, given, part.op.infer(*given)))
        object.__setattr__(self, "_walked", (shapes, found))
        return found

    def infer(self, *shapes: Shape) -> Any:
        found = [shape for _, _, shape in self.walk(*shapes)]
        return [found[i] for i in self.results] if len(self.results) > 1 else found[self.results[0]]

    def __reduce__(self) -> Any:  # what was found out is found out again
        return _step, (self.parts, self.results)

    def weights(self, *shapes: Shape) -> dict[str, Shape]:
        """By whole path: `layer1.0.conv1.weight`."""
        return {
            f"{part.owner}.{name}": shape
            for part, given, _ in self.walk(*shapes)
            for name, shape in part.op.weights(*given).items()
        }

    def buffers(self, *shapes: Shape) -> dict[str, Shape]:
        return {
            f"{part.owner}.{name}": shape
            for part, given, _ in self.walk(*shapes)
            for name, shape in part.op.buffers(*given).items()
        }

    def params(self, *shapes: Shape) -> int:
        return sum({part.owner: part.op.params(*given) for part, given, _ in self.walk(*shapes)}.values())

    def macs(self, *shapes: Shape) -> Extent:
        total: Extent = 0
        for part, given, _ in self.walk(*shapes):
            total = total + part.op.macs(*given)
        return total

    def receptive_field(self, rank: int) -> Field | None:
        """That of the longest chain of parts; the residual of an `add` lies inside it."""
        window: Any = (1,) * rank
        stride: Any = (1,) * rank
        for part in chain(self.parts, self.results[0]):
            own = part.op.receptive_field(rank)
            if own is None:
                return None
            window = tuple(w + (k - 1) * s for w, k, s in zip(window, own[0], stride, strict=True))
            stride = tuple(s * t for s, t in zip(stride, own[1], strict=True))
        return window, stride

    def label(self) -> str:
        """`conv(64, 7, stride = 2) + batch_norm + relu`; siblings with a bar between."""
        chains = [" + ".join(p.op.label() for p in chain(self.parts, result)) for result in self.results]
        return " | ".join(chains)

    @property
    def form(self) -> Form:
        """How a kernel reads it. Raises NoForm where no kernel computes these parts in this order."""
        known: Form | None = getattr(self, "_form", None)
        if known is None:
            from netdsl.form import read

            known = read(self.parts, self.results)
            object.__setattr__(self, "_form", known)
        return known


def _step(parts: tuple[Part, ...], results: tuple[int, ...]) -> Step:
    return Step(parts=parts, results=results)


def chain(held: tuple[Part, ...], result: int) -> list[Part]:
    """The parts from the first that is needed to part `result`, along what each takes from an earlier part."""
    found = [held[result]]
    while inner := [source for source in found[-1].operands if type(source) is Inner]:
        found.append(held[inner[0].part])
    return found[::-1]


def parts(node: Node) -> tuple[Part, ...]:
    """What a node computes: the parts of a step, an operator by itself as the only one, nothing for an input."""
    if node.op is None:
        return ()
    if isinstance(node.op, Step):
        return node.op.parts
    return (Part(node.name, node.op, node.owner, tuple(map(Outer, range(len(node.operands))))),)


def walk(graph: Graph, node: Node) -> Sequence[Walked]:
    """Each part of a node with the shapes of its operands and of what it yields first."""
    if isinstance(node.op, Step):
        return node.op.walk(*graph.operand_shapes(node))
    return [(part, graph.operand_shapes(node), node.shape) for part in parts(node)]


# ------------------------------------------------------------------------------------- what passes know beyond that


class Place(NamedTuple):
    """A value that lives in channels `offset`.. of a wider buffer."""

    buffer: int
    offset: int


@dataclass(frozen=True, eq=False)
class Plan:
    """What passes know beyond the graph that they made. All names are those of nodes of `origin`."""

    origin: Graph  # the graph before the first pass
    dropped: Mapping[str, str] = field(default_factory=dict)  # node -> why nothing computes it
    views: Mapping[str, str] = field(default_factory=dict)  # node of the fused graph -> why it launches nothing
    places: Mapping[Value, Place] = field(default_factory=dict)  # values that are channels of a wider buffer
    reasons: Mapping[str, str] = field(default_factory=dict)  # node -> why it was not fused further

    def but(self, **changes: Any) -> Plan:
        return replace(self, **changes)


def kernels(graph: Graph) -> tuple[Node, ...]:
    """The nodes that launch a kernel, in order: every operator that is no view."""
    views = graph.plan.views if graph.plan is not None else {}
    return tuple(node for node in graph.nodes if node.op is not None and node.name not in views)


@dataclass(frozen=True, slots=True)
class Site:
    """A convolution of the network as written with what one fused call computes after it: names of nodes.

    `residual` is the operand of `add` (0 or 1) that is not the convolution's.
    """

    conv: str
    norm: str | None = None
    add: str | None = None
    residual: int | None = None
    activation: str | None = None


def untraced(value: Any) -> Any:
    """The same value, shape or operator without its expressions, which nobody asks a fused graph for: the arithmetic of
    plain numbers is quicker. A step's are plain already."""
    if type(value) is Number:
        return int(value)
    if isinstance(value, Op):
        if isinstance(value, Step):
            return value
        plain = {name: untraced(held) for name, held in vars(value).items()}
        return value if all(plain[name] is held for name, held in vars(value).items()) else type(value)(**plain)
    if isinstance(value, tuple):
        parts = [untraced(part) for part in value]
        if all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        return type(value)(parts) if type(value) in (Classes, Loss) else tuple(parts)
    return value
