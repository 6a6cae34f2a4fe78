"""What becomes of the keys of the state_dict: a mapping from old to new where shapes agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netdsl.analysis.difference.matching import Matching
from netdsl.graph import Graph, Node
from netdsl.ops.op import Shape


@dataclass(frozen=True, slots=True)
class Keys:
    """`kept` maps old keys to new ones, of tensors with one shape, those that keep their key too; `reshaped` maps an
    old key to the new one and both shapes; `dropped` and `added` are on one side alone."""

    kept: Mapping[str, str]
    reshaped: Mapping[str, tuple[str, Shape, Shape]]
    dropped: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def renamed(self) -> dict[str, str]:
        return {old: new for old, new in self.kept.items() if old != new}

    def prefixes(self) -> dict[tuple[str, str], int]:
        """The renamed keys by what differs, from the left: `layer1` to `stage1`, and how many keys that concerns."""
        found: dict[tuple[str, str], int] = {}
        for old, new in self.renamed.items():
            a, b = old.split("."), new.split(".")
            while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
                a.pop()
                b.pop()
            pair = ".".join(a), ".".join(b)
            found[pair] = found.get(pair, 0) + 1
        return found


def keys(old: Graph, new: Graph, matching: Matching) -> Keys:
    """The keys of modules that are each other's counterparts, tensor by tensor; a shared module counts once."""
    kept: dict[str, str] = {}
    reshaped: dict[str, tuple[str, Shape, Shape]] = {}
    mine, others = _tensors(old), _tensors(new)
    taken: set[str] = set()
    for node in old.nodes:
        if not node.owner or node.number not in matching:
            continue
        partner = new.nodes[matching[node.number]]
        for key, name in _named(old, node).items():
            there = f"{partner.owner}.{name}"
            if key in kept or key in reshaped or there in taken or there not in others:
                continue
            taken.add(there)
            if mine[key] == others[there]:
                kept[key] = there
            else:
                reshaped[key] = there, mine[key], others[there]
    return Keys(
        kept,
        reshaped,
        tuple(key for key in mine if key not in kept and key not in reshaped),
        tuple(key for key in others if key not in taken),
    )


def _named(graph: Graph, node: Node) -> dict[str, str]:
    assert node.op is not None
    shapes = graph.operand_shapes(node)
    return {f"{node.owner}.{name}": name for name in (*node.op.weights(*shapes), *node.op.buffers(*shapes))}


def _tensors(graph: Graph) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for node in graph.nodes:
        if node.op is not None and node.owner:
            shapes = graph.operand_shapes(node)
            for name, shape in {**node.op.weights(*shapes), **node.op.buffers(*shapes)}.items():
                found.setdefault(f"{node.owner}.{name}", tuple(shape))
    return found
