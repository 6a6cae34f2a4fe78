"""What texts mean: `in`, calls, arithmetic, lists, symbols, merges, nets as stages."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.graph import Graph
from netdsl.ops.op import Classes
from tests.elaborate.texts import codes, graph


def net(body: str, before: str = "", shape: str = "8x16x16") -> str:
    return f"{before}\nnet n(flag = true) {{\n  input x: {shape}\n  let _unused = flag\n  {body}\n}}\n"


def built(body: str, before: str = "", shape: str = "8x16x16", **given: Any) -> Graph:
    return graph(net(body, before, shape), "n", **given)


def ops(g: Graph) -> list[str]:
    return [node.op.label() for node in g.nodes if node.op is not None]


def shape(g: Graph, output: int = 0) -> str:
    return "×".join(map(str, g.shape(g.outputs[output].value)))


# ------------------------------------------------------------------------------------------------------------ in


def test_in_is_what_entered_the_innermost_braces() -> None:
    g = built("output y = x -> conv(4, 3) -> { mul { in; conv(in.channels, 1) } }")
    assert shape(g) == "4×16×16"
    assert ops(g)[1:] == ["conv(4, 1)", "mul"]


def test_in_of_a_definition_without_braces_is_its_input() -> None:
    g = built("output y = x -> b", "block b = conv(in.channels // 2, 1) -> relu")
    assert shape(g) == "4×16×16"


def test_in_of_an_alias_is_the_value_it_is_applied_to() -> None:
    g = built(
        "output y = x -> conv(6, 1) -> dw(2)", "block dw(s) = conv(in.channels, 3, stride = s, groups = in.channels)"
    )
    assert ops(g)[-1] == "conv(6, 3, stride = 2, groups = 6)"


def test_an_attribute_of_in_after_an_arrow_must_be_the_flow_s() -> None:
    block = "block b = conv({}, 3) -> conv(in.channels, 1)"
    assert codes(net("output y = x -> b", block.format(4))) == ["N310"]
    assert codes(net("output y = x -> b", block.format(8))) == []


def test_a_condition_after_an_arrow_sees_the_flow() -> None:
    g = built("output y = x -> conv(4, 1) -> if in.channels == 4 { relu } else { tanh }")
    assert ops(g) == ["conv(4, 1)", "relu"]


def test_in_as_a_value_after_an_arrow_is_what_entered() -> None:
    g = built("output y = x -> add { in; conv(8, 3, pad = 0) -> pad(1) -> crop(in) }")
    assert g.nodes[3].operands[1].node == 0


def test_identity_as_a_branch_is_in_itself() -> None:
    g = built("output y = x -> add { identity; conv(8, 3) }")
    assert ops(g) == ["conv(8, 3)", "add"]
    assert [v.node for v in g.nodes[2].operands] == [0, 1]


def test_identity_as_an_argument_is_a_stage() -> None:
    assert ops(built("output y = x -> b(identity) -> b(relu)", "block b(act) = conv(8, 3) -> act")) == [
        "conv(8, 3)",
        "identity",
        "conv(8, 3)",
        "relu",
    ]


# --------------------------------------------------------------------------------------------------------- calls


def test_at_the_head_values_are_inputs_and_after_an_arrow_they_follow_the_flow() -> None:
    g = built("a = x -> conv(8, 1)\n  output y = concat(a, x) -> concat(a)")
    assert [v.node for v in g.nodes[2].operands] == [1, 0]
    assert [v.node for v in g.nodes[3].operands] == [2, 1]


def test_inputs_may_be_given_by_name() -> None:
    g = built("a = x -> max_pool(2)\n  output y = x -> crop(like = a, offset = 3)")
    assert [v.node for v in g.nodes[2].operands] == [0, 1]


def test_defaults_may_depend_on_earlier_parameters() -> None:
    assert shape(built("output y = x -> b(4)", "block b(c, d = 2 * c) = conv(c, 1) -> conv(d, 1)")) == "8×16×16"


def test_rest_arguments_pass_through_wrappers() -> None:
    blocks = (
        "block cb(...args) = conv(...args, bias = false) -> batch_norm\nblock cbr(...a, act = relu) = cb(...a) -> act"
    )
    g = built("output y = x -> cbr(4, 3, stride = 2, act = tanh)", blocks)
    assert ops(g) == ["conv(4, 3, stride = 2, bias = false)", "batch_norm", "tanh"]


def test_a_list_spreads_into_arguments() -> None:
    assert ops(built("let a = [4, 3]\n  output y = x -> conv(...a)")) == ["conv(4, 3)"]


def test_blocks_are_arguments_with_what_they_were_given() -> None:
    blocks = "block twice(f) = f -> f\nblock unit(c) = conv(c, 3) -> relu"
    assert ops(built("output y = x -> twice(unit(4))", blocks)) == ["conv(4, 3)", "relu"] * 2
    assert ops(built("output y = x -> twice(max_pool(3, stride = 1))", blocks)) == ["max_pool(3, stride = 1)"] * 2


def test_a_pipeline_is_an_argument_and_keeps_what_it_caught() -> None:
    g = built("let c = 2 * x.channels\n  output y = x -> twice(conv(c, 3) -> relu)", "block twice(f) = f -> f")
    assert ops(g) == ["conv(16, 3)", "relu"] * 2


def test_a_pipeline_that_begins_with_a_value_is_applied() -> None:
    g = built("target t: [8]\n  output y = x -> global_avg_pool\n  loss = mse(y, x -> global_max_pool) + mse(y, t)")
    assert "global_max_pool" in ops(g)


def test_a_block_may_call_itself_under_a_condition() -> None:
    g = built("output y = x -> down(3)", "block down(n) = max_pool(2) -> if n > 1 { down(n - 1) }")
    assert shape(g) == "8×2×2"


# ----------------------------------------------------------------------------------------- numbers, lists, choice


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("7 // 2", 3),
        ("7 % 4", 3),
        ("2 ** 5", 32),
        ("int(0.5 * 9)", 4),
        ("4 if x.channels > 4 else 2", 4),
        ("max(3, 5)", 5),
        ("sum([1, 2, 3])", 6),
        ("len(range(3, 9))", 6),
        ("[1, 2, 3][1]", 2),
        ("[i * i for i in range(4)][3]", 9),
        ("[1, 2, 3, 4][1:3][1]", 3),
        ("0 or 6", 6),
        ("min(x.shape)", 8),
        ("-(2 - 9)", 7),
        ("round(2.6)", 3),
        ("5 if not (1 == 2 and 1 // 0 == 1) else 1", 5),
        ("x.height // x.rank", 5),
        ("reversed([1, 2, 3])[0]", 3),
        ("zip([1, 2], [3, 4])[1][0]", 2),
        ("abs(0 - 3)", 3),
    ],
)
def test_numbers_mean_what_they_mean_in_python(text: str, wanted: int) -> None:
    assert (
        built(f"output y = x -> conv({text}, 1)").shape(built(f"output y = x -> conv({text}, 1)").outputs[0].value)[0]
        == wanted
    )


def test_for_takes_rows_apart_and_each_makes_branches() -> None:
    g = built("output y = x -> for c, k in [[4, 3], [6, 1]] { conv(c, k) }")
    assert ops(g) == ["conv(4, 3)", "conv(6, 1)"]
    g = built("output y = x -> concat { each d in [1, 2] { conv(4, 3, dilation = d) }; identity }")
    assert shape(g) == "16×16×16"


def test_a_loop_of_no_turns_is_the_identity() -> None:
    g = built("output y = x -> repeat 0 { conv(4, 3) } -> relu")
    assert ops(g) == ["relu"]


def test_several_values_are_taken_apart() -> None:
    g = built("a, b = x -> split(2)\n  output y = concat { b; a }")
    assert [tuple(v) for v in g.nodes[2].operands] == [(1, 1), (1, 0)]


def test_a_list_of_values_flows_into_braces() -> None:
    g = built("output y = x -> split(2) -> { a, b = in; add { a; b } }")
    assert shape(g) == "4×16×16"


def test_arithmetic_on_values_is_operators() -> None:
    g = built("output y = 1 - (x + x) * x / 2 -> relu")
    assert [node.op.name for node in g.nodes if node.op] == ["add", "mul", "div", "sub", "relu"]
    assert g.nodes[4].op.reverse  # type: ignore[union-attr]


def test_the_same_value_twice_is_two_operands() -> None:
    g = built("output y = add(x, x)")
    assert [tuple(v) for v in g.nodes[1].operands] == [(0, 0), (0, 0)]


# ------------------------------------------------------------------------------------------------- nets, symbols


def test_symbols_are_one_size_wherever_they_appear() -> None:
    text = """
