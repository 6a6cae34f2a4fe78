"""The verifier accepts what passes make, and catches every way of breaking it, one corruptor each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from netdsl.diagnostics import InternalError
from netdsl.graph import Graph, Node
from netdsl.ops.activation import Relu, Silu
from netdsl.ops.conv import Conv
from netdsl.ops.merge import Concat
from netdsl.ops.norm import BatchNorm
from netdsl.passes import run
from netdsl.scope import Value
from netdsl.step import Inner, Part, Place, Step, parts
from netdsl.verify import FUSED, title, verify, violations
from tests.graphs import graph

SAMPLE = """
net sample {
  input x: 8x8x8
  target label: class
  s = x -> stem: conv(8, 3) -> stem_norm: batch_norm -> stem_relu: relu
  e = concat {
    s -> one: conv(8, 1) -> one_norm: batch_norm -> one_relu: relu
    s -> two: conv(4, 1) -> two_relu: relu -> three: conv(4, 3) -> three_relu: relu
  }
  d = e -> down: max_pool(2) -> pre: batch_norm -> pre_relu: relu
  p = d -> left: conv(8, 3) -> left_relu: relu
  q = d -> right: conv(8, 5) -> right_relu: relu
  r = add { p -> sum: conv(8, 3) -> sum_norm: batch_norm; q } -> sum_relu: relu
  u = concat(s -> crop(size = [4, 4]), r) -> up: conv(4, 3) -> drop: dropout(0.5)
  output y = u -> pool: max_pool(2) -> late: relu -> flat: flatten -> fc: linear(3)
  aux output z = d -> g: global_avg_pool -> side: linear(3)
  loss = cross_entropy(y, label)
}
"""


@pytest.fixture(scope="module")
def sample() -> Graph:
    return run(graph(SAMPLE))


def node(g: Graph, name: str) -> Node:
    return next(n for n in g.nodes if name in {n.name, *(part.name for part in parts(n))})


def with_node(g: Graph, old: Node, **changes: Any) -> Graph:
    nodes = list(g.nodes)
    nodes[old.number] = replace(old, **changes)
    return replace(g, nodes=tuple(nodes))


def with_parts(g: Graph, name: str, change: Callable[[Part], Part]) -> Graph:
    """The graph with the parts of the step that holds `name` changed."""
    old = node(g, name)
    assert isinstance(old.op, Step)
    return with_node(g, old, op=Step(parts=tuple(map(change, old.op.parts)), results=old.op.results))


def with_plan(g: Graph, **changes: Any) -> Graph:
    assert g.plan is not None
    return replace(g, plan=g.plan.but(**changes))


CORRUPTORS: list[tuple[str, Callable[[Graph], Graph]]] = []


def corruptor(name: str) -> Callable[[Callable[[Graph], Graph]], Callable[[Graph], Graph]]:
    def add(function: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
        CORRUPTORS.append((name, function))
        return function

    return add


@corruptor("every_node_is_accounted_for")
def forgets_what_was_dropped(g: Graph) -> Graph:
    return with_plan(g, dropped={})


@corruptor("every_node_is_accounted_for")
def forgets_a_norm(g: Graph) -> Graph:
    old = node(g, "stem")
    assert isinstance(old.op, Step)
    conv, _, relu = old.op.parts
    return with_node(g, old, op=Step(parts=(conv, replace(relu, operands=(Inner(0),))), results=(1,)))


@corruptor("every_node_is_accounted_for")
def drops_what_it_computes(g: Graph) -> Graph:
    assert g.plan is not None
    return with_plan(g, dropped={**g.plan.dropped, "stem": "no reason"})


@corruptor("the_plan_names_nodes")
def has_a_reason_for_nothing(g: Graph) -> Graph:
    return with_plan(g, reasons={"nobody": "because"})


@corruptor("the_plan_names_nodes")
def gives_no_words(g: Graph) -> Graph:
    return with_plan(g, reasons={"stem": ""})


@corruptor("the_plan_names_nodes")
def sees_a_view_that_is_not_there(g: Graph) -> Graph:
    assert g.plan is not None
    return with_plan(g, views={**g.plan.views, "stem_relu": "inside a step"})


@corruptor("parts_are_what_they_were")
def changes_an_attribute(g: Graph) -> Graph:
    return with_parts(g, "stem", lambda p: replace(p, op=BatchNorm(eps=1e-3)) if p.name == "stem_norm" else p)


@corruptor("parts_are_what_they_were")
def takes_other_weights(g: Graph) -> Graph:
    return with_parts(g, "stem", lambda p: replace(p, owner="sum_norm") if p.name == "stem_norm" else p)


@corruptor("steps_have_a_form")
def computes_the_norm_last(g: Graph) -> Graph:
    old = node(g, "stem")
    assert isinstance(old.op, Step)
    conv, norm, relu = old.op.parts
    late = (conv, replace(relu, operands=(Inner(0),)), replace(norm, operands=(Inner(1),)))
    return with_node(g, old, op=Step(parts=late, results=(2,)))


@corruptor("owners_are_of_parts")
def owns_a_step(g: Graph) -> Graph:
    return with_node(g, node(g, "stem"), owner="stem")


@corruptor("only_what_comes_first_is_repeated")
def computes_a_sum_twice(g: Graph) -> Graph:
    first, again = node(g, "stem"), node(g, "sum")
    assert isinstance(first.op, Step)
    return with_node(g, again, op=first.op, operands=first.operands)


@corruptor("sums_are_of_one_shape")
def stretches_a_residual(g: Graph) -> Graph:
    return with_node(g, node(g, "right"), shapes=((8, 1, 1),))


@corruptor("siblings_are_alike")
def has_a_sibling_with_another_end(g: Graph) -> Graph:
    return with_parts(g, "two", lambda p: replace(p, op=Silu()) if p.name == "two_relu" else p)


@corruptor("siblings_are_alike")
def has_a_sibling_with_a_window(g: Graph) -> Graph:
    return with_parts(g, "two", lambda p: replace(p, op=Conv(out=4, kernel=3)) if p.name == "two" else p)


@corruptor("outputs_mean_what_they_did")
def reads_something_else(g: Graph) -> Graph:
    old = node(g, "three")
    return with_node(g, old, operands=(Value(node(g, "one").number, 1 - old.operands[0].index),))


@corruptor("outputs_mean_what_they_did")
def leaves_out_an_activation(g: Graph) -> Graph:
    """Where the operator is still somewhere: only the meaning tells."""
    old = node(g, "left")
    assert isinstance(old.op, Step)
    return with_node(g, old, op=Step(parts=tuple(p for p in old.op.parts if p.name != "left_relu"), results=(2,)))


@corruptor("outputs_mean_what_they_did")
def swaps_residual_and_source(g: Graph) -> Graph:
    old = node(g, "sum")
    assert len(old.operands) == 2
    return with_node(g, old, operands=old.operands[::-1])


@corruptor("outputs_mean_what_they_did")
def loses_an_output(g: Graph) -> Graph:
    return replace(g, outputs=())


@corruptor("places_fill_their_buffers")
def moves_a_value(g: Graph) -> Graph:
    assert g.plan is not None
    value = Value(node(g, "three").number)
    return with_plan(g, places={**g.plan.places, value: Place(0, 5)})


@corruptor("places_fill_their_buffers")
def mixes_sizes(g: Graph) -> Graph:
    assert g.plan is not None
    value = Value(node(g, "fc").number)
    return with_plan(g, places={**g.plan.places, value: Place(0, 20)})


@corruptor("places_are_written_by_kernels")
def places_an_input(g: Graph) -> Graph:
    return with_plan(g, places={Value(g.inputs[0]): Place(0, 0)})


@corruptor("siblings_lie_side_by_side")
def parts_siblings(g: Graph) -> Graph:
    assert g.plan is not None
    value = Value(node(g, "one").number, 0)
    return with_plan(g, places={v: place for v, place in g.plan.places.items() if v != value})


@corruptor("concats_in_place_are_runs")
def moves_a_concat(g: Graph) -> Graph:
    assert g.plan is not None
    concat = next(v for v in g.plan.places if isinstance(g.nodes[v.node].op, Concat))
    return with_plan(g, places={**g.plan.places, concat: Place(0, 0)})


@corruptor("concats_in_place_are_runs")
def joins_what_has_no_place(g: Graph) -> Graph:
    assert g.plan is not None
    concat = next(v for v in g.plan.places if isinstance(g.nodes[v.node].op, Concat))
    return with_plan(g, places={concat: Place(0, 0)})


@corruptor("views_launch_nothing")
def calls_a_pool_a_view(g: Graph) -> Graph:
    assert g.plan is not None
    return with_plan(g, views={**g.plan.views, "pool": "it is small"})


@corruptor("views_launch_nothing")
def never_makes_what_a_pool_reads(g: Graph) -> Graph:
    return with_plan(g, places={})


def test_the_sample_holds_everything(sample: Graph) -> None:
    assert violations(sample) == []
    assert sample.plan is not None
    assert set(sample.plan.views.values()) == {
        "written in place",
        "read where its parts are",
        "points of what it reads",
    }
    assert any(len(n.shapes) > 1 for n in sample.nodes)
    assert sum(part.name == "pre_relu" for n in sample.nodes for part in parts(n)) == 2
    assert [p.name for p in parts(node(sample, "up"))] == ["up", "late"]  # a relu that was behind a pool
    verify(sample)


@pytest.mark.parametrize(("invariant", "corrupt"), CORRUPTORS, ids=[f.__name__ for _, f in CORRUPTORS])
def test_a_corrupted_graph_is_caught(sample: Graph, invariant: str, corrupt: Callable[[Graph], Graph]) -> None:
    broken = corrupt(sample)
    check = {each.__name__: each for each in FUSED}[invariant]
    assert list(check(broken)), "the invariant itself does not see it"
    assert any(line.startswith(title(check)) for line in violations(broken))
    with pytest.raises(InternalError, match="left `sample` broken"):
        verify(broken)


def test_every_invariant_has_a_corruptor_and_says_what_it_is() -> None:
    assert {name for name, _ in CORRUPTORS} == {check.__name__ for check in FUSED}
    assert all((check.__doc__ or "").endswith(".") for check in FUSED)


def test_an_activation_and_a_max_pool_may_change_places_and_no_others(sample: Graph) -> None:
    """The order that means the same is accepted, the one that does not is refused."""
    old = node(sample, "down")
    assert isinstance(old.op, type(node(sample, "pool").op))
    behind = with_node(sample, old, op=Relu(), owner="")
    assert any("outputs mean" in line for line in violations(behind))
