"""Netdsl texts of one stage as operators, and what these are given: signed random tensors, modules in float64."""

from __future__ import annotations

import ast
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.ops import INITIALISERS, OPS
from netdsl.ops.op import Classes, Loss, Op, build
from netdsl.runtime import operators
from netdsl.runtime.operators import evaluate

__all__ = ["evaluate", "make", "parse", "shape_of", "tensor"]


def make(op: Op, shapes: tuple[Any, ...]) -> Any:
    """The operator's module, after its setup, in float64."""
    module = operators.make(op, shapes)
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
