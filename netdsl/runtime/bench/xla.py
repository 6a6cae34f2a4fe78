"""JAX, which is XLA: the network read off its graph into jax.lax, batch norms folded into convolutions by hand.

XLA fuses bias, sum and rectifier with a convolution but folds no batch norm, so that without this it would be an easy
peer. Maps are [N, H, W, C], weights [H, W, I, O], as cuDNN has them. What a batch norm cannot be folded into stays a
factor and a term.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax
from torch import Tensor

from netdsl.graph import Graph, Node, leaves
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.norm import BatchNorm
from netdsl.runtime.bench.case import Case, processors, threads
from netdsl.runtime.bench.contender import Contender, Unfit
from netdsl.runtime.bench.xla_operators import OPERATORS, Array, Call
from netdsl.runtime.folding import Affine, Weights, affine, fold, fold_transposed
from netdsl.scope import Value
from netdsl.step import Part, parts

PRECISIONS = {"float32": lax.Precision.HIGHEST, "tf32": lax.Precision.DEFAULT}
PLATFORMS = {"cuda": {"gpu", "cuda"}, "cpu": {"cpu"}}


def ways(case: Case) -> list[Callable[[], Contender]]:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # it would take three quarters of a GPU's memory
    if jax.default_backend() not in PLATFORMS[case.device.type]:
        raise Unfit(f"JAX runs on the {jax.default_backend()} here, not on {case.device.type}")
    if case.device.type == "cpu" and threads() != processors():
        raise Unfit(f"it takes all {processors()} processors, and the others {threads()} threads")
    return [partial(_jitted, case)]


def _jitted(case: Case) -> Contender:
    network = Network(case.graph, case.module.state_dict(), case.dtype)
    given = [jnp.asarray(_channels_last(x)) for x in (_numpy(x) for x in case.inputs)]
    given = [x.astype(network.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x for x in given]
    weights = network.weights
    compiled = jax.jit(network).lower(weights, *given).compile()
    return Contender(lambda: compiled(weights, *given), _tensors, jax.block_until_ready, "batch norms folded by hand")


class Network:
    """`network(weights, *inputs)` is what the graph's outputs are, for jax.jit to trace. `weights` are by node."""

    def __init__(self, graph: Graph, weights: Weights, dtype: str) -> None:
        self.graph, self.dtype = graph, jnp.dtype({"tf32": "float32"}.get(dtype, dtype))
        self.precision = PRECISIONS.get(dtype)
        self.outputs = [value for output in graph.outputs if not output.aux for value in leaves(output.value)]
        needed = graph.ancestors(tuple(self.outputs))
        self.nodes = [node for node in graph.nodes if node.number in needed and node.op is not None]
        if strange := sorted({node.op.name for node in self.nodes if node.op and node.op.name not in OPERATORS}):
            raise Unfit(f"the reader for JAX knows no {', '.join(f'`{name}`' for name in strange)}")
        self.folded = {norm.operands[0].node: norm for norm in self.nodes if self._folds(norm)}
        self.weights = {node.number: self._held(node, weights) for node in self.nodes}

    def _folds(self, node: Node) -> bool:
        """Whether a batch norm is the only reader of a convolution."""
        if not isinstance(node.op, BatchNorm):
            return False
        before = self.graph.nodes[node.operands[0].node]
        return isinstance(before.op, Conv | Deconv) and len(self.graph.uses[node.operands[0]]) == 1

    def _held(self, node: Node, weights: Weights) -> dict[str, Array]:
        """A node's weights as its operator here wants them, in the dtype of the network."""
        op = node.op
        if isinstance(op, BatchNorm):
            if node.operands[0].node in self.folded:
                return {}
            return self._arrays(affine(_part(node), weights)._asdict())
        assert op is not None
        found = {
            name: weights[f"{node.owner}.{name}"].double() for name in op.weights(*self.graph.operand_shapes(node))
        }
        if isinstance(op, Conv | Deconv):
            self._check(node)
            weight, bias = found["weight"], found.get("bias")
            if (norm := self.folded.get(node.number)) is not None:
                weight, bias = _folded(op, weight, bias, affine(_part(norm), weights))
            # Of a convolution [O, I, H, W]; of a transposed one [I, O, H, W], which lies turned around.
            kernel = weight.permute(2, 3, 1, 0) if isinstance(op, Conv) else weight.flip(2, 3).permute(2, 3, 0, 1)
            found = {"weight": kernel} | ({} if bias is None else {"bias": bias})
        return self._arrays(found)

    def _check(self, node: Node) -> None:
        op: Any = node.op
        if len(self.graph.operand_shapes(node)[0]) != 3:
            raise Unfit("the reader for JAX knows maps of two axes only")
        if getattr(op, "mode", "zeros") != "zeros" or (isinstance(op, Deconv) and op.groups != 1):
            raise Unfit(f"the reader for JAX knows no `{op.label()}`")

    def _arrays(self, tensors: dict[str, Tensor]) -> dict[str, Array]:
        return {name: jnp.asarray(tensor.numpy(), self.dtype) for name, tensor in tensors.items()}

    def __call__(self, weights: dict[int, dict[str, Array]], *inputs: Array) -> list[Array]:
        values: dict[Value, Array] = {Value(n): x for n, x in zip(self.graph.inputs, inputs, strict=True)}
        for node in self.nodes:
            operands = [values[value] for value in node.operands]
            if isinstance(node.op, BatchNorm) and node.operands[0].node in self.folded:
                values[Value(node.number)] = operands[0]
                continue
            assert node.op is not None
            values[Value(node.number)] = OPERATORS[node.op.name](
                Call(node, self.precision), weights[node.number], *operands
            )
        return [values[value] for value in self.outputs]


def _part(node: Node) -> Part:
    (part,) = parts(node)
    return part


def _folded(op: Conv | Deconv, weight: Tensor, bias: Tensor | None, norm: Affine) -> tuple[Tensor, Tensor]:
    if isinstance(op, Deconv):
        return fold_transposed(weight, bias, norm, op.groups)
    return fold(weight, bias, norm)


# ------------------------------------------------------------------------------------------------------- tensors


def _numpy(x: Tensor) -> Any:
    return (x.float() if x.is_floating_point() else x).cpu().numpy()


def _channels_last(x: Any) -> Any:
    return x if x.ndim < 4 else np.ascontiguousarray(np.moveaxis(x, 1, -1))


def _tensors(found: list[Array]) -> list[Tensor]:
    arrays = [np.asarray(x.astype(jnp.float32)) for x in found]
    return [torch.from_numpy(np.array(np.moveaxis(x, -1, 1) if x.ndim > 3 else x)) for x in arrays]
