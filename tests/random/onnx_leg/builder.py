"""ONNX nodes for one network, every operator on values that are given: an oracle written by others."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Shapes: TypeAlias = list[tuple[int, ...]]
Held: TypeAlias = dict[str, str]  # weights by name, as names of constants
OPSET = 20


class Untranslated(Exception):
    """ONNX, or ONNX Runtime, has no node for these settings."""


class Builder:
    """Collects nodes; `builder("Relu", x)` adds one and gives the name of what it yields."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: dict[str, Array] = {}
        self.outputs: list[str] = []
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def __call__(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        names = [self.fresh() for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value: Any, kind: type = np.float32) -> str:
        name = self.fresh()
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def given(self, array: Array) -> str:
        """An input of the model; numbers in single precision, class indices as they are."""
        name = self.fresh()
        self.inputs[name] = np.asarray(array if array.dtype.kind == "i" else array.astype(np.float32))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def shaped(self, x: str, shape: tuple[int, ...]) -> str:
        return self("Reshape", x, self.ints(*shape)) if shape else self("Reshape", x, self.constant([], np.int64))

    def run(self) -> list[Array]:
        """What the outputs are worth."""
        types = {"f": TensorProto.FLOAT, "i": TensorProto.INT64}
        graph = helper.make_graph(
            self.nodes,
            "nodes",
            [helper.make_tensor_value_info(n, types[a.dtype.kind], a.shape) for n, a in self.inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in self.outputs],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return list(session.run(self.outputs, self.inputs))


# What settings mean for a shape ----------------------------------------------------------------------------


def each(value: Any, rank: int) -> list[int]:
    return [int(v) for v in value] if isinstance(value, tuple | list) else [int(value)] * rank


def sides(value: Any, rank: int) -> list[tuple[int, int]]:
    items = value if isinstance(value, tuple | list) else [value] * rank
    return [(int(v[0]), int(v[1])) if isinstance(v, tuple | list) else (int(v), int(v)) for v in items]


def axis_of(axis: int, shape: tuple[int, ...]) -> int:
    return int(axis) + 1 if axis >= 0 else len(shape) + int(axis)


def channels(b: Builder, name: str, shape: tuple[int, ...]) -> str:
    """A vector of channels that goes with N×C×L.."""
    return b.shaped(name, (1, -1, *(1,) * (len(shape) - 2)))
