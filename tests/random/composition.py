"""A random network cut in two, and put together again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from netdsl.graph import Graph
from netdsl.scope import Value
from netdsl.text import shape_text
from tests.graphs import graph
from tests.random.parts import NAMES, Parts, defined, needed, read

OUTPUT = "cut_"  # what the first network calls its outputs, before the names of the values


class Cut(NamedTuple):
    """Two texts: outputs `cut_v5` of the first are the inputs `v5` of the second."""

    first: str
    second: str


def cut(text: str, random: Random) -> Cut | None:
    """The network cut between two of its statements; None where a module or a parameter is used on both sides of each.

    What an input gives may be read on both sides.
    """
    parts = read(text)
    places = list(range(1, len(parts.statements)))
    random.shuffle(places)
    for at in places:
        before, behind = parts.statements[:at], (*parts.statements[at:], *parts.tail)
        taken = {name for line in behind for name in needed(line)}
        live = sorted({name for line in before for name in defined(line)} & taken)
        if live and all(name[0] in "vs" for name in live):
            break
    else:
        return None
    read_before = {name for line in before for name in needed(line)}
    inputs = [line for line in parts.head if line.startswith("  input")]
    first = Parts(
        used(parts.blocks, before),
        tuple(line for line in inputs if named(line) in read_before),
        before,
        tuple(f"  output {OUTPUT}{name} = {name}" for name in live),
    )
    g = graph(str(first), "f")
    more = [f"  input {name}: {shape_text(g.shape(g.outputs[i].value))}" for i, name in enumerate(live)]
    kept = (*(line for line in inputs if named(line) in taken), *more, *parts.head[len(inputs) :])
    second = Parts(used(parts.blocks, behind), kept, parts.statements[at:], parts.tail)
    return Cut(str(first), str(second))


def named(declared: str) -> str:
    """What an input or target is called."""
    return NAMES.findall(declared)[0]


def used(blocks: Iterable[str], lines: Iterable[str]) -> tuple[str, ...]:
    """The definitions that the lines need; one calls only those before it."""
    names = {name for line in lines for name in NAMES.findall(line)}
    found: list[str] = []
    for block in reversed(list(blocks)):
        name, *inner = NAMES.findall(block)
        if name in names:
            found.insert(0, block)
            names.update(inner)
    return tuple(found)


def composed(first: Graph, second: Graph) -> Graph:
    """One graph of the two: the second reads what the first yields, and the inputs that they have in common."""
    given = {output.name.removeprefix(OUTPUT): output.value for output in first.outputs}
    given |= {first.nodes[number].name: Value(number) for number in first.inputs}
    nodes = list(first.nodes)
    moved: dict[Value, Value] = {}
    for node in second.nodes:
        if node.role == "input" and node.name in given:
            moved[Value(node.number)] = given[node.name]
            continue
        moved.update({Value(node.number, i): Value(len(nodes), i) for i in range(len(node.shapes))})
        operands = tuple(moved[value] for value in node.operands)
        nodes.append(replace(node, number=len(nodes), operands=operands, owner=node.owner and f"second.{node.owner}"))

    def nested(value: Any) -> Any:
        return moved[value] if isinstance(value, Value) else tuple(map(nested, value))

    outputs = tuple(replace(output, value=nested(output.value)) for output in second.outputs)
    return replace(second, nodes=tuple(nodes), outputs=outputs, loss=second.loss and moved[second.loss])


def owners(g: Graph) -> list[str]:
    """The modules of a network, in the order of the text."""
    return list(dict.fromkeys(node.owner for node in g.nodes if node.owner))


def renamed(weights: dict[str, Any], whole: Graph, first: Graph, second: Graph) -> tuple[dict[str, Any], ...]:
    """The weights of the whole under the names that its two parts have for them."""
    names = owners(whole)
    found: tuple[dict[str, Any], ...] = ({}, {})
    for path, tensor in weights.items():
        owner = max((name for name in names if path == name or path.startswith(name + ".")), key=len)
        place, ours = names.index(owner), owners(first)
        part, name = (0, ours[place]) if place < len(ours) else (1, owners(second)[place - len(ours)])
        found[part][name + path[len(owner) :]] = tensor
    return found
