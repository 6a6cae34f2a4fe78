"""What every declaration must have, whoever adds it; and how attributes are read."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from netdsl.expression import Expr, Flag, Literal, Number, Operation, Sequence, Variable, evaluate, provenance, traced
from netdsl.ops import INITIALISERS, OPS
from netdsl.ops.initialiser import Normal
from netdsl.ops.op import Loss, Op, OpError, attributes, build, show_shape
from netdsl.source import Source
from netdsl.text import KEYWORDS
from tests.ops.evaluate import parse, shape_of

OURS = sorted(name for name in OPS if "." not in name)
VARIABLES = [Variable(n, Source("t", n).span(0, 1)) for n in "kcsd"]
K, C, S, D = VARIABLES


@pytest.mark.parametrize("name", OURS)
def test_every_operator_is_documented(name: str) -> None:
    cls = OPS[name]
    doc = inspect.cleandoc(cls.__doc__ or "")
    assert doc.split("\n")[0].rstrip().endswith((".", ",", ":", ";")) or len(doc.split("\n")) > 1
    assert doc != inspect.cleandoc(Op.__doc__ or "")
    assert cls.example
    for f in attributes(cls):
        assert f.metadata["doc"], f.name
        assert not f.metadata["doc"].endswith("."), f.name
        assert f.metadata["kind"].text


@pytest.mark.parametrize("name", OURS)
def test_defaults_and_samples_are_of_their_kind(name: str) -> None:
    for f in attributes(OPS[name]):
        kind = f.metadata["kind"]
        if f.default is not dataclasses.MISSING:
            assert kind.read(f.default) == f.default
        for sample in kind.samples:
            kind.read(sample)


@pytest.mark.parametrize("name", OURS)
def test_attributes_with_defaults_follow_those_without(name: str) -> None:
    optional = [f.default is not dataclasses.MISSING for f in attributes(OPS[name]) if not f.metadata["keyword"]]
    assert optional == sorted(optional)


def test_names_can_be_given() -> None:
    """`f(name = ..)` parses: no attribute or input is called like a word of the language."""
    for cls in (*OPS.values(), *INITIALISERS.values()):
        names = {f.name for f in attributes(cls)} | set(getattr(cls, "operands", ()))
        assert not names & KEYWORDS, cls.name


@pytest.mark.parametrize("name", sorted(INITIALISERS))
def test_every_initialiser_is_documented(name: str) -> None:
    cls = INITIALISERS[name]
    assert cls.__doc__
    assert all(f.metadata["doc"] for f in attributes(cls))


def test_operators_are_frozen_values() -> None:
    a, b = (build(OPS["conv"], (8, 3), {"stride": 2}) for _ in range(2))
    assert a == b
    assert hash(a) == hash(b)
    assert a != build(OPS["conv"], (8, 3), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(a, "out", 9)  # noqa: B010
    changed: Any = {"stride": 1}
    assert dataclasses.replace(a, **changed) == build(OPS["conv"], (8, 3), {})
    with pytest.raises(TypeError):
        OPS["conv"](out=3)
    with pytest.raises(TypeError):
        OPS["relu"](slope=3)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("conv(64, 3)", "conv(64, 3)"),
        ("conv(64, 7, stride = 2, bias = false)", "conv(64, 7, stride = 2, bias = false)"),
        ("conv(64, [3, 3])", "conv(64, [3, 3])"),
        ("conv(64, [1, 7], init = normal(0.01))", "conv(64, [1, 7], init = normal(std = 0.01))"),
        ("relu", "relu"),
        ("pad([[0, 1], [0, 1]])", "pad([[0, 1], [0, 1]])"),
        ("upsample(2, mode = 'linear')", 'upsample(2, mode = "linear")'),
        ("flatten", "flatten"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert parse(text)[0].label() == label


@pytest.mark.parametrize(
    ("text", "code", "attribute", "message"),
    [
        ("conv(8, 3, strides = 2)", "N202", "strides", "`conv` has no attribute `strides`"),
        ("relu(1)", "N203", "#0", "`relu` takes at most 0 positional arguments, not 1"),
        ("conv(8, 3, kernel = 3)", "N204", "kernel", "`kernel` is given twice"),
        ("conv(8)", "N205", None, "`conv` needs `kernel`: window: one extent for all axes, or one each"),
        ("conv(0, 3)", "N402", "out", "`out` of `conv` is a positive integer, not 0"),
        ("conv(true, 3)", "N402", "out", "`out` of `conv` is a positive integer, not true"),
        ("conv(8.0, 3)", "N402", "out", "`out` of `conv` is a positive integer, not 8.0"),
        ("conv(8, [3, 0])", "N402", "kernel", None),
        ("conv(8, [1, 2, 3, 4])", "N402", "kernel", None),
        ("conv(8, 3, stride = 0)", "N402", "stride", None),
        ("conv(8, 3, pad = -1)", "N402", "pad", None),
        ("conv(8, 3, pad = [[1, 2, 3]])", "N402", "pad", None),
        ("conv(8, 3, bias = 1)", "N402", "bias", "`bias` of `conv` is true or false, not 1"),
        ("conv(8, 3, mode = 'zero')", "N402", "mode", None),
        ("conv(8, 3, init = 'nothing')", "N402", "init", None),
        ("dropout(1.5)", "N402", "p", "`p` of `dropout` is a number from 0 to 1, not 1.5"),
        ("dropout(-0.1)", "N402", "p", None),
        ("dropout(1e400)", "N402", "p", None),
        ("batch_norm(eps = 0)", "N402", "eps", None),
        ("batch_norm(momentum = 2)", "N402", "momentum", None),
        ("lrn(0)", "N402", "size", None),
        ("reshape([0])", "N402", "shape", None),
        ("permute([])", "N402", "order", None),
        ("elu(alpha = 0)", "N402", "alpha", None),
    ],
)
def test_attributes_are_checked(text: str, code: str, attribute: str | None, message: str | None) -> None:
    with pytest.raises(OpError) as raised:
        parse(text)
    assert (raised.value.code, raised.value.attribute) == (code, attribute)
    if message:
        assert raised.value.message == message


RULES = [
    ("conv(8, 9, pad = 0)", [(3, 5, 12)], "N404", "the window of `conv`, 9×9, is larger than its input, 5×12"),
    ("conv(8, 3, dilation = 4, pad = 1)", [(3, 5, 5)], "N404", None),
    ("conv(8, 3, groups = 2)", [(3, 8, 8)], "N405", "2 groups do not divide the 3 input channels"),
    ("conv(9, 3, groups = 2)", [(4, 8, 8)], "N405", "2 groups do not divide the 9 output channels"),
    (
        "conv(8, 2)",
        [(3, 8, 8)],
        "N412",
        "`conv` with an even kernel, 2, must say its `pad`: there is no even half of it",
    ),
    ("conv(8, [3, 3])", [(3, 8)], "N406", "`kernel` lists 2, and there is 1 spatial axis"),
    ("conv(8, 3)", [(3,)], "N406", None),
    ("conv(8, 3)", [(1, 2, 3, 4, 5)], "N406", None),
    ("conv(8, 3, init = dirac(3))", [(3, 8, 8)], "N405", None),
    ("deconv(8, 2, stride = 2, output_pad = 2)", [(3, 8, 8)], "N412", None),
    ("deconv(8, 3, pad = 5)", [(3, 2, 2)], "N411", None),
    ("linear(10)", [(256, 6, 6)], "N406", "`linear` needs a vector, not 256×6×6"),
    ("linear(10, axis = 3)", [(5, 6)], "N409", None),
    ("linear(10)", [()], "N406", None),
    ("linear(10, init = dirac)", [(5,)], "N414", None),
    ("matmul(x, y)", [(3, 5), (4, 5)], "N407", None),
    ("max_pool(3, pad = 2)", [(3, 8, 8)], "N412", "`max_pool` can pad by at most half of its kernel, 1, not 2"),
    ("max_pool(9)", [(3, 8, 8)], "N404", None),
    ("avg_pool(3, pad = 1)", [(3, 4, 4, 2)], "N404", None),
    ("max_pool(3, pad = [[0, 2], [0, 0]])", [(3, 8, 8)], "N412", None),
    ("max_pool(3, pad = [[0, 1], [0, 1]], ceil = true)", [(3, 8, 8)], "N414", None),
    ("avg_pool(3, pad = [[0, 1], [0, 1]], count_include_pad = false)", [(3, 8, 8)], "N414", None),
    ("linear(1000000)", [(1000000,)], "N410", None),
    (f"reshape([{', '.join('1' * 17)}])", [(1,)], "N410", None),
    ("global_avg_pool", [(3,)], "N406", None),
    ("adaptive_avg_pool(2)", [()], "N406", None),
    ("add(x, y)", [(64, 56, 56), (128, 56, 56)], "N407", "cannot add 64×56×56 and 128×56×56"),
    ("add(x, y)", [(64, 56, 56), (64, 28, 28)], "N407", None),
    ("add(x, y)", [(64, 56, 56), (1, 56, 56)], "N407", None),
    ("mul(x, y)", [(64, 56, 56), (32,)], "N407", "cannot multiply 64×56×56 and 32"),
    ("add(x, y)", [(64, 5), (64, 5, 5)], "N407", None),
    ("add", [(5,)], "N403", None),
    ("add(x, y, scalar = 2)", [(5,), (5,)], "N403", None),
    ("sub(x, y, z)", [(5,), (5,), (5,)], "N403", "`sub` takes at most 2 inputs, not 3"),
    ("concat(x, y)", [(64, 28, 28), (32, 27, 27)], "N408", "`concat` cannot join 64×28×28 and 32×27×27"),
    ("concat(x, y, axis = 3)", [(64, 28, 28), (32, 28, 28)], "N409", None),
    ("stack(x, y)", [(5,), (6,)], "N408", None),
    ("softmax(axis = 2)", [(5, 6)], "N409", "there is no axis 2: the value has 2 axes, 0 to 1"),
    ("stack(x, y)", [Loss(()), Loss(())], "N406", None),
    ("prelu(single = true)", [Loss(())], "N406", None),
    ("reshape([1])", [Loss(())], "N406", None),
    ("split(3)", [(8, 4)], "N416", "axis 0 of 8×4 cannot be cut into 3 equal parts"),
    ("split([3, 4])", [(8, 4)], "N416", None),
    ("reshape([5, -1])", [(8, 4)], "N416", "the 32 numbers of 8×4 cannot be arranged as 5×?"),
    ("reshape([-1, -1])", [(8, 4)], "N414", None),
    ("slice(9)", [(8, 4)], "N409", None),
    ("slice(3, 3)", [(8, 4)], "N411", None),
    ("permute([0, 0])", [(8, 4)], "N409", None),
    ("permute([0])", [(8, 4)], "N409", None),
    ("crop(x, y)", [(8, 4, 4), (8, 5, 5)], "N404", None),
    ("crop(x, y, offset = 3)", [(8, 4, 4), (8, 2, 2)], "N404", None),
    ("crop", [(8, 4, 4)], "N414", None),
    ("pad(4, mode = 'reflect')", [(8, 4, 4)], "N412", None),
    ("pad(1, mode = 'reflect', axis = 0)", [(8, 4, 4)], "N412", None),
    ("pad(1, mode = 'circular', axis = 1)", [(4, 2, 2, 3, 3)], "N412", None),
    ("upsample(2, mode = 'bilinear')", [(8, 4)], "N414", None),
    ("upsample(2, align_corners = true)", [(8, 4)], "N414", None),
    ("upsample(1000000)", [(8, 4)], "N410", None),
    ("upsample(50000)", [(8, 4, 4)], "N410", None),
    ("channel_shuffle(3)", [(8, 4)], "N405", None),
    ("warp(x, y)", [(1, 8, 8), (3, 8, 8)], "N407", None),
    ("warp(x, y)", [(1, 8, 8), (2, 4, 4)], "N407", None),
    ("cross_entropy(x, y)", [(10,), (10,)], "N415", "`cross_entropy` needs class indices here, not 10"),
    ("cross_entropy(x, y)", [(10,), ("class", 8, 8)], "N415", None),
    ("mse(x, y)", [(10,), ("class",)], "N415", None),
    ("mse(x, y)", [(10,), (9,)], "N415", None),
    ("relu", [("class",)], "N415", "`relu` computes with numbers, and these are class indices, class"),
    ("group_norm(3)", [(8, 4)], "N405", None),
    ("group_norm(8)", [(8,)], "N405", None),
    ("instance_norm", [(8, 1, 1)], "N406", None),
    ("hardtanh(1, 0)", [(8,)], "N414", None),
    ("clamp(1, 0)", [(8,)], "N414", None),
    ("clamp", [(8,)], "N414", None),
    ("mean(x, y)", [(8,), (9,)], "N407", None),
    ("distance(x, y)", [(8,), (9,)], "N407", None),
]


@pytest.mark.parametrize(("text", "shapes", "code", "message"), RULES, ids=[f"{t} {s}" for t, s, *_ in RULES])
def test_rules(text: str, shapes: list[Any], code: str, message: str | None) -> None:
    op, _ = parse(text)
    with pytest.raises(OpError) as raised:
        op.infer(*(shape_of(s) for s in shapes))
    error = raised.value
    assert error.code == code
    if message:
        assert error.message == message
    if error.attribute is not None:
        assert error.attribute in {f.name for f in attributes(type(op))}
    if error.input is not None:
        assert error.input < len(shapes)
    assert not error.message.endswith(".")


def test_helps_propose_the_edit() -> None:
    for text, shapes, wanted in (
        ("add(x, y)", [(64, 56, 56), (128, 56, 56)], "conv(64, 1)"),
        ("linear(10)", [(256, 6, 6)], "flatten"),
        ("conv(8, 3, groups = 3)", [(4, 8, 8)], "`groups = 2`"),
        ("conv(8, 4)", [(3, 8, 8)], "pad = [[1, 2], [1, 2]]"),
        ("conv(8, 3, strides = 2)", [], "did you mean `stride`?"),
        ("concat(x, y)", [(64, 28, 28), (32, 27, 27)], "crop"),
        ("cross_entropy(x, y)", [(18, 8, 8), ("class", 9, 8, 8)], "`unflatten([2, 9])`"),
    ):
        with pytest.raises(OpError) as raised:
            parse(text)[0].infer(*(shape_of(s) for s in shapes))
        assert wanted in (raised.value.help or ""), text


def test_what_a_help_proposes_works() -> None:
    assert parse("unflatten([2, 9])")[0].infer((18, 8, 8)) == (2, 9, 8, 8)
    assert parse("conv(8, 4, pad = [[1, 2], [1, 2]])")[0].infer((3, 8, 9)) == (8, 8, 9)
    assert parse("conv(8, 3, groups = 2)")[0].infer((4, 8, 8)) == (8, 8, 8)


# ------------------------------------------------------------------------------------------------- traced values


def number(value: int, variable: Variable) -> Number:
    return Number(value, variable)


def padding(**named: Any) -> Expr:
    call = build(OPS["conv"], (), named).module((3, 32, 32))
    assert call is not None
    return provenance(call.keywords["padding"])


def test_default_padding_keeps_the_expression_a_person_would_write() -> None:
    k, d = number(5, K), number(2, D)
    half = Operation("//", (K, Literal(2)))
    assert padding(out=8, kernel=k) == half
    assert padding(out=8, kernel=3, dilation=d) == D
    assert padding(out=8, kernel=k, dilation=d) == Operation("*", (D, half))
    assert padding(out=8, kernel=5) == Literal(2)


def test_extents_keep_their_expressions() -> None:
    h = number(32, C)
    assert provenance(build(OPS["conv"], (8, 3), {}).infer((3, h, h))[1]) == C
    half = Operation("+", (Operation("//", (Operation("-", (C, Literal(1))), Literal(2))), Literal(1)))
    assert provenance(build(OPS["conv"], (8, 3), {"stride": 2}).infer((3, h, h))[1]) == half
    assert provenance(build(OPS["max_pool"], (2,), {}).infer((3, h, h))[1]) == Operation(
        "+", (Operation("//", (Operation("-", (C, Literal(2))), Literal(2))), Literal(1))
    )
    doubled = build(OPS["concat"], (), {}).infer((h, 4, 4), (h, 4, 4))[0]
    assert evaluate(provenance(doubled), {C: 5}) == 10


def test_attributes_pass_through_to_the_call() -> None:
    c, s = number(64, C), number(2, S)
    call = build(OPS["conv"], (c, 3), {"stride": s, "bias": traced(False, K)}).module((number(16, D), 8, 8))
    assert call is not None
    assert provenance(call.arguments[0]) == D
    assert provenance(call.arguments[1]) == C
    assert provenance(call.keywords["stride"]) == S
    assert provenance(call.keywords["bias"]) == K
    assert isinstance(call.keywords["bias"], Flag)
    dropout = build(OPS["dropout"], (traced(0.5, K),), {}).module((5,))
    assert dropout is not None
    assert provenance(dropout.arguments[0]) == K


def test_equal_extents_of_all_axes_are_one_number_in_torch_but_a_traced_list_stays() -> None:
    for kernel, wanted in (((3, 3), 3), (traced((3, 3), K), (3, 3)), ((1, 3), (1, 3))):
        call = build(OPS["conv"], (8, kernel), {}).module((3, 8, 8))
        assert call is not None
        assert call.arguments[2] == wanted
        assert provenance(call.arguments[2]) == provenance(kernel if isinstance(kernel, Sequence) else wanted)


def test_every_keyword_is_given_so_that_instances_can_be_merged() -> None:
    """A call names a keyword whether it has torch's default or not."""
    for text, shape in (
        ("conv(8, 3)", (3, 8, 8)),
        ("deconv(8, 3)", (3, 8, 8)),
        ("max_pool(2)", (3, 8, 8)),
        ("batch_norm", (3,)),
    ):
        call = parse(text)[0].module(shape)
        assert call is not None
        assert set(call.defaults) <= set(call.keywords)


def test_initialiser_of_a_name_alone() -> None:
    assert build(OPS["conv"], (8, 3), {"init": "normal"}).init == Normal()  # type: ignore[attr-defined]


def test_shapes_read_well() -> None:
    assert show_shape(shape_of(("class", 8, 9))) == "class[8, 9]"
    assert show_shape(()) == "scalar"
