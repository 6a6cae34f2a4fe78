"""Passes: pure functions from a graph to a graph, and the one place that says which run and in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from netdsl.diagnostics import InternalError
from netdsl.graph import Graph
from netdsl.passes.inference import drop
from netdsl.verify import verify

Pass: TypeAlias = Callable[[Graph], Graph]

PIPELINE: tuple[Pass, ...] = (
    drop,  # first: what is gone reads nothing, and so stands in no fusion's way
)


def run(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Graph:
    """The graph after all passes, verified before the first and after each.

    Raises InternalError naming the pass that broke the graph, or failed, and those that ran before it.
    """
    verify(graph)
    before: list[str] = []
    for step in passes:
        after = f" after {', '.join(before)}" if before else ""
        stage = f"the pass `{step.__name__}`{after}"
        try:
            graph = step(graph)
        except InternalError as error:
            raise InternalError(f"{stage} failed: {error}", error.details) from error
        verify(graph, stage)
        before.append(step.__name__)
    return graph
