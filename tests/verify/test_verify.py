"""The verifier accepts what elaboration makes, and catches every way of breaking it, one corruptor each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from netdsl.diagnostics import InternalError
from netdsl.expression import Number, Variable
from netdsl.extent import symbol
from netdsl.graph import Graph, Node
from netdsl.ops.op import OPS, Classes, Loss
from netdsl.scope import Apply, Bind, Choice, Group, Invoke, Join, Loop, Ref, Share, Tensor, Value
from netdsl.source import Span, Spans
from netdsl.verify import FOUNDATION, INVARIANTS, TRACED, title, verify, violations
from netdsl.verify.trace import walk
from tests.graphs import graph

SAMPLE = """
## Everything that a graph can hold.
block unit(c) = add {
  conv: conv(c, 3) -> norm: batch_norm
  identity
} -> relu

block wide(c) {
  if in.channels != c { conv(c, 1) } -> repeat 2 { conv(c, 3) -> relu }
}

net sample(classes = 10) {
  input  image: 3x16x16
  target label: class
  shared head = linear(classes)
  x = image -> stem: { conv(8, 3) -> batch_norm -> relu } -> for i in range(2) { unit(8) } -> wide(12)
  a, b = x -> split(2)
  y = concat { a; b -> conv(6, 1); each d in [1, 2] { x -> conv(4, 3, dilation = d) } }
  output scores = y -> global_avg_pool -> linear(12) -> head
  aux output side = x -> global_avg_pool -> head
  loss = cross_entropy(scores, label) + 0.3 * cross_entropy(side, label)
}
"""


@pytest.fixture
def sample() -> Graph:
    return graph(SAMPLE)


def named(g: Graph, name: str) -> Node:
    return next(node for node in g.nodes if node.name == name)


def applying(g: Graph, operator: str) -> Node:
    return next(node for node in g.nodes if node.op is not None and node.op.name == operator)


def with_node(g: Graph, node: Node, **changes: Any) -> Graph:
    """`g` with one node changed."""
    nodes = list(g.nodes)
    nodes[node.number] = replace(node, **changes)
    return replace(g, nodes=tuple(nodes))


def steps(g: Graph, kind: type) -> list[Any]:
    return [step for _, step in walk(g.root) if isinstance(step, kind)]


# Each takes a good graph and gives a broken one; its name is the invariant's. Several per invariant are numbered.
CORRUPTORS: list[tuple[str, Callable[[Graph], Graph]]] = []


def corruptor(name: str) -> Callable[[Callable[[Graph], Graph]], Callable[[Graph], Graph]]:
    def add(function: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
        CORRUPTORS.append((name, function))
        return function

    return add


@corruptor("numbers_are_dense")
def leaves_a_gap(g: Graph) -> Graph:
    return with_node(g, g.nodes[-1], number=len(g.nodes))


@corruptor("numbers_are_dense")
def swaps_two_nodes(g: Graph) -> Graph:
    return replace(g, nodes=(g.nodes[1], g.nodes[0], *g.nodes[2:]))


@corruptor("operands_exist")
def reads_no_node(g: Graph) -> Graph:
    return with_node(g, applying(g, "relu"), operands=(Value(len(g.nodes)),))


@corruptor("operands_exist")
def reads_no_output(g: Graph) -> Graph:
    return with_node(g, applying(g, "concat"), operands=(Value(applying(g, "split").number, 2),) * 4)


@corruptor("operands_come_earlier")
def reads_itself(g: Graph) -> Graph:
    node = applying(g, "relu")
    return with_node(g, node, operands=(Value(node.number),))


@corruptor("operands_come_earlier")
def closes_a_cycle(g: Graph) -> Graph:
    return with_node(g, applying(g, "conv"), operands=(Value(applying(g, "relu").number),))


@corruptor("outputs_exist")
def returns_no_value(g: Graph) -> Graph:
    return replace(g, outputs=(replace(g.outputs[0], value=Value(-1)), *g.outputs[1:]))


@corruptor("outputs_exist")
def returns_an_empty_list(g: Graph) -> Graph:
    return replace(g, outputs=(replace(g.outputs[0], value=()), *g.outputs[1:]))


@corruptor("outputs_exist")
def loses_the_loss(g: Graph) -> Graph:
    return replace(g, loss=Value(len(g.nodes)))


@corruptor("outputs_exist")
def lists_an_input_that_is_not(g: Graph) -> Graph:
    return replace(g, inputs=(*g.inputs, -1))


@corruptor("roles_are_kept")
def invents_a_role(g: Graph) -> Graph:
    return with_node(g, applying(g, "relu"), role="constant")


@corruptor("roles_are_kept")
def gives_an_input_an_owner(g: Graph) -> Graph:
    return with_node(g, g.nodes[g.inputs[0]], owner="image")


@corruptor("roles_are_kept")
def takes_the_operator(g: Graph) -> Graph:
    return with_node(g, applying(g, "relu"), op=None)


@corruptor("arity_is_right")
def drops_an_operand(g: Graph) -> Graph:
    node = applying(g, "cross_entropy")
    return with_node(g, node, operands=node.operands[:1])


@corruptor("arity_is_right")
def doubles_an_operand(g: Graph) -> Graph:
    node = applying(g, "relu")
    return with_node(g, node, operands=node.operands * 2)


@corruptor("shapes_are_inferred")
def stores_another_shape(g: Graph) -> Graph:
    return with_node(g, applying(g, "conv"), shapes=((8, 16, 15),))


@corruptor("shapes_are_inferred")
def forgets_an_output(g: Graph) -> Graph:
    node = applying(g, "linear")
    return with_node(g, node, shapes=node.shapes * 2)


@corruptor("shapes_are_inferred")
def changes_an_attribute(g: Graph) -> Graph:
    return with_node(g, applying(g, "linear"), op=OPS["linear"](out=13))


@corruptor("shapes_are_inferred")
def turns_numbers_into_classes(g: Graph) -> Graph:
    node = applying(g, "global_avg_pool")
    return with_node(g, node, shapes=(Classes(node.shape),))


@corruptor("shapes_are_inferred")
def applies_what_cannot_be(g: Graph) -> Graph:
    return with_node(g, applying(g, "conv"), op=OPS["linear"](out=8))


@corruptor("extents_are_within_limits")
def has_no_extent(g: Graph) -> Graph:
    return with_node(g, g.nodes[g.inputs[0]], shapes=((3, 0, 16),))


@corruptor("extents_are_within_limits")
def has_too_large_an_extent(g: Graph) -> Graph:
    return with_node(g, g.nodes[g.inputs[0]], shapes=((3, 2**20 + 1, 16),))


@corruptor("extents_are_within_limits")
def has_too_many_elements(g: Graph) -> Graph:
    return with_node(g, g.nodes[g.inputs[0]], shapes=((2, 2**15, 2**15, symbol("H")),))


@corruptor("names_are_unique")
def repeats_a_name(g: Graph) -> Graph:
    return with_node(g, applying(g, "relu"), name=applying(g, "conv").name)


@corruptor("names_are_unique")
def forgets_a_name(g: Graph) -> Graph:
    return with_node(g, applying(g, "relu"), name="")


@corruptor("spans_are_inside")
def points_past_the_end(g: Graph) -> Graph:
    end = len(g.source.text)
    return with_node(g, applying(g, "relu"), spans=Spans(Span(g.source, end, end + 1)))


@corruptor("spans_are_inside")
def points_backwards(g: Graph) -> Graph:
    node = applying(g, "conv")
    return with_node(g, node, spans=Spans(node.spans.whole, {"out": Span(g.source, 9, 3)}))


@corruptor("spans_are_inside")
def points_an_output_nowhere(g: Graph) -> Graph:
    return replace(g, outputs=(replace(g.outputs[0], span=Span(g.source, -1, 0)), *g.outputs[1:]))


@corruptor("inputs_are_listed")
def forgets_an_input(g: Graph) -> Graph:
    return replace(g, inputs=())


@corruptor("inputs_are_listed")
def lists_an_operator_as_input(g: Graph) -> Graph:
    return replace(g, inputs=(*g.inputs, len(g.nodes) - 1))


@corruptor("targets_are_listed")
def forgets_a_target(g: Graph) -> Graph:
    return replace(g, targets=())


@corruptor("outputs_are_named")
def has_no_output(g: Graph) -> Graph:
    return replace(g, outputs=())


@corruptor("outputs_are_named")
def repeats_an_output(g: Graph) -> Graph:
    return replace(g, outputs=(*g.outputs, g.outputs[0]))


@corruptor("some_output_is_not_aux")
def makes_every_output_aux(g: Graph) -> Graph:
    return replace(g, outputs=tuple(replace(output, aux=True) for output in g.outputs))


@corruptor("inference_needs_no_target")
def returns_a_target(g: Graph) -> Graph:
    return replace(g, outputs=(replace(g.outputs[0], value=Value(g.targets[0])), *g.outputs[1:]))


@corruptor("loss_is_a_scalar")
def loses_a_vector(g: Graph) -> Graph:
    return replace(g, loss=g.outputs[0].value)


@corruptor("nothing_is_dead")
def forgets_the_loss(g: Graph) -> Graph:
    return replace(g, loss=None)


@corruptor("nothing_is_dead")
def adds_what_nobody_needs(g: Graph) -> Graph:
    last = g.nodes[-1]
    return replace(g, nodes=(*g.nodes, replace(last, number=last.number + 1, name="more")))


@corruptor("owners_hold_state")
def takes_the_owner(g: Graph) -> Graph:
    return with_node(g, applying(g, "conv"), owner="")


@corruptor("owners_hold_state")
def gives_an_owner(g: Graph) -> Graph:
    return with_node(g, applying(g, "add"), owner="add")


@corruptor("owners_agree")
def shares_with_another_operator(g: Graph) -> Graph:
    return with_node(g, applying(g, "batch_norm"), owner=applying(g, "conv").owner)


@corruptor("owners_agree")
def shares_with_other_weights(g: Graph) -> Graph:
    first, *_, last = (node for node in g.nodes if node.op is not None and node.op.name == "conv")
    return with_node(g, last, owner=first.owner, op=first.op)


@corruptor("paths_do_not_collide")
def puts_a_module_into_another(g: Graph) -> Graph:
    return with_node(g, applying(g, "batch_norm"), owner=f"{applying(g, 'conv').owner}.weight")


@corruptor("paths_do_not_collide")
def leaves_a_component_empty(g: Graph) -> Graph:
    return with_node(g, applying(g, "conv"), owner="stem..conv")


@corruptor("every_node_is_traced_once")
def forgets_a_step(g: Graph) -> Graph:
    region, step = next((r, s) for r, s in walk(g.root) if isinstance(s, Apply) and s.op.name == "relu")
    region.steps.remove(step)
    return g


@corruptor("every_node_is_traced_once")
def traces_twice(g: Graph) -> Graph:
    region, step = next((r, s) for r, s in walk(g.root) if isinstance(s, Apply) and s.op.name == "relu")
    region.steps.append(step)
    return g


@corruptor("every_node_is_traced_once")
def traces_no_node(g: Graph) -> Graph:
    steps(g, Apply)[0].node = len(g.nodes)
    return g


@corruptor("applications_agree")
def traces_another_operator(g: Graph) -> Graph:
    steps(g, Apply)[0].op = OPS["relu"]()
    return g


@corruptor("applications_agree")
def traces_another_owner(g: Graph) -> Graph:
    steps(g, Apply)[0].owner = "elsewhere"
    return g


@corruptor("applications_agree")
def traces_swapped_operands(g: Graph) -> Graph:
    concat = next(step for step in steps(g, Apply) if step.op.name == "concat")
    concat.operands = (*concat.operands[1:], concat.operands[0])
    return g


@corruptor("references_are_in_scope")
def refers_to_what_comes_later(g: Graph) -> Graph:
    first, *_, last = steps(g, Apply)
    first.operands = (replace(first.operands[0], ref=Ref(last)),)
    return g


@corruptor("references_are_in_scope")
def refers_into_a_closed_block(g: Graph) -> Graph:
    invoke = steps(g, Invoke)[0]
    inner = next(step for _, step in walk(invoke.region) if isinstance(step, Apply))
    pool = next(step for step in steps(g, Apply) if step.op.name == "global_avg_pool")
    pool.operands = (replace(pool.operands[0], ref=Ref(inner)),)
    return g


@corruptor("references_are_in_scope")
def refers_to_another_value(g: Graph) -> Graph:
    pool = next(step for step in steps(g, Apply) if step.op.name == "global_avg_pool")
    split = next(step for step in steps(g, Apply) if step.op.name == "split")
    pool.operands = (replace(pool.operands[0], ref=Ref(split, (1,))),)
    return g


@corruptor("references_are_in_scope")
def refers_to_a_part_that_is_not(g: Graph) -> Graph:
    pool = next(step for step in steps(g, Apply) if step.op.name == "global_avg_pool")
    pool.operands = (replace(pool.operands[0], ref=Ref(pool.operands[0].ref.source, (3,))),)
    return g


@corruptor("results_agree")
def yields_another_value(g: Graph) -> Graph:
    invoke = steps(g, Invoke)[0]
    invoke.result = replace(invoke.result, value=Value(0))
    return g


@corruptor("results_agree")
def skips_an_iteration(g: Graph) -> Graph:
    loop = next(step for step in steps(g, Loop) if step.kind != "each" and len(step.iterations) > 1)
    loop.iterations.pop(0)
    loop.iterations.append(loop.iterations[0])
    return g


@corruptor("results_agree")
def swaps_branches(g: Graph) -> Graph:
    each = next(step for step in steps(g, Loop) if step.kind == "each")
    each.iterations.reverse()
    return g


@corruptor("paths_follow_the_trace")
def renames_a_container(g: Graph) -> Graph:
    steps(g, Invoke)[0].name = "elsewhere"
    return g


@corruptor("paths_follow_the_trace")
def renames_what_is_shared(g: Graph) -> Graph:
    steps(g, Share)[0].name = "tail"
    return g


@corruptor("siblings_differ")
def gives_two_calls_one_name(g: Graph) -> Graph:
    first, second = steps(g, Invoke)[:2]
    second.name = first.name
    return g


@corruptor("siblings_differ")
def gives_two_layers_one_name(g: Graph) -> Graph:
    stem = next(step for step in steps(g, Group) if step.name == "stem")
    stem.region.steps[1].name = stem.region.steps[0].name
    return g


@corruptor("chains_are_numbered")
def numbers_backwards(g: Graph) -> Graph:
    stem = next(step for step in steps(g, Group) if step.name == "stem")
    for number, step in zip((2, 1, 0), stem.region.steps, strict=True):
        step.name = str(number)
    return g


@corruptor("expressions_are_true")
def traces_a_wrong_extent(g: Graph) -> Graph:
    step = traced_step(g)
    wrong = tuple(Number(int(e) + 1, e.expr) if isinstance(e, Number) else e for e in step.result.shape)
    step.result = replace(step.result, shape=wrong)
    return g


@corruptor("expressions_are_true")
def traces_an_unbound_variable(g: Graph) -> Graph:
    step = traced_step(g)
    free = Number(step.result.shape[0], Variable("nobody", g.root.site))
    step.result = replace(step.result, shape=(free, *step.result.shape[1:]))
    return g


def traced_step(g: Graph) -> Any:
    """A step inside a block whose result has an extent with an expression."""
    return next(
        step
        for invoke in steps(g, Invoke)
        for step in invoke.region.steps
        if isinstance(step.result, Tensor) and any(isinstance(e, Number) for e in step.result.shape)
    )


def test_a_good_graph_passes(sample: Graph) -> None:
    assert violations(sample) == []
    verify(sample)


def test_the_sample_holds_every_kind_of_step(sample: Graph) -> None:
    found = {type(step) for _, step in walk(sample.root)}
    assert {Apply, Invoke, Loop, Choice, Group, Join, Bind} <= found


@pytest.mark.parametrize(("invariant", "corrupt"), CORRUPTORS, ids=[f.__name__ for _, f in CORRUPTORS])
def test_a_corrupted_graph_is_caught(sample: Graph, invariant: str, corrupt: Callable[[Graph], Graph]) -> None:
    broken = corrupt(sample)
    by_name = {check.__name__: check for check in (*FOUNDATION, *INVARIANTS, *TRACED)}
    assert list(by_name[invariant](broken)), "the invariant itself does not see it"
    assert any(line.startswith(title(by_name[invariant])) for line in violations(broken))
    with pytest.raises(InternalError, match="left `sample` broken") as caught:
        verify(broken)
    assert title(by_name[invariant]) in str(caught.value)
    assert caught.value.details.startswith("net sample {")


def test_every_invariant_has_a_corruptor() -> None:
    assert {name for name, _ in CORRUPTORS} == {check.__name__ for check in (*FOUNDATION, *INVARIANTS, *TRACED)}
    assert len({name for name, _ in CORRUPTORS}) >= 15


def test_every_invariant_says_what_it_is() -> None:
    for check in (*FOUNDATION, *INVARIANTS, *TRACED):
        assert (check.__doc__ or "").endswith("."), check.__name__


def test_all_violations_are_told(sample: Graph) -> None:
    broken = with_node(sample, applying(sample, "relu"), name="")
    broken = replace(broken, outputs=tuple(replace(output, aux=True) for output in broken.outputs))
    told = violations(broken)
    assert any(line.startswith("names are unique") for line in told)
    assert any(line.startswith("some output is not aux") for line in told)


def test_a_loss_over_the_batch_is_no_vector(sample: Graph) -> None:
    loss = sample.nodes[sample.loss.node] if sample.loss else sample.nodes[-1]
    assert isinstance(loss.shape, Loss)
    changed = with_node(sample, loss, shapes=((),))
    assert any(line.startswith("shapes are inferred") for line in violations(changed))


def test_a_graph_beyond_telling_is_still_reported(sample: Graph) -> None:
    """Neither an invariant nor the text of the graph may fail on what it is there to report."""
    ruined = with_node(sample, applying(sample, "relu"), operands=None, spans=None, shapes=None)
    assert violations(ruined)
    with pytest.raises(InternalError, match="left `sample` broken") as caught:
        verify(ruined)
    assert caught.value.details.startswith("(this graph has no text")
