"""What random networks are made of, counted: a search that never draws something cannot find anything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from netdsl.graph import Graph, Node, leaves
from netdsl.ops import OPS
from netdsl.ops.op import attributes
from netdsl.step import Step

OURS = tuple(name for name in OPS if "." not in name)


def spatial(value: Any, wanted: Callable[[int], bool]) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return any(isinstance(v, int) and wanted(v) for v in items)


# Settings in which compilers of networks are known to have gone wrong.
BUCKETS: dict[str, Callable[[Any, Any], bool]] = {
    "conv of stride 1": lambda op, x: op.name == "conv" and op.stride == 1,
    "conv of stride 2": lambda op, x: op.name == "conv" and spatial(op.stride, lambda s: s == 2),
    "conv of stride 3": lambda op, x: op.name == "conv" and spatial(op.stride, lambda s: s == 3),
    "conv padded by default": lambda op, x: op.name == "conv" and op.pad is None,
    "conv padded by 0": lambda op, x: op.name == "conv" and op.pad == 0,
    "conv padded by 1 or 2": lambda op, x: op.name == "conv" and op.pad in (1, 2),
    "conv padded unevenly": lambda op, x: op.name == "conv" and isinstance(op.pad, tuple) and uneven(op.pad),
    "conv dilated": lambda op, x: op.name == "conv" and spatial(op.dilation, lambda d: d > 1),
    "conv with groups": lambda op, x: op.name == "conv" and 1 < op.groups < x[0],
    "conv depthwise": lambda op, x: op.name == "conv" and 1 < op.groups == x[0],
    "conv without bias": lambda op, x: op.name == "conv" and not op.bias,
    "conv with an even kernel": lambda op, x: op.name == "conv" and spatial(op.kernel, lambda k: k % 2 == 0),
    "conv of one axis": lambda op, x: op.name == "conv" and len(x) == 2,
    "conv of two axes": lambda op, x: op.name == "conv" and len(x) == 3,
    "conv of three axes": lambda op, x: op.name == "conv" and len(x) == 4,
    "conv of one point": lambda op, x: op.name == "conv" and all(e == 1 for e in x[1:]),
    "conv of an odd size": lambda op, x: op.name == "conv" and any(e % 2 for e in x[1:]),
    "conv of an even size": lambda op, x: op.name == "conv" and any(e % 2 == 0 for e in x[1:]),
    "padding other than zeros": lambda op, x: op.name == "conv" and op.mode != "zeros",
    "pool with ceil": lambda op, x: getattr(op, "ceil", False),
    "pool padded": lambda op, x: op.family == "pool" and spatial(getattr(op, "pad", 0), lambda p: p > 0),
    "pool padded unevenly": lambda op, x: op.family == "pool" and uneven(getattr(op, "pad", 0)),
    "padding that does not count": lambda op, x: not getattr(op, "count_include_pad", True),
    "eps other than the default": lambda op, x: op.family == "norm" and getattr(op, "eps", 1e-5) != 1e-5,
    "norm without weights": lambda op, x: op.family == "norm" and not getattr(op, "affine", True),
}  # fmt: skip


def uneven(pad: Any) -> bool:
    return isinstance(pad, tuple) and any(isinstance(side, tuple) and side[0] != side[1] for side in pad)


class Coverage:
    """Counts over many networks."""

    def __init__(self) -> None:
        self.networks = 0
        self.operators: Counter[str] = Counter()  # networks that hold it
        self.buckets: Counter[str] = Counter()
        self.settings: Counter[str] = Counter()  # an attribute at its default, or not
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.shapes: Counter[str] = Counter()  # networks that hold such a structure
        self.batches: Counter[int] = Counter()
        self.fused: Counter[str] = Counter()  # steps of several operators, and reasons against more

    def add(self, graph: Graph, batch: int, fused: Graph | None = None) -> None:
        self.networks += 1
        if fused is not None and fused.plan is not None:
            self.fused["steps of several operators"] += sum(isinstance(node.op, Step) for node in fused.nodes)
            self.fused["refusals with a reason"] += len(fused.plan.reasons)
        self.batches[batch] += 1
        nodes = [node for node in graph.nodes if node.op is not None]
        self.operators.update({node.op.name for node in nodes if node.op})
        self.shapes.update(structures(graph))
        for node in nodes:
            self.node(graph, node)

    def node(self, graph: Graph, node: Node) -> None:
        op: Any = node.op
        shape: Any = graph.shape(node.operands[0]) if node.operands else ()
        self.buckets.update(name for name, holds in BUCKETS.items() if holds(op, shape))
        for field in attributes(type(op)):
            value = getattr(op, field.name)
            self.settings[f"{op.name}.{field.name} {'default' if value == field.default else 'given'}"] += 1
        for value in node.operands:
            before = graph.nodes[value.node].op
            if before is not None:
                self.pairs[before.name, op.name] += 1

    def missing(self) -> Iterator[str]:
        """What a thousand networks should hold oftener, in proportion."""
        scale = self.networks / 1000
        for name in OURS:
            if self.operators[name] < 50 * scale:
                yield f"{name}: in {self.operators[name]} networks"
        for name in BUCKETS:
            if self.buckets[name] < 20 * scale:
                yield f"{name}: {self.buckets[name]} times"
        for setting in expected():
            if self.settings[setting] < 20 * scale:
                yield f"{setting}: {self.settings[setting]} times"
        for name, share in SHARES.items():
            if self.shapes[name] < share * self.networks:
                yield f"{name}: in {self.shapes[name]} of {self.networks} networks"
        if len(self.pairs) < 5000 * min(scale, 0.58) or self.thrice < 1600 * min(scale, 0.58):  # new pairs become rare
            yield f"ordered pairs of operators: {len(self.pairs)}, thrice {self.thrice}"
        if self.batches[1] < 20 * scale:
            yield f"batches of one: {self.batches[1]}"

    @property
    def thrice(self) -> int:
        """Ordered pairs of operators that were met three times and more."""
        return sum(times >= 3 for times in self.pairs.values())

    def told(self) -> list[tuple[str, str]]:
        """The figures, for people."""
        least = min(OURS, key=self.operators.__getitem__)
        rare = min(BUCKETS, key=self.buckets.__getitem__)
        few = min(expected(), key=self.settings.__getitem__)
        shares = ", ".join(f"{name} {100 * self.shapes[name] // self.networks} %" for name in SHARES)
        return [
            ("rarest operator", f"{least}, in {self.operators[least]} networks of {self.networks}"),
            ("rarest setting of those that go wrong elsewhere", f"{rare}, {self.buckets[rare]} times"),
            ("rarest attribute, default or given", f"{few}, {self.settings[few]} times"),
            ("ordered pairs of operators", f"{len(self.pairs)}, thrice {self.thrice}"),
            ("networks with", shares),
            *((what, f"{count} in {self.networks} networks") for what, count in self.fused.items()),
        ]  # fmt: skip


SHARES = {"a value of several readers": 0.3, "a shared module": 0.1, "f(x, x)": 0.1, "several outputs": 0.1}


def structures(graph: Graph) -> set[str]:
    found = set()
    if any(len({use.node for use in uses}) > 1 for uses in graph.uses.values()):
        found.add("a value of several readers")
    owners = [node.owner for node in graph.nodes if node.owner]
    if len(owners) > len(set(owners)):
        found.add("a shared module")
    if any(len(set(node.operands)) < len(node.operands) for node in graph.nodes):
        found.add("f(x, x)")
    if sum(len(leaves(output.value)) for output in graph.outputs) > 1:
        found.add("several outputs")
    return found


def expected() -> list[str]:
    """Every attribute of every operator, given, and at its default if it has one; but for how weights begin, which
    nothing computes with."""
    found = []
    for name in OURS:
        for field in attributes(OPS[name]):
            if field.name not in ("init", "bias_init", "frozen"):
                found.append(f"{name}.{field.name} given")
    return found
