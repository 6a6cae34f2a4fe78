"""Where elaboration stands: the run as a whole, the frame, and the braces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from netdsl.expression import Atom, Expr
from netdsl.graph import Broken, Graph, Node
from netdsl.scope import Flow, Region
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.limits import Limits
from netdsl.syntax.elaborate.paths import Container, Plan, plan_of
from netdsl.syntax.elaborate.report import Report, Stop
from netdsl.syntax.elaborate.scopes import Scope
from netdsl.syntax.elaborate.values import Instance, is_flow


@dataclass(slots=True, eq=False)
class Run:
    """One elaboration of one network."""

    report: Report
    limits: Limits = field(default_factory=Limits)
    nodes: list[Node] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    broken: list[Broken] = field(default_factory=list)  # operators that could not be applied
    weighted: int = 0  # nodes with weights so far
    work: int = 0  # calls and turns of loops so far
    depth: int = 0  # blocks inside blocks
    plans: dict[int, Plan] = field(default_factory=dict)  # of labelled braces, by id of their tree

    # In the expectations of a file: the graph of a net that they name, None where it has mistakes.
    graph_of: Callable[[Any], Graph | None] | None = None

    def plan(self, unit: tree.Unit | tree.Pipeline) -> Plan:
        """How the stages in labelled braces, or in a pipeline that is a block, are named."""
        plan = self.plans.get(id(unit))
        if plan is None:
            plan = self.plans[id(unit)] = plan_of(unit)
        return plan

    def unique(self, name: str) -> str:
        """`name`, or `name_2` where it is taken, and so on."""
        found, n = name, 1
        while found in self.names:
            n += 1
            found = f"{name}_{n}"
        self.names.add(found)
        return found

    def spend(self, span: Span, amount: int = 1) -> None:
        """Count work that may make no node. Raises Stop where it is too much."""
        self.work += amount
        if self.work > self.limits.work:
            self.report.error(
                "N613",
                f"elaborating this network takes more than {self.limits.work:_} calls and turns of loops",
                span,
                "the limit is reached here",
                help="repeat less, or split the network",
            )
            raise Stop

    @contextmanager
    def inside(self, name: str, span: Span) -> Iterator[None]:
        """One block deeper. Raises Stop where it is too deep."""
        self.depth += 1
        try:
            if self.depth > self.limits.depth:
                self.report.error(
                    "N611",
                    f"`{name}` is called inside itself or other blocks more than {self.limits.depth} deep",
                    span,
                    "this call goes one deeper",
                    help="a block that calls itself needs an `if` around the call that ends it",
                )
                raise Stop
            self.spend(span)
            yield
        finally:
            self.depth -= 1


@dataclass(slots=True, eq=False)
class CutPoint:
    """What a net used through `upto` or `from` is cut at. `reached` fills with the values at the labels."""

    kind: str
    labels: tuple[str, ...]
    single: bool
    reached: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.kind == "upto" and len(self.reached) == len(self.labels)


@dataclass(slots=True, eq=False)
class Frame:
    """The innermost region that becomes a class."""

    region: Region
    path: str
    lets: dict[Atom, Expr] = field(default_factory=dict)  # what lets and what came after control equal here
    reused: bool = False  # a net inside another, or something inside such a net: `@` is not checked
    cut: CutPoint | None = None


class Context:
    """One pair of braces: where steps go, what names mean, what `in` is.

    `flow` is the value before the arrow while a stage after an arrow is read, else None. `in_place` says that the
    braces are expanded where they are used, perhaps several times in one frame: nothing inside may become an atom.
    `owner` collects the weights made inside a shared block, `share` being its step.
    """

    __slots__ = (
        "container",
        "entry",
        "environment",
        "flow",
        "frame",
        "in_place",
        "region",
        "run",
        "scope",
        "share",
    )

    def __init__(
        self,
        run: Run,
        frame: Frame,
        region: Region,
        environment: dict[Atom, Any],
        container: Container,
        scope: Scope,
        entry: Flow | None,
        in_place: bool = False,
        share: Sharing | None = None,
    ) -> None:
        self.run, self.frame, self.region, self.environment = run, frame, region, environment
        self.container, self.scope, self.entry = container, scope, entry
        self.in_place = in_place
        self.share = share
        self.flow: Flow | None = None

    def within(self, region: Region, *, entry: Flow | None, container: Container | None = None) -> Context:
        """Inside braces of the same frame, with a scope of their own."""
        return Context(
            self.run,
            self.frame,
            region,
            self.environment,
            self.container if container is None else container,
            Scope(self.scope),
            entry,
            self.in_place,
            self.share,
        )

    def container_of(self, unit: tree.Unit, component: str) -> Container:
        """The container that a labelled stage with braces of its own is."""
        plan = self.run.plan(unit)
        return Container(f"{self.container.path}{component}.", plan, is_chain(plan, self.scope))

    @property
    def report(self) -> Report:
        return self.run.report


def is_chain(plan: Plan, scope: Scope) -> bool:
    """Whether a container with this plan is a chain where its names mean what they mean in `scope`."""
    return plan.chain and not any(is_flow(v) or type(v) is Instance for v in map(scope.local, plan.names))


@dataclass(slots=True, eq=False)
class Sharing:
    """Inside a use of a shared block: the weights made so far in this use, and those that the first use made."""

    made: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    first: dict[str, tuple[Any, ...]] | None = None
