"""A graph as netdsl text: flat, one statement for each node, in the user's own language.

What an internal error prints, and what `diff` and the tests of passes read. The text elaborates to the same operators
on the same values in the same order; paths become plain names (`layer1.0.conv1` is `layer1_0_conv1`).
Also a broken graph has a text: a value that does not exist prints as `missing_3_0`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import Any

from netdsl.expression import FUNCTIONS, Flag
from netdsl.form import title
from netdsl.graph import Graph, Node, Output
from netdsl.ops.op import OPS, Classes, Declared, Shape, attributes, show, show_shape
from netdsl.scope import Value
from netdsl.step import Outer, Part, Step, chain, parts

# fmt: off
KEYWORDS = frozenset((
    "and", "as", "block", "each", "else", "expect", "false", "for", "if", "import", "in", "input", "let", "net",
    "not", "or", "output", "repeat", "shared", "target", "true",
))
# fmt: on
LONGEST_NAME = 60


def to_text(graph: Graph) -> str:
    """The whole graph as the text of one net."""
    names = _Names(graph)
    lines = [f"net {graph.name} {{"]
    shared, declared = _shared(graph), set[str]()
    for node in graph.nodes:
        if node.op is None:
            lines.append(f"  {node.role} {names.of(node.number)}: {shape_text(node.shape)}")
            continue
        for part in parts(node):
            if part.owner in shared and part.owner not in declared:
                declared.add(part.owner)
                lines.append(f"  shared {names.module(part.owner)} = {operator_text(part.op)}")
        lines.extend(f"  {line}" for line in _statements(graph, node, names))
    lines.extend(f"  {_output(output, names)}" for output in graph.outputs)
    if graph.loss is not None:
        lines.append(f"  loss = {names.value(graph.loss)}")
    return "\n".join([*lines, "}", ""])


def operator_text(op: Declared) -> str:
    """`conv(64, 3, stride = 2)`: what is required by place, what differs from its default by name."""
    parts = []
    by_place = True
    for field in attributes(type(op)):
        value = getattr(op, field.name)
        required = field.default is dataclasses.MISSING
        by_place = by_place and required and not field.metadata.get("keyword")
        if required or value != field.default:
            parts.append(_shown(value) if by_place else f"{field.name} = {_shown(value)}")
    return f"{op.name}({', '.join(parts)})" if parts else op.name


def shape_text(shape: Shape) -> str:
    """A shape as a declaration writes it: `3x224x224`, `[3, H, W]`, `class[H, W]`."""
    if isinstance(shape, Classes):
        return f"class[{', '.join(map(str, shape))}]" if shape else "class"
    if len(shape) > 1 and all(isinstance(extent, int) for extent in shape):
        return "x".join(map(str, shape))
    return f"[{', '.join(map(str, shape))}]"


def _shown(value: Any) -> str:
    if isinstance(value, Declared):  # an initialiser
        return operator_text(value)
    if isinstance(value, Flag):
        return show(bool(value))
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(part) for part in value)}]"
    return show(value)


def _statements(graph: Graph, node: Node, names: _Names) -> list[str]:
    """A statement for a node; of a step that yields several values, one for each."""
    views = graph.plan.views if graph.plan is not None else {}
    if not isinstance(node.op, Step):
        (part,) = parts(node)
        view = f"; a view: {views[node.name]}" if node.name in views else ""
        return [f"{names.defined(node)} = {_pipeline((part,), 0, node, names)}{_note(node.shapes)}{view}"]
    lines = []
    values = [names.value(Value(node.number, i)) for i in range(len(node.shapes))]
    for i, result in enumerate(node.op.results):
        others = [value for value in values if value != values[i]]
        kernel = f"; one kernel with {', '.join(others)}" if others else ""
        pipeline = _pipeline(node.op.parts, result, node, names)
        lines.append(f"{values[i]} = {pipeline}{_note(node.shapes[i : i + 1])}{kernel}")
    return lines


def _pipeline(held: tuple[Part, ...], result: int, node: Node, names: _Names) -> str:
    """What leads to part `result` of a node, from what the node reads."""
    text = ""
    for part in chain(held, result):
        stage = names.module(part.owner) if names.is_shared(part.owner) else operator_text(part.op)
        given = [names.value(node.operands[s.slot]) if isinstance(s, Outer) else text for s in part.operands]
        text = _applied(stage, given)
    return text


def _applied(stage: str, operands: list[str]) -> str:
    if len(operands) == 1:
        return f"{operands[0]} -> {stage}"
    if not operands:
        return stage
    name, bracket, rest = stage.partition("(")
    return f"{name}({', '.join(operands)}{', ' + rest if bracket else ')'}"


def _note(shapes: tuple[Shape, ...]) -> str:
    return "  # " + "; ".join(show_shape(shape) for shape in shapes)


def _output(output: Output, names: _Names) -> str:
    def nested(value: Any) -> str:
        return names.value(value) if isinstance(value, Value) else f"[{', '.join(map(nested, value))}]"

    return f"{'aux ' if output.aux else ''}output {output.name} = {nested(output.value)}"


def _shared(graph: Graph) -> set[str]:
    """The modules that stand in several statements, or several times in one."""
    users = Counter(
        part.owner
        for node in graph.nodes
        for result in (node.op.results if isinstance(node.op, Step) else (0,) * bool(node.op))
        for part in chain(parts(node), result)
    )
    return {owner for owner, count in users.items() if owner and count > 1}


class _Names:
    """Legal names, all different, none a word that means something else."""

    def __init__(self, graph: Graph) -> None:
        self._taken = {*KEYWORDS, *FUNCTIONS, *OPS, "loss", "aux", "class", "none", "upto", "from", graph.name}
        interface = {node.number: node.name for node in graph.nodes if node.op is None}
        self._taken.update(interface.values(), (output.name for output in graph.outputs))
        self._nodes = {
            node.number: interface[node.number] if node.op is None else self._legal(node.name)
            for node in graph.nodes
            if not (isinstance(node.op, Step) and len(node.shapes) > 1)
        }
        self._values = {Value(number): name for number, name in self._nodes.items()}
        for node in graph.nodes:
            if len(node.shapes) > 1:
                for i in range(len(node.shapes)):
                    value = Value(node.number, i)
                    unread = "" if value in graph.uses else "_"
                    step = isinstance(node.op, Step)
                    self._values[value] = self._legal(unread + (title(node, i) if step else f"{node.name}_{i}"))
        self._modules = {owner: self._legal(f"{owner}_module") for owner in sorted(_shared(graph))}

    def _legal(self, path: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9_]", "_", path)[:LONGEST_NAME] or "value"
        if stem[0].isdigit():
            stem = f"_{stem}"
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}"
        self._taken.add(name)
        return name

    def of(self, number: int) -> str:
        return self._nodes[number]

    def module(self, owner: str) -> str:
        return self._modules[owner]

    def is_shared(self, owner: str) -> bool:
        return owner in self._modules

    def defined(self, node: Node) -> str:
        return ", ".join(self.value(Value(node.number, i)) for i in range(len(node.shapes)))

    def value(self, value: Value) -> str:
        return self._values.get(value, f"missing_{value.node}_{value.index}")
