"""Names and structure, checked in all of a text, whether it is used or not.

What can be said without elaborating is said here: names that mean nothing, values that nobody uses, statements in the
wrong place, bodies without a result. What a name is worth is not asked.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from netdsl.diagnostics import Fix
from netdsl.ops.op import attributes
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.bindings import Binding, Lookup, Names
from netdsl.syntax.elaborate.detach import free_names
from netdsl.syntax.elaborate.paths import inner
from netdsl.syntax.elaborate.report import Report
from netdsl.syntax.elaborate.scopes import MISSING, FileScope, close
from netdsl.syntax.elaborate.values import Defined, Function, Operator
from netdsl.syntax.elaborate.wording import needs_source, short


def resolve(file: FileScope, report: Report, *, main: bool) -> None:
    """Report what is wrong with the names and the structure of a file. Only in the `main` one is it a mistake to leave
    something unused."""
    resolver = _Resolver(file, report)
    for item in file.file.items:
        if isinstance(item, tree.Definition):
            resolver.definition(item)
        elif isinstance(item, tree.Let):
            resolver.value(item.value, None)
        elif isinstance(item, tree.Expect):
            resolver.value(item.condition, None)
    if main:
        resolver.lookup.unused_at_top()
    resolver.lookup.finish(main)


class _Resolver:
    def __init__(self, file: FileScope, report: Report) -> None:
        self.file, self.report = file, report
        self.lookup = Lookup(file, report)

    # ------------------------------------------------------------------------------------------------ definitions

    def definition(self, item: tree.Definition) -> None:
        names = Names(None)
        for second in [parameter for parameter in item.parameters if parameter.rest][1:]:
            self.report.error(
                "N212",
                f"`...{second.name.name}` would collect nothing: what is left goes to the first `...`",
                second.span,
                help="take it away",
            )
        for parameter in item.parameters:
            if parameter.default is not None:
                self.value(parameter.default, names)
            self.lookup.bind(names, parameter.name, "parameter", parameter.span)
        if isinstance(item.body, tree.Body):
            self.body(item.body, names, "net" if item.kind == "net" else "body")
            if item.kind == "net":
                self.interface(item, item.body)
        else:
            self.pipeline(item.body, names)
        self.lookup.close(names)

    def interface(self, item: tree.Definition, body: tree.Body) -> None:
        """A net has inputs and outputs."""
        kinds = [type(s) for s in body.statements]
        name = item.name
        if tree.Input not in kinds:
            self.report.error(
                "N330", f"the net `{name.name}` has no input", name.span, help="declare one: `input image: 3x224x224`"
            )
        if not any(isinstance(s, tree.Output) and not is_aux(s) for s in body.statements):
            self.report.error(
                "N331", f"the net `{name.name}` has no output", name.span, help="say what comes out: `output y = ...`"
            )

    # ------------------------------------------------------------------------------------------------------ bodies

    def body(self, body: tree.Body, parent: Names | None, place: str) -> None:
        """`place` is `net`, `merge` or `body`."""
        names = Names(parent)
        for item in body.statements:
            for name in _defined(item):
                names.later.setdefault(name.name, (name.span, item))
        for item in body.statements:
            self.statement(item, names, place)
        if place == "merge":
            self.branches(body)
        else:
            self.results(body, names, place)
        self.lookup.close(names)

    def statement(self, item: tree.Statement, names: Names, place: str) -> None:
        match item:
            case tree.Pipeline():
                self.pipeline(item, names)
            case tree.Assign():
                self.pipeline(item.pipeline, names, named=item)
                loss = place == "net" and [n.name for n in item.names] == ["loss"]
                for name in item.names:
                    self.lookup.bind(names, name, "loss" if loss else "value")
            case tree.Let() | tree.Shared():
                self.value(item.value, names)
                self.lookup.bind(names, item.name, "let" if isinstance(item, tree.Let) else "shared")
            case tree.Expect():
                self.value(item.condition, names, figures=place == "net")
            case tree.Each():
                if place != "merge":
                    self.report.error(
                        "N307",
                        "`each` makes branches, and these braces join none",
                        item.span,
                        help="write `for` to go through the elements in sequence, or put it into `concat { .. }`",
                    )
                self.loop(item, names)
            case tree.Input() | tree.Target() | tree.Output():
                self.declaration(item, names, place)

    def declaration(self, item: tree.Input | tree.Target | tree.Output, names: Names, place: str) -> None:
        word = type(item).__name__.lower()
        if place != "net":
            self.report.error(
                "N307", f"`{word}` stands only in a net, outside of all other braces", item.span, help="move it there"
            )
        if isinstance(item, tree.Output):
            if item.marker is not None and item.marker.name != "aux":
                self.report.error(
                    "N307",
                    f"`{item.marker.name}` means nothing before `output`",
                    item.marker.span,
                    help="did you mean `aux`?" if close(item.marker.name, ["aux"]) else "only `aux` may stand there",
                )
            if item.pipeline is not None:
                self.pipeline(item.pipeline, names, named=item)
                for name in item.names:
                    self.lookup.bind(names, name, "output")
            else:
                for name in item.names:
                    self.value(name, names)
            return
        shape = item.shape
        if isinstance(item, tree.Target):
            match shape:
                case tree.Name(name="class"):
                    shape = tree.List((), shape.span)
                case tree.Index(value=tree.Name(name="class"), indices=indices):
                    shape = tree.List(tuple(x for x in indices if not isinstance(x, tree.Slice)), shape.span)
        for symbol in free_names(shape):
            if names.find(symbol) is None and self.file.find(symbol) is MISSING:
                names.names[symbol] = Binding("symbol", shape.span, True)
        self.value(shape, names)
        for name in item.names:
            self.lookup.bind(names, name, word if place == "net" else "symbol")

    def results(self, body: tree.Body, names: Names, place: str) -> None:
        """A body has one result, the bare pipeline; a net has none."""
        bare = [(i, s) for i, s in enumerate(body.statements) if isinstance(s, tree.Pipeline)]
        for i, pipeline in bare if place == "net" else bare[:-1]:
            following = body.statements[i + 1] if i + 1 < len(body.statements) else None
            if isinstance(following, tree.Pipeline):
                start = following.span.start
                self.report.error(
                    "N302",
                    f"the value of line {pipeline.span.line} is never used",
                    pipeline.span,
                    "its value goes nowhere",
                    help=f"begin line {following.span.line} with `->` to pass it on",
                    fix=Fix(Span(following.span.source, start, start), "-> "),
                )
            else:
                hint = f"write `output name = {short(pipeline.span)}`" if place == "net" else "name it, or take it away"
                self.report.error(
                    "N302", f"the value of line {pipeline.span.line} is never used", pipeline.span, help=hint
                )
        if not bare and place != "net" and not any(isinstance(s, tree.Output) for s in body.statements):
            last = body.statements[-1] if body.statements else None
            hint = "the value of a bare pipeline is what comes out"
            if isinstance(last, tree.Assign):
                hint = f"end with `{last.names[0].name}`, or leave out `{last.names[0].name} =`"
            self.report.error(
                "N306",
                "these braces have no result" if body.statements else "these braces are empty",
                body.span,
                help=hint,
            )
            for binding in names.names.values():
                binding.used = True

    def branches(self, body: tree.Body) -> None:
        """A merge has branches; one that is a lone operator is perhaps a forgotten arrow."""
        lines = [s for s in body.statements if isinstance(s, tree.Pipeline | tree.Each)]
        if not lines:
            self.report.error(
                "N306", "these braces hold no branch", body.span, help="each line in the braces of a merge is a branch"
            )
        for before, line in pairwise(lines):
            if isinstance(line, tree.Pipeline) and len(line.stages) == 1 and isinstance(before, tree.Pipeline):
                stage = line.stages[0]
                unit = stage.unit
                if isinstance(unit, tree.Name) and stage.label is None and self._lone(unit.name):
                    start = line.span.start
                    self.report.warning(
                        "N351",
                        f"`{unit.name}` alone is a branch of its own",
                        unit.span,
                        "a branch",
                        help=f"begin the line with `->` to continue the branch of line {before.span.line}",
                        fix=Fix(Span(line.span.source, start, start), "-> "),
                    )

    def _lone(self, name: str) -> bool:
        value = self.file.find(name)
        if isinstance(value, Function):
            value = value.operator
        return isinstance(value, Operator) and name != "identity" and value.cls.family != "pool"

    # --------------------------------------------------------------------------------------------------- pipelines

    def pipeline(self, pipeline: tree.Pipeline, names: Names | None, named: Any = None) -> None:
        for i, stage in enumerate(pipeline.stages):
            if stage.label is not None and isinstance(stage.label.text, tree.Text):
                self.value(stage.label.text, names)
            if i == 0 and named is not None:
                self.source(stage, named, names)
            self.unit(stage.unit, names)
            if i and isinstance(stage.unit, tree.Number | tree.Size | tree.Boolean | tree.Text | tree.List):
                kind = {tree.Text: "a text", tree.List: "a list", tree.Boolean: "a truth value", tree.Size: "a size"}
                what = kind.get(type(stage.unit), "a number")
                self.report.error(
                    "N308", f"{short(stage.unit.span)} is {what}, not a stage", stage.unit.span, "after an arrow"
                )
            if stage.check is not None:
                self.value(stage.check, names)

    def source(self, stage: tree.Stage, named: tree.Assign | tree.Output, names: Names | None) -> None:
        """After `=`, what an operator is applied to must be said."""
        unit = stage.unit
        callee = unit.callee if isinstance(unit, tree.Call) else unit
        if not isinstance(callee, tree.Name) or (names is not None and names.find(callee.name) is not None):
            return
        value = self.file.find(callee.name)
        if isinstance(value, Function):
            value = value.operator
        if not isinstance(value, Operator | Defined) or (isinstance(value, Operator) and value.cls.inputs == (0, 0)):
            return
        if isinstance(unit, tree.Call) and isinstance(value, Operator):
            first = unit.arguments[0] if unit.arguments else None
            if first is not None and not isinstance(
                first.value, tree.Number | tree.Size | tree.Boolean | tree.Text | tree.List
            ):
                return
        inputs = [n for n, b in names.names.items() if b.kind == "input"] if names is not None else []
        source = inputs[0] if inputs else "in"
        self.lookup.meant.update(inputs)
        needs_source(self.report, stage, ", ".join(n.name for n in named.names), source)

    def unit(self, unit: Any, names: Names | None) -> None:
        match unit:
            case tree.Body():
                self.body(unit, names, "body")
            case tree.Merge(head=head, body=body):
                self.value(head, names)
                self.body(body, names, "merge")
            case tree.Repeat(count=count, body=body):
                self.value(count, names)
                self.body(body, names, "body")
            case tree.For():
                self.loop(unit, names)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                self.value(condition, names)
                self.body(then, names, "body")
                if otherwise is not None:
                    self.unit(otherwise, names)
            case _:
                self.value(unit, names)

    def loop(self, unit: tree.For | tree.Each, names: Names | None) -> None:
        self.value(unit.iterable, names)
        within = Names(names)
        for name in unit.names:
            self.lookup.bind(within, name, "loop")
        self.body(unit.body, within, "body")

    # ------------------------------------------------------------------------------------------------- expressions

    def value(self, expr: tree.Value, names: Names | None, figures: bool = False) -> None:
        match expr:
            case tree.Name():
                self.lookup.name(expr, names, figures)
            case tree.Pipeline():
                self.pipeline(expr, names)
            case tree.Applied(pipeline=pipeline):
                self.pipeline(pipeline, names)
            case tree.Attribute(value=tree.Name()):
                self.lookup.attribute(expr, names, figures)
            case tree.Comprehension():
                self.value(expr.iterable, names)
                within = Names(names)
                for name in expr.names:
                    self.lookup.bind(within, name, "loop")
                self.value(expr.value, within)
            case tree.Call():
                self.call(expr, names, figures)
            case tree.List(items=items):
                for item in items:
                    self.value(item, names, figures)
            case _:
                for part in inner(expr):
                    self.value(part, names, figures)

    def call(self, expr: tree.Call, names: Names | None, figures: bool) -> None:
        callee = expr.callee
        value = self.lookup.name(callee, names, figures) if isinstance(callee, tree.Name) else None
        if not isinstance(callee, tree.Name):
            self.value(callee, names, figures)
        for argument in expr.arguments:
            self.value(argument.value, names, figures)
        if isinstance(value, Function):
            value = value.operator
        known: list[str] | None = None
        if isinstance(value, Operator):
            known = [*(f.name for f in attributes(value.cls)), *value.cls.operands]
            what = "attribute"
        elif isinstance(value, Defined) and not any(p.rest for p in value.declared.node.parameters):
            known = [p.name.name for p in value.declared.node.parameters]
            what = "parameter"
        if known is None or value is None:
            return
        for argument in expr.arguments:
            if argument.name is not None and argument.name.name not in known:
                near = close(argument.name.name, known)
                listed = ", ".join(f"`{n}`" for n in known)
                self.report.error(
                    "N202",
                    f"`{value.name}` has no {what} `{argument.name.name}`",
                    argument.span,
                    "not known",
                    help=f"did you mean `{near}`?" if near else f"its {what}s are {listed}" if known else None,
                )


def is_aux(item: tree.Output) -> bool:
    return item.marker is not None and item.marker.name == "aux"


def _defined(item: tree.Statement) -> tuple[tree.Name, ...]:
    match item:
        case tree.Assign(names=names) | tree.Input(names=names) | tree.Target(names=names):
            return names
        case tree.Output(names=names, pipeline=pipeline):
            return names if pipeline is not None else ()
        case tree.Let(name=name) | tree.Shared(name=name):
            return (name,)
    return ()
