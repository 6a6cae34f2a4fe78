"""Drop what inference does not need.

At inference `dropout(x) = x` and `drop_path(x) = x` (Srivastava et al., 2014; Huang et al., 2016), `identity(x) = x`
always, and `adaptive_avg_pool(n)` of an n×n map takes the mean of single points. What serves only an aux output or
the loss is not asked for. Inputs stay, as they are the network's interface; targets go.

before:
    net n {
      input x: 3x8x8
      a = x -> conv(4, 3) -> identity -> dropout(0.5) -> relu
      output y = a
      aux output z = a -> global_avg_pool
    }
after:
    net n {
      input x: 3x8x8
      conv_2 = x -> conv(4, 3)  # 4×8×8
      relu_2 = conv_2 -> relu  # 4×8×8
      output y = relu_2
    }
"""

from __future__ import annotations

from netdsl.cost import inference as needed
from netdsl.graph import Graph
from netdsl.passes.rewrite import Rewrite
from netdsl.scope import Value
from netdsl.step import parts
from netdsl.view import nothing


def drop(graph: Graph) -> Graph:
    """Drop dead nodes, identities, and what is random in training only."""
    alive = set(needed(graph))
    needed_parts = {part.name for number in alive for part in parts(graph.nodes[number])}
    edit = Rewrite(graph)
    for node in graph.nodes:
        if node.role == "input":
            continue
        if node.number not in alive:
            edit.gone.add(node.number)
            names = (part.name for part in parts(node)) if node.op is not None else (node.name,)
            edit.dropped.update((name, "inference does not need it") for name in names if name not in needed_parts)
        elif node.op is not None and (why := nothing(node.op, graph.operand_shapes(node))):
            edit.gone.add(node.number)
            edit.moved[Value(node.number)] = edit.moved.get(node.operands[0], node.operands[0])
            edit.dropped[node.name] = why
    outputs = tuple(output for output in graph.outputs if not output.aux)
    if outputs != graph.outputs or graph.loss is not None:
        return edit.done(outputs=outputs, loss=None)
    return edit.done()
