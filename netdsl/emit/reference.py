"""The reference page of the operators, `docs/operators.md`: all of it is read off their declarations.

`python -m netdsl.emit.reference > docs/operators.md` writes it anew; a test says when that is due.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from netdsl.ops import FAMILIES
from netdsl.ops.initialiser import INITIALISERS
from netdsl.ops.op import OPS, Classes, Declared, Op, attributes, show, show_shape

_HEAD = """# Operators

This page is written by `python -m netdsl.emit.reference` from the operators' declarations.

An operator is applied to the flow, `x -> conv(64, 3)`, or to values in its parentheses, `concat(a, b)`, or to the
branches of a merge, `add { .. }`. Attributes are given by place, in the order of the heading, or by name; those after
`*` by name only. Shapes never mention the batch: axis 0 is the channels, axes 1 and up are spatial, -1 is the last.
Spatial operators work on C×W, C×H×W and C×D×H×W alike.

**For PyTorch readers.** `conv(64, 7)` is 64 output channels, kernel 7: the input's channels are known. Convolutions
with odd kernels keep the size unless `pad = 0`. Losses are means over the batch and all elements; `cross_entropy` takes
scores before softmax, `nll` probabilities, `binary_cross_entropy` probabilities (`logits = true` for scores).
"""


def reference() -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD, _contents()]
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        parts.append(f"## {_title(name)}\n\n{inspect.cleandoc(family.__doc__ or '')}\n")
        parts += [_operator(op) for op in OPS.values() if op.family == name]
    parts.append(f"## Initialisers\n\n{_initialisers_text()}\n")
    parts += [_section(cls) for cls in INITIALISERS.values()]
    return "\n".join(parts)


def _title(family: str) -> str:
    return family[0].upper() + family[1:]


def _contents() -> str:
    lines = []
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        links = " · ".join(f"[{op.name}](#{op.name})" for op in OPS.values() if op.family == name)
        lines.append(f"- {_title(name)}: {links}")
    lines.append(f"- Initialisers: {' · '.join(f'[{name}](#{name})' for name in INITIALISERS)}")
    return "\n".join(lines) + "\n"


def _operator(op: type[Op]) -> str:
    shapes = [_shape(s) for s in op.example_input]
    names = [f"`{name}`" for name in "xyz"[: len(shapes)]]
    given = ", ".join(f"{n} {s}" for n, s in zip(names, shapes, strict=True)) if len(shapes) > 1 else shapes[0]
    example = f"Example: `{op.example}`, {'' if len(shapes) > 1 else 'of '}{given}.\n"
    return _section(op, f"Inputs: {_inputs(op)}.", example)


def _section(cls: type[Declared], inputs: str = "", example: str = "") -> str:
    lines = [f"### {cls.name}", "", f"`{_signature(cls)}`", "", inspect.cleandoc(cls.__doc__ or ""), ""]
    if inputs:
        lines += [inputs, ""]
    if attributes(cls):
        lines += ["| attribute | is | default | meaning |", "|---|---|---|---|"]
        for f in attributes(cls):
            lines.append(f"| `{f.name}` | {f.metadata['kind'].text} | {_default(f)} | {f.metadata['doc']} |")
        lines.append("")
    return "\n".join([*lines, example] if example else lines)


def _signature(cls: type[Declared]) -> str:
    parts = []
    keyword = False
    for f in attributes(cls):
        if f.metadata["keyword"] and not keyword:
            parts.append("*")
            keyword = True
        parts.append(f.name if f.default is dataclasses.MISSING else f"{f.name} = {show(f.default)}")
    return f"{cls.name}({', '.join(parts)})" if parts else cls.name


def _default(f: dataclasses.Field[Any]) -> str:
    return "" if f.default is dataclasses.MISSING else f"`{show(f.default)}`"


def _inputs(op: type[Op]) -> str:
    least, most = op.inputs
    several = f"{least} or more" if most is None else f"{least} to {most}"
    count = "none" if most == 0 else str(least) if least == most else several
    return f"{count}, {', '.join(f'`{n}`' for n in op.operands)}" if op.operands else count


def _shape(example: Any) -> str:
    return show_shape(Classes(example[1:]) if example[:1] == ("class",) else tuple(example))


def _initialisers_text() -> str:
    return (
        "What a weight holds before training: `conv(64, 3, init = normal(0.01), bias_init = zeros)`. Without\n"
        "one it is torch's own way. Fans are torch's: `fan_in` is the product of all extents of the weight but the\n"
        "first."
    )


if __name__ == "__main__":
    print(reference(), end="")
