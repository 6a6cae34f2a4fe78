"""Writes the network's own class: inputs, outputs, aux outputs, and `loss`."""

from __future__ import annotations

from functools import cached_property
from math import gcd
from typing import Any

from netdsl.emit import python
from netdsl.emit.classes import inner_regions
from netdsl.emit.code import Ids, written
from netdsl.emit.constructor import Constructor, Target
from netdsl.emit.forward import Forward
from netdsl.emit.frame import Frame
from netdsl.emit.header import docstring, signature, stored, super_call
from netdsl.emit.naming import Writer
from netdsl.emit.settle import FRAME
from netdsl.emit.statements import ATOM, Block, Body, Text, mark, read, reads_of
from netdsl.emit.template import TBind, TRegion, TStep
from netdsl.extent import Affine
from netdsl.graph import Graph, leaves
from netdsl.ops.op import Loss
from netdsl.scope import Apply, Flow, Invoke, Join, Region, Step, Tensor


class Network:
    def __init__(self, frame: Frame, graph: Graph) -> None:
        self.frame, self.graph, self.plan = frame, graph, frame.plan
        self.region = self.plan.region
        self.constructor = Constructor(frame)
        self.constructor.region(self.region, Target("self"))
        self.forward = Forward(frame, self.constructor, comments=True)
        self.named: dict[int, str] = {}
        for node in (*graph.inputs, *graph.targets):
            value = self.forward.new()
            name = graph.nodes[node].name
            self.named[value] = self.frame.author(name)
            self.forward.values[id(self.region), (name,)] = value
        self.main = [o for o in graph.outputs if not o.aux]
        self.aux = [o for o in graph.outputs if o.aux]
        self.output_name = f"{self.plan.name}Output"

    def write(self) -> tuple[list[str], tuple[str, ...]]:
        main, aux, late = self._sorted()
        entry = self.region.first.entry
        if entry is not None:
            self._bind_entry(entry)
        for step in main:
            self.forward.step(step)
        main_block, self.forward.block = self.forward.block, []
        for step in aux:
            self.forward.step(step)
        aux_block, self.forward.block = self.forward.block, []
        loss, implicit = self._loss(late)
        forward = self._forward(main_block, aux_block, implicit)
        first, last = stored(self.frame)
        constructor = [*super_call(), *first, *self.constructor.lines, *last]
        init = [*signature(self.frame), *constructor, ""] if len(constructor) > 1 or self.frame.interface() else []
        lines = [f"class {self.plan.name}(nn.Module):", *docstring(self.plan), "", *init, *forward]
        if loss:
            lines += ["", *loss]
        if not self.tupled(implicit):
            return lines, ()
        return [*self._tuple(implicit), "", "", *lines], (self.output_name,)

    def _bind_entry(self, entry: Flow) -> None:
        """`in` of a net with one input is that input."""
        if isinstance(entry, Tensor):
            name = self.graph.nodes[self.graph.inputs[0]].name
            self.forward.values.setdefault(
                (id(self.region), entry.ref.part), self.forward.values[id(self.region), (name,)]
            )

    # Order -------------------------------------------------------------------------------------------------

    def _sorted(self) -> tuple[list[TStep], list[TStep], list[TStep]]:
        """The steps that eval needs, those that aux outputs need besides, those that only the loss needs."""
        graph = self.graph
        for_main = graph.ancestors(tuple(v for o in self.main for v in leaves(o.value)))
        for_aux = graph.ancestors(tuple(v for o in self.aux for v in leaves(o.value)))
        parts: tuple[list[TStep], list[TStep], list[TStep]] = ([], [], [])
        for step in self.region.steps:
            # What computes nothing, such as an `if` that was not taken, stands where its value is.
            numbers = set(nodes_of(step.first)) or {t.value.node for t in tensors(step.first.result)}
            if isinstance(step, TBind):
                numbers = {t.value.node for t in tensors(step.first.value)}
            if not numbers or numbers & for_main:
                parts[0].append(step)
            elif numbers & for_aux:
                parts[1].append(step)
            else:
                parts[2].append(step)
        return parts

    # forward -----------------------------------------------------------------------------------------------

    def _output(self, output: Any) -> Ids:
        return self._ids(output.value)

    def _ids(self, value: Any) -> Ids:
        if value in self.by_value:
            return self.by_value[value]
        return tuple(self._ids(v) for v in value)

    @cached_property
    def by_value(self) -> dict[Any, int]:
        """Graph value -> number, for what the trace's own steps and inputs yield."""
        found: dict[Any, int] = {}
        for tensor in visible(self.region):
            key = self.forward.laying.resolve(tensor.ref)
            if key in self.forward.values:
                found[tensor.value] = self.forward.values[key]
        return found

    def tupled(self, implicit: list[tuple[str, int]]) -> bool:
        return len(self.main) + len(self.aux) + len(implicit) > 1

    def _forward(self, main: Block, aux: Block, implicit: list[tuple[str, int]]) -> list[str]:
        graph = self.graph
        outputs = [(o.name, self._output(o)) for o in self.main]
        extra = [(o.name, self._output(o)) for o in self.aux] + list(implicit)
        plain_end = written(outputs[0][1]) if len(outputs) == 1 else self._made(outputs)
        inputs = [graph.nodes[n].name for n in graph.inputs] + self._targets_read([*main, *aux])
        spared = self._spared(inputs, {*reads_of(main), *read(plain_end)}) if extra else []
        block, end = list(main), plain_end
        if extra:
            block += [Text("if not (self.training or aux):"), Text(f"    return {plain_end}")]
            block += [*self._asked_for(spared), *aux]
            end = self._made([*outputs, *extra])
        self.forward.block = block
        named = dict(self.named)
        ends = frozenset(ids for _, ids in (*outputs, *extra) if isinstance(ids, int))
        body = self.forward.body(end, named, set(), ends)
        for name, ids in (*outputs, *extra):
            if isinstance(ids, int):
                body.hints.setdefault(ids, self.frame.author(name))
        writer = Writer(body)
        lines = writer.write()
        if not writer.returned:
            lines += python.wrapped(f"return {writer.text(body.end)}", 2)
        parameters = [f"{self.frame.author(n)}: Tensor" + (" | None = None" if n in spared else "") for n in inputs] + (
            ["aux: bool = False"] if extra else []
        )
        returns = _type(self.main[0].value) if len(outputs) == 1 else self.output_name
        if extra and len(outputs) == 1:
            returns += f" | {self.output_name}"
        head = python.bracketed("def forward(", ["self", *parameters], f") -> {returns}:", 1)
        return [*head, *self._checks(), *lines]

    def _spared(self, inputs: list[str], needed: set[int]) -> list[str]:
        """The last inputs of which eval needs none."""
        values = {name: value for value, name in self.named.items()}
        spared: list[str] = []
        for name in reversed(inputs):
            if values[self.frame.author(name)] in needed:
                break
            spared.append(name)
        return spared[::-1]

    def _asked_for(self, spared: list[str]) -> Block:
        """The check that inputs which eval does without are there in training."""
        if not spared:
            return []
        names = [self.frame.author(n) for n in spared]
        test = " or ".join(f"{n} is None" for n in names)
        message = f"training needs {' and '.join(names)} too"
        return [Text(f"if {test}:"), Text(f"    raise ValueError({python.string(message)})")]

    def _checks(self) -> list[str]:
        """What the declaration `[1, 8*h, 8*w]` asks of an image: extents that are multiples."""
        lines = []
        for number in self.graph.inputs:
            node = self.graph.nodes[number]
            name = self.frame.author(node.name)
            for axis, extent in enumerate(node.shape, 1):
                step = gcd(*(c for _, c in extent.terms)) if isinstance(extent, Affine) else 1
                if not isinstance(extent, Affine) or step < 2:
                    continue
                rest = extent.constant % step
                shown = f"{name}.shape[{axis}]" + (f" - {rest}" if rest else "")
                test = f"({shown})" if rest else shown
                wanted = f"a multiple of {step}" + (f" plus {rest}" if rest else "")
                message = f"axis {axis} of {name} must be {wanted}"
                lines += [f"{python.INDENT * 2}if {test} % {step}:"]
                lines += python.wrapped(f"raise ValueError({python.string(message)})", 3)
        return lines

    def _made(self, outputs: list[tuple[str, Ids]]) -> str:
        return f"{self.output_name}({', '.join(written(ids) for _, ids in outputs)})"

    def _targets_read(self, block: Block) -> list[str]:
        reads = set(reads_of(block))
        targets = {self.graph.nodes[n].name for n in self.graph.targets}
        found = [name for value, name in self.named.items() if value in reads]
        return [t for t in targets if self.frame.author(t) in found]

    def _tuple(self, implicit: list[tuple[str, int]]) -> list[str]:
        default = " | None = None" if len(self.main) > 1 else ""
        fields = [f"{self._field(o.name)}: {_type(o.value)}" for o in self.main]
        fields += [f"{self._field(name)}: Tensor{default}" for name in (*(o.name for o in self.aux), *dict(implicit))]
        doc = "What the network returns" + ("; in eval only when asked." if len(self.main) == 1 else ".")
        return [f"class {self.output_name}(NamedTuple):", f'    """{doc}"""', "", *(f"    {f}" for f in fields)]

    def _field(self, name: str) -> str:
        """An output's name in the tuple; fields cannot begin with an underscore."""
        bare = name.lstrip("_")
        return self.frame.author(bare if bare.isidentifier() else f"output{bare}")

    # loss --------------------------------------------------------------------------------------------------

    def _loss(self, late: list[TStep]) -> tuple[list[str], list[tuple[str, int]]]:
        graph = self.graph
        region = graph.loss_region
        if region is None or graph.loss is None:
            return [], []
        known = dict(self.forward.values)
        laid = self.forward.laying.region([region], [{FRAME: 0, **self.region.first.environment}])
        self.forward.comments = False
        self.forward.block = []
        for step in late:
            self.forward.step(step)
        result = self.forward.region(laid, ())
        self.forward.comments = True
        block, self.forward.block = self.forward.block, []
        assert isinstance(result, int)
        end = mark(result) if isinstance(graph.shape(graph.loss), Loss) else f"{mark(result, ATOM)}.mean()"
        outside = [v for v in dict.fromkeys([*reads_of(block), *read(end)]) if v in set(known.values())]
        return self._loss_text(block, end, outside)

    def _loss_text(self, block: Block, end: str, outside: list[int]) -> tuple[list[str], list[tuple[str, int]]]:
        outputs = {self._output(o): o for o in self.graph.outputs if _single(o.value)}
        inputs = [v for v in outside if v in self.named and self.named[v] in self._names(self.graph.inputs)]
        inner = [v for v in outside if v not in outputs and v not in self.named]
        implicit = [
            (self.forward.hints.get(v) or self.forward.soft.get(v) or f"value{i}", v) for i, v in enumerate(inner)
        ]
        named = {v: n for v, n in self.named.items() if v in outside}
        tupled = self.tupled(implicit)
        checks: list[str] = []
        hidden = {v: n for n, v in implicit}
        if tupled:
            for value in outside:
                name = hidden.get(value) or (outputs[value].name if value in outputs else None)
                if name and value not in self.named:
                    named[value] = f"outputs.{self._field(name)}"
            needed = [o.name for v, o in outputs.items() if v in outside and o.aux] + [n for n, _ in implicit]
            first, checks = self._asked(needed)
        else:
            only, name = self._output(self.main[0]), self.frame.author(self.main[0].name)
            if isinstance(only, int):
                name = named.setdefault(only, name)
            first = f"{name}: {_type(self.main[0].value)}"
        targets = [self.frame.author(n) for n in self._names(self.graph.targets)]
        parameters = [first] + [f"{self.named[v]}: Tensor" for v in inputs] + [f"{t}: Tensor" for t in targets]
        body = Body(block, end, dict(self.forward.hints), named, set())
        for value in list(body.hints):
            if value in named:
                del body.hints[value]
        writer = Writer(body)
        lines = writer.write()
        if not writer.returned:
            lines += python.wrapped(f"return {writer.text(body.end)}", 2)
        own = any("self." in line for line in lines)  # it reads a parameter of the network
        head = python.bracketed("def loss(", ["self"] * own + parameters, ") -> Tensor:", 1)
        static = [] if own else [f"{python.INDENT}@staticmethod"]
        return [*static, *head, *checks, *lines], implicit

    def _asked(self, needed: list[str]) -> tuple[str, list[str]]:
        """The loss's first parameter, and the check that the aux outputs it reads are there."""
        margin = python.INDENT * 2
        words = " and ".join([", ".join(needed[:-1]), needed[-1]] if len(needed) > 1 else needed)
        message = f"the loss needs {words}: call the network in training, or with aux=True"
        if not needed:
            return f"outputs: {self.output_name}", []
        if len(self.main) == 1:
            single = _single(self.main[0].value)  # a list is a tuple, as all outputs together are
            test = "isinstance(outputs, Tensor)" if single else f"not isinstance(outputs, {self.output_name})"
            kind = f"outputs: {_type(self.main[0].value)} | {self.output_name}"
        else:
            test = " or ".join(f"outputs.{self._field(n)} is None" for n in needed)
            kind = f"outputs: {self.output_name}"
        raised = python.wrapped(f"raise ValueError({python.string(message)})", 3)
        return kind, [f"{margin}if {test}:", *raised]

    def _names(self, numbers: tuple[int, ...]) -> list[str]:
        return [self.graph.nodes[n].name for n in numbers]


