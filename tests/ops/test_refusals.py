"""What operators say of values and settings that they do not take, word for word."""

from __future__ import annotations

import ast
import traceback
from pathlib import Path
from typing import Any

import pytest

import netdsl.ops
from netdsl.extent import symbol
from netdsl.ops.op import Loss, OpError
from tests.ops.evaluate import parse, shape_of

MAP, VECTOR, SCALAR = (4, 8, 8), (6,), ()
REFUSED: list[tuple[str, tuple[Any, ...]]] = [
    *((text, (VECTOR,)) for text in ("conv(4, 3)", "max_pool(2)", "global_avg_pool")),
    *((text, (MAP,)) for text in ("conv(4, [3, 3, 3])", "max_pool([2])", "conv(4, 3, groups = 3)", "linear(3)")),
    *(
        (text, (MAP,))
        for text in ("conv(6, 3, groups = 4)", "conv(4, 9, pad = 0)", "conv(4, 4)", "conv(4, 3, stride = 0)")
    ),
    *((text, (MAP,)) for text in ("conv(4, 9, pad = 0, dilation = 2)", "conv(4, 3, pad = 9, mode = 'reflect')")),
    *((text, (MAP,)) for text in ("conv(4, 5, pad = 1, dilation = 3)", "max_pool(3, pad = 2)", "avg_pool(9, pad = 0)")),
    *(
        (text, (MAP,))
        for text in ("conv()", "conv(4, 3, 5, 6, 7, 8, 9, 1, 1)", "conv(4, out = 3)", "conv(4, kernl = 3)")
    ),
    *((text, (MAP,)) for text in ("conv(0, 3)", "conv(4, 1.5)", "conv(4, true)", "conv(4, [3, true])", "dropout(1.5)")),
    *((text, (MAP,)) for text in ("deconv(4, 2, stride = 2, output_pad = 2)", "deconv(4, 3, pad = 20)")),
    *((text, (MAP,)) for text in ("flatten(first = 2, last = 1)", "flatten(first = 3)", "flatten(last = -4)")),
    *((text, (MAP,)) for text in ("reshape([-1, -1])", "reshape([3, -1])", "reshape([3, 5])", "permute([0, 1])")),
    *((text, (MAP,)) for text in ("permute([0, 1, 1])", "split(3)", "split([1, 2])", "split(2, axis = 3)")),
    *(
        (text, (MAP,))
        for text in ("slice(5)", "slice(-5)", "slice(3, 3)", "slice(3, 2)", "slice(0, 9)", "slice(axis = 4)")
    ),
    *((text, (MAP,)) for text in ("crop()", "crop(size = [9, 8])", "crop(size = [4, 4], offset = [5, 0])")),
    *((text, (MAP,)) for text in ("pad([9, 9], mode = 'reflect')", "pad(1, mode = 'reflect', value = 2.0)")),
    *((text, (MAP,)) for text in ("pad([1, 2, 3], axis = 1)", "pad(1, axis = 0, mode = 'replicate')")),
    *((text, (MAP,)) for text in ("group_norm(3)", "mean(axis = 3)", "mean(axis = [1, 1])", "clamp()", "add")),
    *((text, (MAP,)) for text in ("clamp(low = 3, high = 2)", "hardtanh(low = 3.0, high = 2.0)", "channel_shuffle(3)")),
    *((text, (MAP,)) for text in ("resize()", "resize(size = [4, 4], mode = 'trilinear')", "gelu(approximate = 'no')")),
    *(
        (text, (MAP,))
        for text in (
            "resize(size = [4, 4], mode = 'nearest', align_corners = true)",
            "relu(1)",
            "batch_norm(momentun = 1)",
        )
    ),
    *((text, (SCALAR,)) for text in ("flatten", "layer_norm", "group_norm(2)", "scale", "prelu", "norm", "softmax")),
    ("instance_norm", ((4, 1, 1),)),
    ("group_norm(4)", ((4, 1, 1),)),
    ("batch_norm", ((4, 8, 8, 8, 8),)),
    ("avg_pool(5, pad = 2)", ((4, 3, 3, 3),)),
    ("pad(1, mode = 'reflect')", ((4, 8, 8, 8, 8),)),
    ("reshape([1])", (Loss(()),)),
    ("prelu", (Loss(()),)),
    ("concat", (SCALAR, SCALAR)),
    ("concat", (MAP, (4, 8, 7))),
    ("concat", (MAP, (4, 8))),
    ("concat", ((4, 8), (4, 7))),
    ("concat(axis = 1)", (MAP, (3, 8, 8))),
    ("stack", (MAP, (3, 8, 8))),
    ("stack", (Loss(()), Loss(()))),
    ("add", (MAP, (3, 8, 8))),
    ("add", (MAP, (4, 7, 8))),
    ("add", (MAP, (3, 7, 8))),
    ("add", (MAP, (5,))),
    ("add", (MAP, (4, 8))),
    ("add", ((4, 8), (5,))),
    ("sub", ((5,), (6,))),
    ("mul", (MAP, MAP, (3,))),
    ("div", ((5,), MAP)),
    ("pow", ((5,), (6,))),
    ("max", (MAP, (4, 8))),
    ("max", (MAP, MAP, (4, 8, 7))),
    ("max(axis = 0)", (MAP, MAP)),
    ("distance", (MAP, (4, 8))),
    ("matmul", (MAP, (6,))),
    ("matmul", ((6,), MAP)),
    ("matmul", (MAP, (4, 7, 8))),
    ("matmul(transpose = true)", (MAP, (4, 8, 7))),
    ("crop", (MAP, (4, 9, 9))),
    ("crop", (MAP, (4, 8))),
    ("resize", (MAP, (4, 8))),
    ("warp", (MAP, (2, 8))),
    ("warp", (MAP, (3, 8, 8))),
    ("warp", (MAP, (2, 8, 7))),
    ("warp", ((4, 8), (1, 8))),
    ("mse", (VECTOR, (5,))),
    ("mse", (VECTOR, (6, 1))),
    ("cross_entropy", (SCALAR, ("class",))),
    ("cross_entropy", (MAP, ("class",))),
    ("cross_entropy", (MAP, ("class", 8, 7))),
    ("hinge", (MAP, ("class", 8, 8))),
    ("hinge(p = 3)", (VECTOR, ("class",))),
    ("gaussian_kl", (SCALAR, SCALAR)),
    ("dice", (VECTOR, VECTOR)),
    ("contrastive", (SCALAR, SCALAR, SCALAR)),
    ("contrastive", (VECTOR, VECTOR, (2,))),
    ("triplet", (MAP, MAP, MAP)),
    ("triplet", (VECTOR, (5,), VECTOR)),
    ("smoothness", (VECTOR,)),
    # One of each refusal that stands above in another light, or only here.
    *((text, (VECTOR,)) for text in ("softmax(axis = 2)", "relu6(1)", "linear(3, axis = -2)")),
    *((text, (SCALAR,)) for text in ("conv(4, 3)", "global_max_pool")),
    ("mse", (VECTOR, SCALAR)),
    ("add(scalar = 2)", (MAP, MAP)),
    ("relu", (MAP, MAP)),
    ("sub", (MAP, MAP, MAP)),
    ("concat", ()),
    ("relu", ([VECTOR, VECTOR],)),
    ("relu", (("class", 8),)),
    ("add", (MAP, ("class", 8, 8))),
    ("nll", (VECTOR, VECTOR)),
    ("one_hot(4)", (VECTOR,)),
    ("upsample(1000000)", (MAP,)),
    ("upsample(50000)", (MAP,)),
    (f"reshape([{', '.join('1' * 17)}])", ((1,),)),
    ("deconv(8, 3, pad = 4)", ((3, 2, 6),)),
    ("linear(1000000)", ((1000000,),)),
    ("separable_conv(8, 2, pad = [[0, 1], [1, 0]])", (MAP,)),
    ("pad(1, mode = 'circular', axis = 1)", ((4, 2, 2, 3, 3),)),
    ("max_pool(3, pad = [[0, 1], [0, 1]], ceil = true)", (MAP,)),
    ("avg_pool(3, pad = [[0, 1], [0, 1]], count_include_pad = false)", (MAP,)),
    *(
        (f"conv(4, 3, init = {init})", (MAP,))
        for init in ("uniform(2, 1)", "truncated_normal(a = 1, b = 1)", "dirac(3)")
    ),
    ("linear(4, init = dirac)", (VECTOR,)),
    ("linear(4, bias_init = xavier_uniform)", (VECTOR,)),
    ("conv(4, 3)", ((symbol("C"), 8, 8),)),
    ("conv(4, 3)", ((symbol("C") + symbol("B"), 8, 8),)),
    ("flatten", ((4, symbol("H"), symbol("W")),)),
]


