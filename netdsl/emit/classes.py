"""Which classes a network becomes, and what their constructors take.

One class per definition and per choice of its block-valued arguments; a class is split only where its instances
cannot be written as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from netdsl.emit.python import class_name
from netdsl.emit.settle import FRAME
from netdsl.emit.template import Environment, Laying, Mismatch, TRegion
from netdsl.expression import Atom
from netdsl.graph import Graph
from netdsl.ops.op import Call, Helper, Template
from netdsl.scope import Apply, BlockValue, Choice, Definition, Group, Invoke, Join, Loop, Parameter, Region, Step


@dataclass(frozen=True, slots=True)
class CtorParameter:
    """One constructor parameter: `source` is the atom it stands for, or the key of a value that has none."""

    name: str
    annotation: str
    source: Atom | str
    default: Any = None
    optional: bool = False


@dataclass(eq=False)
class Class:
    """A class to be written: its instances, laid over each other, and what is known so far of its interface."""

    key: Any
    name: str
    definition: Definition
    invokes: list[Invoke]  # empty for the network itself
    region: TRegion
    laying: Laying
    blocks: dict[str, BlockValue]
    used: set[Atom] = field(default_factory=set)  # atoms its code prints
    wanted: set[Atom] = field(default_factory=set)  # atoms it would print if there were a variable for them
    parameters: tuple[CtorParameter, ...] = ()
    rest_defaults: dict[Atom, Any] = field(default_factory=dict)
    extras: dict[str, dict[int, Any]] = field(default_factory=dict)  # name -> instance -> value
    exports: bool = False  # somebody reads `out_channels`
    separate: set[Any] = field(default_factory=set)  # loops and choices whose variable needs a name of its own
    frozen: set[Atom] = field(default_factory=set)
    declared: tuple[Parameter, ...] = ()
    helpers: frozenset[str] = frozenset()  # what the module defines beside its classes, or imports
    calls: dict[Any, None] = field(default_factory=dict)  # keys of the classes it constructs

    def state(self) -> tuple[Any, ...]:
        """What its text depends on, beside the interfaces of the classes it calls."""
        return (
            frozenset(self.used),
            frozenset(self.wanted),
            self.exports,
            frozenset(self.separate),
            frozenset(self.frozen),
            len(self.rest_defaults),
        )

    def interface(self) -> tuple[Any, ...]:
        """What the text of a caller depends on."""
        return self.parameters, tuple(self.extras)

    @property
    def is_network(self) -> bool:
        return not self.invokes

    def instance(self, invoke: Invoke) -> int:
        return self._numbers[id(invoke)]

    def __post_init__(self) -> None:
        self._numbers = {id(invoke): i for i, invoke in enumerate(self.invokes)}
        if self.invokes:
            self.declared = self.definition.parameters

    @staticmethod
    def first_axis_name(axis: int) -> str:
        return ("channels", "height", "width")[axis] if axis < 3 else f"extent{axis}"


class Split(Exception):
    """The instances of a class cannot be one class."""

    def __init__(self, key: Any) -> None:
        self.key = key


class Unroll(Exception):
    """The loop at this site has iterations that differ."""

    def __init__(self, site: Any) -> None:
        self.site = site


class Planner:
    """Finds the classes. `unroll` are the sites of loops to keep apart, `split` the class keys to divide, `reserved`
    the names that the module imports, `taken` those that no class of the network may have besides."""

    def __init__(
        self,
        graph: Graph,
        unroll: frozenset[Any],
        split: frozenset[Any],
        reserved: frozenset[str] = frozenset(),
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.graph, self.unroll, self.split, self.reserved, self.taken = graph, unroll, split, reserved, taken
        self._keys: dict[int, Any] = {}

    def classes(self) -> list[Class]:
        """Callees before callers, the network last."""
        groups: dict[Any, list[Invoke]] = {}
        order: list[Any] = []
        for invoke in invokes(self.graph.root):
            key = self.key_of(invoke)
            if key not in groups:
                groups[key] = []
                order.append(key)
            groups[key].append(invoke)
        found = [self._class(key, groups[key]) for key in order]
        laying, region = self._laid([self.graph.root], None)
        network = Class(None, "", self.graph.definition, [], region, laying, {})
        network.declared = tuple(Parameter(p.name, p.site, p.value, True) for p in self.graph.parameters)
        self._name([*found, network])
        return [*found, network]

    def key_of(self, invoke: Invoke) -> Any:
        cached = self._keys.get(id(invoke))
        if cached is None:
            blocks = tuple((name, block.key) for name, block in sorted(invoke.blocks.items()))
            cached = (invoke.definition.site, blocks, invoke.specialisation)
            if cached in self.split:
                cached = (*cached, signature(invoke.region))
            self._keys[id(invoke)] = cached
        return cached

    def _class(self, key: Any, group: list[Invoke]) -> Class:
        laying, region = self._laid([invoke.region for invoke in group], key[:3])
        return Class(key, "", group[0].definition, group, region, laying, dict(group[0].blocks))

    def _laid(self, regions: list[Region], key: Any) -> tuple[Laying, TRegion]:
        """The instances of one class as one; raises what to try where they cannot be."""
        laying = Laying(self.unroll, self.key_of)
        environments: list[Environment] = [{FRAME: i} for i in range(len(regions))]
        try:
            return laying, laying.region(regions, environments)
        except Mismatch as mismatch:
            raise (Split(key) if mismatch.loop is None else Unroll(mismatch.loop)) from None

    def _name(self, classes: list[Class]) -> None:
        helpers = self.reserved | set(helper_names(self.graph))
        taken = {*helpers, *self.taken}
        siblings: dict[Any, int] = {}
        for plan in classes:
            siblings[plan.definition.site] = siblings.get(plan.definition.site, 0) + 1
        for plan in (classes[-1], *classes[:-1]):  # the network's name is the one that must not change
            name = self.graph.name if plan.is_network else plan.definition.name
            doc = "\n".join([plan.definition.doc, self.graph.file_doc if plan.is_network else ""])
            base = class_name(name, doc)
            if siblings[plan.definition.site] > 1:
                base = base + "".join(class_name(b.text) for b in plan.blocks.values() if b.text.isidentifier())
            chosen, n = base, 1
            while chosen in taken:
                n += 1
                chosen = f"{base}{n}"
            taken.add(chosen)
            plan.helpers = helpers
            plan.name = chosen


def helper_names(graph: Graph) -> Iterator[str]:
    """Names of the functions and classes that the graph's operators bring along."""
    for op, shapes in {(type(n.op), len(n.operands)): (n.op, graph.operand_shapes(n)) for n in graph.nodes}.values():
        if op is not None:
            for code in (op.module(*shapes), op.expr(*shapes), *op.setup(*shapes)):
                yield from _helpers(code)
            if op.module(*shapes) is None:
                yield "".join(part.capitalize() for part in op.name.replace(".", "_").split("_"))


