"""1x1 convolutions of one value as one kernel.

    [A; B] * x = [A*x; B*x]

Rows of the weights of one matrix product, side by side, are rows of one larger product, which reads `x` once and fills
the machine better (Ding et al., 2021, IOS: Inter-Operator Scheduler, section 3). Stride 1, no padding, no groups; the
same prologue, no sum, and one activation or none for all. Each has its own norm, an affine of its own channels.

What such a kernel yields lies side by side in one buffer. Where one of the siblings is the first or the last of a
concat in place, the others lie before or behind it in that buffer: in GoogLeNet [r3 | r5 | n1 | n3 | n5 | pool], whose
left part is what the kernel writes and whose right part is the concat. One that lies in the middle of a concat cannot
be merged.

before:
    net n {
      input x: 8x8x8
      output y = concat {
        x -> conv(4, 1) -> relu
        x -> conv(2, 1) -> relu -> conv(4, 3) -> relu
      }
    }
after:
    net n {
      input x: 8x8x8
      conv2 = x -> conv(2, 1) -> relu  # 2×8×8; one kernel with conv1
      conv1 = x -> conv(4, 1) -> relu  # 4×8×8; one kernel with conv2
      conv3 = conv2 -> conv(4, 3) -> relu  # 4×8×8
      concat_2 = concat(conv1, conv3)  # 8×8×8
      output y = concat_2
    }
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netdsl.form import form_of
from netdsl.graph import Graph, Node
from netdsl.ops.conv import Conv
from netdsl.passes.concats import Layout, lay_out
from netdsl.passes.rewrite import Rewrite
from netdsl.scope import Value
from netdsl.step import Inner, Part, Source, Step, parts


def merge_siblings(graph: Graph) -> Graph:
    """Make one step of the 1x1 convolutions that read one value alike."""
    edit = Rewrite(graph)
    layout: Layout | None = None
    for group in alike(graph):
        layout = layout or lay_out(graph)
        while len(chosen := beside_each_other(layout, group)) > 1:
            first = min(chosen, key=lambda node: node.number)
            edit.nodes[first.number] = merged(graph, first, chosen)
            edit.gone.update(node.number for node in chosen if node is not first)
            edit.moved.update({Value(node.number): Value(first.number, i) for i, node in enumerate(chosen)})
            group = [node for node in group if node not in chosen]
        for node in group:
            edit.reasons[node.name] = "its place in a concat is not beside its siblings, which read the same value"
    return edit.done()


def alike(graph: Graph) -> list[list[Node]]:
    """The groups of nodes that could be merged, were it not for where they write."""
    groups: dict[Any, list[Node]] = {}
    for value, uses in graph.uses.items():
        if len(uses) > 1:
            for number in dict.fromkeys(use.node for use in uses if use.node >= 0):
                node = graph.nodes[number]
                if len(node.operands) > 1 or len(node.shapes) > 1 or not reads_points(node):
                    continue
                form = form_of(graph, node)
                if form is not None and form.core is not None and form.epilogues[0].add is None:
                    activation = form.epilogues[0].activation
                    key = (value, form.prologue, activation and activation.op)
                    groups.setdefault(key, []).append(node)
    return [group for group in groups.values() if len(group) > 1]


def reads_points(node: Node) -> bool:
    """Whether a node is a 1x1 convolution with stride 1."""
    return any(isinstance(part.op, Conv) and part.op.is_pointwise() for part in parts(node))


def beside_each_other(layout: Layout, group: list[Node]) -> list[Node]:
    """Those of a group that can write side by side, in that order; `layout` then has them so.

    They are those that no concat holds, and those that one buffer holds side by side: at its end if there are others.
    """
    free = [node for node in group if Value(node.number) not in layout.home]
    for home in dict.fromkeys(layout.home[Value(node.number)] for node in group if node not in free):
        buffer = layout.buffers[home]
        there = [node for node in group if layout.home.get(Value(node.number)) == home]
        there.sort(key=lambda node: buffer.index(Value(node.number)))
        at, end = (buffer.index(Value(node.number)) for node in (there[0], there[-1]))
        if end - at + 1 != len(there):
            continue
        if at == 0:
            layout.buffers[home] = [Value(node.number) for node in free] + buffer
            chosen = free + there
        elif end + 1 == len(buffer):
            layout.buffers[home] = buffer + [Value(node.number) for node in free]
            chosen = there + free
        else:
            chosen = there
        if len(chosen) > 1:
            layout.home.update({Value(node.number): home for node in chosen})
            return chosen
    return free


def merged(graph: Graph, first: Node, chosen: list[Node]) -> Node:
    """One node at the place of `first`, with what the others yield too. The prologue is computed once."""
    together: list[Part] = []
    results: list[int] = []
    shared = len(form.prologue) if (form := form_of(graph, first)) is not None else 0
    for node in chosen:
        by = len(together) - shared if together else 0
        own = parts(node)

        def at(source: Source, by: int = by) -> Source:
            return Inner(source.part + by) if isinstance(source, Inner) and source.part >= shared else source

        for part in own[shared if together else 0 :]:
            together.append(replace(part, operands=tuple(map(at, part.operands))))
        results.append(len(together) - 1)
    op = Step(parts=tuple(together), results=tuple(results))
    return replace(first, op=op, owner="", shapes=tuple(node.shape for node in chosen))
