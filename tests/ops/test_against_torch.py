"""Every operator against torch: shapes, weights, counts, module against expression, and settings that are refused."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netdsl.ops import OPS
from netdsl.ops.op import Loss, Op, OpError, Shape
from tests.ops.evaluate import evaluate, make, parse, shape_of, tensor

RANDOM = {"noise", "dropout", "drop_path"}
POSITIVE_INPUT = {"log", "sqrt", "pow", "kl", "nll", "binary_cross_entropy"}


def inputs_for(op: Op, shapes: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
    """Signed, but where the operator is defined for positive numbers or probabilities only."""
    found = [tensor(s, seed=i + 1) for i, s in enumerate(shapes)]
    if op.name in POSITIVE_INPUT and not getattr(op, "logits", False):
        found = [x.sigmoid() if x.is_floating_point() else x for x in found]
    return tuple(found)


def check(op: Op, shapes: tuple[Any, ...]) -> None:
    """All that an operator says of itself, against what torch does."""
    said = op.infer(*shapes)
    xs = inputs_for(op, shapes)
    saved = [x.clone() for x in xs]
    module = make(op, shapes)
    expr = op.expr(*shapes)
    assert module is not None or expr is not None
    if op.stateful:
        assert expr is None
    results = []
    if module is not None and op.called:
        module.eval()
        results.append(module(*xs))
    if expr is not None:
        results.append(evaluate(expr, xs))
    if not op.called:
        results.append(module)
    for result in results:
        parts = list(result) if isinstance(result, tuple | list) else [result]
        wanted: list[Shape] = said if isinstance(said, list) else [said]
        assert len(parts) == len(wanted)
        for part, shape in zip(parts, wanted, strict=True):
            batch = () if isinstance(shape, Loss) else (xs[0].shape[0],) if xs else (1,)
            assert tuple(part.shape) == (*batch, *shape)
            assert part.isfinite().all()
            assert part.dtype in (torch.float64, torch.float32)
    if len(results) == 2 and op.name not in RANDOM:
        torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)
    for x, before in zip(xs, saved, strict=True):
        assert torch.equal(x, before), "an input was changed in place"
    check_state(op, shapes, module)
    check_macs(op, shapes, module, xs)


def check_state(op: Op, shapes: tuple[Any, ...], module: Any) -> None:
    weights, buffers = op.weights(*shapes), op.buffers(*shapes)
    if not isinstance(module, nn.Module):
        if isinstance(module, nn.Parameter):
            assert weights == {"": tuple(module.shape)}
        else:
            assert not weights
            assert not buffers
        return
    assert {n: tuple(p.shape) for n, p in module.named_parameters()} == weights
    assert {n: tuple(b.shape) for n, b in module.named_buffers()} == buffers
    assert list(module.state_dict()) == [*weights, *buffers]
    assert op.params(*shapes) == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert op.scalars(*shapes) == sum(p.numel() for p in module.parameters())


def check_macs(op: Op, shapes: tuple[Any, ...], module: Any, xs: tuple[torch.Tensor, ...]) -> None:
    ones = tuple(x[:1] for x in xs)
    if not xs:
        assert op.macs(*shapes) == 0
        return
    with FlopCounterMode(display=False) as counter:
        if module is not None:
            module(*ones)
        else:
            evaluate(op.expr(*shapes), ones)
    assert op.macs(*shapes) == counter.get_total_flops() // 2


@pytest.mark.parametrize("name", sorted(OPS))
def test_example_of_every_operator(name: str) -> None:
    cls = OPS[name]
    shapes = tuple(shape_of(s) for s in cls.example_input)
    op, operands = parse(cls.example)
    assert op.name == name
    if operands:
        shapes = tuple(shapes["xyz".index(n)] for n in operands)
    check(op, shapes if cls.inputs != (0, 0) else ())


CASES: list[tuple[Any, ...]] = [
    # 1-D, 2-D, 3-D
    ("conv(8, 3)", (4, 20)),
    ("conv(8, 3)", (4, 9, 11)),
    ("conv(8, 3)", (4, 5, 6, 7)),
    ("conv(8, [1, 7], pad = [0, 3])", (4, 9, 11)),
    ("conv(8, [3, 1, 5], stride = [1, 2, 3], dilation = [2, 1, 1])", (4, 9, 9, 11)),
    ("conv(8, 3, groups = 4, bias = false)", (4, 9, 11)),
    ("conv(4, 3, groups = 4, frozen = true)", (4, 9, 11)),
    ("conv(8, 2, pad = [[0, 1], [1, 0]])", (4, 9, 11)),
    ("conv(8, 2, stride = 2, pad = [[0, 1], [1, 0]], mode = 'reflect')", (4, 9, 11)),
    ("conv(8, 4, pad = [[1, 2]])", (4, 11)),
    ("conv(8, 2, pad = [[1, 0], [1, 0]])", (4, 9, 11)),
    ("conv(8, 4, pad = [[1, 2], [1, 2], [1, 2]])", (4, 5, 6, 7)),
    ("conv(8, 3, mode = 'reflect')", (4, 9, 11)),
    ("conv(8, 5, mode = 'circular')", (4, 9, 11)),
    ("conv(8, 5, mode = 'replicate')", (4, 9, 11, 6)),
    ("conv(4, 3, init = dirac, bias_init = zeros)", (4, 9, 11)),
    ("conv(4, 3, init = normal(0.01), bias_init = constant(0.5))", (4, 9, 11)),
    ("deconv(8, 2, stride = 2)", (4, 9)),
    ("deconv(8, 3, stride = 2, pad = 1, output_pad = 1)", (4, 9, 7)),
    ("deconv(8, 4, stride = 2, pad = 1, groups = 2, bias = false)", (4, 5, 6, 7)),
    ("deconv(8, [3, 2], dilation = 2)", (4, 9, 7)),
    ("deconv(4, 4, stride = 2, init = bilinear, frozen = true)", (4, 9, 7)),
    ("separable_conv(8, 3)", (4, 9, 7)),
    ("separable_conv(8, 3, stride = 2, bias = false, multiplier = 2, init = normal(0.1))", (4, 9, 7)),
    ("separable_conv(8, 3, init = kaiming_normal, frozen = true)", (4, 19)),
    ("linear(7, bias = false)", (5,)),
    ("linear(7, axis = -1)", (3, 5)),
    ("linear(7, axis = 0)", (3, 5, 4)),
    ("linear(7, axis = 1, init = xavier_uniform)", (3, 5, 4)),
    ("matmul(x, y)", (2, 3, 5), (2, 5, 4)),
    ("matmul(x, y, transpose = true)", (3, 5), (4, 5)),
    ("one_hot(6)", ("class", 5, 4)),
    ("one_hot(6)", ("class", 5)),
    ("batch_norm", (5,)),
    ("batch_norm(eps = 0.001, momentum = 0.01)", (5, 9)),
    ("batch_norm(affine = false)", (5, 9, 7)),
    ("batch_norm(track = false)", (5, 4, 3, 2)),
    ("batch_norm(init = zeros, frozen = true)", (5, 4)),
    ("instance_norm(affine = true)", (5, 9)),
    ("instance_norm", (5, 9, 7)),
    ("instance_norm(eps = 0.1)", (5, 4, 3, 2)),
    ("group_norm(5)", (5, 9, 7)),
    ("group_norm(1, affine = false)", (6,)),
    ("layer_norm", (5, 9, 7)),
    ("layer_norm", (5,)),
    ("layer_norm(axis = [1, 2])", (5, 9, 7)),
    ("layer_norm(axis = 0)", (5, 9, 7)),
    ("layer_norm(axis = [0, 2], bias = false)", (5, 9, 7)),
    ("layer_norm(affine = false)", (5, 9)),
    ("lrn(3, alpha = 0.5, beta = 0.5, k = 2)", (5, 9, 7)),
    ("lrn(4)", (5, 9)),
    ("prelu", (5, 9)),
    ("prelu(single = true, init = 0.1)", (5, 9)),
    ("prelu(frozen = true)", (5,)),
    ("softmax(axis = 1)", (5, 9)),
    ("log_softmax(axis = -1)", (5, 9)),
    ("squash(axis = 0, eps = 0.1)", (5, 9)),
    ("gelu(approximate = 'tanh')", (5,)),
    ("softplus(beta = 2)", (5,)),
    ("max_pool(2)", (3, 9)),
    ("max_pool(3, stride = 2, pad = 1, dilation = 1, ceil = true)", (3, 9, 10)),
    ("max_pool([1, 2, 2])", (3, 5, 9, 10)),
    ("max_pool(2, dilation = 2)", (3, 9, 10)),
    ("max_pool(3, stride = 2, pad = [[0, 1], [1, 0]])", (3, 8, 10)),
    ("max_pool(2, stride = 1, pad = [[0, 1]])", (3, 8)),
    ("avg_pool(3, stride = 2, pad = [[0, 1], [1, 1]])", (3, 8, 10)),
    ("avg_pool(3, stride = 2, pad = 1, count_include_pad = false)", (3, 9, 10)),
    ("avg_pool([3, 2], ceil = true)", (3, 9, 11)),
    ("global_avg_pool", (3, 9)),
    ("global_avg_pool(keep = true)", (3, 9, 4)),
    ("global_max_pool", (3, 9, 4, 2)),
    ("global_max_pool(keep = true)", (3, 9, 4)),
    ("adaptive_avg_pool([2, 3])", (3, 9, 4)),
    ("adaptive_max_pool(4)", (3, 9)),
    ("flatten", (5,)),
    ("flatten(1)", (5, 4, 3)),
    ("flatten(0, 1)", (5, 4, 3)),
    ("flatten(last = -2)", (5, 4, 3)),
    ("reshape([6, -1])", (3, 4)),
    ("reshape([12])", (3, 4)),
    ("unflatten([-1, 2], axis = 1)", (3, 4)),
    ("permute([1, 2, 0])", (3, 4, 5)),
    ("transpose(0, 1)", (3, 4, 5)),
    ("split(2)", (4, 5)),
    ("split([1, 2], axis = 1)", (4, 3)),
    ("slice(1)", (4, 3)),
    ("slice(1, -1, axis = 1)", (4, 5)),
    ("slice(-3, step = 2)", (4, 5)),
    ("x -> crop(y)", (4, 9, 8), (2, 4, 5)),
    ("x -> crop(y, offset = 3)", (4, 9, 8), (2, 4, 5)),
    ("crop(size = [4, 5], offset = [5, 0])", (4, 9, 8)),
    ("crop([4])", (4, 9)),
    ("pad(2)", (4, 9, 8)),
    ("pad([1, 2], value = -1)", (4, 9, 8)),
    ("pad([[1, 0], [0, 2], [3, 3]])", (4, 5, 6, 7)),
    ("pad(3, mode = 'reflect')", (4, 9, 8)),
    ("pad([[1, 2]], mode = 'replicate')", (4, 9)),
    ("pad([1, 2], mode = 'circular', axis = 2)", (4, 9, 8)),
    ("pad([2, 1], axis = 0)", (4, 9, 8)),
    ("pad([2, 1], axis = 0)", (4,)),
    ("pad(1, axis = -1)", (4, 3)),
    ("upsample(2)", (4, 9)),
    ("upsample([2, 3], mode = 'linear')", (4, 9, 8)),
    ("upsample(2, mode = 'linear', align_corners = true)", (4, 3, 2, 3)),
    ("upsample(2, mode = 'bicubic')", (4, 9, 8)),
    ("upsample(2, mode = 'area')", (4, 9, 8)),
    ("x -> resize(y)", (4, 9, 8), (2, 12, 5)),
    ("resize(7, mode = 'nearest')", (4, 9, 8)),
    ("resize([7, 9], align_corners = true)", (4, 9, 8)),
    ("channel_shuffle(3)", (6, 5)),
    ("x -> warp(y)", (2, 5, 6), (2, 5, 6)),
    ("x -> warp(y, unit = 'points', padding = 'border')", (2, 5, 6, 4), (3, 5, 6, 4)),
    ("x -> warp(y, mode = 'nearest', padding = 'reflection')", (2, 5, 6), (2, 5, 6)),
    ("add(x, y, z)", (4, 5, 6), (4,), (4, 1, 1)),
    ("add(x, y)", (4, 5, 6), ()),
    ("add(x, y)", (4, 1, 6), (4, 5, 1)),
    ("mul(x, y)", (1, 5, 6), (4, 5, 6)),
    ("mul(x, y)", (4,), (4, 5, 6, 7)),
    ("div(x, y)", (4, 5), (4,)),
    ("sub(x, y)", (), ()),
    ("sub(scalar = 2, reverse = true)", (4, 5)),
    ("pow(scalar = -2)", (4, 5)),
    ("pow(scalar = 2, reverse = true)", (4, 5)),
    ("mul(scalar = -0.5)", (4, 5)),
    ("clamp(-1, 1)", (4,)),
    ("concat(x, y, z, axis = 1)", (4, 5, 6), (4, 1, 6), (4, 2, 6)),
    ("concat(x, y, axis = -1)", (4,), (3,)),
    ("stack(x, y, z, axis = -1)", (4, 5), (4, 5), (4, 5)),
    ("stack(x, y)", (), ()),
    ("sum", (4, 5, 6)),
    ("sum", ()),
    ("mean", (4,)),
    ("mean", ()),
    ("mean(axis = [0, 2], keep = true)", (4, 5, 6)),
    ("mean(x, y, z)", (4, 5), (4, 5), (4, 5)),
    ("sum(x, y)", (4, 5), (4, 5)),
    ("max(axis = -1)", (4, 5)),
    ("max", ()),
    ("max(x, y, z)", (4, 5), (4, 5), (4, 5)),
    ("min(x, y)", (4, 5), (4, 5)),
    ("norm", (4, 5)),
    ("norm(axis = [0, 1], p = 1, keep = true)", (4, 5, 6)),
    ("l2_normalise(axis = 1)", (4, 5)),
    ("distance(x, y)", (4, 5, 6), (4, 5, 6)),
    ("distance(x, y, p = 1)", (4,), (4,)),
    ("dropout", (4, 5)),
    ("dropout(0.2, channels = true)", (4, 5)),
    ("dropout(0.2, channels = true)", (4, 5, 6, 7)),
    ("noise(like = x, kind = 'uniform', std = 2)", (4, 5)),
    ("scale", (4, 5)),
    ("scale(bias = true, init = constant(2), bias_init = ones, frozen = true)", (4,)),
    ("cross_entropy(x, y)", (4, 5, 6), ("class", 5, 6)),
    ("cross_entropy(x, y, smoothing = 0.1, ignore = 2)", (4,), ("class",)),
    ("cross_entropy(x, y, reduction = 'sum')", (4, 5), ("class", 5)),
    ("nll(x, y)", (4, 5), ("class", 5)),
    ("nll(x, y, log = true)", (4,), ("class",)),
    ("hinge(x, y, p = 2, margin = 0.5)", (4,), ("class",)),
    ("binary_cross_entropy(x, y, logits = true)", (4, 5), (4, 5)),
    ("mse(x, y, reduction = 'sum')", (4, 5), (4, 5)),
    ("mse(x, y)", (), ()),
    ("smooth_l1(x, y, beta = 0.5)", (4, 5), (4, 5)),
    ("gaussian_kl(x, y, reduction = 'sum')", (4, 5), (4, 5)),
    ("contrastive(x, y, z)", (4,), (4,), ()),
    ("smoothness(x, eps = 1)", (3, 5, 6, 4)),
]


@pytest.mark.parametrize(("text", "shapes"), [(t, s) for t, *s in CASES], ids=[f"{t} {s}" for t, *s in CASES])
def test_case(text: str, shapes: list[Any]) -> None:
    op, operands = parse(text)
    assert len(operands) in (0, len(shapes))
    check(op, tuple(shape_of(s) for s in shapes))


def test_setup_freezes_and_fills() -> None:
    op, _ = parse("conv(4, 3, init = constant(0.5), bias_init = ones, frozen = true)")
    module = make(op, ((4, 9, 9),))
    assert isinstance(module, nn.Conv2d)
    assert module.weight.eq(0.5).all()
    assert module.bias is not None
    assert module.bias.eq(1).all()
    assert not any(p.requires_grad for p in module.parameters())
    assert op.params((4, 9, 9)) == 0
    assert op.scalars((4, 9, 9)) == 4 * 4 * 9 + 4


def test_bilinear_deconvolution_interpolates_linearly() -> None:
    """Long et al.: on a ramp the inside of the output is a ramp of half the slope."""
    op, _ = parse("deconv(2, 4, stride = 2, pad = 1, bias = false, init = bilinear)")
    module = make(op, ((2, 8, 8),))
    assert module is not None
    ramp = torch.arange(8, dtype=torch.float64).repeat(1, 2, 8, 1)
    inside = module(ramp)[0, 1, 4, 2:-2]
    torch.testing.assert_close(inside.diff(), torch.full((11,), 0.5, dtype=torch.float64))


def test_signs_are_minus_one_and_one_as_often() -> None:
    op, _ = parse("conv(64, 3, bias = false, init = signs)")
    module = make(op, ((64, 9, 9),))
    assert module is not None
    weight = module.get_parameter("weight")
    assert weight.square().eq(1).all()
    assert abs(weight.mean().item()) < 0.03  # 36,864 numbers, so a standard deviation of 0.005


REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError)


def agrees(op: Op, shapes: tuple[Any, ...]) -> bool:
    """Whether the operator and torch say the same of these settings; torch is asked without the shape rule."""
    xs = inputs_for(op, shapes)

    def run() -> Any:
        result: Any = None
        if (call := op.module(*shapes)) is not None:
            result = evaluate(call).double()(*xs)
        if op.expr(*shapes) is not None:
            result = evaluate(op.expr(*shapes), xs)
        if any(0 in part.shape for part in (result if isinstance(result, tuple | list) else [result])):
            raise RuntimeError("empty")  # torch computes nothing from something; netdsl calls that a mistake
        return result

    try:
        computed = tuple(run().shape[1:])
    except REFUSALS:
        computed = None
    try:
        return tuple(op.infer(*shapes)) == computed
    except OpError:
        return computed is None


def draws(count: int, **choices: tuple[Any, ...]) -> list[dict[str, Any]]:
    generator = random.Random(20261120)
    return [{name: generator.choice(values) for name, values in choices.items()} for _ in range(count)]


def sized(channels: int, d: dict[str, Any]) -> tuple[int, ...]:
    """A shape of the drawn extent and number of axes, which are taken out of the draw."""
    extent, rank = d.pop("extent"), d.pop("rank")
    return (channels, *(extent + i for i in range(rank)))


SIZES = (1, 2, 3, 4, 5, 7)


def test_conv_refuses_exactly_what_torch_refuses() -> None:
    verdicts = []
    for d in draws(
        500, kernel=SIZES, stride=(1, 2, 3), pad=(0, 1, 2, 3), dilation=(1, 2, 3), groups=(1, 1, 2, 3), out=(2, 4, 6),
        rank=(1, 2, 2, 3), extent=(1, 2, 3, 5, 8), mode=("zeros", "zeros", "reflect", "circular", "replicate"),
    ):  # fmt: skip
        x = sized(4, d)
        op = OPS["conv"](**d)
        assert agrees(op, (x,)), (d, x)
        verdicts.append(_says(op, x))
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.9


def _says(op: Op, *shapes: Any) -> bool:
    try:
        op.infer(*shapes)
    except OpError:
        return False
    return True


def test_deconv_refuses_exactly_what_torch_refuses() -> None:
    verdicts = []
    for d in draws(
        500, kernel=SIZES, stride=(1, 2, 3), pad=(0, 1, 2, 3), output_pad=(0, 0, 1, 2), dilation=(1, 2),
        groups=(1, 1, 2, 3), out=(2, 4, 6), rank=(1, 2, 2, 3), extent=(1, 2, 3, 5),
    ):  # fmt: skip
        x = sized(4, d)
        op = OPS["deconv"](**d)
        assert agrees(op, (x,)), (d, x)
        verdicts.append(_says(op, x))
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.9


def test_pools_have_torchs_windows_and_refuse_what_it_refuses() -> None:
    """The ceil rule on a full grid, and padding, which torch limits to half of the kernel."""
    count = refused = 0
    for kernel in range(1, 6):
        for stride in (None, 1, 2, 3, 6):
            for pad in range(3):
                for extent in (1, 2, 3, 5, 6, 10):
                    for ceil in (False, True):
                        for name in ("max_pool", "avg_pool"):
                            op = OPS[name](kernel=kernel, stride=stride, pad=pad, ceil=ceil)
                            assert agrees(op, ((2, extent),)), (op, extent)
                            count += 1
                            refused += not _says(op, (2, extent))
    assert count == 1800
    assert 0.1 < refused / count < 0.9


def test_dilated_max_pools_agree_with_torch() -> None:
    for d in draws(
        300, kernel=SIZES, stride=(None, 1, 2, 3), pad=(0, 1, 2, 3), dilation=(1, 2, 3), ceil=(False, True),
        rank=(1, 2, 3), extent=(2, 3, 5, 8, 12),
    ):  # fmt: skip
        x = sized(2, d)
        op = OPS["max_pool"](**d)
        assert agrees(op, (x,)), (d, x)


def test_padding_modes_refuse_exactly_what_torch_refuses() -> None:
    for mode in ("constant", "reflect", "replicate", "circular"):
        for extent in (1, 2, 3):
            for low in range(4):
                for high in range(4):
                    op = OPS["pad"](amount=((low, high),), mode=mode)
                    assert agrees(op, ((2, extent),)), (op, extent)


def test_one_sided_padding_never_wins_a_maximum() -> None:
    op, _ = parse("max_pool(2, stride = 1, pad = [[0, 1]])")
    x = -torch.ones(1, 1, 4, dtype=torch.float64)
    assert evaluate(op.expr((1, 4)), (x,)).eq(-1).all()


def test_averages_do_not_depend_on_the_rule_alone() -> None:
    """count_include_pad changes values, not shapes, and reaches torch."""
    x = tensor((2, 6, 6))
    a, b = (
        evaluate(OPS["avg_pool"](kernel=3, stride=2, pad=1, count_include_pad=flag).expr((2, 6, 6)), (x,))
        for flag in (True, False)
    )
    assert not torch.allclose(a, b)
    assert math.isclose(a[0, 0, 0, 0].item() * 9, b[0, 0, 0, 0].item() * 4)
