"""Call sites: what one call in the emitted module's `forward` computes together.

    y = activation(norm(conv(x)) + residual)

This is no pass: the module trains too, and has its aux outputs, loss and dropout, so that all of them count as readers
here. What is inside a site has no other reader, neither a node nor an output nor the loss. A convolution or norm may
be called several times: each call has an affine of its own and changes nothing in the module. Only convolutions that
are `nn.Conv2d` itself are sites (two spatial axes, zeros on both sides alike), and only norms with running statistics;
whether the norm is in eval, the call finds out when it runs.
"""

from __future__ import annotations

from dataclasses import replace

from netdsl.form import is_add, is_affine
from netdsl.graph import Graph, Node
from netdsl.ops.activation import LeakyRelu, Relu, Relu6, Silu
from netdsl.ops.conv import Conv
from netdsl.scope import Value
from netdsl.step import Site

CALLED = (Relu, Relu6, LeakyRelu, Silu)


def sites(graph: Graph) -> tuple[Site, ...]:
    """The sites of a network as written, in the order of their convolutions: at least a norm, sum or activation each.

    Of a sum of two convolutions the later one has it, so that the other is computed by then.
    """
    found: dict[int, Site] = {}  # the node that a site yields -> the site
    for node in graph.nodes:
        if node.op is None:
            continue
        if is_called(graph, node):
            found[node.number] = Site(node.name)
        elif is_affine(node.op):
            if (site := _before(graph, node, 0, found)) and site.norm is None and site.add is None:
                found[node.number] = replace(found.pop(node.operands[0].node), norm=node.name)
        elif is_add(node.op):
            shapes = graph.operand_shapes(node)
            taken = [i for i in range(len(shapes)) if (s := _before(graph, node, i, found)) and s.add is None]
            if taken and len(shapes) == 2 and shapes[0] == shapes[1]:
                slot = max(taken, key=lambda i: node.operands[i].node)
                site = found.pop(node.operands[slot].node)
                found[node.number] = replace(site, add=node.name, residual=1 - slot)
        elif isinstance(node.op, CALLED) and _before(graph, node, 0, found):
            found[node.number] = replace(found.pop(node.operands[0].node), activation=node.name)
    order = {node.name: node.number for node in graph.nodes}
    whole = (site for site in found.values() if site.norm or site.add or site.activation)
    return tuple(sorted(whole, key=lambda site: order[site.conv]))


def is_called(graph: Graph, node: Node) -> bool:
    """Whether a node is a call of `nn.Conv2d` itself, which the kernels compute."""
    if not isinstance(node.op, Conv) or len(node.shape) != 3 or node.op.mode != "zeros":
        return False
    call = node.op.module(*graph.operand_shapes(node))
    return call.target == "nn.Conv2d"


def _before(graph: Graph, node: Node, slot: int, found: dict[int, Site]) -> Site | None:
    """The site that ends in operand `slot` of a node and may go on there: nothing else reads what it yields."""
    value = node.operands[slot]
    site = found.get(value.node)
    return site if site and site.activation is None and len(graph.uses[Value(value.node)]) == 1 else None
