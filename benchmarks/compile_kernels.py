"""Compile every kernel in every configuration for GPUs that are not here, and say what the compiler made of each.

    python benchmarks/compile_kernels.py [--only PATTERN] [--jobs N]

Needs triton, whose wheel brings the assembler, and torch on the CPU; no GPU. A call like one in ResNet-50 is described
on tensors without memory, its launch is taken down instead of run, and that is compiled as it would be at run time:
pointers and multiples of 16 are known to be such. Registers and spills are ptxas's own count, wgmma, TMA and mma are
instructions in the PTX. --only compiles what the pattern is found in, and prints; else the tables in
benchmarks/results/kernels_compiled.{json,md} are written.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ["TRITON_INTERPRET"] = "0"  # before triton is imported

import torch
import triton
from torch import Tensor
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import get_ptxas, sm_arch_from_capability
from triton.compiler import ASTSource
from triton.tools.tensor_descriptor import TensorDescriptor

from netdsl.kernels import (
    Activation,
    Config,
    Launch,
    Prologue,
    conv,
    deconv,
    global_pool,
    lrn,
    observed,
    pointwise,
    pool,
)
from netdsl.kernels.tuning import TILES, configs

RESULTS = Path(__file__).parent / "results" / "kernels_compiled"
CAPABILITIES = (80, 90, 100)
DTYPES = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}
RELU = Activation("relu")


@dataclass(frozen=True)
class Row:
    kernel: str
    arithmetic: str
    case: str
    tile: str
    warps: int
    stages: int
    capability: int
    registers: int = 0
    spilled_bytes: int = 0
    shared_bytes: int = 0
    wgmma: int = 0
    tcgen05: int = 0
    mma: int = 0
    tma: int = 0
    cp_async: int = 0
    failed: str = ""


# ---- the calls ---------------------------------------------------------------------------------------------------


def nothing(*shape: int, dtype: torch.dtype = torch.float16) -> Tensor:
    """A map of this shape, [N, C, ...], without memory."""
    return torch.empty((shape[0], *shape[2:], shape[1]), dtype=dtype, device="meta").movedim(-1, 1)


def convolution(
    config: Config,
    dtype: torch.dtype,
    precision: str,
    channels: tuple[int, ...] = (256,),
    outputs: int = 256,
    size: int = 28,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    prologue: bool = False,
    transposed: bool = False,
) -> Launch:
    """A convolution with scale, bias, residual and ReLU, on four images."""
    total, pad = sum(channels), kernel // 2
    x = tuple(nothing(4, c, size, size, dtype=dtype) for c in channels)
    vector = torch.empty(max(total, outputs), device="meta")
    if transposed:
        weight = nothing(total, outputs, kernel, kernel, dtype=dtype)
        after, pad = size * stride, 0
    else:
        weight = nothing(outputs, total // groups, kernel, kernel, dtype=dtype)
        after = (size + 2 * pad - kernel) // stride + 1
    common: dict[str, Any] = dict(
        scale=vector[:outputs], residual=nothing(4, outputs, after, after, dtype=dtype), activation=RELU,
        stride=(stride, stride), padding=((pad, pad),) * 2, dilation=(1, 1), groups=groups, precision=precision,
        prologue=Prologue(vector[:total], vector[:total], RELU) if prologue else None, config=config,
    )  # fmt: skip
    with observed(run=False) as launches:
        if transposed:
            deconv(x, weight, vector[:outputs], output_padding=(0, 0), **common)
        else:
            conv(x, weight, vector[:outputs], **common)
    return launches[0]


# By kernel: a name for each call, and what sets it apart.
CASES: dict[str, dict[str, dict[str, Any]]] = {
    "conv_pointer": {
        "3x3": dict(kernel=3),
        "3x3 of 200 channels": dict(kernel=3, channels=(200,)),
        "3x3 with prologue": dict(kernel=3, prologue=True),
        "3x3 of two sources": dict(kernel=3, channels=(128, 128)),
        "2x2 transposed": dict(kernel=2, stride=2, transposed=True),
    },
    "conv_tma_rows": {"1x1": {}, "1x1 with prologue": dict(prologue=True)},
    "conv_tma_box": {"3x3": dict(kernel=3), "3x3 of two sources": dict(kernel=3, channels=(128, 128))},
    "conv_tma_stride2": {"3x3 stride 2": dict(kernel=3, stride=2)},
    "conv_stem": {"7x7 RGB": dict(kernel=7, stride=2, channels=(3,), outputs=64, size=224)},
    "conv_depthwise": {"3x3 depthwise": dict(kernel=3, groups=256)},
}


def others() -> Iterator[tuple[str, Launch]]:
    """One launch of each kernel that has no configurations."""
    x, vector = nothing(4, 256, 28, 28), torch.empty(256, device="meta")
    prologue = Prologue(vector, vector, RELU)
    window: dict[str, Any] = dict(kernel=(3, 3), stride=(2, 2), padding=((1, 1), (1, 1)))
    with observed(run=False) as launches:
        pool(x, kind="max", **window)
        pool(x, kind="avg", prologue=prologue, **window)
        global_pool(x, prologue=prologue)
        pointwise(x, scale=vector, shift=vector, residual=x, activation=RELU)
        lrn(x, 5, 1e-4, 0.75, 2.0)
    names = ("max", "avg with prologue", "avg with prologue", "scale, shift, residual, ReLU", "size 5")
    yield from zip(names, launches, strict=True)


def jobs() -> Iterator[tuple[str, str, str, int]]:
    """Kernel, arithmetic, case and capability of everything there is to compile."""
    for kernel, tiles in TILES.items():
        for capability, arithmetic, case in itertools.product(CAPABILITIES, tiles, CASES[kernel]):
            if configs(kernel, arithmetic, capability):
                yield kernel, arithmetic, case, capability
    for capability in CAPABILITIES:
        yield "others", "half", "", capability


def rows_of(job: tuple[str, str, str, int]) -> list[Row]:
    kernel, arithmetic, case, capability = job
    if kernel == "others":
        return [measure(launch, "half", name, capability) for name, launch in others()]
    dtype = torch.float16 if arithmetic == "half" else torch.float32
    precision = "tf32" if arithmetic == "tf32" else "ieee"
    return [
        measure(convolution(config, dtype, precision, **CASES[kernel][case]), arithmetic, case, capability)
        for config in configs(kernel, arithmetic, capability)
    ]


# ---- the compiler ------------------------------------------------------------------------------------------------


def specialised(launch: Launch) -> ASTSource:
    """The kernel's source with what Triton would read off the arguments at run time."""
    constants: dict[tuple[int, ...], Any] = {}
    attributes: dict[tuple[int, ...], Any] = {}

    def kind(value: Any, path: tuple[int, ...], constant: bool) -> Any:
        if isinstance(value, tuple) and not constant:
            return tuple(kind(each, (*path, i), False) for i, each in enumerate(value))
        if constant or value is None or (isinstance(value, int) and value == 1):
            constants[path] = value
            return "constexpr"
        if isinstance(value, TensorDescriptor):
            return f"tensordesc<{DTYPES[value.base.dtype]}[{','.join(map(str, value.block_shape))}]>"
        if isinstance(value, float):
            return "fp32"
        if isinstance(value, Tensor) or value % 16 == 0:
            attributes[path] = [["tt.divisibility", 16]]
        return "*" + DTYPES[value.dtype] if isinstance(value, Tensor) else "i32"

    parameters = enumerate(launch.kernel.params)
    signature = {p.name: kind(launch.args[p.name], (i,), p.is_constexpr) for i, p in parameters}
    return ASTSource(fn=launch.kernel, signature=signature, constexprs=constants, attrs=attributes)


