"""Turns an operator's `Call` and `Template` into what they mean in torch, and netdsl texts of one stage into operators.

It shares nothing with the emitter: no text of a call is ever printed.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netdsl.ops import INITIALISERS, OPS
from netdsl.ops.op import ALL, Call, Classes, Helper, Loss, Op, Operand, Template, build

NAMES: dict[str, Any] = {"torch": torch, "F": F, "nn": nn, "Tensor": Tensor}


def helper(h: Helper) -> Any:
    """What the helper's source defines under its name."""
    scope = dict(NAMES)
    exec(
        compile("from __future__ import annotations\n" + "\n".join(h.imports) + "\n" + h.source, h.name, "exec"), scope
    )
    return scope[h.name]


def evaluate(code: Any, operands: tuple[Any, ...] = (), **names: Any) -> Any:
    """The value of `code` on operands; `names` are those a template may use, such as `module`."""
    match code:
        case Call():
            arguments = [evaluate(a, operands, **names) for a in code.arguments]
            keywords = {k: evaluate(v, operands, **names) for k, v in code.keywords.items()}
            if isinstance(code.target, Helper):
                return helper(code.target)(*arguments, **keywords)
            if code.target.startswith("."):
                return getattr(arguments[0], code.target[1:])(*arguments[1:], **keywords)
            return eval(code.target, dict(NAMES))(*arguments, **keywords)
        case Template():
            scope = {**NAMES, **names, **{f"_{i}": x for i, x in enumerate(operands)}}
            for name, value in code.values.items():
                scope[name] = helper(value) if isinstance(value, Helper) else value
            text = code.text.replace("{*}", ", ".join(f"_{i}" for i in range(len(operands))))
            text = re.sub(r"\{(\d+)\}", r"_\1", text)
            return eval(re.sub(r"\{(\w+)\}", r"\1", text), scope)
        case Operand(index):
            return operands if index == ALL else operands[index]
        case Helper():
            return helper(code)
        case tuple():
            return tuple(evaluate(c, operands, **names) for c in code)
    return code


def make(op: Op, shapes: tuple[Any, ...]) -> nn.Module | None:
    """The operator's module, after its setup, in float64."""
    call = op.module(*shapes)
    if call is None:
        return None
    module = evaluate(call)
    for statement in op.setup(*shapes):
        evaluate(statement, module=module)
    return module.double() if isinstance(module, nn.Module) else module


def tensor(shape: Any, seed: int = 0, batch: int = 3, classes: int = 4) -> Tensor:
    """Signed random numbers, or class indices, for a batch."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(shape, Classes):
        return torch.randint(0, classes, (batch, *shape), generator=generator)
    return torch.randn((batch, *shape), generator=generator, dtype=torch.float64)


def parse(text: str, names: dict[str, Any] | None = None) -> tuple[Op, list[str]]:
    """The operator of `conv(8, 3)`, `x -> crop(y)`, `x / 2` or `concat(x, y)`, and the names of its inputs."""
    first, arrow, rest = text.rpartition(" -> ")
    node: Any = ast.parse(rest, mode="eval").body
    operands = [first] if arrow else []
    if isinstance(node, ast.BinOp):
        signs = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
        right = node.right
        operands = [ast.unparse(node.left)]
        if isinstance(right, ast.Constant):
            return build(OPS[signs[type(node.op)]], (), {"scalar": right.value}), operands
        if isinstance(right, ast.Call):  # x * parameter([8])
            return parse(ast.unparse(right))
        return build(OPS[signs[type(node.op)]], (), {}), [*operands, ast.unparse(right)]
    if isinstance(node, ast.Name):
        return build(OPS[node.id], (), {}), operands
    cls = OPS[node.func.id]
    positional = []
    for argument in node.args:
        if isinstance(argument, ast.Name) and argument.id in "xyz":
            operands.append(argument.id)
        else:
            positional.append(_value(argument))
    named = {}
    for keyword in node.keywords:
        if keyword.arg in cls.operands:
            operands.append(keyword.value.id)
        else:
            named[keyword.arg] = _value(keyword.value)
    return build(cls, tuple(positional), named), operands


def _value(node: Any) -> Any:
    if isinstance(node, ast.Name):
        words = {"true": True, "false": False, "none": None}
        return words[node.id] if node.id in words else build(INITIALISERS[node.id], (), {})
    if isinstance(node, ast.Call):
        named = {str(k.arg): _value(k.value) for k in node.keywords}
        return build(INITIALISERS[ast.unparse(node.func)], tuple(_value(a) for a in node.args), named)
    if isinstance(node, ast.List):
        return [_value(e) for e in node.elts]
    return ast.literal_eval(node)


def shape_of(example: Any) -> Any:
    """`("class", 8, 8)` is `Classes((8, 8))`."""
    if isinstance(example, Loss):
        return example
    return Classes(example[1:]) if example[:1] == ("class",) else tuple(example)
