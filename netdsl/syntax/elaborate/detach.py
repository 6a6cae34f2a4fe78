"""Blocks on their way into another frame: what they caught loses its trace there."""

from __future__ import annotations

import dataclasses
from typing import Any

from netdsl.scope import Region
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.context import Context, Frame
from netdsl.syntax.elaborate.paths import Container, Plan
from netdsl.syntax.elaborate.scopes import MISSING, FileScope, Scope
from netdsl.syntax.elaborate.values import (
    Arguments,
    Closure,
    Cut,
    Defined,
    Instance,
    Operator,
    is_block,
    is_flow,
    plain,
)


def detach(value: Any, context: Context, span: Span, name: str) -> Any:
    """`value` as another frame may hold it: a block whose arguments and caught values are plain. Anything that is no
    block is `value` itself. Raises `Poisoned` where a block caught a value that flows."""
    match value:
        case Operator() | Defined() if value.arguments is not None:
            return dataclasses.replace(value, arguments=_arguments(value.arguments, context, span))
        case Closure():
            return value if value.caught is not None else _closure(value, context, span, name)
        case Cut():
            return dataclasses.replace(value, net=detach(value.net, context, span, name))
        case Instance():
            raise context.report.error(
                "N325",
                f"the shared block `{value.name}` cannot be passed to another block",
                span,
                help="apply it where it is defined, and pass on what it gives",
            )
        case tuple() if any(is_block(x) for x in value):
            return tuple(detach(x, context, span, name) for x in value)
    return value


def _arguments(arguments: Arguments, context: Context, span: Span) -> Arguments:
    def bare(value: Any, place: Span) -> tuple[Any, Span]:
        return _bare(value, "an argument", context, place), place

    return Arguments(
        [bare(value, place) for value, place in arguments.positional],
        {name: bare(value, place) for name, (value, place) in arguments.named.items()},
        arguments.span,
    )


def _bare(value: Any, name: str, context: Context, span: Span) -> Any:
    if is_flow(value):
        raise context.report.error(
            "N326",
            f"a block that is passed to another block cannot hold a value that flows, and {name} is one",
            span,
            help="give the value to the block as a parameter of its own",
        )
    return plain(detach(value, context, span, name))


def _closure(block: Closure, context: Context, span: Span, name: str) -> Closure:
    scope: Scope | FileScope = block.context.scope
    caught = {}
    for free in sorted(free_names(block.pipeline)):
        value = scope.find(free) if isinstance(scope, FileScope) else scope.local(free)
        if value is not MISSING and isinstance(scope, Scope):
            caught[free] = _bare(value, f"`{free}`", context, span)
    while isinstance(scope, Scope):
        scope = scope.parent
    region = Region(block.pipeline.span, None, None)
    outside = Context(
        context.run, Frame(region, ""), region, {}, Container("", Plan(False), False), Scope(scope, dict(caught)), None
    )
    return Closure(block.pipeline, outside, block.text, tuple(caught.items()), block.name or name.partition(".")[0])


def free_names(node: Any) -> set[str]:
    """All names that a piece of the tree reads, whatever they turn out to mean."""
    if isinstance(node, tree.Name):
        return {node.name}
    if isinstance(node, tuple):
        if type(node) is not tuple:  # a span
            return set()
        return set().union(*(free_names(x) for x in node))
    if not dataclasses.is_dataclass(node):
        return set()
    fields = [f.name for f in dataclasses.fields(node)]
    if isinstance(node, tree.Attribute):
        fields.remove("name")
    return set().union(*(free_names(getattr(node, f)) for f in fields))


def literal_labels(node: Any) -> set[str]:
    """The labels in a piece of the tree that are not computed."""
    if isinstance(node, tree.Label):
        text = node.text
        if isinstance(text, tree.Name):
            return {text.name}
        return {"".join(map(str, text.parts))} if all(isinstance(p, str) for p in text.parts) else set()
    if type(node) is tuple:
        return set().union(*(literal_labels(x) for x in node))
    if not dataclasses.is_dataclass(node):
        return set()
    return set().union(*(literal_labels(getattr(node, f.name)) for f in dataclasses.fields(node)))
