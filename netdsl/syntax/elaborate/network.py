"""A network from its program: the entry points of elaboration."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from netdsl.diagnostics import Diagnostic, InternalError, Label, NetdslError
from netdsl.expression import Variable, provenance
from netdsl.graph import Graph, NetParameter, leaves
from netdsl.scope import Definition, Region, Value
from netdsl.syntax import tree
from netdsl.syntax.elaborate import blocks, calls, expectations, nets
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, Frame, Run
from netdsl.syntax.elaborate.counting import Counter
from netdsl.syntax.elaborate.paths import Container
from netdsl.syntax.elaborate.program import Program, choose, networks
from netdsl.syntax.elaborate.report import Poisoned, Report, Stop
from netdsl.syntax.elaborate.scopes import Declared, Scope, close, constant
from netdsl.syntax.elaborate.values import Arguments, Defined, Rest, is_block, plain, rebound
from netdsl.syntax.garbage import uncollected

DEEP = 20_000  # frames of Python: blocks inside blocks take about a dozen each


@dataclass(frozen=True, slots=True, eq=False)
class Elaboration:
    """A network's graph, and what is doubtful about its text."""

    graph: Graph
    warnings: tuple[Diagnostic, ...]


def elaborate(
    program: Program, network: str | None, parameters: Mapping[str, Any], inputs: Mapping[str, tuple[int, ...]]
) -> Elaboration:
    """The graph of one network of a program.

    `network` names it (see `choose`), `parameters` are values for its parameters, `inputs` sizes for inputs with
    symbols. Raises `NetdslError` with everything that is wrong and the graph as far as it got.
    """
    block = choose(program, network)
    report = Report()
    for diagnostic in (*program.errors, *program.warnings):
        report.add(diagnostic)
    graph = _Network(program, block, report).build(parameters, inputs)
    if report.errors:
        raise failure(report, graph)
    if graph is None:
        raise InternalError(f"elaboration of {block.name} failed without a reason")
    return Elaboration(graph, tuple(report.warnings))


def failure(report: Report, partial: Graph | None) -> NetdslError:
    """The exception with all errors, in order of place, and the graph as far as it got."""
    return NetdslError(sorted(report.errors, key=_place), partial)


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    return ("", -1) if diagnostic.span is None else (diagnostic.span.source.name, diagnostic.span.start)


