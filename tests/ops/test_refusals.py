"""What operators say of values and settings that they do not take, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
]


def infer(text: str, shapes: tuple[Any, ...]) -> None:
    op, _ = parse(text)
    op.infer(*map(shape_of, shapes))


def said(text: str, shapes: tuple[Any, ...]) -> str:
    with pytest.raises(OpError) as caught:
        infer(text, shapes)
    error = caught.value
    places = {"attribute": error.attribute, "input": error.input, "help": error.help}
    lines = [f"== {text} of {', '.join(map(str, shapes))}", f"{error.code}: {error.message}"]
    lines += [f"{what}: {value}" for what, value in places.items() if value is not None]
    return "\n".join([*lines, *(f"note: {note}" for note in error.notes), ""])


def test_what_is_refused(golden) -> None:
    golden(Path(__file__).parent / "refused.txt", "\n".join(said(text, shapes) for text, shapes in REFUSED))
