"""Paths in the state_dict: labels, numbers, names."""

from __future__ import annotations

import pytest

from tests.elaborate.texts import codes, graph, owners


def net(body: str, before: str = "", shape: str = "8x8x8") -> str:
    return f"{before}\nnet n {{\n  input x: {shape}\n  {body}\n}}\n"


def of(body: str, before: str = "") -> list[str]:
    return owners(graph(net(body, before), "n"))


def test_a_label_is_the_path_of_its_stage() -> None:
    assert of("output y = x -> first: conv(8, 3) -> relu -> last: conv(8, 3)") == ["first", "last"]


def test_a_chain_numbers_its_stages_as_sequential_does() -> None:
    assert of("output y = x -> body: { conv(8, 3) -> relu -> conv(8, 3) }") == ["body.0", "body.2"]


def test_a_block_that_is_a_chain_numbers_through_its_loops() -> None:
    block = "block b(n) = conv(8, 1) -> repeat n { conv(8, 3) -> batch_norm -> relu } -> conv(8, 1)"
    expected = ["b.0", "b.1", "b.2", "b.4", "b.5", "b.7"]
    assert of("output y = x -> b(2)", block) == expected


def test_an_arm_that_is_not_taken_takes_no_number_in_a_chain() -> None:
    block = "block b(c) = if c { conv(8, 3) } -> conv(8, 1)"
    assert of("output y = x -> b(false)", block) == ["b.0"]
    assert of("output y = x -> b(true)", block) == ["b.0", "b.1"]


def test_a_net_names_its_stages_after_what_they_call() -> None:
    assert of("output y = x -> conv(8, 3) -> relu -> linear(3, axis = 0)") == ["conv", "linear"]
    assert of("output y = x -> conv(8, 3) -> relu -> conv(8, 3)") == ["conv1", "conv2"]


def test_a_single_site_in_a_loop_is_numbered_from_one() -> None:
    assert of("output y = x -> repeat 3 { conv(8, 3) }") == ["conv1", "conv2", "conv3"]
    assert of("output y = x -> repeat 2 { conv(8, 3) } -> conv(8, 1)") == ["conv1", "conv2", "conv3"]


def test_outside_of_chains_numbers_do_not_depend_on_the_arm_taken() -> None:
    block = "block b(c) { y = in; if c { y -> conv(8, 3) } else { y } -> conv(8, 1) }"
    assert of("output y = x -> b(false)", block) == ["b.conv2"]
    assert of("output y = x -> b(true)", block) == ["b.conv1", "b.conv2"]


def test_braces_without_label_add_nothing() -> None:
    assert of("output y = x -> { conv(8, 3) -> relu } -> linear(3, axis = 0)") == ["conv", "linear"]


def test_an_alias_adds_nothing_and_is_named_as_it_is_written() -> None:
    alias = "block thin(...args) = conv(...args, bias = false)"
    assert of("output y = x -> thin(8, 3) -> thin(8, 3)", alias) == ["thin1", "thin2"]
    assert of("output y = x -> body: { thin(8, 3) -> relu -> thin(8, 3) }", alias) == ["body.0", "body.2"]


def test_an_alias_of_a_block_is_that_block_under_its_own_name() -> None:
    blocks = "block unit(c) = conv(c, 3) -> batch_norm\nblock wide = unit(16)"
    assert of("output y = x -> wide", blocks) == ["wide.0", "wide.1"]


def test_branches_are_named_by_what_they_call_and_by_their_labels() -> None:
    body = "output y = x -> concat { conv(8, 1); conv(8, 3) -> conv(8, 3); side: { conv(8, 1) -> batch_norm } }"
    assert of(body) == ["conv1", "conv2", "conv3", "side.0", "side.1"]


def test_a_labelled_merge_is_a_container() -> None:
    assert of("output y = x -> mix: concat { conv(8, 1); conv(8, 3) }") == ["mix.conv1", "mix.conv2"]


def test_names_of_imported_blocks_lose_their_prefix() -> None:
    from tests.elaborate.texts import PROGRAMS

    se = next(p for p in PROGRAMS if p.stem == "se_resnet")
    assert "layer1.0.shortcut.0" in owners(graph(se, "se_resnet50"))


def test_a_label_may_be_computed() -> None:
    assert of('output y = x -> for i in range(2) { "unit{i + 1}": conv(8, 3) }') == ["unit1", "unit2"]
    assert of('output y = x -> "0": conv(8, 3) -> relu -> "2": conv(8, 3)') == ["0", "2"]


def test_a_label_on_control_is_a_container() -> None:
    assert of("output y = x -> stage: repeat 2 { conv(8, 3) -> relu }") == ["stage.0", "stage.2"]
    assert of("output y = x -> maybe: if x.channels == 8 { conv(8, 3) }") == ["maybe.0"]


def test_shared_adds_its_name_and_is_counted_once() -> None:
    block = "block enc = conv(8, 3) -> batch_norm"
    g = graph(net("shared tower = enc\n  output y = add { x -> tower; x -> relu -> tower }", block))
    assert owners(g) == ["tower.0", "tower.1"]
    assert sum(node.owner == "tower.0" for node in g.nodes) == 2