def _helpers(code: Any) -> Iterator[str]:
    match code:
        case Call():
            for part in (code.target, *code.arguments, *code.keywords.values()):
                yield from _helpers(part)
        case Template():
            for part in code.values.values():
                yield from _helpers(part)
        case Helper():
            yield code.name


def invokes(region: Region) -> Iterator[Invoke]:
    """Every call inside, callees before callers; recursion ends because traces are finite."""
    for step in region.steps:
        yield from _within(step)


def _within(step: Step) -> Iterator[Invoke]:
    for inner in inner_regions(step):
        yield from invokes(inner)
    if isinstance(step, Invoke):
        yield from invokes(step.region)
        yield step


def inner_regions(step: Step) -> tuple[Region, ...]:
    """The regions of the same frame inside a step."""
    if isinstance(step, Loop):
        return tuple(step.iterations)
    if isinstance(step, Choice):
        return (step.region,) if step.region else ()
    if isinstance(step, Group):
        return (step.region,)
    if isinstance(step, Join):
        return (step.entry,)
    return ()


def signature(region: Region) -> tuple[Any, ...]:
    """What must be equal for instances to be written alike without any `if`, loop or parameter."""
    return region.chain, tuple(region.tensors), *(_step_signature(step) for step in region.steps)


def _step_signature(step: Step) -> tuple[Any, ...]:
    inner = tuple(signature(r) for r in inner_regions(step))
    if isinstance(step, Apply):
        return ("apply", step.op, bool(step.owner), str(step.name), tuple(len(t.shape) for t in step.operands))
    if isinstance(step, Invoke):
        blocks = tuple((name, block.key) for name, block in sorted(step.blocks.items()))
        return ("invoke", step.definition.site, blocks, step.specialisation, str(step.name), signature(step.region))
    if isinstance(step, Choice):
        return ("choice", step.arm, inner)
    if isinstance(step, Join):
        return ("join", inner, _step_signature(step.apply))
    return (type(step).__name__, str(step.name), inner)
