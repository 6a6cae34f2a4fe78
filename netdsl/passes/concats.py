"""Concatenation without copying.

`concat(a, b)` of channels is one buffer if the kernel that computes `a` writes its first channels and that of `b` the
rest, as all our kernels can. So a concat *in place* launches nothing: a value that is read elsewhere too is read where
it lies, and a concat of a concat shares its buffer, as do all those of a dense block, which grows in one buffer
(Huang et al., 2017; Pleiss et al., 2017, Memory-Efficient Implementation of DenseNets). A value lives in one place: of
two concats that want it the wider has it.

What cannot be written in place, such as a crop of another value, a convolution may read from where it is, channel by
channel from up to four sources: a *virtual* concat, which is never made. U-Net's skip connections with their crops
are such (Ronneberger et al., 2015). It may be if only convolutions and deconvolutions without groups read it.

Everything else is copied.

before:
    net n {
      input x: 3x8x8
      a = x -> conv(4, 3)
      b = x -> conv(8, 3)
      output y = concat(a, b) -> max_pool(2)
      output z = concat(a -> crop(size = [4, 4]), b -> max_pool(2)) -> conv(4, 3)
    }
after:
    net n {
      input x: 3x8x8
      conv1 = x -> conv(4, 3)  # 4×8×8
      conv2 = x -> conv(8, 3)  # 8×8×8
      concat1 = concat(conv1, conv2)  # 12×8×8; a view: written in place
      max_pool1 = concat1 -> max_pool(2)  # 12×4×4
      crop_2 = conv1 -> crop(size = [4, 4])  # 4×4×4; a view: points of what it reads
      max_pool2 = conv2 -> max_pool(2)  # 8×4×4
      concat2 = concat(crop_2, max_pool2)  # 12×4×4; a view: read where its parts are
      conv3 = concat2 -> conv(4, 3)  # 4×4×4
      output y = max_pool1
      output z = conv3
    }
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from netdsl.form import form_of, title
from netdsl.graph import Graph, Node
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.merge import Concat
from netdsl.ops.norm import Lrn
from netdsl.passes.join import Refused, reader_name
from netdsl.passes.rewrite import concats, plan_of
from netdsl.scope import Value
from netdsl.step import Place
from netdsl.view import view

IN_PLACE, VIRTUAL = "written in place", "read where its parts are"
MOST_SOURCES = 4


def place_concats(graph: Graph) -> Graph:
    """Give the values of each concat their places in one buffer, or have its parts read where they are."""
    plan = plan_of(graph)
    layout = lay_out(graph)
    names = concats(graph)
    views = {name: why for name, why in plan.views.items() if name not in names} | layout.views
    reasons = {name: why for name, why in plan.reasons.items() if name not in names} | layout.reasons
    places = layout.places()
    if graph.plan is not None and (views, places, reasons) == (plan.views, plan.places, plan.reasons):
        return graph
    return replace(graph, plan=plan.but(views=views, places=places, reasons=reasons))


@dataclass(eq=False)
class Layout:
    """Where values will live. `buffers` hold, in order, the values that are computed into them; `home` says which."""

    graph: Graph
    buffers: list[list[Value]] = field(default_factory=list)
    home: dict[Value, int] = field(default_factory=dict)
    runs: dict[int, list[Value]] = field(default_factory=dict)  # concat in place -> its run of a buffer's values
    views: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def places(self) -> dict[Value, Place]:
        """Each value's place."""
        found: dict[Value, Place] = {}
        for number, buffer in enumerate(self.buffers):
            offset = 0
            for value in buffer:
                found[value] = Place(number, offset)
                offset += int(self.graph.shape(value)[0])  # type: ignore[arg-type]
        for concat, run in self.runs.items():
            found[Value(concat)] = found[run[0]]
        return found


def lay_out(graph: Graph) -> Layout:
    """Where the values of concats live: the widest first, then those within it, which need nothing more."""
    layout = Layout(graph)
    for node in sorted((node for node in graph.nodes if isinstance(node.op, Concat)), key=lambda node: -_width(node)):
        try:
            if node.number not in layout.runs:
                _write_in_place(layout, node)
            layout.views[node.name] = IN_PLACE
        except Refused as refusal:
            if why := why_not_virtual(graph, node):
                layout.reasons[node.name] = f"{refusal}; {why}"
            else:
                layout.views[node.name] = VIRTUAL
    return layout


def _width(node: Node) -> int:
    channels = node.shape[0]
    return int(channels) if isinstance(channels, int) else 0


