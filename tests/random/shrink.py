"""A failing network made small: parts of its text are left out, and values become inputs, as long as it still fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from netdsl.graph import Graph, Node, leaves
from netdsl.scope import Value
from netdsl.text import to_text
from tests.graphs import graph

TRIES = 1500  # of one search; each compiles a text
Fails: TypeAlias = Callable[[str], bool]  # whether a text, whose network is `f`, still shows the failure


def shrink(text: str, fails: Fails) -> str:
    """The smallest text found that fails: first the flat graph if it fails too, else the text itself."""
    flat = to_text(graph(text, "f"))
    if fails(flat):
        return _smallest(flat, fails, _cuts)
    return _smallest(text, fails, _deletions)


def _smallest(text: str, fails: Fails, smaller: Callable[[str], Iterator[str]]) -> str:
    """Take smaller texts that still fail, until there is none; what did not help is not tried again at once."""
    tried, skipped = 0, 0
    while tried < TRIES:
        for i, candidate in enumerate(smaller(text)):
            if i < skipped:
                continue
            tried += 1
            if tried > TRIES or fails(candidate):
                text, skipped = (candidate if tried <= TRIES else text), i
                break
        else:
            if skipped == 0:
                return text
            skipped = 0
    return text


# --------------------------------------------------------------------------------------------------- of the graph


def _cuts(text: str) -> Iterator[str]:
    """One output instead of all, an earlier one, or an input in the place of a node."""
    g = graph(text, "f")
    operators = [node for node in g.nodes if node.op is not None]
    for node in operators:
        if g.loss is not None and node.number == g.loss.node:
            continue
        if not _behind_a_target(g, node):
            value = Value(node.number)
            alone = replace(g, outputs=(replace(g.outputs[0], value=value, aux=False, name="y"),), loss=None)
            if len(operators) > len(_needed(alone)) or len(g.outputs) > 1 or g.loss is not None:
                yield _alive(alone)
    for node in reversed(operators):
        if len(node.shapes) == 1 and any(use.node >= 0 for use in g.uses.get(Value(node.number), ())):
            cut = replace(node, op=None, role="input", operands=(), owner="", name=f"cut{node.number}")
            yield _alive(replace(g, nodes=(*g.nodes[: node.number], cut, *g.nodes[node.number + 1 :])))


def _behind_a_target(g: Graph, node: Node) -> bool:
    return any(g.nodes[number].role == "target" for number in g.ancestors((Value(node.number),)))


def _needed(g: Graph) -> frozenset[int]:
    roots = [value for output in g.outputs for value in leaves(output.value)]
    found = g.ancestors(tuple(roots + ([g.loss] if g.loss else [])))
    return frozenset(number for number in found if g.nodes[number].op is not None)


def _alive(g: Graph) -> str:
    """The text without what nothing needs any more."""
    roots = [value for output in g.outputs for value in leaves(output.value)]
    kept = sorted(g.ancestors(tuple(roots + ([g.loss] if g.loss else []))))
    place = {number: i for i, number in enumerate(kept)}

    def moved(value: Value) -> Value:
        return Value(place[value.node], value.index)

    nodes = tuple(replace(g.nodes[n], number=place[n], operands=tuple(map(moved, g.nodes[n].operands))) for n in kept)
    outputs = tuple(replace(output, value=moved(leaves(output.value)[0])) for output in g.outputs)
    loss = None if g.loss is None else moved(g.loss)
    return to_text(replace(g, nodes=nodes, outputs=outputs, loss=loss))


# ---------------------------------------------------------------------------------------------------- of the text

_OPEN, _CLOSE = "([{", ")]}"


def _deletions(text: str) -> Iterator[str]:
    """The text without a line, a branch, a stage or the braces around something, and without what nothing reads then;
    long parts first."""
    pieces = sorted(_pieces(text), key=lambda piece: piece[0] - piece[1])
    for start, end in pieces:
        left = text[:start] + text[end:]
        if (read := _without_unread(left)) != left:
            yield read
        yield left
    for start, end in _braces(text):
        yield text[:start] + text[start + 1 : end] + text[end + 1 :]


_DEFINED = re.compile(r"^ *+(?!aux |output |loss )(?:shared |target |input |block |let )?([\w, ]+?)(?:\(.*?\))? *[=:]")


def _without_unread(text: str) -> str:
    """The text without the lines that define what no other line reads; of several values those get a `_`."""
    lines = text.split("\n")
    for at in reversed(range(len(lines))):
        found = _DEFINED.match(lines[at])
        if found is None:
            continue
        rest = "\n".join(lines[:at] + lines[at + 1 :])
        names = [name.strip() for name in found[1].split(",")]
        unread = [name for name in names if not re.search(rf"\b{name}\b", rest)]
        if len(unread) == len(names):
            del lines[at]
        for name in unread if len(unread) < len(names) else ():
            lines[at] = re.sub(rf"\b{name}\b", name if name.startswith("_") else f"_{name}", lines[at], count=1)
    return "\n".join(lines)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """What stands between two separators of one depth, with the one after it or the one before it."""
    marks: list[list[tuple[int, int]]] = [[(0, 0)]]
    at = 0
    while at < len(text):
        if text[at] in _OPEN:
            marks.append([(at + 1, at + 1)])
        elif text[at] in _CLOSE and len(marks) > 1:
            yield from _between([*marks.pop(), (at, at)])
        elif text[at] in ";\n,":
            marks[-1].append((at, at + 1))
        elif text.startswith("->", at):
            marks[-1].append((at, at + 2))
            at += 1
        at += 1
    yield from _between([*marks[0], (len(text), len(text))])


def _between(marks: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for i in range(len(marks) - 1):
        for j in (i + 1, i + 2):
            if j < len(marks):
                yield marks[i][1], marks[j][1]
                yield marks[i][0], marks[j][0]


def _braces(text: str) -> Iterator[tuple[int, int]]:
    stack: list[int] = []
    for at, c in enumerate(text):
        if c == "{":
            stack.append(at)
        elif c == "}" and stack:
            start = stack.pop()
            if stack:
                yield start, at
