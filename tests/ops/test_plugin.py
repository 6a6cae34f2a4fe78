"""Operators added from Python pass through the same door as our own."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import netdsl
from netdsl.ops import OPS
from netdsl.ops.kinds import COUNT, REAL
from netdsl.ops.op import Call, Op, Operand, OpError, Template, attr, build

MODULE = """
import torch
from torch import nn

class Routing(nn.Module):
    def __init__(self, capsules, length_in, *, classes, length):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(capsules, classes, length_in, length))
    def forward(self, x):
        return torch.einsum("bni,ncij->bcj", x, self.weight)

def swapped(a, b, *, factor):
    return factor * b - a
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module with a torch side, and two operators registered under the prefix `try`."""
    (tmp_path / "capsules_of_a_test.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(tmp_path)

    @netdsl.operator("trial.routing", "capsules_of_a_test:Routing")
    class Routing(Op):
        """Routing without agreement."""

        stateful = True
        classes: int = attr(COUNT, "output capsules")
        length: int = attr(COUNT, "numbers in each", default=6)

        def infer(self, x: Any) -> Any:
            return self.classes, x[1] * 2 if self.length == 6 else self.length

        def weights(self, x: Any) -> Any:
            return {"weight": (x[0], self.classes, x[1], self.length)}

        def arguments(self, x: Any) -> Any:
            return x

    @netdsl.operator("trial", "capsules_of_a_test:swapped")
    class SwappedDifference(Op):
        """`factor · b - a`."""

        inputs = (2, 2)
        factor: float = attr(REAL, "a factor", default=2.0)

        def infer(self, a: Any, b: Any) -> Any:
            if a != b:
                raise OpError("they differ", input=1)
            return a

    assert issubclass(Routing, Op)  # what decorates a class gives it back
    yield "trial"
    for name in [n for n in OPS if n.startswith("trial.")]:
        del OPS[name]
    sys.modules.pop("capsules_of_a_test", None)


def test_a_function_is_imported_and_called(plugin: str) -> None:
    text = """net n {
      input x, y: [4]
      output z = trial.swapped_difference(x, y, factor = 3.0)
    }"""
    network = netdsl.compile(text)
    assert "from capsules_of_a_test import swapped" in network.source()
    module = network.module()
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    torch.testing.assert_close(module(a, b), 3 * b - a)


def test_a_module_is_imported_and_made(plugin: str) -> None:
    network = netdsl.compile("net n { input x: [5, 3]; output z = x -> trial.routing(4, length = 6) }")
    assert network.summary().params == 5 * 4 * 3 * 6
    module = network.module()
    assert list(module.state_dict()) == ["routing.weight"]
    assert module(torch.randn(2, 5, 3)).shape == (2, 4, 6)


def test_a_plugin_may_say_its_code_itself(plugin: str) -> None:
    @netdsl.operator("trial.both", "capsules_of_a_test:swapped")
    class Both(Op):
        """x and -x, one behind the other (as in CReLU)."""

        def infer(self, x: Any) -> Any:
            return (2 * x[0],)

        def expr(self, x: Any) -> Call:
            return Call("torch.cat", ((Operand(0), Template("-{0}")), 1))

    module = netdsl.compile("net n { input x: [4]; output z = x -> trial.both }").module()
    x = torch.randn(2, 4)
    torch.testing.assert_close(module(x), torch.cat((x, -x), 1))
    assert Both.module is Op.module


def test_rules_of_a_plugin_are_reported_at_the_call(plugin: str) -> None:
    with pytest.raises(netdsl.NetdslError) as raised:
        netdsl.compile("net n { input x: [4]; input y: [5]; output z = trial.swapped_difference(x, y) }")
    assert [d.code for d in raised.value.diagnostics] == ["N401"]


def test_a_shape_rule_that_fails_is_the_plugins_mistake(plugin: str) -> None:
    with pytest.raises(OpError, match=r"shape rule of `trial.routing` failed: IndexError"):
        build(OPS["trial.routing"], (3,), {}).infer((4,))


def test_the_limits_of_outputs_hold_for_plugins(plugin: str) -> None:
    routing = build(OPS["trial.routing"], (3,), {})
    assert routing.infer((5, 1)) == (3, 2)
    with pytest.raises(OpError) as raised:
        routing.infer((5, 0))
    assert (raised.value.code, raised.value.message) == ("N411", "axis 1 of `trial.routing`'s output would be 0")


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("py.Routing", "a:b", "such as py.routing"),
        ("py.a.b", "a:b", "such as py.routing"),
        ("py.routing", "a.b", "package.module:Name"),
        ("py.routing", "a:b; import os", "package.module:Name"),
        ("py.routing", "class:b", "package.module:Name"),
    ],
)
def test_names_and_targets_are_checked(name: str, target: str, reason: str) -> None:
    class Example(Op):
        """An example."""

        def infer(self, x: Any) -> Any:
            return x

    with pytest.raises(ValueError, match=reason):
        netdsl.operator(name, target)(Example)
    assert name not in OPS


def test_a_plugin_needs_a_shape_rule_and_free_names() -> None:
    class Silent(Op):
        """No rule."""

    class Shadowing(Op):
        """An attribute that hides a method."""

        weights: int = attr(COUNT, "hides Op.weights")  # type: ignore[assignment]
        macs: int = attr(COUNT, "hides Op.macs")  # type: ignore[assignment]

        def infer(self, x: Any) -> Any:
            return x

    with pytest.raises(ValueError, match="must have infer"):
        netdsl.operator("py.silent", "a:b")(Silent)
    with pytest.raises(ValueError, match="cannot be called weights"):
        netdsl.operator("py.shadowing", "a:b")(Shadowing)


def test_a_name_is_taken_once(plugin: str) -> None:
    class Other(Op):
        """Another."""

        def infer(self, x: Any) -> Any:
            return x

    Other.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match="exists already"):
        netdsl.operator("trial.routing", "a:b")(Other)
