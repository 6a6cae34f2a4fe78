"""Two nodes become one kernel: the second reads what the first yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netdsl.form import Form, NoForm, is_core, is_point_by_point, read
from netdsl.graph import LOSS, OUTPUT, Graph, Node, Use
from netdsl.ops.op import Op
from netdsl.passes.rewrite import Rewrite
from netdsl.scope import Value
from netdsl.step import Inner, Outer, Part, Source, Step, parts


class Refused(Exception):
    """Two nodes stay apart; the message is the reason, in words."""


def join_forward(graph: Graph, slots: Callable[[Node], tuple[int, ...] | None]) -> Graph:
    """Join nodes to the one before them, which nothing else may read: that of the first of `slots` that can be.

    `slots` gives None for nodes that the pass does not look at, and raises Refused for those that it must leave. Why
    nodes stay apart goes into the plan's reasons.
    """
    edit = Rewrite(graph)
    for node in graph.nodes:
        try:
            if (places := slots(node)) is None:
                continue
            first, joined = _first_joined(graph, node, places)
        except Refused as refusal:
            edit.refuse(parts(node)[0].name, behind=str(refusal))
        else:
            edit.nodes[node.number] = joined
            edit.gone.add(first.number)
            edit.settled.add(parts(node)[0].name)
    return edit.done()


def _first_joined(graph: Graph, node: Node, slots: tuple[int, ...]) -> tuple[Node, Node]:
    """The first node before `node` that can be joined to it, and the two joined. Raises Refused where none can."""
    refusals: list[str] = []
    for slot in slots:
        first = graph.nodes[node.operands[slot].node]
        try:
            return first, after(graph, first, node, slot)
        except Refused as refusal:
            refusals.append(str(refusal))
    raise Refused("; ".join(dict.fromkeys(refusals)))


def head(node: Node) -> Op | None:
    """What a node begins with that computes point by point, or might; None where it has a core, or is an input."""
    own = parts(node)
    return own[0].op if own and not any(is_core(part.op) for part in own) else None


def after(graph: Graph, first: Node, node: Node, slot: int) -> Node:
    """One kernel for `node` and the one before it, whose value nobody else needs. Raises Refused."""
    if first.op is None:
        raise Refused(f"`{first.name}` comes from outside")
    joined, form = fused(first, node, slot)
    if others := other_readers(graph, node.operands[slot], node):
        raise Refused(f"`{parts(first)[-1].name}` is also {others}")
    if form.core is None and not is_point_by_point(graph, joined):
        raise Refused(
            "a number has no channels" if not node.shape else "one of its values goes over the points of another"
        )
    return joined


def join_backward(graph: Graph, heads: Callable[[Node], bool]) -> Graph:
    """Join each node that `heads` accepts into all the nodes that read it, as their prologue: all of them, or none.

    What was taken may make room for what stands before it, and so there are several rounds.
    """
    edit = Rewrite(graph)
    for node in graph.nodes:
        if not heads(node):
            continue
        uses = graph.uses[Value(node.number)]
        if all(use.node < 0 for use in uses):
            continue
        try:
            readers = [into(graph, node, use) for use in uses]
        except Refused as refusal:
            edit.refuse(parts(node)[0].name, ahead=str(refusal))
            continue
        edit.gone.add(node.number)
        edit.settled.update(part.name for part in parts(node))
        edit.nodes.update({reader.number: reader for reader in readers})
    return join_backward(edit.done(), heads) if edit.gone else edit.done()


def into(graph: Graph, node: Node, use: Use) -> Node:
    """One kernel for `node` and the one that reads it. Raises Refused."""
    name = reader_name(graph, use)
    if use.node < 0:
        raise Refused(f"it is {name}")
    reader = graph.nodes[use.node]
    if reader.operands.count(reader.operands[use.slot]) > 1:
        raise Refused(f"{name} reads it twice")
    try:
        joined, form = fused(node, reader, use.slot)
    except Refused:
        raise Refused(f"{name} reads it and takes none") from None
    if form.core is None:
        raise Refused(f"{name} reads it and takes none")
    return joined


def fused(first: Node, node: Node, slot: int) -> tuple[Node, Form]:
    """One node, at the place of `node`, for the parts of `first` and then those of `node`; its form. Raises Refused."""
    if len(first.shapes) > 1:
        raise Refused(f"`{first.name}` yields several values")
    before, own = parts(first), parts(node)
    operands = list(first.operands)
    sources: list[Source] = []
    for i, value in enumerate(node.operands):
        if i != slot and value not in operands:
            operands.append(value)
        sources.append(Inner(results(first)[0]) if i == slot else Outer(operands.index(value)))
    together = (*before, *(_moved(part, sources, len(before)) for part in own))
    yielded = tuple(len(before) + result for result in results(node))
    try:
        form = read(together, yielded)
    except NoForm as error:
        raise Refused(str(error)) from None
    name = form.core.name if form.core else together[0].name
    spans = first.spans if form.core in before else node.spans
    op = Step(parts=together, results=yielded)
    return replace(node, name=name, op=op, operands=tuple(operands), owner="", spans=spans), form


def _moved(part: Part, sources: list[Source], by: int) -> Part:
    """The part behind `by` others, its node's operands being `sources` now."""
    return replace(
        part, operands=tuple(sources[s.slot] if type(s) is Outer else Inner(s[0] + by) for s in part.operands)
    )


def results(node: Node) -> tuple[int, ...]:
    """The parts whose values a node yields."""
    return node.op.results if isinstance(node.op, Step) else (0,)


def other_readers(graph: Graph, value: Value, reader: Node) -> str:
    """Who else needs a value that `reader` should read once; empty where nobody does."""
    uses = list(graph.uses[value])
    uses.remove(next(use for use in uses if use.node == reader.number))
    names = list(dict.fromkeys(reader_name(graph, use) for use in uses))
    if not names:
        return ""
    return "read by " + (" and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} others")


def reader_name(graph: Graph, use: Use) -> str:
    """Who reads: a node of the network as it was written, an output, the loss."""
    if use.node == OUTPUT:
        return f"output `{graph.outputs[use.slot].name}`"
    if use.node == LOSS:
        return "the loss"
    part = next(part for part in parts(graph.nodes[use.node]) if Outer(use.slot) in part.operands)
    names = part.op.operands[part.operands.index(Outer(use.slot)) :]
    return f"`{part.name}`" + (" for its size" if names[:1] == ("like",) else "")
