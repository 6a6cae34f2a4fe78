"""Texts that random networks showed to be emitted wrongly, or not at all."""

from __future__ import annotations

import pytest

import netdsl
from tests.emit.nodewise import check

NETWORKS = {
    "norms without weights": """
        net f { input x: 4x3x3
          output y = x -> layer_norm(affine = false) -> group_norm(2, affine = false) -> batch_norm(affine = false)
          output z = x -> named: batch_norm(affine = false) -> instance_norm }""",
    "norms that learn nothing, in chains that are no Sequential": """
        net f { input x: 4x6
          output y = x -> a: { group_norm(2, affine = false) -> squash }
          output z = x -> b: { batch_norm(affine = false) -> crop(size = [4]) -> dropout -> instance_norm -> squash
          } }""",
    "an aux branch that ends in an `if` that is not taken": """
        net f { input x: 3x4x4
          output y = x -> relu
          aux output z = x -> tanh -> { if in.channels > 8 { relu } } }""",
    "a loop whose turns have different axes": """
        net f { input x: 6x5x4; output y = x -> repeat 2 { mean(axis = 0) -> hardswish } }""",
    "a loop whose first turn has no second axis": """
        net f { input x: [4]; output y = x -> repeat 3 { reshape([2, -1]) } -> tanh }""",
    "a loop that ends in a scalar": "net f { input x: [6]; output y = x -> repeat 2 { mean -> tanh } -> exp }",
    "functions that differ in their settings, in one chain": """
        block t = prelu -> add(scalar = 0.5) -> add(scalar = -0.25) -> clamp(low = -0.5) -> clamp(high = 0.75)
        net f { input x: 2x5x8; output a = x -> t; output b = x -> neg -> t }""",
    "functions that differ in the number of axes, in one chain": """
        block t = prelu -> mean(axis = [1, 2], keep = true) -> exp -> sum
        block u = prelu -> sum -> exp
        net f { input x: 2x5x8; input v: 3x4; output a = x -> t; output b = v -> u; output c = x -> tanh -> t }""",
    "a convolution that mirrors, in a Sequential with call sites": """
        net f { input x: 3x8x6; output y = x -> a: { conv(2, 3) -> relu -> conv(2, 3, mode = "reflect") -> relu6 } }""",
    "one reshape of several shapes, in chains that are modules": """
        block t = { if in.channels > 2 { dropout } } -> relu6 -> reshape([-1])
        block u = prelu -> reshape([-1])
        net f { input x: 4x5x4; output a = x -> conv(7, 3) -> t; output b = x -> t
          output c = x -> conv(7, 3) -> p: u; output d = x -> relu -> q: u; output e = x -> tanh -> r: u }""",
    "reductions at the head of a block and of a branch": """
        block t = sum(keep = true) -> sigmoid
        net f { input x: 3x4x4; output y = x -> t
          output z = x -> add { min(axis = 0, keep = true); max(axis = 0, keep = true) } }""",
    "lrn of a volume that lies otherwise in memory": """
        net f { input x: 4x5x3x2; output y = x -> transpose -> lrn(3, alpha = 0.5) }""",
    "a resize of a volume in a Sequential": """
        net f { input x: 3x2x4x3
          output y = x -> prelu -> a: { resize(size = 3, align_corners = true) -> relu } }""",
}


@pytest.mark.parametrize("title", NETWORKS)
def test_what_was_emitted_wrongly_computes_the_graph(title: str) -> None:
    check(netdsl.compile(NETWORKS[title], network="f"))
