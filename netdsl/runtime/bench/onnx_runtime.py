"""ONNX Runtime on the CPU, all of its graph optimisations on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import onnxruntime
import torch

from netdsl.runtime.bench.case import Case, threads
from netdsl.runtime.bench.contender import Contender, Unfit
from netdsl.runtime.bench.onnx_model import exported


def ways(case: Case) -> list[Callable[[], Contender]]:
    if case.device.type != "cpu":
        raise Unfit("measured on the CPU only")
    if case.dtype != "float32":
        raise Unfit(f"its CPU kernels compute in float32, not in {case.dtype}")
    return [partial(_session, case)]


def _session(case: Case) -> Contender:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3  # errors
    with exported(case) as path:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feeds = {given.name: x.numpy() for given, x in zip(session.get_inputs(), case.inputs, strict=True)}

    def tensors(found: list[Any]) -> list[torch.Tensor]:
        return [torch.from_numpy(each) for each in found]

    return Contender(lambda: session.run(None, feeds), tensors, lambda found: None, "float32")
