"""Where emitted code calls one function for a convolution and what follows it, as the fusion pass found it legal.

`conv_bn_relu(x, self.conv1, self.bn1)` stands for `F.relu(self.bn1(self.conv1(x)))`. A class has a call site only where
the pass has one in every instance, and only as long as all parts stand in that class's forward: else the longest
beginning that does. An nn.Sequential whose convolutions are followed by what the pass fuses is a FusedSequential.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from netdsl.emit.classes import helper_names, inner_regions
from netdsl.emit.statements import Block, Evaluate, For, If, mark, read
from netdsl.emit.template import TApply
from netdsl.graph import Graph, Node
from netdsl.scope import Apply, Invoke, Region

if TYPE_CHECKING:
    from netdsl.step import Site

MODULE = "netdsl.kernels.fused"
SEQUENTIAL = "FusedSequential"
ACTIVATIONS = {"nn.ReLU": "relu", "nn.ReLU6": "relu6", "nn.LeakyReLU": "leaky_relu", "nn.SiLU": "silu"}
NAMES = frozenset(
    "_".join(filter(None, ("conv", *parts)))
    for parts in product(("", "bn"), ("", "add"), ("", *ACTIVATIONS.values()))
    if any(parts)
)
IMPORTED = NAMES | {SEQUENTIAL}
_SUM = re.compile(r"⟦\d+(?:!\d)?⟧ \+ ⟦\d+(?:!\d)?⟧")
_ACTIVATION = re.compile(rf"F\.({'|'.join(ACTIVATIONS.values())})\(⟦\d+(?:!\d)?⟧(.*)\)")


@dataclass(frozen=True, slots=True)
class Follow:
    """The nodes that one call may compute behind a convolution."""

    norm: int | None = None
    add: int | None = None
    activation: int | None = None


class CallSites:
    """What `sites` (of the fusion pass) allow in the code of a graph; nothing is fused where there are none.

    `taken` are names that the module has for other things, beside those of call sites.
    """

    def __init__(self, graph: Graph, sites: Iterable[Site] = (), taken: Collection[str] = ()) -> None:
        self.graph = graph
        if (IMPORTED | set(taken)) & set(helper_names(graph)):  # an operator brings a function of such a name
            sites = ()
        numbers = {node.name: node.number for node in graph.nodes}
        self.follow = {
            numbers[s.conv]: Follow(*(numbers[name] if name else None for name in (s.norm, s.add, s.activation)))
            for s in sites
        }
        self.taken = frozenset(taken) if self.follow else frozenset()
        self._share_sums()
        owners = Counter(node.owner for node in graph.nodes)
        self.shared = {node.number for node in graph.nodes if node.owner and owners[node.owner] > 1}

    def _share_sums(self) -> None:
        """Let either side of a sum take it, where both are convolutions: the other may stand in another class."""
        ends = {conv: conv if f.norm is None else f.norm for conv, f in self.follow.items()}
        makers = {end: conv for conv, end in ends.items()}
        for conv, follow in list(self.follow.items()):
            if follow.add is None:
                continue
            other = next(v for v in self.graph.nodes[follow.add].operands if v.node != ends[conv])
            maker = makers.get(other.node, other.node)
            own = self.follow.get(maker, Follow())
            alone = len(self.graph.uses[other]) == 1 and own.add is own.activation is None
            if alone and _target(self.graph, self.graph.nodes[maker]) == "nn.Conv2d":
                self.follow[maker] = Follow(own.norm, follow.add, follow.activation)

    @property
    def reserved(self) -> frozenset[str]:
        """The names that nothing else may have in a module with call sites."""
        return IMPORTED if self.follow else frozenset()

    def imports(self, body: str) -> list[str]:
        """The import lines that the classes of the module need."""
        names = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)} if self.follow else set()
        return [f"from {MODULE} import {name}" for name in names & IMPORTED]

    # forward -----------------------------------------------------------------------------------------------

    def fuse(self, block: Block, reads: Counter[int]) -> dict[int, Evaluate]:
        """Put call sites into `block`, whose values are read as often as `reads` says; what makes their results."""
        made: dict[int, Evaluate] = {}
        for statement in block:
            for inner in _blocks(statement):
                made |= self.fuse(inner, reads)
        for chain in self._chains(block, reads):
            call = self._call(chain)
            block[block.index(chain[-1])] = call
            for part in chain[:-1]:
                block.remove(part)
            made[call.results[0]] = call
        return made

    def _chains(self, block: Block, reads: Counter[int]) -> list[list[Evaluate]]:
        """The statements of each call site, in order. Of two that could take a sum, the later has less to wait for."""
        readers = {v: s for s in block if isinstance(s, Evaluate) for v in read(s.code) if reads[v] == 1}
        chains: list[list[Evaluate]] = []
        for first in reversed(block):
            if not (isinstance(first, Evaluate) and self._is_conv(first)):
                continue
            chain = [first]
            for part in ("norm", "add", "activation"):
                last = chain[-1]
                reader = readers.get(last.results[0])
                if reader is None or not self._follows(first, reader, part) or not _written(reader, part):
                    continue
                if self._held(chain, reader, block) or any(reader in other for other in chains):
                    break
                chain.append(reader)
            if len(chain) > 1:
                chains.append(chain)
        return chains

    def _is_conv(self, statement: Evaluate) -> bool:
        step = statement.step
        return isinstance(step, TApply) and all(
            s.node in self.follow and _target(self.graph, self.graph.nodes[s.node]) == "nn.Conv2d"
            for s in step.occurrences
        )

    def _follows(self, conv: Evaluate, reader: Evaluate, part: str) -> bool:
        """Whether `reader` is that part of the convolution's site in every instance."""
        if not isinstance(reader.step, TApply):
            return False
        pairs = [conv.step.occurrences, reader.step.occurrences]
        return len(pairs[0]) == len(pairs[1]) and all(
            getattr(self.follow[a.node], part) == b.node for a, b in zip(*pairs, strict=True)
        )

    def _held(self, chain: list[Evaluate], reader: Evaluate, block: Block) -> bool:
        """Whether a batch norm that has other uses would move behind one of them, and so see other statistics."""
        between = block[block.index(chain[-1]) + 1 : block.index(reader)]
        return bool(between) and any(s.node in self.shared for part in chain[1:] for s in part.step.occurrences)

    def _call(self, chain: list[Evaluate]) -> Evaluate:
        conv, *rest = chain
        value = read(conv.code)[0]
        words, arguments = ["conv"], [mark(value), _module(conv)]
        settings = ""
        merge = False
        for before, part in zip(chain, rest, strict=False):
            activation = _ACTIVATION.fullmatch(part.code)
            if part.module:
                words.append("bn")
                arguments.append(_module(part))
            elif activation:
                words.append(activation[1])
                settings = activation[2]
            else:
                words.append("add")
                arguments += [mark(v) for v in read(part.code) if v != before.results[0]]
                merge = True
        name = "_".join(words)
        last = chain[-1]
        code = f"{name}({', '.join(arguments)}{settings})"
        # Two calls deep, though it shows one: inside another it would be hard to read.
        return Evaluate(last.results, code, module=True, merge=merge, comment=last.comment, calls=2, apart=(value,))

    # Containers --------------------------------------------------------------------------------------------

    def container(self, step: Any) -> str:
        """The class of a container that is a sequence: every occurrence of a step, or of a whole region."""
        regions = [s if isinstance(s, Region) else inner_regions(s) for s in step.occurrences]
        stages = [stage for r in regions for stage in self._stages([r] if isinstance(r, Region) else r)]
        if stages and all(self._allows(stage) for stage in stages):
            return SEQUENTIAL
        return "nn.Sequential"

    def _stages(self, regions: Iterable[Region]) -> list[list[Node]]:
        """Each convolution with what a FusedSequential would take along with it; none that stands alone."""
        stages: list[list[Node]] = []
        wanted: tuple[str, ...] = ()
        for node in self._children(regions):
            target = "" if node is None else _target(self.graph, node)
            if node is not None and target == "nn.Conv2d":
                stages.append([node])
                wanted = ("nn.BatchNorm2d", *ACTIVATIONS)
            elif node is not None and target in wanted:
                stages[-1].append(node)
                wanted = tuple(ACTIVATIONS) if target == "nn.BatchNorm2d" else ()
            else:
                wanted = ()
        return [stage for stage in stages if len(stage) > 1]

    def _children(self, regions: Iterable[Region]) -> Iterator[Node | None]:
        """The operators among the modules of a sequence, None for any other."""
        for step in (s for region in regions for s in region.steps):
            if isinstance(step, Apply):
                yield self.graph.nodes[step.node]
            elif isinstance(step, Invoke) or step.name:
                yield None
            else:
                yield from self._children(inner_regions(step))

    def _allows(self, stage: list[Node]) -> bool:
        follow = self.follow.get(stage[0].number, Follow())
        parts = [p for p in (follow.norm, follow.add, follow.activation) if p is not None]
        found = [node.number for node in stage[1:]]
        return parts[: len(found)] == found


def _target(graph: Graph, node: Node) -> str:
    """The module class of an operator, empty where it has none of torch's; a convolution that pads with more than
    zeros is none that a kernel computes."""
    call = node.op.module(*graph.operand_shapes(node)) if node.op is not None else None
    if call is None or not isinstance(call.target, str) or call.keywords.get("padding_mode", "zeros") != "zeros":
        return ""
    return call.target


def _written(statement: Evaluate, part: str) -> bool:
    """Whether a statement is written as that part of a call site can stand for."""
    if part == "norm":
        return statement.module
    if part == "add":
        return _SUM.fullmatch(statement.code) is not None
    return _ACTIVATION.fullmatch(statement.code) is not None


def _module(statement: Evaluate) -> str:
    """How the module that a statement calls is spoken of."""
    return statement.code[: statement.code.rindex("(")]


def _blocks(statement: Any) -> tuple[Block, ...]:
    if isinstance(statement, If):
        return statement.arms
    return (statement.body,) if isinstance(statement, For) else ()
