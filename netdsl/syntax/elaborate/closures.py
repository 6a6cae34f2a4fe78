"""Pipelines that are blocks, in place or as classes of their own, and shared blocks."""

from __future__ import annotations

from typing import Any

from netdsl.diagnostics import Label
from netdsl.scope import Definition, Flow, Group, Invoke, Region, Share
from netdsl.source import Span
from netdsl.syntax.elaborate import blocks, extents, pipelines
from netdsl.syntax.elaborate.context import Context, Frame, Sharing, is_chain
from netdsl.syntax.elaborate.detach import detach
from netdsl.syntax.elaborate.paths import Container
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import Scope
from netdsl.syntax.elaborate.values import Closure, Instance, block_key, reflow


def in_place(context: Context, block: Closure, flow: Flow, site: Span, component: Any) -> Any:
    """A pipeline that is applied in the frame where it was written: a container in place."""
    with context.run.inside(block.name or "block", site):
        region = Region(block.pipeline.span, None, flow)
        region.entry = reflow(flow, region)
        step = Group(site, component, None, region)
        context.region.steps.append(step)
        plan = context.run.plan(block.pipeline)
        scope = Scope(block.context.scope)
        container = Container(f"{context.container.path}{component}.", plan, is_chain(plan, scope))
        region.chain = container.chain
        inner = Context(
            context.run, context.frame, region, context.environment, container, scope, region.entry, True, context.share
        )
        region.result = pipelines.apply(block.pipeline, inner)
        step.result = reflow(region.result, step)
        return step.result


def inline(
    context: Context, block: Closure, flow: Flow, site: Span, component: Any, share: Share | None, path: str | None
) -> Any:
    """A pipeline that came from another frame, or is shared: a class of its own."""
    block = detach(block, context, site, block.name)
    with context.run.inside(block.name or "block", site):
        pipeline = block.pipeline
        region = Region(pipeline.span, None, flow)
        prefix = (context.container.path + component if path is None else path) + "."
        frame = Frame(region, prefix, reused=context.frame.reused)
        region.entry = extents.enter(flow, region, pipeline.span, region.environment)
        plan = context.run.plan(pipeline)
        scope = Scope(block.context.scope)
        container = Container(prefix, plan, is_chain(plan, scope))
        region.chain = container.chain
        callee = Context(
            context.run, frame, region, region.environment, container, scope, region.entry, False, context.share
        )
        text = " ".join(block.text.split())
        definition = Definition("inline", block.name or "block", (), "", pipeline.span, text)
        step = Invoke(site, component, None, definition, region, {}, {}, block_key(block)[2], share)
        context.region.steps.append(step)
        region.result = pipelines.apply(pipeline, callee)
        mapping = extents.entry_mapping(flow, pipeline.span)
        step.result = extents.leave_block(region.result, step, mapping, frame.lets, context)
        return step.result


def shared(context: Context, instance: Instance, flow: Any, site: Span) -> Any:
    """One use of a shared block: the same weights each time."""
    if instance.context.frame is not context.frame:
        raise context.report.error(
            "N325",
            f"the shared block `{instance.name}` belongs to another block",
            site,
            others=(Label(instance.step.site, "shared here"),),
            help="apply it where it is defined, and pass on what it gives",
        )
    sharing = Sharing(first=instance.owners)
    inner = Context(
        context.run,
        context.frame,
        context.region,
        context.environment,
        context.container,
        context.scope,
        context.entry,
        context.in_place,
        sharing,
    )
    path = instance.context.container.path + instance.component
    before = len(context.region.steps)
    result = blocks.apply(inner, instance.block, flow, site, instance.component, site, share=instance.step, path=path)
    instance.step.uses += [s for s in context.region.steps[before:] if getattr(s, "share", None) is instance.step]
    if instance.owners is None:
        instance.owners, instance.first = sharing.made, site
    elif sharing.made != instance.owners:
        raise _other_weights(context, instance, sharing, site)
    if context.share is not None:
        context.share.made.update(sharing.made)
    return result


def _other_weights(context: Context, instance: Instance, sharing: Sharing, site: Span) -> Poisoned:
    first = instance.owners or {}
    different = [p for p in (*first, *sharing.made) if first.get(p) != sharing.made.get(p)]
    what = f"`{different[0]}`" if different else "weights"
    return context.report.error(
        "N324",
        f"`{instance.name}` is one set of weights, and this input needs others: {what} would have another shape",
        site,
        "used with an input of another shape",
        others=(Label(instance.first, "the weights were made for this use"),) if instance.first else (),
        help="bring both inputs to one shape, or use two blocks",
    )
