"""The example of every operator, compiled from text: the emitted module computes what its declaration says."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import netdsl
from netdsl.ops import OPS
from netdsl.ops.op import Loss
from tests.ops.evaluate import evaluate, make, parse, shape_of, tensor
from tests.ops.test_against_torch import RANDOM, inputs_for


def text_of(name: str) -> tuple[str, bool]:
    """A network around the example, and whether the example is its loss."""
    cls = OPS[name]
    lines = []
    for x, shape in zip("xyz", cls.example_input, strict=False):
        if shape[:1] == ("class",):
            extents = f"[{', '.join(map(str, shape[1:]))}]" if shape[1:] else ""
            lines.append(f"target {x}: class{extents}")
        else:
            lines.append(f"input {x}: [{', '.join(map(str, shape))}]")
    op, operands = parse(cls.example)
    stage = cls.example if operands or cls.example.startswith("x ") else f"x -> {cls.example}"
    said = op.infer(*(shape_of(cls.example_input["xyz".index(n)]) for n in operands)) if operands else ()
    if isinstance(said, Loss):
        return "\n".join([*lines, "output o = x -> relu", f"loss = {stage}"]), True
    if isinstance(said, list) or name == "split":
        return "\n".join([*lines, f"a, b = {stage}", "output o = a - b"]), False
    if name == "one_hot":
        return "\n".join(["input y: [10]", *lines, "output o = y -> relu", f"loss = mse({stage}, o)"]), True
    return "\n".join([*lines, f"output o = {stage}"]), False


@pytest.mark.parametrize("name", sorted(n for n in OPS if "." not in n))
def test_example_compiles_and_runs(name: str) -> None:
    cls = OPS[name]
    text, is_loss = text_of(name)
    network = netdsl.compile(f"net n {{\n{text}\n}}")
    torch.manual_seed(3)
    module: Any = network.module().double().eval()
    op, operands = parse(cls.example)
    shapes: tuple[Any, ...] = tuple(shape_of(s) for s in cls.example_input)
    if operands:
        shapes = tuple(shapes["xyz".index(n)] for n in operands)
    xs = inputs_for(op, shapes)
    if name in RANDOM:
        assert module(xs[0]).shape == xs[0].shape
        return
    if is_loss:
        given = {"o": xs[0].relu(), "y": tensor((10,)), **dict(zip("xyz", xs, strict=False))}
        if name == "one_hot":
            given["o"] = given["y"].relu()
        found = module.loss(*(given[p] for p in inspect.signature(module.loss).parameters))
        wanted = evaluate(op.expr(*shapes), xs)
        torch.testing.assert_close(found, ((wanted - given["o"]) ** 2).mean() if name == "one_hot" else wanted)
        return
    found = module(*xs) if operands or name == "parameter" else module(*xs[:1])
    if name == "parameter":
        assert torch.equal(found, xs[0])  # it is ones
        return
    inner = make(op, shapes)
    if inner is not None:
        state = list(module.state_dict().values())
        inner.load_state_dict(dict(zip(inner.state_dict(), state, strict=True)))
        wanted = inner.eval()(*xs)
    else:
        wanted = evaluate(op.expr(*shapes), xs)
    if name == "split":
        wanted = wanted[0] - wanted[1]
    torch.testing.assert_close(found, wanted)