def leaves(graph: Graph, node: Node) -> tuple[list[Value], dict[int, tuple[int, int]]]:
    """What a concat, and the concats within it, join in the end; and where in that the run of each of them lies."""
    found: list[Value] = []
    spans: dict[int, tuple[int, int]] = {}
    stack: list[tuple[Node, int, int]] = [(node, 0, 0)]  # a concat, its next operand, where it began
    while stack:
        concat, operand, start = stack.pop()
        if operand == len(concat.operands):
            spans[concat.number] = (start, len(found))
            continue
        stack.append((concat, operand + 1, start))
        value = concat.operands[operand]
        inner = graph.nodes[value.node]
        if isinstance(inner.op, Concat) and joins_channels(inner):
            stack.append((inner, 0, len(found)))
        else:
            found.append(value)
    return found, spans


def joins_channels(node: Node) -> bool:
    assert isinstance(node.op, Concat)
    return node.op.axis in (0, -len(node.shape))


def _write_in_place(layout: Layout, node: Node) -> None:
    """Give a concat, and those within it, a buffer. Raises Refused, and then nothing has changed."""
    if not joins_channels(node):
        raise Refused(f"it joins along axis {node.op.axis}, not the channels")  # type: ignore[union-attr]
    graph = layout.graph
    values, spans = leaves(graph, node)
    if len(set(values)) < len(values):
        raise Refused("it joins a value with itself")
    if homes := {layout.home[value] for value in values if value in layout.home}:
        buffer = layout.buffers[min(homes)]
        start = buffer.index(values[0]) if values[0] in buffer else 0
        if buffer[start : start + len(values)] != values:
            there = next(value for value in values if value in layout.home)
            raise Refused(f"`{title(graph.nodes[there.node], there.index)}` lives in the buffer of another concat")
    else:
        for value in values:
            if why := why_not_written(graph, value):
                raise Refused(why)
        buffer = _with_siblings(graph, values)
        layout.home.update(dict.fromkeys(buffer, len(layout.buffers)))
        layout.buffers.append(buffer)
    layout.runs.update({concat: values[start:end] for concat, (start, end) in spans.items()})


def _with_siblings(graph: Graph, values: list[Value]) -> list[Value]:
    """The values, and around them what kernels that yield several yield beside them. Raises Refused."""
    buffer = list(values)
    for value in values:
        count = len(graph.nodes[value.node].shapes)
        if count > 1:
            group = [Value(value.node, i) for i in range(count)]
            there = [i for i, sibling in enumerate(group) if sibling in buffer]
            first, last = there[0], there[-1]
            at = buffer.index(group[first])
            end = at + last + 1 - first
            fits = buffer[at:end] == group[first : last + 1]
            if not fits or (first and at) or (last + 1 < count and end < len(buffer)):
                raise Refused(
                    f"what is computed with `{title(graph.nodes[value.node], value.index)}` does not fit beside it"
                )
            buffer = [*group[:first], *buffer, *group[last + 1 :]]
    return buffer


def why_not_written(graph: Graph, value: Value) -> str | None:
    """Why the kernel that computes a value cannot write it into a wider buffer; None where it can."""
    node = graph.nodes[value.node]
    if node.op is None:
        return f"`{node.name}` comes from outside"
    if not isinstance(graph.shape(value)[0], int):
        return f"how many channels `{node.name}` has is not known"
    if isinstance(node.op, Lrn) or form_of(graph, node):
        return None
    if view(node.op, graph.operand_shapes(node)):
        return f"`{node.name}` is part of another value"
    return f"`{node.name}` is computed by no kernel of ours, and so not in place"


def why_not_virtual(graph: Graph, node: Node) -> str | None:
    """Why the values that a concat joins cannot be read where they are; None where they can."""
    if not joins_channels(node):
        return "no kernel reads such a thing in parts"
    if len(node.operands) > MOST_SOURCES:
        return f"a convolution reads up to {MOST_SOURCES} values in place of one, and this joins {len(node.operands)}"
    for use in graph.uses[Value(node.number)]:
        if use.node < 0 or not _reads_in_parts(graph, graph.nodes[use.node], use.slot):
            return f"{reader_name(graph, use)} reads it in one piece"
    return None


def _reads_in_parts(graph: Graph, node: Node, slot: int) -> bool:
    """Whether a node is a convolution that reads operand `slot` as what it convolves, and as nothing else."""
    form = form_of(graph, node)
    if form is None or form.source.slot != slot or any(end.residual == form.source for end in form.epilogues):
        return False
    return bool(form.cores) and all(isinstance(c.op, Conv | Deconv) and c.op.groups == 1 for c in form.cores)
