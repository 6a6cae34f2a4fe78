"""No peer is timed that is wrong: its outputs against the plain module in float64, on the same input."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender, Unfit, leaves
from netdsl.runtime.proof.gates import measure

# Of the root mean square of an output, over the whole network. In float32 right ones were seen 3e-7 (GoogLeNet) to 7e-6
# (ResNet-50) off, and the smallest of the classic mistakes of fusion moves an output by 4e-4. PyTorch's own ResNet-50
# is 1.4e-2 off in fp16 and 6.7e-2 in bf16, where only gross mistakes are seen; tf32 has the precision of fp16.
GATES = {"float32": 1e-4, "tf32": 5e-2, "float16": 5e-2, "bfloat16": 2e-1}
SAMPLES = 8  # of a batch that are compared, from the first to the last: float64 is slow


class Truth:
    """What the outputs of a case are."""

    def __init__(self, case: Case) -> None:
        count = min(case.batch, SAMPLES)
        step = (case.batch - 1) / max(count - 1, 1)
        self.samples = [round(i * step) for i in range(count)]
        self.gate = GATES[case.dtype]
        module = case.copy(torch.float64)
        found: list[list[Tensor]] = []
        with torch.inference_mode():
            for sample in self.samples:  # one by one: a large batch has no room in float64
                x = (each[sample : sample + 1] for each in case.inputs)
                given = (each.double() if each.is_floating_point() else each for each in x)
                found.append([leaf.cpu() for leaf in leaves(module(*given))])
        self.outputs = [torch.cat(pieces) for pieces in zip(*found, strict=True)]

    def error(self, outputs: Sequence[Tensor]) -> float:
        """How far outputs are from the truth, of which each must be finite. Raises Unfit for what is wrong."""
        if len(outputs) != len(self.outputs):
            raise Unfit(f"wrong: {len(outputs)} outputs for {len(self.outputs)}")
        errors = []
        for mine, wanted in zip(outputs, self.outputs, strict=True):
            if not bool(mine.isfinite().all()):
                raise Unfit("wrong: an output is infinite or no number")
            errors.append(measure(mine.detach().cpu()[self.samples], wanted).rms)
        worst = max(errors, default=0.0)
        if not worst <= self.gate:
            raise Unfit(f"wrong: its outputs are {worst:.1e} off, and {self.gate:.0e} is allowed")
        return worst

    def check(self, contender: Contender) -> float:
        """The error of a pass. Raises Unfit."""
        result = contender.run()
        contender.wait(result)
        return self.error(contender.tensors(result))
