"""Shape rules on symbolic extents: they say what they would say for every size, and refuse only what fails for all."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.extent import Affine, bind, symbol, symbols
from netdsl.ops.op import OpError
from tests.ops.evaluate import parse

H, W = symbol("H"), symbol("W")
STAGES = [
    "conv(8, 3)",
    "conv(8, 7, stride = 2)",
    "conv(8, 3, pad = 100)",
    "conv(8, 5, stride = 3, pad = 0)",
    "conv(8, 3, dilation = 4, stride = 2)",
    "conv(8, 2, pad = [[0, 1], [1, 0]])",
    "conv(8, 3, mode = 'reflect')",
    "deconv(8, 4, stride = 2, pad = 1)",
    "deconv(8, 3, stride = 2, output_pad = 1, dilation = 2)",
    "max_pool(2)",
    "max_pool(2, ceil = true)",
    "max_pool(3, stride = 2, pad = 1, ceil = true)",
    "max_pool(3, stride = 2, ceil = true)",
    "max_pool(2, stride = 5, ceil = true)",
    "avg_pool(4, stride = 3, pad = 2, ceil = true)",
    "avg_pool(3, stride = 1, pad = 1)",
    "upsample(3)",
    "pad([[1, 0], [0, 2]])",
    "slice(1, -1, axis = 1)",
    "slice(2, step = 3, axis = 2)",
    "adaptive_avg_pool(7)",
    "global_avg_pool",
    "global_max_pool(keep = true)",
    "batch_norm",
    "relu",
    "softmax",
    "transpose",
    "channel_shuffle(2)",
    "add(x, x)",
    "concat(x, x)",
    "concat(x, x, axis = 1)",
    "stack(x, x)",
    "split(2)",
    "unflatten([2, -1])",
    "mean(axis = [1, 2])",
    "x -> crop(x)",
    "x -> resize(x)",
    "lrn(5)",
    "mse(x, x)",
]


@pytest.mark.parametrize("text", STAGES)
def test_a_symbol_stands_for_every_size(text: str) -> None:
    op, operands = parse(text)
    n = max(1, len(operands))
    said = op.infer(*((4, H, W),) * n)
    agreed = 0
    for h in range(1, 40):
        w = 3 * h % 17 + 1
        try:
            wanted = op.infer(*((4, h, w),) * n)
        except OpError:
            continue  # too small for this operator
        agreed += 1
        assert _bound(said, h, w) == wanted
    assert agreed > 10


def _bound(shape: Any, h: int, w: int) -> Any:
    if isinstance(shape, list):
        return [_bound(s, h, w) for s in shape]
    return tuple(bind(e, {"H": h, "W": w}) for e in shape)


def chain(text: str, x: Any) -> Any:
    for stage in text.split(" -> "):
        x = parse(stage)[0].infer(x)
    return x


def test_four_pools_divide_by_sixteen() -> None:
    stages = " -> ".join(["conv(8, 3) -> max_pool(2)"] * 4)
    assert [str(e) for e in chain(stages, (3, H, W))] == ["8", "H // 16", "W // 16"]


def test_rounding_up_what_two_symbols_make() -> None:
    """Which of the two limits of ceil mode is smaller hangs on the window alone."""
    for text in ("max_pool(2, stride = 5, ceil = true)", "max_pool(3, stride = 2, pad = 1, ceil = true)"):
        op = parse(text)[0]
        said = op.infer((4, H // 2 + W // 3, 9))
        for h, w in ((4, 9), (5, 11), (7, 30), (20, 2)):
            assert _bound(said, h, w) == op.infer((4, h // 2 + w // 3, 9))


def test_a_multiple_comes_back_whole() -> None:
    x = (1, 8 * symbol("h"), 8 * symbol("w"))
    y = chain("conv(8, 3, stride = 2) -> conv(8, 3, stride = 2) -> conv(8, 3, stride = 2) -> upsample(8)", x)
    assert y[1:] == x[1:]
    parse("add(x, y)")[0].infer(y, (8, *x[1:]))


def test_equality_must_be_provable() -> None:
    half = chain("max_pool(2) -> upsample(2)", (8, H, W))
    with pytest.raises(OpError) as raised:
        parse("add(x, y)")[0].infer((8, H, W), half)
    assert raised.value.code == "N407"
    assert raised.value.message == "cannot add 8×H×W and 8×(2*(H // 2))×(2*(W // 2))"


def test_only_what_fails_for_every_size_is_refused() -> None:
    shrunk = chain("max_pool(2)", (3, H, W))
    parse("crop(x, y)")[0].infer((3, H, W), shrunk)
    with pytest.raises(OpError):
        parse("crop(x, y)")[0].infer((3, H, W), (3, H + 1, W))
    parse("conv(8, 99, pad = 0)")[0].infer((3, H, W))
    with pytest.raises(OpError):
        parse("conv(8, 99, pad = 0)")[0].infer((3, H % 50 + 1, W))


def test_what_a_weight_depends_on_must_be_known() -> None:
    for text in (
        "conv(8, 1)",
        "linear(3, axis = 0)",
        "batch_norm",
        "layer_norm",
        "group_norm(2)",
        "scale",
        "prelu",
        "deconv(8, 1)",
    ):
        with pytest.raises(OpError) as raised:
            parse(text)[0].infer((H, 8, 8))
        assert raised.value.code == "N413", text
        assert "depends on `H`" in raised.value.message


def test_unknown_products_are_refused_with_a_way_out() -> None:
    with pytest.raises(OpError) as raised:
        parse("flatten")[0].infer((3, H, W))
    assert raised.value.code == "N413"
    assert "global_avg_pool" in (raised.value.help or "")
    assert parse("flatten")[0].infer((3, H)) == (3 * H,)
    assert parse("flatten(1)")[0].infer((3, H, 5)) == (3, 5 * H)


def test_counts_of_unknown_sizes_are_refused() -> None:
    with pytest.raises(OpError) as raised:
        parse("conv(8, 3)")[0].macs((3, H, W))
    assert raised.value.code == "N413"


def test_a_result_is_an_int_where_the_symbol_cancels() -> None:
    x = parse("concat(x, y, axis = 1)")[0].infer((3, H, 5), (3, 10 - H, 5))
    assert x == (3, 10, 5)
    assert not any(isinstance(e, Affine) for e in x)
    assert symbols(parse("max_pool(2)")[0].infer((3, H, W))[1]) == {"H"}