def write_network(frame: Frame, graph: Graph) -> tuple[list[str], tuple[str, ...]]:
    """The lines of the network's class (and of the tuple it returns), and the further names to export."""
    return Network(frame, graph).write()


def nodes_of(step: Step) -> list[int]:
    """The nodes that a step made, those of blocks inside included."""
    found = []
    if isinstance(step, Apply):
        found.append(step.node)
    if isinstance(step, Join):
        found.append(step.apply.node)
    regions: list[Region] = list(inner_regions(step))
    if isinstance(step, Invoke):
        regions.append(step.region)
    for region in regions:
        for inner in region.steps:
            found += nodes_of(inner)
    return found


def tensors(flow: Flow | None) -> list[Tensor]:
    if isinstance(flow, Tensor):
        return [flow]
    return [t for part in flow or () for t in tensors(part)]


def visible(region: TRegion) -> list[Tensor]:
    """Every tensor that the steps of the network's body yield or read."""
    found: list[Tensor] = []

    def visit(r: Region) -> None:
        found.extend(tensors(r.entry))
        for step in r.steps:
            found.extend(tensors(step.result))
            if isinstance(step, Apply):
                found.extend(step.operands)
            if isinstance(step, Invoke):
                found.extend(tensors(step.region.source))
            value = getattr(step, "value", None)
            if type(step).__name__ == "Bind":
                found.extend(tensors(value))
            for inner in inner_regions(step):
                visit(inner)

    visit(region.first)
    return found


def _single(value: Any) -> bool:
    return len(leaves(value)) == 1 and hasattr(value, "node")


def _type(value: Any) -> str:
    """The Python type of an output."""
    return "Tensor" if _single(value) else "tuple[Tensor, ...]"
