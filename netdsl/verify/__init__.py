"""What holds of every graph: checked after elaboration and between every two passes, always on.

An invariant is a function from a graph to the sentences that say where it does not hold. The first group makes sure
that numbers lead somewhere; only where it holds can the others be asked. A violation is a bug of netdsl, never a
mistake of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias
from weakref import WeakSet

from netdsl.diagnostics import InternalError
from netdsl.graph import Graph
from netdsl.text import to_text
from netdsl.verify import fused, interface, meaning, operators, paths, places, references, trace, weights

Invariant: TypeAlias = Callable[[Graph], Iterator[str]]

FOUNDATION: tuple[Invariant, ...] = (
    references.numbers_are_dense,
    references.operands_exist,
    references.operands_come_earlier,
    references.outputs_exist,
)
INVARIANTS: tuple[Invariant, ...] = (
    operators.roles_are_kept,
    operators.arity_is_right,
    operators.shapes_are_inferred,
    operators.extents_are_within_limits,
    operators.names_are_unique,
    operators.spans_are_inside,
    interface.inputs_are_listed,
    interface.targets_are_listed,
    interface.outputs_are_named,
    interface.some_output_is_not_aux,
    interface.inference_needs_no_target,
    interface.loss_is_a_scalar,
    interface.nothing_is_dead,
    weights.owners_hold_state,
    weights.owners_agree,
    weights.paths_do_not_collide,
)
TRACED: tuple[Invariant, ...] = (  # of a network as it is written
    trace.every_node_is_traced_once,
    trace.applications_agree,
    trace.references_are_in_scope,
    trace.results_agree,
    paths.paths_follow_the_trace,
    paths.siblings_differ,
    paths.chains_are_numbered,
    trace.expressions_are_true,
)
FUSED: tuple[Invariant, ...] = (  # of a graph that passes made
    fused.every_node_is_accounted_for,
    fused.the_plan_names_nodes,
    fused.parts_are_what_they_were,
    fused.steps_have_a_form,
    fused.owners_are_of_parts,
    fused.only_what_comes_first_is_repeated,
    fused.sums_are_of_one_shape,
    fused.siblings_are_alike,
    meaning.outputs_mean_what_they_did,
    places.places_fill_their_buffers,
    places.places_are_written_by_kernels,
    places.siblings_lie_side_by_side,
    places.concats_in_place_are_runs,
    places.views_launch_nothing,
)


def violations(graph: Graph) -> list[str]:
    """Every violation as `invariant: where`; an empty list for a graph that is right."""
    return _asked(FOUNDATION, graph) or _asked((*INVARIANTS, *(FUSED if graph.plan else TRACED)), graph)


def _asked(checks: tuple[Invariant, ...], graph: Graph) -> list[str]:
    found: list[str] = []
    for check in checks:
        try:
            found.extend(f"{title(check)}: {where}" for where in check(graph))
        except Exception as error:  # a graph so broken that the question fails: that is an answer
            found.append(f"{title(check)}: cannot be told, {error!r}")
    return found


def title(check: Invariant) -> str:
    return check.__name__.replace("_", " ")


_RIGHT: WeakSet[Graph] = WeakSet()


def verify(graph: Graph, stage: str = "elaboration") -> None:
    """Raise InternalError with all violations, and the graph as text in `details`; `stage` is what made the graph.

    Graphs are values: of one that was found right, nothing is asked again.
    """
    if graph in _RIGHT:
        return
    found = violations(graph)
    if found:
        message = f"{stage} left `{graph.name}` broken:\n" + "\n".join(f"  {line}" for line in found)
        raise InternalError(message, _printed(graph))
    _RIGHT.add(graph)


def _printed(graph: Graph) -> str:
    try:
        return to_text(graph)
    except Exception as error:  # the violations matter more
        return f"(this graph has no text: {error!r})"


__all__ = ["FOUNDATION", "FUSED", "INVARIANTS", "TRACED", "Invariant", "title", "verify", "violations"]