def test_a_shared_operator_and_a_shared_pipeline_have_the_name_too() -> None:
    assert of("shared f = conv(8, 3)\n  output y = x -> f -> f") == ["f"]
    assert of("shared f = conv(8, 3) -> batch_norm\n  output y = x -> f -> f") == ["f.0", "f.1"]


def test_a_let_that_is_a_pipeline_is_a_container_each_time() -> None:
    body = "let f = conv(8, 3) -> relu\n  output y = x -> f -> f"
    assert of(body) == ["f1.0", "f2.0"]


def test_a_net_as_a_stage_is_a_block() -> None:
    inner = "net trunk { input a: 3x8x8; output y = a -> conv(8, 3) -> top: conv(8, 1) }"
    assert of("output y = x -> trunk", inner) == ["trunk.conv", "trunk.top"]
    assert of('output y = x -> upto(trunk, "top")', inner) == ["trunk.conv", "trunk.top"]


def test_a_learned_tensor_has_a_name() -> None:
    assert of("output y = x * parameter([8]) + parameter([8])") == ["parameter1", "parameter2"]


def test_a_chain_that_turns_out_to_read_a_value_is_none() -> None:
    block = "block b(skip) = conv(8, 3) -> add(skip) -> conv(8, 3)"
    assert of("output y = x -> b(x)", block) == ["b.conv1", "b.conv2"]


def test_every_node_has_a_name_of_its_own() -> None:
    g = graph(net("output y = (x + x) * (x + x) -> relu -> relu"))
    assert len({node.name for node in g.nodes}) == len(g.nodes)


@pytest.mark.parametrize(
    "label", ["train", "type", "forward", "to", "half", "modules", "training", "class", "self", "_parameters", "loss"]
)
def test_a_label_that_would_break_a_module_is_refused(label: str) -> None:
    assert codes(net(f'output y = x -> "{label}": conv(8, 3)')) == ["N322"]


def test_the_reserved_labels_are_those_that_nn_module_has() -> None:
    from torch import nn

    from netdsl.syntax.elaborate.paths import RESERVED

    present = {name for name in dir(nn.Module()) if not name.startswith("__")}
    assert present <= RESERVED
    assert RESERVED - present <= {"loss"}


@pytest.mark.parametrize("label", ['""', '"a.b"', '"a b"', '"é"', '"{0.5}"'])
def test_a_label_that_is_no_name_is_refused(label: str) -> None:
    assert codes(net(f"output y = x -> {label}: conv(8, 3)")) == ["N321"]


def test_two_owners_of_one_path_are_refused() -> None:
    assert codes(net("output y = x -> a: conv(8, 3) -> a: conv(8, 3)")) == ["N320"]
    assert codes(net("output y = x -> conv1: conv(8, 3) -> conv(8, 3) -> conv(8, 3)")) == ["N320"]
    assert codes(net("output y = x -> a: { conv(8, 3) } -> a: { batch_norm }")) == ["N320"]


def test_a_label_may_repeat_in_another_container() -> None:
    assert codes(net("output y = x -> a: { c: conv(8, 3) } -> b: { c: conv(8, 3) }")) == []


def test_stages_without_state_may_stay_without_label_among_labels() -> None:
    assert of("output y = x -> b: { one: conv(8, 3) -> relu -> dropout(0.5) -> two: conv(8, 3) }")[0] == "b.one"
    assert codes(net("output y = x -> b: { one: conv(8, 3) -> relu -> conv(8, 3) }")) == ["N323"]


def test_pipelines_that_begin_with_a_value_are_numbered_with_the_stages_around_them() -> None:
    before = "x -> conv(8, 3)"
    assert of(f"y = {before}; l = [y, y -> conv(2, 1)]; output z = concat(l[0], l[1])") == ["conv1", "conv2"]
    assert of(f"y = {before}; output z = concat(y, y -> conv(2, 1))") == ["conv1", "conv2"]
    listed = f"y = {before}; l = [y -> conv(k, 1) for k in [1, 2]]; output z = concat(l[0], l[1])"
    assert of(listed) == ["conv1", "conv2", "conv3"]


def test_a_pipeline_that_is_a_block_numbers_its_own() -> None:
    block = "block twice(f) { y = in -> f; y -> f }"
    found = of("y = x -> conv(8, 3); output z = y -> twice(conv(8, 1) -> relu)", block)
    assert found[0] == "conv"
    assert len(found) == 3


def test_a_number_that_makes_another_stages_name_is_passed_over() -> None:
    blocks = "block block1 = { relu -> relu }\nblock block12 = { conv(8, 3) -> relu }"
    assert of("output z = add(x -> block1, x -> block12 -> conv(8, 1)) -> block1", blocks) == ["block12.0", "conv"]
    assert of("output z = x -> block12 -> block1 -> block1", blocks) == ["block12.0"]
