"""Writes `forward`: the template of a class as statements over numbered values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from netdsl.emit import python
from netdsl.emit.classes import Split, Unroll
from netdsl.emit.code import Coder, Ids, taken_apart, written
from netdsl.emit.constructor import Constructor
from netdsl.emit.containers import is_attribute, is_sequence, needs_module, regions_of, shapes
from netdsl.emit.frame import Frame
from netdsl.emit.settle import Unsettled
from netdsl.emit.statements import ATOM, MARK, Block, Body, Evaluate, For, If, mark, read, reads_of
from netdsl.emit.template import (
    TApply,
    TBind,
    TChoice,
    TGroup,
    TInvoke,
    TJoin,
    TLoop,
    TRegion,
    TShare,
    TStep,
)  # fmt: skip
from netdsl.ops.op import show_shape
from netdsl.scope import Apply, Bind, Flow, Let, Region, Share, Step, Tensor

LIGHT = frozenset({"activation", "norm", "random", "arithmetic", "reduce"})
MERGES = frozenset({"merge", "arithmetic"})


class Forward:
    def __init__(self, frame: Frame, constructor: Constructor, *, comments: bool = False) -> None:
        self.frame, self.plan, self.laying = frame, frame.plan, frame.plan.laying
        self.children, self.renamed, self.comments = constructor.children, constructor.renamed, comments
        self.turns = constructor.control.turns
        self.coder = Coder(frame, constructor.children, self.hopeless)
        self.values: dict[tuple[int, tuple[int | str, ...]], int] = {}
        self.hints: dict[int, str] = {}
        self.soft: dict[int, str] = {}
        self.count = 0
        self.block: Block = []
        self.producer: dict[int, Evaluate] = {}
        self.loops: list[Any] = []
        self.sharing: dict[int, str] = {}  # step that makes a shared instance -> how that is spoken of
        self.iterated: dict[int, str] = {}  # step whose module a loop variable holds -> that variable

    def hopeless(self) -> Exception:
        """What to try where no code is right for all iterations or instances."""
        return Unroll(self.loops[-1]) if self.loops else Split(self.plan.key)

    # Values ------------------------------------------------------------------------------------------------

    def new(self) -> int:
        self.count += 1
        return self.count

    def fresh(self, flow: Flow | None) -> Ids:
        return self.new() if isinstance(flow, Tensor) else tuple(self.fresh(part) for part in flow or ())

    def bind(self, part: TStep | TRegion, flow: Flow | None, ids: Ids) -> None:
        """Let the references in `flow`, all to `part`, mean the values `ids`."""
        if isinstance(flow, Tensor):
            assert isinstance(ids, int)
            self.values[id(part), flow.ref.part] = ids
        else:
            assert isinstance(ids, tuple)
            for inner, one in zip(flow or (), ids, strict=True):
                self.bind(part, inner, one)

    def ids(self, flow: Flow | None) -> Ids:
        """The values that a flow of the first occurrence refers to."""
        if isinstance(flow, Tensor):
            key = self.laying.resolve(flow.ref)
            return self.values[key]
        return tuple(self.ids(part) for part in flow or ())

    def same(self, flows: Sequence[Flow | None]) -> Ids:
        """The values of all occurrences, which must agree."""
        found = self.ids(flows[0])
        if any(self.ids(f) != found for f in flows[1:]):
            raise self.hopeless()
        return found

    # Regions -----------------------------------------------------------------------------------------------

    def region(self, region: TRegion, entry: Ids, holder: str = "self") -> Ids:
        """A region of this frame, whose modules hang under `holder`."""
        if region.first.entry is not None:
            self.bind(region, region.first.entry, entry)
        for step in region.steps:
            self.step(step, holder)
        return self.same([r.result for r in region.occurrences]) if region.first.result is not None else ()

    def step(self, step: TStep, holder: str = "self") -> None:
        match step:
            case TApply():
                self._apply(step, holder)
            case TInvoke():
                self._invoke(step, holder)
            case TBind():
                self._bind(step)
            case TShare():
                self.sharing[id(step)] = spoken(holder, str(step.first.name or step.first.title))
            case TGroup() | TLoop() | TChoice() | TJoin():
                self._contained(step, holder)

    def evaluate(
        self,
        step: TStep,
        code: str,
        *,
        level: int = ATOM,
        light: bool = False,
        merge: bool = False,
        module: bool = False,
    ) -> None:
        flow = step.first.result
        ids = self.fresh(flow)
        results, more = ([ids], []) if isinstance(ids, int) else taken_apart(ids, self.new)
        comment = ""
        if self.comments and isinstance(flow, Tensor):
            comment = show_shape(flow.shape).replace("×", "x")
        listed = not isinstance(ids, int)
        made = Evaluate(results, code, level, light, module, merge, comment, listed=listed, step=step)
        for result in results:
            self.producer[result] = made
        self.block += [made, *more]
        self.bind(step, flow, ids)

    # Steps -------------------------------------------------------------------------------------------------

    def module(self, step: TStep, holder: str) -> str:
        """How the module of a step is spoken of."""
        if id(step) in self.iterated:
            return self.iterated[id(step)]
        if id(step) in self.renamed:
            return f"{holder}.{self.renamed[id(step)]}"
        names = {str(n) for n in step.names}
        if len(names) > 1:
            raise self.hopeless()
        return spoken(holder, names.pop())

    def _apply(self, step: TApply, holder: str) -> None:
        op = step.first.op
        operands = [self.ids(t) for t in step.first.operands]
        for occurrence in step.occurrences[1:]:
            if [self.ids(t) for t in occurrence.operands] != operands:
                raise self.hopeless()
        light = op.family in LIGHT
        merge = op.family in MERGES and len(operands) > 1
        light |= op.family == "loss"
        if needs_module(step):
            module = self._shared(step) or self.module(step, holder)
            reads = ", ".join(mark(v) for v in operands if isinstance(v, int))
            self.evaluate(step, f"{module}({reads})" if op.called else module, light=light, module=True)
            return
        code, level = self.coder.code(step.codes, step.environments, operands)
        if MARK.fullmatch(code):  # the identity: nothing to write
            self.bind(step, step.first.result, read(code)[0])
            return
        self.evaluate(step, code, level=level, light=light, merge=merge)

    def _shared(self, step: Any) -> str:
        """The module of a shared instance, wherever in this class it was made; empty for any other."""
        share = step.first.share
        return self.sharing[id(self.laying.part[id(share)])] if share is not None else ""

    def _invoke(self, step: TInvoke, holder: str) -> None:
        first = step.first
        reads = []
        if first.region.source is not None:
            reads.append(written(self.same([s.region.source for s in step.occurrences])))
        given = [self.same([s.region.tensors[name][1] for s in step.occurrences]) for name in first.region.tensors]
        reads += [written(ids) for ids in given]
        call = f"{self._shared(step) or self.module(step, holder)}({', '.join(reads)})"
        self.evaluate(step, call, module=True)

    def _bind(self, step: TBind) -> None:
        ids = self.same([s.value for s in step.occurrences])
        self.bind(step, step.first.result, ids)
        names = step.first.names
        pairs = [(names[0], ids)] if len(names) == 1 else list(zip(names, ids, strict=True))  # type: ignore[arg-type]
        for name, value in pairs:
            if isinstance(value, int) and value not in self.hints and value in self.producer:
                self.hints[value] = self.frame.author(name)

    def _contained(self, step: Any, holder: str) -> None:
        name = step.first.name
        if name and is_sequence(step):
            source = self.same([source_of(s) for s in step.occurrences])
            self.evaluate(step, f"{self.module(step, holder)}({written(source)})", module=True)
            return
        inner = self.module(step, holder) if name else holder
        match step:
            case TGroup():
                entry = self.same([s.region.source for s in step.occurrences]) if step.first.region.entry else ()
                self.bind(step, step.first.result, self.region(step.region, entry, inner))
            case TJoin():
                entry = self.same([s.entry.source for s in step.occurrences]) if step.first.entry.entry else ()
                self._join(step, entry, inner)
            case TChoice():
                self._choice(step, inner)
            case TLoop():
                self._loop(step, inner)

    def _join(self, step: TJoin, entry: Ids, holder: str) -> None:
        self.region(step.region, entry, holder)
        branches = [self.ids(t) for t in step.apply.first.operands]
        if len(branches) > 2:
            for i, value in enumerate(branches, 1):
                if isinstance(value, int) and value in self.producer and value not in self.hints:
                    self.soft[value] = f"branch{i}"
        self._apply(step.apply, holder)
        self.bind(step, step.first.result, self.ids(step.apply.first.result))

    # Control -----------------------------------------------------------------------------------------------

    def _choice(self, step: TChoice, holder: str) -> None:
        source = self.same([source_of(s) for s in step.occurrences])
        arms = {s.arm for s in step.occurrences}
        if len(arms) == 1:
            arm = step.arms[step.first.arm] if step.first.arm is not None else None
            self.bind(step, step.first.result, source if arm is None else self.region(arm, source, holder))
            return
        if not isinstance(source, int) or not isinstance(step.first.result, Tensor):
            raise self.hopeless()
        condition = self._condition(step)
        outer, blocks, leaves = self.block, [], []
        for arm in step.arms:
            self.block = []
            left = source if arm is None else self.region(arm, source, holder)
            if not isinstance(left, int):
                raise self.hopeless()
            blocks.append(self.block)
            leaves.append(left)
        self.block = outer
        result = self.new()
        self.block.append(If(condition, (blocks[0], blocks[1]), source, (leaves[0], leaves[1]), result))
        self.bind(step, step.first.result, result)

    def _condition(self, step: TChoice) -> str:
        try:
            settled = self.frame.settle([s.condition for s in step.occurrences], step.environments, "condition")
        except Unsettled:
            raise self.hopeless() from None
        module = next((m for arm in step.arms if arm for m in modules(arm)), None)
        return self.coder.stored(settled, f"has_{module}" if module else "condition")

    def _loop(self, step: TLoop, holder: str) -> None:
        source = self.same([source_of(s) for s in step.occurrences])
        if step.unrolled is not None:
            flow: Ids = source
            each: list[Ids] = []
            outside = self.frame.replacements
            for turn, region in enumerate(step.unrolled):
                self.frame.replacements = self.turns.get((id(step), turn), outside)
                flow = self.region(region, source if step.first.kind == "each" else flow, holder)
                each.append(flow)
            self.frame.replacements = outside
            self.bind(step, step.first.result, tuple(each) if step.first.kind == "each" else flow)
            return
        if step.body is None:
            self.bind(step, step.first.result, source)
            return
        if step.first.kind == "each" or not isinstance(source, int):
            raise Unroll(step.first.site)
        header = self._header(step, holder)
        self.loops.append(step.first.site)
        outer, self.block = self.block, []
        inside = self.new()
        leaves = self.region(step.body, inside, holder)
        body, self.block = self.block, outer
        self.loops.pop()
        result = self.new()
        if not isinstance(leaves, int):
            raise Unroll(step.first.site)
        self.block.append(For(header, body, source, inside, leaves, result))
        self.bind(step, step.first.result, result)

    def _header(self, step: TLoop, holder: str) -> str:
        """`for _ in range(n):` where the body has no modules, else a loop over the modules of its one place."""
        assert step.body is not None
        places = list(module_steps(step.body))
        if not places:
            if step.first.kind != "repeat":
                raise Unroll(step.first.site)
            try:
                count = self.frame.settle([s.over for s in step.occurrences], step.environments, "count")
            except Unsettled:
                raise Unroll(step.first.site) from None
            return f"for _ in range({self.coder.stored(count, 'count')}):"
        lists = {tuple(names_in(r) for r in s.iterations) for s in step.occurrences}
        names = [name for name in next(iter(lists)) if name and is_attribute(name)]
        distinct = len(lists) == 1 and len(set(names)) == len(step.first.iterations) > 1
        if len(places) != 1 or not distinct:
            raise Unroll(step.first.site)
        stem = python.identifier(names[0].rstrip("0123456789_") or "layer", {"x", "y", "z"})
        self.iterated[id(places[0])] = stem
        return f"for {stem} in ({', '.join(f'{holder}.{n}' for n in names)}):"

    # The whole ---------------------------------------------------------------------------------------------

    def body(self, end: str, named: dict[int, str], reusable: set[str], outputs: frozenset[int] = frozenset()) -> Body:
        """What was written so far, ending in `end`; the author's names reach back along their pipelines."""
        self.producer |= self.frame.sites.fuse(self.block, Counter([*reads_of(self.block), *read(end)]))
        reads: dict[int, int] = {}
        count_reads(self.block, reads)
        for value, name in list(self.hints.items()):
            if value not in outputs:
                self._reach_back(value, name, reads, self.soft)
        return Body(self.block, end, dict(self.hints), named, reusable, dict(self.soft))

    def _reach_back(self, value: int, name: str, reads: dict[int, int], into: dict[int, str]) -> None:
        made = self.producer.get(value)
        while made is not None:
            inputs = read(made.code)
            if not inputs or reads.get(inputs[0], 0) != 1 or inputs[0] in self.hints:
                return
            into.setdefault(inputs[0], name)
            made = self.producer.get(inputs[0])