def measure(launch: Launch, arithmetic: str, case: str, capability: int) -> Row:
    config = launch.config
    named = (config.kernel, arithmetic, case, "x".join(map(str, config.tile)), config.warps, config.stages, capability)
    options = {"num_warps": config.warps, "num_stages": config.stages}
    try:
        compiled = triton.compile(specialised(launch), target=GPUTarget("cuda", capability, 32), options=options)
    except Exception as error:
        return Row(*named, failed=f"{type(error).__name__}: {error}"[:200])
    ptx = compiled.asm["ptx"]
    log = assembled(ptx, capability)
    return Row(
        *named,
        registers=int(found(r"Used (\d+) registers", log)),
        spilled_bytes=int(found(r"(\d+) bytes spill stores", log)),
        shared_bytes=compiled.metadata.shared,
        wgmma=ptx.count("wgmma.mma_async"),
        tcgen05=ptx.count("tcgen05.mma"),
        mma=ptx.count("mma.sync"),
        tma=ptx.count("cp.async.bulk.tensor"),
        cp_async=len(re.findall("cp.async.c[ag]", ptx)),
    )


def assembled(ptx: str, capability: int) -> str:
    """What ptxas says of it: Triton's own, under the architecture name that Triton would use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(ptx, encoding="utf-8")
        command = [get_ptxas(capability).path, f"--gpu-name={sm_arch_from_capability(capability)}", "-v", str(path)]
        done = subprocess.run([*command, "-o", f"{path}.o"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ptxas failed: {done.stderr}")
    return done.stderr


def found(pattern: str, log: str) -> str:
    match = re.search(pattern, log)
    if match is None:
        raise RuntimeError(f"ptxas did not report {pattern!r}:\n{log}")
    return match[1]


# ---- the tables --------------------------------------------------------------------------------------------------


def table(rows: list[Row]) -> str:
    head = ["kernel", "arithmetic", "case", "tile", "warps", "stages", "sm", "registers", "spilled B", "shared B"]
    head += ["wgmma", "tcgen05", "mma", "TMA", "cp.async"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = list(asdict(row).values())[:-1]
        lines.append("| " + " | ".join(map(str, cells)) + " |" + (f" **{row.failed}**" if row.failed else ""))
    return "\n".join(lines)


def written(rows: list[Row]) -> None:
    head = f"triton {triton.__version__}, torch {torch.__version__}, {platform.machine()}"
    spilling = sum(row.spilled_bytes > 0 for row in rows)
    failed = sum(bool(row.failed) for row in rows)
    text = (
        "# What the kernels compile to\n\n"
        f"Written by `python benchmarks/compile_kernels.py` with {head}; no GPU took part. {len(rows)} compilations, "
        f"{failed} failed, {spilling} spill. half is fp16; the columns from wgmma on count instructions in the PTX.\n\n"
        f"{table(rows)}\n"
    )
    RESULTS.with_suffix(".md").write_text(text, encoding="utf-8")
    lines = json.dumps([asdict(row) for row in rows]).replace("}, {", "},\n{")
    RESULTS.with_suffix(".json").write_text(f'{{"versions": {json.dumps(head)},\n"rows": {lines}}}\n', encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", help="compile what this is found in: kernel, arithmetic, case and capability; and print"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    chosen = [job for job in jobs() if options.only is None or re.search(options.only, " ".join(map(str, job)))]
    rows: list[Row] = []
    with ProcessPoolExecutor(options.jobs) as pool_of_processes:
        for found_rows in pool_of_processes.map(rows_of, chosen):
            rows.extend(found_rows)
            print(table(found_rows).split("\n", 2)[2], flush=True)
    if options.only is None:
        written(rows)


if __name__ == "__main__":
    main()
