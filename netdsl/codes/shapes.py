"""N4: shapes and operators.

The wrong example of each text gives its code, the right one compiles; tests run both.
"""

from __future__ import annotations

from netdsl.codes.entry import Code


def _code(title: str, text: str, wrong: str, right: str) -> Code:
    return Code(title, f"{text}\n\nWrong:\n\n    {wrong}\n\nRight:\n\n    {right}")


def _net(stages: str, shape: str = "3x8x8") -> str:
    return f"net n {{ input x: {shape}; output y = x -> {stages} }}"


CODES: dict[str, Code] = {
    "N401": Code(
        "a rule of an operator is broken",
        "The operator cannot be applied to this value, and the message says why. Operators added in Python\n"
        "give this code unless they choose another: they raise `netdsl.ops.op.OpError`.",
    ),
    "N402": _code(
        "an attribute with the wrong kind of value",
        "Every attribute is of one kind: a positive integer, a list of sizes, true or false.\n"
        "`docs/operators.md` lists them. Truth values are no integers, and 64.0 is none either: write `int(..)`.",
        _net("conv(8, 0)"),
        _net("conv(8, 1)"),
    ),
    "N403": _code(
        "the wrong number of inputs",
        "An operator takes a number of values, which its page states. After an arrow the flow is the first of\n"
        "them; at the head of a pipeline they are all in its parentheses. A list of values is unpacked first:\n"
        "`a, b = ...`.",
        _net("crop(x, x)"),
        _net("crop(x)"),
    ),
    "N404": _code(
        "a window larger than what it slides over",
        "The kernel, spread by its dilation, must fit into the input with its padding. Usually the map has\n"
        "been reduced once too often before. The same code stands for a crop larger than what it is cut from.",
        _net("conv(8, 9, pad = 0)"),
        _net("conv(8, 9, pad = 4)"),
    ),
    "N405": _code(
        "groups that do not divide the channels",
        "A grouped convolution deals the input's and the output's channels into groups of one size, so the\n"
        "number of groups divides both. A depthwise convolution has `groups = in.channels`.",
        _net("conv(8, 3, groups = 2)"),
        _net("conv(6, 3, groups = 3)"),
    ),
    "N406": _code(
        "a value with the wrong number of axes",
        "`linear` takes a vector, convolutions and pools take maps: C×W, C×H×W or C×D×H×W. Between them\n"
        "stands `flatten` or `global_avg_pool`. A list of sizes has one number for each spatial axis.",
        _net("linear(10)"),
        _net("flatten -> linear(10)"),
    ),
    "N407": _code(
        "values whose shapes do not go together",
        "Arithmetic wants values of one shape. A vector of channels also goes over a map of as many channels,\n"
        "and a number goes with anything; nothing else is broadcast, since that hides mistakes.",
        _net("add { conv(8, 3); conv(16, 3) }"),
        _net("add { conv(8, 3); conv(16, 3) -> conv(8, 1) }"),
    ),
    "N408": _code(
        "values that cannot be joined",
        "`concat` joins along one axis, the channels unless told; all other extents must be equal. `stack`\n"
        "wants values of one shape.",
        _net("concat { identity; max_pool(2) }"),
        _net("concat { max_pool(2); conv(8, 3, stride = 2) }"),
    ),
    "N409": _code(
        "an axis that is not there",
        "Axes are counted without the batch: 0 is the channels, 1 and 2 the height and width of a map, -1 the\n"
        "last one. An index of `slice` must lie within its axis.",
        _net("softmax(axis = 3)"),
        _net("softmax(axis = 0)"),
    ),
    "N410": _code(
        "a value that is too large",
        "An extent may be at most 1,048,576, and one value may hold at most 2,147,483,647 numbers for each\n"
        "sample. A network that needs more is usually a mistake in a stride or a size.",
        _net("upsample(1000000)"),
        _net("upsample(100)"),
    ),
    "N411": _code(
        "a value with nothing in it",
        "An extent would be zero or less: too much is cut off.",
        _net("deconv(8, 3, pad = 5)", "3x2x2"),
        _net("deconv(8, 3, pad = 1)", "3x2x2"),
    ),
    "N412": _code(
        "a padding that cannot be",
        "A convolution with an even kernel must say its `pad`, since there is no even half of it; one-sided\n"
        "padding is `pad = [[0, 1], [0, 1]]`. A pool pads by at most half of its window. Reflection needs\n"
        "more points than it adds.",
        _net("conv(8, 2)"),
        _net("conv(8, 2, pad = 0)"),
    ),
    "N413": _code(
        "a size that must be a number",
        "Weights have fixed shapes, so what they depend on cannot be a symbol such as `H`. Reduce these axes\n"
        "first, or give the input a fixed size.",
        _net("flatten -> linear(10)", "[3, H, W]"),
        _net("global_avg_pool -> linear(10)", "[3, H, W]"),
    ),
    "N414": _code(
        "attributes that do not go together",
        "Some attributes exclude others, or make sense only together. The message says which.",
        _net('upsample(2, mode = "nearest", align_corners = true)'),
        _net('upsample(2, mode = "bilinear", align_corners = true)'),
    ),
    "N415": _code(
        "a target that does not fit its loss",
        "`cross_entropy` compares a vector of scores with one class index, a map of scores with a map of\n"
        "indices; `mse` and its like compare values of one shape. Class indices become numbers with\n"
        "`one_hot`.",
        "net n { input x: 3x8x8; target t: class; output y = x -> conv(4, 3); loss = cross_entropy(y, t) }",
        "net n { input x: 3x8x8; target t: class[8, 8]; output y = x -> conv(4, 3); loss = cross_entropy(y, t) }",
    ),
    "N416": _code(
        "a size that does not come out even",
        "`reshape` keeps the number of numbers, and `split` cuts an axis into parts that sum to it.",
        _net("reshape([5, -1])"),
        _net("reshape([6, -1])"),
    ),
}