def infer(text: str, shapes: tuple[Any, ...]) -> None:
    op, _ = parse(text)
    op.infer(*(shape if isinstance(shape, list) else shape_of(shape) for shape in shapes))


def refusal(text: str, shapes: tuple[Any, ...]) -> OpError:
    with pytest.raises(OpError) as caught:
        infer(text, shapes)
    return caught.value


def said(text: str, shapes: tuple[Any, ...]) -> str:
    error = refusal(text, shapes)
    places = {"attribute": error.attribute, "input": error.input, "help": error.help}
    lines = [f"== {text} of {', '.join(map(str, shapes))}", f"{error.code}: {error.message}"]
    lines += [f"{what}: {value}" for what, value in places.items() if value is not None]
    return "\n".join([*lines, *(f"note: {note}" for note in error.notes), ""])


def test_what_is_refused(golden) -> None:
    golden(Path(__file__).parent / "refused.txt", "\n".join(said(text, shapes) for text, shapes in REFUSED))


# Refused elsewhere: a plugin's rules (test_plugin.py), and to an emitter that asks what a volume of more axes would be.
APART = ("f'the shape rule of", "would be {extent}\", code='N411'", "f'`linear` serves one to three spatial axes")


def test_whatever_is_refused_stands_there() -> None:
    """Each `raise OpError` of the operators is reached by one of the cases, but for those APART."""
    reached = set()
    for text, shapes in REFUSED:
        *_, innermost = traceback.extract_tb(refusal(text, shapes).__traceback__)
        reached.add((innermost.filename, innermost.lineno))
    for path in Path(netdsl.ops.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node)
            if not isinstance(node, ast.Raise) or "OpError(" not in text:
                continue
            if all(words not in text for words in APART):
                assert (str(path), node.lineno) in reached, f"{path.name}, line {node.lineno}"


def test_linear_interpolation_of_more_than_three_axes_has_no_torch_call() -> None:
    op, _ = parse("resize(size = [4, 4], mode = 'linear')")
    with pytest.raises(OpError) as raised:
        op.expr((4, 8, 8, 8, 8))
    assert (raised.value.code, raised.value.attribute) == ("N414", "mode")
