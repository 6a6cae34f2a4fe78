"""What a box says: an operator in the words of a paper's figure, `conv 3×3/2, 64`, and a shape of several runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from netdsl.expression import Flag
from netdsl.ops.op import Classes, Op, Shape, attributes, show, show_shape

# How weights begin, and what the running statistics do, is no part of a picture; a bias is one line of it too many.
UNTOLD = frozenset(("bias", "init", "bias_init", "momentum", "track", "eps", "reduction", "reverse", "affine"))
LONGEST = 44  # characters; past that a label ends in …


def operator_label(op: Op, shapes: tuple[Shape, ...], result: Shape | None = None) -> str:
    """`conv 3×3/2, 64`: window and stride, what is required, and what differs from its default.

    `shapes` are those of the operands; `result`, where it is known, tells how many axes a window has.
    """
    values = {f.name: getattr(op, f.name) for f in attributes(type(op))}
    words: list[str] = []
    if "kernel" in values:
        words.append(window(values.pop("kernel"), values.pop("stride"), _axes(shapes, result)))
    for f in attributes(type(op)):
        if f.name not in values or f.name in UNTOLD:
            continue
        value = values[f.name]
        if f.default is dataclasses.MISSING or f.name == "scalar" or (f.name == "p" and op.name == "dropout"):
            if value is not None:
                words.append(_plain(value))
        elif value != f.default:
            words.append(_setting(f.name, value))
    if op.name in ("sub", "div", "pow") and getattr(op, "reverse", False):
        words.append("reversed")
    if op.name in ("conv", "deconv", "separable_conv") and len(words) > 1:
        return shortened(f"{op.name} {words[0]}, {', '.join(words[1:])}")
    return shortened(f"{op.name} {', '.join(words)}" if words else op.name)


def window(kernel: Any, stride: Any, axes: int) -> str:
    """`3×3/2`: the window, and the stride where it is not 1 (or, for a pool, the window)."""
    sides = tuple(kernel) if isinstance(kernel, tuple) else (kernel,) * max(axes, 1)
    text = "×".join(map(str, sides))
    if stride is None:
        return f"{text}/{'×'.join(map(str, sides)) if len(set(sides)) > 1 else sides[0]}"
    steps = tuple(stride) if isinstance(stride, tuple) else (stride,) * len(sides)
    if set(steps) == {1}:
        return text
    return f"{text}/{'×'.join(map(str, steps)) if len(set(steps)) > 1 else steps[0]}"


def contents_label(operators: Iterable[str]) -> str:
    """What a block without a call holds: `conv, batch_norm, relu6`."""
    return shortened(", ".join(dict.fromkeys(operators)), 36)


def shapes_label(shapes: Iterable[Shape]) -> str:
    """One shape; where several runs of a block differ, the range of each extent: `64..224×56×56`."""
    different = list(dict.fromkeys((type(shape), tuple(map(str, shape)), shape) for shape in shapes))
    if not different:
        return ""
    first = different[0][2]
    alike = all(type(shape) is type(first) and len(shape) == len(first) for _, _, shape in different)
    if len(different) == 1 or not alike or isinstance(first, Classes):
        return show_shape(first)
    extents = zip(*(shape for _, _, shape in different), strict=True)
    return "×".join(extent_range(axis) for axis in extents)


def extent_range(extents: Iterable[Any]) -> str:
    """`64..224`, or the one extent that they all are."""
    values = list(extents)
    if all(isinstance(value, int) for value in values):
        low, high = min(values), max(values)
        return f"{low}" if low == high else f"{low}..{high}"
    texts = list(dict.fromkeys(map(str, values)))
    return texts[0] if len(texts) == 1 else f"({texts[0]}..{texts[-1]})"


def shortened(text: str, longest: int = LONGEST) -> str:
    """`text` on one line and at most so long, without characters that steer a terminal or a page."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _setting(name: str, value: Any) -> str:
    if isinstance(value, bool | Flag):
        return name if value else f"no {name}"
    return f"{name} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return "×".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else show(value)


def _axes(shapes: tuple[Shape, ...], result: Shape | None) -> int:
    shape = shapes[0] if shapes else result
    return len(shape) - 1 if shape is not None else 1
