"""Faults that fusers have had, one at a time: `netdsl verify` must name the step that has it, and only that.

Each is an edit of our own source, or of the fused graph, in a network whose other steps are right. Without any of them
every one of these networks passes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import Network, form
from netdsl.graph import Graph, Node
from netdsl.kernels import choice, conv_pointer, elementwise, epilogue, pooling, response_norm
from netdsl.ops.activation import LeakyRelu
from netdsl.ops.crop import Crop
from netdsl.passes import join, order
from netdsl.runtime import algebra, executor, folding, geometry, launchers, prepared, values
from netdsl.runtime.proof import Proof
from netdsl.scope import Value
from netdsl.step import Place, Step
from tests.fusion import editing

Fault = Callable[[Path, pytest.MonkeyPatch, Network], contextlib.AbstractContextManager[Any]]


# ---------------------------------------------------------------------------------------------- kinds of faults


def edit(target: Callable[..., Any], *edits: tuple[str, str]) -> Fault:
    """An edit of a function of ours."""
    return lambda folder, patch, network: editing.function(target, *edits)


def kernel(module: Any, *edits: tuple[str, str], names: tuple[str, ...] = ()) -> Fault:
    """An edit of a file of kernels. `names` are the kernels to take from it; of conv_pointer it is the whole."""

    def fault(folder: Path, patch: pytest.MonkeyPatch, network: Network) -> contextlib.AbstractContextManager[Any]:
        faulty = editing.module(module, folder, *edits)
        if module is conv_pointer:
            patch.setitem(choice.KERNELS, "conv_pointer", faulty.ConvPointer())
        for name in names:
            for user in (conv_pointer, elementwise, pooling, response_norm):
                if hasattr(user, name):
                    patch.setattr(user, name, getattr(faulty, name))
        return contextlib.nullcontext()

    return fault


def passing(target: Callable[..., Any], *edits: tuple[str, str]) -> Fault:
    """An edit of a pass, with the verifier of graphs, which would stop it, out of the way."""

    @contextlib.contextmanager
    def fault(folder: Path, patch: pytest.MonkeyPatch, network: Network) -> Iterator[None]:
        patch.setattr("netdsl.passes.verify", lambda *given: None)
        with editing.function(target, *edits):
            network.fused  # noqa: B018 - it is kept
        yield

    return fault


def graph(spoil: Callable[[Graph], Graph]) -> Fault:
    """A fused graph that passes left wrong."""

    def fault(folder: Path, patch: pytest.MonkeyPatch, network: Network) -> contextlib.AbstractContextManager[Any]:
        network.__dict__["fused"] = spoil(network.fused)
        return contextlib.nullcontext()

    return fault


def node(name: str, change: Callable[[Node], Node]) -> Callable[[Graph], Graph]:
    """A graph with one node changed."""

    def spoil(fused: Graph) -> Graph:
        (found,) = (each for each in fused.nodes if each.name == name)
        return replace(fused, nodes=tuple(change(each) if each is found else each for each in fused.nodes))

    return spoil


def operator(name: str, of: type, **attributes: Any) -> Callable[[Graph], Graph]:
    """A graph in one of whose steps an operator has other attributes."""

    def other(op: Any) -> Any:
        return type(op)(**{**vars(op), **attributes}) if isinstance(op, of) else op

    def change(found: Node) -> Node:
        if not isinstance(found.op, Step):
            return replace(found, op=other(found.op))
        parts = tuple(replace(part, op=other(part.op)) for part in found.op.parts)
        return replace(found, op=Step(parts=parts, results=found.op.results))

    return node(name, change)


def swap_operands(found: Node) -> Node:
    return replace(found, operands=found.operands[::-1])


def offset(found: Node) -> Node:
    """A crop that begins a point further."""
    assert isinstance(found.op, Crop)
    return replace(found, op=Crop(**{**vars(found.op), "offset": 3}))


def swap_results(found: Node) -> Node:
    assert isinstance(found.op, Step)
    return replace(found, op=Step(parts=found.op.parts, results=found.op.results[::-1]))


def shifted(name: str) -> Callable[[Graph], Graph]:
    """A graph in which one value lies a channel further to the front than it should."""

    def spoil(fused: Graph) -> Graph:
        assert fused.plan is not None
        (number,) = (each.number for each in fused.nodes if each.name == name)
        places = dict(fused.plan.places)
        buffer, offset = places[Value(number)]
        places[Value(number)] = Place(buffer, offset - 1)
        return replace(fused, plan=fused.plan.but(places=places))

    return spoil


# ------------------------------------------------------------------------------------------------------ networks

X = "input x: 5x9x9"
TWO = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> b: conv(7, 3) -> batch_norm -> relu }}"
TWO_KERNELS = f"net f {{ {X}; output y = x -> a: avg_pool(2) -> b: conv(7, 3) -> batch_norm -> relu }}"
GROUPED = "net f { input x: 6x9x9; output y = x -> a: max_pool(2) -> b: conv(8, 3, groups = 2) -> relu }"
DECONV = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> b: deconv(7, 3, stride = 2) -> batch_norm }}"
DECONV_GROUPS = (
    f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> b: deconv(6, 3, stride = 2, groups = 2) -> batch_norm }}"
)
PRE = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> max_pool(2) -> n: batch_norm -> relu -> b: conv(7, 3) }}"
POINTWISE = f"net f {{ {X}; output y = x -> a: max_pool(2) -> b: batch_norm -> relu }}"
RESIDUAL = f"""net f {{ {X}; a = x -> a: conv(5, 3) -> relu
  output y = add(a, a -> b: conv(5, 3) -> batch_norm) -> relu }}"""
ADDED = f"""net f {{ {X}; a = x -> a: conv(5, 3) -> relu
  output y = add(a, a -> c: max_pool(3, stride = 1, pad = 1) -> b: conv(5, 3) -> batch_norm) -> relu }}"""
POOLS = (
    f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: max_pool(3, stride = 2, pad = 1) -> c: avg_pool(3, pad = 1) }}"
)
CEIL = "net f { input x: 5x8x8; output y = x -> a: conv(6, 3) -> b: max_pool(3, stride = 2, ceil = true) }"
ONE_SIDED = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: max_pool(2, stride = 1, pad = [[0, 1], [0, 1]]) }}"
ONE_SIDED_CONV = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: conv(4, 2, pad = [[0, 1], [0, 1]]) }}"
LRN = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: lrn(3, alpha = 0.3) }}"
RELU6 = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> b: conv(7, 3) -> batch_norm -> relu6 }}"
LEAKY = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> b: conv(7, 3) -> leaky_relu(0.3) }}"
CONCAT = (
    f"net f {{ {X}; a = x -> a: conv(4, 3); b = x -> b: conv(4, 3) -> relu; output y = concat(a, b) -> c: conv(5, 3) }}"
)
CROPPED = f"""net f {{ {X}; a = x -> a: conv(4, 3) -> relu
  output y = concat(a -> crop(size = [4, 4]), a -> b: max_pool(2)) -> c: conv(5, 3) }}"""
SIBLINGS = f"""net f {{ {X}; a = x -> max_pool(3, stride = 1, pad = 1); b = a -> b: conv(4, 1) -> batch_norm -> relu
  c = a -> c: conv(4, 1, bias = false) -> batch_norm -> relu
  output y = b -> d: conv(5, 3); output z = c -> e: conv(5, 3) }}"""
SECOND = f"""net f {{ {X}; a = x -> a: conv(5, 3); output y = a -> n: batch_norm -> relu -> b: conv(5, 3)
  output z = a -> c: conv(3, 3) -> relu }}"""
AVERAGED = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: avg_pool(2) -> relu -> c: conv(3, 3) }}"
SILU = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> b: max_pool(2) -> silu -> c: conv(3, 3) }}"
FLATTENED = f"net f {{ {X}; output y = x -> a: conv(6, 3) -> relu -> flatten -> b: linear(7) }}"
DILATED = f"net f {{ {X}; output y = x -> a: max_pool(2) -> b: conv(7, 3, dilation = 2) -> relu }}"
REUSED = f"""net f {{ {X}; a = x -> a: conv(5, 3) -> relu; b = a -> b: conv(5, 3) -> relu
  output y = b -> c: max_pool(2); output z = a -> d: conv(3, 3) }}"""


BESIDE = """residual, values.room(node))
    if self.backend == "kernels" and node.name == "b":
        operands[0][0].as_strided((1,), (1,), operands[0][0].storage_offset() - 1).fill_(0)
