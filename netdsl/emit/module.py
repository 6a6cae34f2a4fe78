"""A graph as the source of a PyTorch module.

The classes are planned (`classes`), each is written until the interfaces stand still (`frame`, `constructor`,
`forward`), the constructors are replayed without torch against the graph (`replay`), and only then is the text
handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from netdsl.diagnostics import InternalError
from netdsl.emit import python
from netdsl.emit.callsites import CallSites
from netdsl.emit.classes import Class, Planner, Split, Unroll
from netdsl.emit.code import Ids, taken_apart, written
from netdsl.emit.constructor import Constructor, Target
from netdsl.emit.containers import has_labels_in, sequential
from netdsl.emit.extents import extent
from netdsl.emit.forward import Forward
from netdsl.emit.frame import Frame
from netdsl.emit.header import docstring, signature, stored, super_call
from netdsl.emit.imports import block
from netdsl.emit.naming import Writer
from netdsl.emit.network import write_network
from netdsl.emit.replay import replay
from netdsl.emit.statements import Evaluate, mark
from netdsl.files import BANNER
from netdsl.graph import Graph
from netdsl.ops.op import Helper
from netdsl.scope import Tensor

if TYPE_CHECKING:
    from netdsl.step import Site

_ROUNDS = 12


def emit_module(graph: Graph, sites: Iterable[Site] = (), taken: Collection[str] = ()) -> str:
    """The module's source, with a call of one function for each of `sites`, where a class can have it.

    Where it has such calls, no class has a name of `taken`.
    Raises InternalError where the source does not rebuild the graph: that would be our bug.
    """
    calls = CallSites(graph, sites, taken)
    unroll: frozenset[Any] = frozenset()
    split: frozenset[Any] = frozenset()
    while True:
        try:
            pages = _classes(Planner(graph, unroll, split, calls.reserved, calls.taken).classes(), graph, calls)
            break
        except Unroll as need:
            if need.site in unroll:
                raise InternalError(f"the loop at {need.site} cannot be written, not even unrolled") from None
            unroll |= {need.site}
        except Split as need:
            if need.key is None or len(need.key) > 3 or need.key in split:
                raise InternalError(f"{graph.name} has a class that cannot be written") from None
            split |= {need.key}
    text = _assemble(graph, pages, calls)
    lines = {line for page in pages for helper in page.helpers.values() for line in helper.imports}
    replay(graph, text, pages[-1].name, {line.split()[1] for line in lines}, calls)
    return text


@dataclass(slots=True)
class Page:
    """The text of one class."""

    name: str
    lines: list[str]
    helpers: dict[str, Helper] = field(default_factory=dict)
    exports: tuple[str, ...] = ()
    known: Any = None  # what was known when it was written


def _classes(plans: list[Class], graph: Graph, sites: CallSites) -> list[Page]:
    """Write every class until what they take and pass stands still."""
    by_key = {plan.key: plan for plan in plans}
    pages: dict[int, Page] = {}
    for _ in range(_ROUNDS):
        changed = False
        for i, plan in enumerate(plans):
            known = (plan.state(), [by_key[key].interface() for key in plan.calls])
            if i not in pages or pages[i].known != known:
                pages[i] = _write(plan, by_key, graph, sites)
                pages[i].known = (known[0], [by_key[key].interface() for key in plan.calls])
                changed = True
        if not changed:
            return [pages[i] for i in range(len(plans))]
    raise InternalError(f"the classes of {graph.name} do not come to rest")


def _write(plan: Class, classes: dict[Any, Class], graph: Graph, sites: CallSites) -> Page:
    frame = Frame(plan, classes, sites)
    plan.calls = {}
    if plan.is_network:
        lines, exports = write_network(frame, graph)
        page = Page(plan.name, lines, frame.helpers, exports)
    elif _is_sequential(plan):
        page = Page(plan.name, _sequential(frame), frame.helpers)
    else:
        page = Page(plan.name, _module(frame), frame.helpers)
    plan.parameters = frame.interface()
    plan.used = frame.used
    plan.extras = frame.extras
    return page


def _is_sequential(plan: Class) -> bool:
    return sequential(plan.region) and not has_labels_in(plan.region) and isinstance(plan.region.first.entry, Tensor)


def _sequential(frame: Frame) -> list[str]:
    plan = frame.plan
    constructor = Constructor(frame)
    modules = constructor.straight(plan.region) if not plan.exports else None
    if modules is not None:
        explode = len(modules) > 1
        body = python.bracketed("super().__init__(", modules, ")", 2, explode=explode)
    else:
        constructor.region(plan.region, Target("self", sequence=True))
        body = [*super_call(), *constructor.lines, *_export(frame)]
    return [f"class {plan.name}({frame.sites.container(plan.region)}):", *docstring(plan), "", *signature(frame), *body]


def _module(frame: Frame) -> list[str]:
    plan = frame.plan
    constructor = Constructor(frame)
    constructor.region(plan.region, Target("self"))
    export = _export(frame)
    region = plan.region.first
    forward = Forward(frame, constructor)
    named: dict[int, str] = {}
    parameters = []
    entry: Ids = ()
    if region.entry is not None:
        entry = forward.fresh(region.entry)
        parameters.append(_received(forward, entry, "x" if isinstance(entry, int) else "xs", named))
    for name, (inside, _) in region.tensors.items():
        value = forward.fresh(inside)
        parameters.append(_received(forward, value, frame.author(name), named))
        forward.bind(plan.region, inside, value)
    result = forward.region(plan.region, entry)
    body = forward.body(written(result), named, {"x"})
    writer = Writer(body)
    lines = writer.write()
    if not writer.returned:
        ends = writer.text(body.end)
        several = not isinstance(result, int) and len(result) > 1
        lines += python.wrapped(f"return {ends[1:-1] if several else ends}", 2)
    returns = "Tensor" if isinstance(result, int) else "tuple[Tensor, ...]"
    head = python.bracketed("def forward(", ["self", *parameters], f") -> {returns}:", 1)
    first, last = stored(frame)
    ctor = [*super_call(), *first, *constructor.lines, *last, *export]
    if len(ctor) == 1 and not frame.interface():
        init: list[str] = []
    else:
        init = [*signature(frame), *ctor, ""]
    return [f"class {plan.name}(nn.Module):", *docstring(plan), "", *init, *head, *lines]


def _received(forward: Forward, value: Ids, name: str, named: dict[int, str]) -> str:
    """A parameter of `forward` with its type; a list of tensors is unpacked."""
    if isinstance(value, int):
        named[value] = name
        return f"{name}: Tensor"
    whole = forward.new()
    named[whole] = name
    results, more = taken_apart(value, forward.new)
    forward.block += [Evaluate(results, mark(whole), listed=True), *more]
    return f"{name}: tuple[Tensor, ...]"


def _export(frame: Frame) -> list[str]:
    plan = frame.plan
    if not plan.exports:
        return []
    values = [extent(r.result, 0) for r in plan.region.occurrences]
    text = frame.text(values, plan.region.environments, "out_channels")
    return [f"{python.INDENT * 2}self.out_channels = {text}"]


def _assemble(graph: Graph, pages: list[Page], sites: CallSites) -> str:
    helpers: dict[str, Helper] = {}
    for page in pages:
        for name, helper in page.helpers.items():
            if helpers.setdefault(name, helper).source != helper.source:
                raise InternalError(f"{graph.name} has two helpers with the name {name}")
    sections = ["\n".join(page.lines) for page in pages]
    sections += [helpers[name].source.strip("\n") for name in sorted(helpers) if helpers[name].source]
    body = "\n\n\n".join(sections)
    exported = ", ".join(f'"{name}"' for name in (pages[-1].name, *pages[-1].exports))
    parts = [_heading(graph), "", *_imports(body, helpers, sites), "", f"__all__ = [{exported}]", "", "", body]
    return "\n".join(parts) + "\n"


def _heading(graph: Graph) -> str:
    doc = graph.file_doc or graph.definition.doc or graph.definition.head
    return "\n".join(python.docstring(f"{doc.strip()}\n\n{BANNER} from {PurePath(graph.source.name).name}.", 0))


def _imports(body: str, helpers: dict[str, Helper], sites: CallSites) -> list[str]:
    wanted = {line for helper in helpers.values() for line in helper.imports} | set(sites.imports(body))
    if "math." in body:
        wanted.add("import math")
    if "NamedTuple" in body:
        wanted.add("from typing import NamedTuple")
    if python.speaks_of(body, "torch"):
        wanted.add("import torch")
    if python.speaks_of(body, "F"):
        wanted.add("import torch.nn.functional as F")
    wanted |= {f"from torch import {name}" for name in ("Tensor", "nn") if python.speaks_of(body, name)}
    return block(wanted)