def spoken(holder: str, name: str) -> str:
    """A module inside another."""
    if is_attribute(name):
        return f"{holder}.{name}"
    outer = re.fullmatch(r'(.*\.get_submodule\(".*)"\)', holder)
    if outer is not None:
        return f'{outer[1]}.{name}")'
    return f"{holder}.get_submodule({python.string(name)})"


def source_of(step: Any) -> Flow | None:
    """What entered a group, loop or choice."""
    if hasattr(step, "source"):
        if step.source is not None:
            found: Flow | None = step.source
            return found
        regions = step.iterations if hasattr(step, "iterations") else [step.region] if step.region else []
        return regions[0].source if regions else None
    return (step.entry if hasattr(step, "entry") else step.region).source  # type: ignore[no-any-return]


def module_steps(region: TRegion) -> Any:
    """The steps of a region that hold modules, those in unnamed control included."""
    for step in region.steps:
        if isinstance(step, TInvoke) or (isinstance(step, TApply) and needs_module(step)):
            yield step
        elif isinstance(step, TGroup | TLoop | TChoice | TJoin):
            if step.first.name:
                yield step
            else:
                for inner in inner_of(step):
                    yield from module_steps(inner)


def inner_of(step: Any) -> list[TRegion]:
    return regions_of(step)


def modules(region: TRegion) -> Any:
    for step in module_steps(region):
        name = str(step.first.name)
        if is_attribute(name):
            yield name


def names_in(region: Region) -> str | None:
    """The name of the one module in an iteration, by its trace; None if there are more, or control hides it."""
    found = [str(step.name) for step in region.steps if step.name and _holds_module(step)]
    return found[0] if len(found) == 1 else None


def _holds_module(step: Step) -> bool:
    if isinstance(step, Apply):
        return step.op.stateful or step.op.expr(*shapes(step)) is None
    return not isinstance(step, Bind | Let | Share)


def count_reads(block: Block, reads: dict[int, int]) -> None:
    for statement in block:
        if isinstance(statement, Evaluate):
            for value in read(statement.code):
                reads[value] = reads.get(value, 0) + 1
        elif isinstance(statement, If):
            for value in (statement.entry, *statement.leaves):
                reads[value] = reads.get(value, 0) + 1
            for arm in statement.arms:
                count_reads(arm, reads)
        elif isinstance(statement, For):
            for value in (statement.entry, statement.leaves):
                reads[value] = reads.get(value, 0) + 1
            count_reads(statement.body, reads)