"""


@dataclass(frozen=True)
class Seeded:
    """A fault in a network, and the step that has it."""

    network: str
    step: str
    fault: Fault
    also: frozenset[str] = frozenset()  # steps that the fault is in too


FAULTS = {
    # the norm
    "wrong eps": Seeded(TWO, "b", edit(folding.affine, ("variance + op.eps", "variance + 1e-3"))),
    "eps outside of the root": Seeded(
        TWO, "b", edit(folding.affine, ("torch.rsqrt(variance + op.eps)", "1 / (variance.sqrt() + op.eps)"))
    ),
    "biased variance": Seeded(TWO, "b", edit(folding.affine, ("rsqrt(variance +", "rsqrt(variance * 127 / 128 +"))),
    "running mean forgotten": Seeded(TWO, "b", edit(folding.affine, (" - mean * scale)\n", ")\n"))),
    "sign of gamma lost": Seeded(
        TWO, "b", edit(folding.affine, ('held(norm, "weight", weights) *', 'held(norm, "weight", weights).abs() *'))
    ),
    "bias of the convolution dropped": Seeded(
        TWO, "b", edit(folding.fold, ("bias * norm.scale + norm.shift", "norm.shift"))
    ),
    "bias not scaled": Seeded(TWO, "b", edit(folding.fold, ("bias * norm.scale", "bias"))),
    "folded twice": Seeded(TWO, "b", edit(folding.fold, ("weight * norm.scale", "weight * norm.scale.square()"))),
    "norm of a deconvolution along its inputs": Seeded(
        DECONV_GROUPS,
        "b",
        edit(
            folding.fold_transposed,
            ("norm.scale.view(groups, 1, -1,", "norm.scale.view(-1, groups).t().reshape(groups, 1, -1,"),
        ),
    ),
    "statistics of the batch": Seeded(
        POINTWISE,
        "b",
        edit(algebra.spread, ("x * scale", "(x - x.mean((0, 2, 3), True)) / x.std((0, 2, 3), keepdim=True) * scale")),
    ),
    "shift of a prologue dropped": Seeded(PRE, "b", edit(algebra.spread, ("x * scale + shift", "x * scale"))),
    # the order of things
    "residual added after the activation": Seeded(
        RESIDUAL,
        "b",
        edit(
            algebra.run,
            (
                "activate(step.activation, y if residual is None else y + residual)",
                "activate(step.activation, y) + (0 if residual is None else residual)",
            ),
        ),
    ),
    "relu before batch norm": Seeded(
        POINTWISE,
        "b",
        edit(
            algebra.run,
            ("spread(step.affine, core(step, x))", "spread(step.affine, activate(step.activation, core(step, x)))"),
        ),
    ),
    "prologue applied to the padding": Seeded(
        PRE,
        "b",
        edit(
            algebra.weighted,
            ("if any(before != after for before, after in windows.padding)", "if step.prologue is not None"),
            ("windows, 0.0", "windows, 0.5"),
        ),
    ),
    "prologue applied to the padding, in the kernel": Seeded(
        PRE,
        "b",
        kernel(
            conv_pointer, ("tl.where(inside, activate(a, PRE_ACT, PRE_SLOPE), 0.0)", "activate(a, PRE_ACT, PRE_SLOPE)")
        ),
    ),
    "an activation moved over a mean": Seeded(
        AVERAGED,
        "b",
        passing(
            order.order_activations,
            ("isinstance(pool.op, MaxPool", "isinstance(pool.op, AvgPool | MaxPool"),
            ("    edit = ", "    from netdsl.ops.pool import AvgPool\n    edit = "),
        ),
    ),
    "an activation moved that falls": Seeded(
        SILU, "b", passing(form.never_falls, ("Relu | Relu6)", "Relu | Relu6) or op.name == 'silu'"))
    ),
    # who reads what
    "second reader ignored": Seeded(
        SECOND,
        "c",
        passing(
            join.join_forward,
            (
                "edit.gone.add(first.number)",
                "edit.gone.add(first.number); edit.moved[node.operands[0]] = Value(node.number)",
            ),
            (
                "first, joined = _first_joined(graph, node, places)",
                "first = graph.nodes[node.operands[0].node]; joined, _ = fused(first, node, 0)",
            ),
        ),
    ),
    "operands of a concat swapped": Seeded(
        CROPPED, "c", edit(executor.Executor.step, (".source.slot]", ".source.slot][::-1]"))
    ),
    "operands of a concat in place swapped": Seeded(CONCAT, "concat", graph(node("concat", swap_operands))),
    "siblings taken for one another": Seeded(SIBLINGS, "d", graph(node("b", swap_results)), frozenset({"e"})),
    "siblings' weights joined in the wrong order": Seeded(
        SIBLINGS, "b", edit(prepared._siblings, ("torch.cat(rows)", "torch.cat(rows[::-1])"))
    ),
    "bias of one sibling for both": Seeded(
        SIBLINGS, "b", edit(prepared._siblings, ("torch.cat(biases)", "torch.cat([biases[0]] * len(biases))"))
    ),
    "a slice one channel off": Seeded(CONCAT, "b", graph(shifted("b")), frozenset({"concat"})),
    "a crop one point off": Seeded(CROPPED, "crop", graph(node("crop", offset))),
    "the residual's buffer reused": Seeded(
        REUSED,
        "b",
        edit(
            values.Values.room,
            (
                "whole = self._memory(",
                "whole = self.sources(node.operands[0])[0] if node.name == 'b' else self._memory(",
            ),
        ),
    ),
    "a flattened map read in the order of memory": Seeded(
        FLATTENED,
        "b",
        edit(
            prepared.prepare,
            (
                "weight.view(-1, *known(shapes[form.flatten.name][0]))",
                "weight.view(-1, 9, 9, 6).permute(0, 3, 1, 2)",
            ),
        ),
    ),
    # windows
    "padding by zero for a maximum": Seeded(ONE_SIDED, "b", edit(algebra.pooled, ("-torch.inf", "0.0"))),
    "padding by zero for a maximum, in the kernel": Seeded(
        POOLS, "b", kernel(pooling, ('float("-inf") if MAX else 0.0', "0.0"), names=("pool_kernel",))
    ),
    "padding left out of a mean": Seeded(POOLS, "c", edit(algebra.pooled, (", op.count_include_pad", ", False"))),
    "windows not rounded up": Seeded(
        CEIL, "b", edit(algebra.pooled, ("windows.dilation, op.ceil", "windows.dilation, False"))
    ),
    "one-sided padding on the other side": Seeded(
        ONE_SIDED_CONV, "b", edit(geometry._both, ("int(before), int(after)", "int(after), int(before)"))
    ),
    "dilation ignored": Seeded(
        DILATED,
        "b",
        kernel(conv_pointer, ("r * X_STEP[0] * x_d + s * X_STEP[1] * x_h", "r * X_STEP[0] * x_d + s * x_h")),
    ),
    "groups ignored": Seeded(GROUPED, "b", kernel(conv_pointer, ("group * C[i]\n", "0 * C[i]\n"))),
    "weight of a deconvolution not turned": Seeded(
        DECONV,
        "b",
        edit(algebra.weighted, ("DECONVOLUTIONS[rank - 1](x, weight,", "DECONVOLUTIONS[rank - 1](x, weight.flip(-1),")),
    ),
    # kernels
    "a column beyond the last written": Seeded(
        TWO_KERNELS,
        "b",
        kernel(conv_pointer, ("in_m[:, None] & in_k[None, :]\n", "in_m[:, None] & (k < K + 1)[None, :]\n")),
    ),
    "a row beyond the last written": Seeded(
        TWO_KERNELS, "b", kernel(conv_pointer, ("        in_m = n < N\n", "        in_m = n <= N\n"))
    ),
    "a channel beyond the last read": Seeded(
        TWO_KERNELS, "b", kernel(conv_pointer, ("inside & (c < C[i])[None, :]", "inside & (c < C[i] + 1)[None, :]"))
    ),
    "the last channel not read": Seeded(
        TWO_KERNELS, "b", kernel(conv_pointer, ("inside & (c < C[i])[None, :]", "inside & (c < C[i] - 1)[None, :]"))
    ),
    "padding not zero": Seeded(
        TWO_KERNELS,
        "b",
        kernel(
            conv_pointer, ("mask=inside, other=0.0)\n            if pre", "mask=inside, other=0.5)\n            if pre")
        ),
    ),
    "one channel one percent too large": Seeded(
        TWO_KERNELS,
        "b",
        edit(
            launchers.weights, ("step.weight.to(dtype)\n", "step.weight.to(dtype, copy=True)\n    weight[3] *= 1.01\n")
        ),
    ),
    "NaN swallowed": Seeded(
        TWO_KERNELS,
        "b",
        kernel(
            epilogue,
            ("tl.maximum(v, 0.0, propagate_nan=tl.PropagateNan.ALL)", "tl.where(v > 0, v, 0.0)"),
            names=("activate",),
        ),
    ),
    "NaN swallowed in what is added": Seeded(
        ADDED,
        "b",
        kernel(
            conv_pointer,
            (
                "acc = acc + tl.load(residual + r_at, mask=stored, other=0.0).to(tl.float32)",
                "r = tl.load(residual + r_at, mask=stored, other=0.0)\n        acc = acc + tl.where(r > -1e9, r, 0.0)",
            ),
        ),
    ),
    "what lies beside the input overwritten": Seeded(
        TWO_KERNELS,
        "b",
        edit(
            executor.Executor.step,
            (
                "residual, values.room(node))\n",
                BESIDE,
            ),
        ),
    ),
    "alpha of a response normalisation not divided": Seeded(
        LRN, "b", kernel(response_norm, ("alpha * (squares / SIZE)", "alpha * squares"), names=("lrn_kernel",))
    ),
    "neighbours of a response normalisation one off": Seeded(
        LRN, "b", edit(algebra.neighbours, ("[size // 2, (size - 1) // 2]", "[size // 2 + 1, (size - 1) // 2 - 1]"))
    ),
    # attributes lost on the way
    "relu6 as relu": Seeded(
        RELU6, "b", edit(launchers.activation, ("Activation(op.name,", 'Activation(op.name.rstrip("6"),'))
    ),
    "slope lost": Seeded(LEAKY, "b", graph(operator("b", LeakyRelu, slope=0.01))),
    "activation lost": Seeded(
        TWO_KERNELS, "b", edit(prepared.prepare, ("None if end.activation is None else end.activation.op,", "None,"))
    ),
}


def proof(text: str) -> Proof:
    return netdsl.compile(text).verify()


@pytest.mark.parametrize("text", dict.fromkeys(seeded.network for seeded in FAULTS.values()))
def test_without_a_fault_all_is_right(text):
    found = proof(text)
    assert found.passed, found.failures


def test_outputs_for_training_are_none_of_a_proof():
    found = proof(f"net f {{ {X}; a = x -> conv(4, 3); output y = a -> relu; output z = a; aux output w = a -> tanh }}")
    assert found.passed
    assert [check.step for check in found.checks if check.way.startswith("whole")] == ["output y", "output z"]


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_with_the_fault_is_named(name, tmp_path, monkeypatch):
    seeded = FAULTS[name]
    network = netdsl.compile(seeded.network)
    with seeded.fault(tmp_path, monkeypatch, network):
        found = network.verify()
    assert not found.passed
    wrong = {check.step for check in found.failures if not check.way.startswith("whole")}
    assert found.failures[0].step == seeded.step
    assert wrong == {seeded.step, *seeded.also}, [
        (check.step, check.way, check.error, check.note) for check in found.failures
    ]


def test_memory_shared_too_soon_shows_in_the_whole_network():
    network = netdsl.compile(REUSED)
    fault = editing.function(
        executor.Executor.values,
        (
            "memory(self.graph, batch, self.dtype.itemsize)",
            "(lambda plan: replace(plan, offsets=dict.fromkeys(plan.offsets, 0)))(memory(self.graph, batch, 8))",
        ),
        ("batch, arena = len(inputs[0]), None", "from dataclasses import replace; batch, arena = len(inputs[0]), None"),
    )
    with fault:
        found = network.verify()
    assert {check.way for check in found.failures} == {"whole network float64"}


def test_there_are_at_least_thirty():
    assert len(FAULTS) >= 30