net n {
  input a: [3, H, W]
  input b: [1, H, W]
  target t: class[H // 2, W // 2]
  output y = concat { a; b } -> conv(5, 3) -> max_pool(2)
  loss = cross_entropy(y, t)
  expect y.shape == [5, H // 2, W // 2]
}
"""
    assert codes(text) == []
    g = graph(text, inputs={"b": (1, 20, 30)})
    assert g.nodes[0].shape == (3, 20, 30)
    assert g.shape(g.outputs[0].value) == (5, 10, 15)


def test_declared_multiples_make_sizes_agree() -> None:
    body = "output y = x -> concat { identity; max_pool(2) -> upsample(2) }"
    assert codes(net(body, shape="[3, 2*h, 2*w]")) == []
    assert codes(net(body, shape="[3, H, W]")) == ["N408"]


def test_nothing_may_depend_on_a_symbol() -> None:
    for body in ("x -> repeat x.height { relu }", "x -> if x.height > 3 { relu }", "x -> flatten -> linear(3)"):
        assert codes(net(f"output y = {body}", shape="[3, H, W]")) in (["N340"], ["N413"]), body


@pytest.mark.parametrize(
    ("declared", "wanted"), [("class", Classes(())), ("class[4, 4]", Classes((4, 4))), ("[7]", (7,))]
)
def test_targets_are_class_indices_or_shapes(declared: str, wanted: Any) -> None:
    g = graph(f"net n {{ input x: 3x4x4; target _t: {declared}; output y = x -> relu }}")
    node = g.nodes[g.targets[0]]
    assert node.role == "target"
    assert node.shape == wanted
    assert type(node.shape) is type(wanted)


def test_aux_outputs_are_marked_and_left_out_of_inference() -> None:
    from netdsl import cost

    g = built("a = x -> conv(8, 3)\n  output y = a -> conv(4, 1)\n  aux output side = a -> conv(2, 1)")
    assert [(o.name, o.aux) for o in g.outputs] == [("y", False), ("side", True)]
    assert cost.params(g) - cost.inference_params(g) == 18


def test_an_output_may_name_a_value_that_is_there() -> None:
    g = built("y = x -> relu\n  z = y -> tanh\n  output y\n  output z")
    assert [o.value.node for o in g.outputs] == [1, 2]


def test_a_variant_binds_parameters_and_leaves_the_others_to_the_caller() -> None:
    text = """
net base(width, classes = 10) { input x: [4]; output y = x -> linear(width) -> linear(classes) }
net wide = base(64)
"""
    g = graph(text, "wide")
    assert [(p.name, p.value) for p in g.parameters] == [("classes", 10)]
    assert g.definition.head == "wide = base(64)"
    assert graph(text, "wide", classes=3).shape(graph(text, "wide", classes=3).outputs[0].value) == (3,)
    assert graph(text, "wide", classes=3).parameters == ()


def test_a_net_is_cut_at_labels() -> None:
    trunk = "net t { input a: 3x8x8; output y = a -> l1: conv(4, 3) -> relu -> l2: conv(5, 3) -> l3: conv(6, 3) }"
    assert shape(built('output y = x -> upto(t, "l2")', trunk)) == "5×16×16"
    g = built('p, q = x -> upto(t, ["l1", "l2"])\n  output y = concat { p; q }', trunk)
    assert shape(g) == "9×16×16"
    assert shape(built('output y = x -> from(t, "l3")', trunk)) == "6×16×16"


def test_sizes_of_a_reused_net_are_not_checked() -> None:
    inner = "net t { input a: 3x8x8; output y = a -> conv(4, 3) @ 4x8x8 }"
    assert codes(net("output y = x -> t", inner)) == []


def test_set_and_input_are_checked() -> None:
    text = "net n(classes = 10) { input x: [3, H, W]; output y = x -> conv(classes, 1) }"
    from netdsl.diagnostics import NetdslError

    wrong: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"clases": 3}, {}),
        ({}, {"y": (3, 4, 4)}),
        ({}, {"x": (4, 4, 4)}),
        ({}, {"x": (3, 4)}),
    ]
    for given, inputs in wrong:
        with pytest.raises(NetdslError) as error:
            graph(text, None, inputs, **given)
        assert [d.code for d in error.value.diagnostics] == ["N211"]
    g = graph(text, inputs={"x": (3, 4, 5)}, classes=7)
    assert shape(g) == "7×4×5"


BY_FIRST_ATTRIBUTE = """
block twice(body) {{ body -> body }}
net n(c = 2, cs = [1, 3]) {{
  input x: 3x8x8
  output y = x -> twice(conv({channels}, 3) -> relu)
  output z = x -> conv(c + cs[0], 1)
}}
"""


@pytest.mark.parametrize(
    "channels", ["3", "1 + 2", "c + 1", "-c + 5", "cs[1]", "cs[0] + c", "in.channels", "in.shape[0]"]
)
def test_a_pipeline_whose_first_attribute_is_computed_is_a_block(channels: str) -> None:
    made = graph(BY_FIRST_ATTRIBUTE.format(channels=channels))
    assert [node.op.name for node in made.nodes if node.op] == ["conv", "relu", "conv", "relu", "conv"]


@pytest.mark.parametrize("value", ["x", "-x", "x + 1", "2 * x", "relu(x)", "relu(x) + x", "xs[1]", "relu(xs[0])"])
def test_a_pipeline_that_begins_with_a_value_is_applied_and_named_so(value: str) -> None:
    text = f"net n {{ input x: 3x8x8; xs = [x, x]; output y = add({value} -> conv(3, 1), xs[0] -> conv(3, 1)) }}"
    assert [node.name for node in graph(text).nodes if node.op and node.op.name == "conv"] == ["conv1", "conv2"]


def test_such_a_block_cannot_hold_a_value() -> None:
    assert codes(BY_FIRST_ATTRIBUTE.format(channels="x.channels")) == ["N326"]