@contextmanager
def room() -> Iterator[None]:
    """Room for blocks inside blocks: Python's own limit is meant for runaway recursion, which ours cannot be."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEP))
    try:
        with uncollected():
            yield
    finally:
        sys.setrecursionlimit(before)


class _Network:
    def __init__(self, program: Program, block: Defined, report: Report) -> None:
        self.program, self.block, self.report = program, block, report
        self.run = Run(report)
        self.complete = False  # the graph is whole, whatever else is wrong with the text
        self.as_written = True  # no parameter was given from outside

    def build(self, parameters: Mapping[str, Any], inputs: Mapping[str, tuple[int, ...]]) -> Graph | None:
        """The graph; where there are mistakes, as far as it got."""
        with room():
            try:
                given = {name: _plain(value) for name, value in parameters.items()}
                self.as_written = not given
                base = self._base(given)
                return self._elaborate(base, given, {name: tuple(size) for name, size in inputs.items()})
            except (Poisoned, Stop):
                return None

    def _base(self, given: dict[str, Any]) -> Defined:
        """The net with a body behind variants, its arguments evaluated; `given` loses what variants take."""
        block = self.block
        span = block.declared.node.name.span
        home = calls.file_context(block.declared.home, Context(self.run, *_NOWHERE))
        while block.declared.alias is not None:
            with self.run.inside(block.name, span):
                block = self._offering(self._with_given(block, given))
                value = blocks.expand(home, block, None, span)
            if not isinstance(value, Defined) or value.declared.node.kind != "net":
                raise self.report.error(
                    "N330",
                    f"the net `{self.block.name}` has no input",
                    span,
                    help="write its body in braces, with an `input` and an `output`",
                )
            block = value
            self.run.depth += 1
            if self.run.depth > self.run.limits.depth:
                self.report.error("N611", f"`{self.block.name}` is defined by way of itself", span)
                raise Stop
        self.run.depth = 0
        return block

    def _offering(self, variant: Defined) -> Defined:
        """A variant whose own parameters have their defaults, traced: one that is handed on under its name remains a
        parameter of the network."""
        arguments = variant.arguments
        assert arguments is not None
        named = dict(arguments.named)
        for parameter in variant.declared.node.parameters[len(arguments.positional) :]:
            name, default = parameter.name.name, constant(parameter.default)
            if name not in named and default is not None:
                traced = rebound(default, Variable(name, parameter.name.span))
                named[name] = traced, parameter.span
        return Defined(variant.declared, Arguments(arguments.positional, named, arguments.span), variant.text)

    def _with_given(self, block: Defined, given: dict[str, Any]) -> Defined:
        """The net with the values from outside among its arguments."""
        node = block.declared.node
        known = {p.name.name for p in node.parameters if not p.rest}
        span = node.name.span
        arguments = block.arguments or Arguments([], {}, span)
        own = {name: given.pop(name) for name in list(given) if name in known}
        bound = {p.name.name for p, _ in zip(node.parameters, arguments.positional, strict=False)} | set(
            arguments.named
        )
        for name in own:
            if name in bound:
                raise self.report.error(
                    "N211",
                    f"`{name}` of `{node.name.name}` is set by `{self.block.name}` already",
                    self.block.declared.node.name.span,
                )
        return Defined(
            block.declared,
            Arguments(arguments.positional, {**arguments.named, **{n: (v, span) for n, v in own.items()}}, span),
            block.text,
        )

    def _elaborate(self, base: Defined, given: dict[str, Any], sizes: dict[str, tuple[int, ...]]) -> Graph | None:
        declared = base.declared
        node = declared.node
        base = self._with_given(base, given)
        if given:
            self._unknown_parameter(next(iter(given)), declared)
        region = Region(declared.site, None, None)
        scope = Scope(declared.home)
        container = Container("", declared.plan, False)
        context = Context(self.run, Frame(region, ""), region, region.environment, container, scope, None)
        interface = nets.Interface(sizes)
        self._count(declared)
        offered: list[NetParameter] = []
        if not isinstance(node.body, tree.Body):
            raise self.report.error("N330", f"the net `{declared.name}` has no input", node.name.span)
        try:
            bound = calls.bind(declared, base.arguments, node.name.span, context)
            for parameter in calls.distinct(node.parameters):
                self._parameter(parameter, bound[parameter.name.name], context, offered)
            self._check_sizes(sizes, node.body, declared)
            nets.run_root(node.body, context, interface)
        except Stop:
            interface.failed = True
        graph = self._graph(region, interface, offered)
        self.complete = not interface.failed
        if self.complete:
            # What the text expects, it expects of the network that it describes: not with ten classes for a thousand.
            for item in interface.expects if self.as_written else ():
                try:
                    expectations.check(item, context, graph)
                except Poisoned:
                    continue
            if not self.report.errors:
                self._check_use(graph)
                self._check_targets(graph)
        elif not self.report.errors:
            raise InternalError(f"elaboration of {self.block.name} failed without a reason")
        return graph

    def _check_use(self, graph: Graph) -> None:
        """Nothing is computed in vain: by a name that begins with `_`, or by a block that ignores its input."""
        roots = [leaf for output in graph.outputs for leaf in leaves(output.value)]
        if graph.loss is not None:
            roots.append(graph.loss)
        alive = graph.ancestors(tuple(roots))
        for node in graph.nodes:
            if (
                node.op is not None
                and node.number not in alive
                and not any(Value(node.number, i) in graph.uses for i in range(len(node.shapes)))
            ):
                self.report.error(
                    "N301",
                    f"the value of `{node.name}` is never used",
                    node.spans.whole,
                    "computed in vain",
                    help="take it away, or use it",
                )

    def _count(self, declared: Declared) -> None:
        """Refuse a network that is too large before any of it is made."""
        limits = self.run.limits
        counter = Counter(limits.repeat)
        count = counter.definition(declared)
        if counter.longest is not None:
            span, turns = counter.longest
            self.report.error(
                "N610", f"a loop of {turns:_} turns; the limit is {limits.repeat:_}", span, f"is {turns:_}"
            )
            raise Stop
        if count > limits.nodes:
            span, part = counter.largest(declared)
            self.report.error(
                "N612",
                f"`{declared.name}` would have {count:_} nodes or more; the limit is {limits.nodes:_}",
                span,
                f"makes {part:_}",
                help="repeat less, or split the network",
            )
            raise Stop

    def _check_targets(self, graph: Graph) -> None:
        """At inference nobody knows the targets."""
        targets = set(graph.targets)
        for output in graph.outputs:
            needed = targets & graph.ancestors(leaves(output.value)) if targets and not output.aux else ()
            for number in sorted(needed):
                name = graph.nodes[number].name
                self.report.error(
                    "N337",
                    f"the output `{output.name}` needs the target `{name}`, which is not there at inference",
                    output.span,
                    others=(Label(graph.nodes[number].spans.whole, "a target"),),
                    help=f"make it `aux output {output.name} = ..`, or declare `{name}` as an input",
                )

    def _parameter(self, parameter: tree.Parameter, value: Any, context: Context, offered: list[NetParameter]) -> None:
        """Bind a parameter: what is given is a plain value, what has its default is traced and offered."""
        name, site = parameter.name.name, parameter.name.span
        names = context.scope.names
        if isinstance(value, Rest):
            names[name] = value
        elif value is not None and not _handed_on(name, value[0]):
            names[name] = plain(value[0])
        else:
            default = value[0] if value is not None else self._default(parameter, context)
            names[name] = default
            if is_block(default):
                return
            variable = Variable(name, site)
            inside = rebound(plain(default), variable)
            if provenance(inside) is variable:
                names[name] = inside
                context.environment[variable] = plain(default)
                offered.append(NetParameter(name, plain(default), site))

    def _default(self, parameter: tree.Parameter, context: Context) -> Any:
        assert parameter.default is not None
        return evaluation.evaluate(parameter.default, context)

    def _check_sizes(self, sizes: dict[str, Any], body: tree.Body, declared: Declared) -> None:
        known = [name.name for name in nets.input_names(body)]
        for name in sizes:
            if name not in known:
                near = close(name, known)
                self.report.error(
                    "N211",
                    f"`{declared.name}` has no input `{name}`",
                    None,
                    notes=(f"its inputs are {', '.join(f'`{n}`' for n in known)}",),
                    help=f"did you mean `{near}`?" if near else None,
                )

    def _unknown_parameter(self, name: str, declared: Declared) -> None:
        known = list(
            dict.fromkeys(p.name.name for p in (*self.block.declared.node.parameters, *declared.node.parameters))
        )
        near = close(name, known)
        self.report.error(
            "N211",
            f"`{self.block.name}` has no parameter `{name}`",
            None,
            notes=(f"its parameters are {', '.join(f'`{n}`' for n in known)}",) if known else (),
            help=f"did you mean `{near}`?" if near else None,
        )

    def _graph(self, region: Region, interface: nets.Interface, offered: list[NetParameter]) -> Graph:
        main = self.program.main
        return Graph(
            name=self.block.name,
            source=main.source,
            nodes=tuple(self.run.nodes),
            inputs=tuple(interface.inputs),
            targets=tuple(interface.targets),
            outputs=tuple(interface.outputs),
            loss=interface.loss,
            parameters=tuple(offered),
            definition=_definition(self.block.declared),
            root=region,
            file_doc=main.file.doc,
            loss_region=interface.loss_region,
            broken=tuple(self.run.broken),
        )


def _definition(declared: Declared) -> Definition:
    """The net as written last; a variant with what it stands for: `resnet50 = resnet(bottleneck, [3, 4, 6, 3])`."""
    found = declared.definition
    if declared.alias is None:
        return found
    text = f"{found.head} = {' '.join(declared.alias.span.text.split())}"
    return Definition(found.kind, found.name, found.parameters, found.doc, found.site, text)


def _handed_on(name: str, value: Any) -> bool:
    """Whether a variant gives a parameter nothing but its own of that name."""
    expr = provenance(value)
    return type(expr) is Variable and expr.name == name


def _plain(value: Any) -> Any:
    """Lists from outside are tuples."""
    return tuple(_plain(x) for x in value) if isinstance(value, list | tuple) else value


_NOWHERE: tuple[Any, ...] = (None, None, {}, None, None, None)


# ---------------------------------------------------------------------------------------------------------- checks


def check_program(program: Program) -> list[Diagnostic]:
    """Everything wrong or doubtful in a program: each of its networks that can be built by itself is elaborated, and
    the expectations of the file are checked. In order of place."""
    report = Report()
    for diagnostic in (*program.errors, *program.warnings):
        report.add(diagnostic)
    graphs: dict[str, Graph] = {}
    names = networks(program)
    if not names and not report.errors:
        return list(report.warnings)
    for name in names:
        block = program.main.names[name]
        if all(p.default is not None or p.rest for p in block.declared.node.parameters):
            network = _Network(program, block, report)
            graph = network.build({}, {})
            if graph is not None and network.complete:
                graphs[name] = graph
    check_expectations(program, graphs, report)
    return sorted((*report.errors, *report.warnings), key=_place)


def check_expectations(program: Program, graphs: dict[str, Graph], report: Report) -> None:
    """Check the `expect`s that stand outside of all definitions; `graphs` are the networks elaborated already."""
    run = Run(report)
    context = calls.file_context(program.main, Context(run, *_NOWHERE))

    def graph_of(block: Defined) -> Graph | None:
        key = block.name
        if key not in graphs:
            network = _Network(program, block, report)
            graph = network.build({}, {})
            if graph is None or not network.complete:
                return None
            graphs[key] = graph
        return graphs[key]

    run.graph_of = graph_of
    for item in program.main.file.items:
        if isinstance(item, tree.Expect):
            try:
                expectations.check(item, context)
            except (Poisoned, Stop):
                continue
