"""OpenVINO on the CPU. Left alone it computes in bf16 where the processor can; here it is told, and asked after."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import openvino
import torch

from netdsl.runtime.bench.case import Case, threads
from netdsl.runtime.bench.contender import Contender, Unfit
from netdsl.runtime.bench.onnx_model import exported

PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}


def ways(case: Case) -> list[Callable[[], Contender]]:
    if case.device.type != "cpu":
        raise Unfit("measured on the CPU only")
    if case.dtype not in PRECISIONS:
        raise Unfit(f"it has no {case.dtype}")
    return [partial(_compiled, case)]


def _compiled(case: Case) -> Contender:
    wanted = PRECISIONS[case.dtype]
    settings = {
        "INFERENCE_PRECISION_HINT": wanted,
        "INFERENCE_NUM_THREADS": threads(),
        # One request at a time on all threads, whatever the batch: streams would leave it one thread.
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
    }
    with exported(case) as path:
        model = openvino.Core().compile_model(str(path), "CPU", settings)
    used = model.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if used != wanted:
        raise Unfit(f"it computes in {used} on this processor, not in {wanted}")
    request = model.create_infer_request()
    given = [x.float().numpy() if x.is_floating_point() else x.numpy() for x in case.inputs]

    def run() -> Any:
        # The inputs are read where they lie, and the outputs given where they were written.
        return request.infer(given, share_inputs=True, share_outputs=True)

    def tensors(found: Any) -> list[torch.Tensor]:
        return [torch.from_numpy(found[output].copy()) for output in model.outputs]

    return Contender(run, tensors, lambda found: None, f"inference precision {used}, latency hint")
