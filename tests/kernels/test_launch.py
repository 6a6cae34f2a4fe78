"""The one place where kernels start: it can be watched, it widens offsets where it must, and runs where it can."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from typing import Any

import pytest
import torch
from torch import Tensor

from netdsl.kernels import (
    Config,
    Launch,
    Refused,
    conv,
    deconv,
    global_pool,
    lrn,
    observed,
    pointwise,
    pool,
)
from netdsl.kernels import launch as launching
from netdsl.kernels.layout import reach
from tests.kernels.conv_case import ConvCase, made, truth
from tests.kernels.gate import assert_close

SAME: dict[str, Any] = dict(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1))
WINDOW: dict[str, Any] = dict(kernel=(2, 2), stride=(2, 2), padding=((0, 0), (0, 0)))


def nothing(n: int, c: int, h: int, w: int) -> Tensor:
    """A map without memory."""
    return torch.empty(n, h, w, c, device="meta", dtype=torch.float16).movedim(-1, 1)


def test_launches_are_taken_down_in_order():
    x = torch.randn(1, 4, 4, 4).contiguous(memory_format=torch.channels_last)
    with observed() as outer:
        y = conv(x, torch.randn(8, 4, 3, 3), **SAME, config=Config("conv_pointer", (16, 16, 16)))
        with observed() as inner:
            pool(y, kind="max", **WINDOW)
    pointwise(x)
    assert [each.config.kernel for each in outer] == ["conv_pointer", "pool"]
    assert inner == outer[1:]
    assert str(outer[0]) == "conv_pointer 16x16x16 w4 s3 on 1x1x1 programs"
    assert outer[0].written()[0].data_ptr() == y.data_ptr()


def test_what_is_only_observed_is_not_run():
    y = torch.full((1, 4, 4, 8), 7.0).movedim(-1, 1)
    with observed(run=False) as launches:
        conv(torch.randn(1, 4, 4, 4).movedim(-1, 1), torch.randn(8, 4, 3, 3), out=y, **SAME)
    assert len(launches) == 1
    assert bool((y == 7.0).all())


def test_what_other_threads_launch_is_run_and_not_observed():
    x, y = torch.randn(1, 4, 4, 4).movedim(-1, 1), torch.full((1, 4, 4, 4), torch.nan).movedim(-1, 1)
    with observed(run=False) as launches:
        thread = threading.Thread(target=lambda: pointwise(x, out=y))
        thread.start()
        thread.join()
    assert launches == []
    assert torch.equal(x, y)


def test_kernels_are_compiled_at_once(monkeypatch):
    both, done = threading.Barrier(2, timeout=10), []

    class Kernel:
        def warmup(self, *, y: Tensor, grid: tuple[int, ...], num_warps: int, num_stages: int) -> None:
            both.wait()  # for the other, which would never come after it
            done.append((grid, num_warps, num_stages))
            raise RuntimeError("out of registers")

    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    kernel, y = Kernel(), torch.zeros(1)
    launching.compile_ahead([Launch(kernel, (n,), {"y": y}, Config("k", (16,), 8, 2)) for n in (1, 2)])
    assert sorted(done) == [((1,), 8, 2), ((2,), 8, 2)]


STARTS = {
    "conv": lambda x, out: conv(x, torch.empty(8, 8, 3, 3, device="meta", dtype=x.dtype), out=out, **SAME),
    "pointwise": lambda x, out: pointwise(x, out=out),
    "residual": lambda x, out: pointwise(out, residual=x),
    "pool": lambda x, out: pool(x, kind="max", kernel=(1, 1), stride=(1, 1), padding=((0, 0), (0, 0)), out=out),
    "lrn": lambda x, out: lrn(x, 5, 1e-4, 0.75, 1.0, out=out),
    "global_pool": lambda x, out: global_pool(x),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_offsets_are_as_wide_as_the_largest_map_needs(start):
    """A slice of a buffer of 2**32 elements, on tensors without memory: only its strides are large."""
    small, large = nothing(2, 8, 64, 64), nothing(2, 2**19, 64, 64)[:, :8]
    assert reach(large) >= 2**31 > reach(small)
    read_large = [start] if start is not STARTS["global_pool"] else []
    with observed(run=False) as launches:
        start(small, nothing(2, 8, 64, 64))
        start(large, small)
        for each in read_large:
            each(small, large)
    assert [each.args["WIDE"] for each in launches] == [False, True, True][: len(launches)]
    assert len(launches) >= 2


@pytest.mark.parametrize("transposed", [False, True])
def test_wide_offsets_compute_the_same(transposed):
    case = ConvCase(
        (5,), 7, (5, 6), (3, 2), (2, 1), ((1, 2), (0, 1)), (1, 2),
        transposed=transposed, output_padding=(1, 0) if transposed else (),
    )  # fmt: skip
    tensors = made(case)
    with observed(run=False) as launches:
        function = deconv if transposed else conv
        function(tensors.sources, tensors.weight, **tensors.settings, out=tensors.out.view)
    launches[0].args["WIDE"] = True
    launching.launch(launches[0])
    tensors.out.assert_neighbours_untouched()
    assert_close(tensors.out.view, truth(case, tensors, case.activation))


def test_a_kernel_runs_on_a_gpu_or_in_the_interpreter(monkeypatch):
    monkeypatch.setattr(launching, "INTERPRETED", False)
    with pytest.raises(Refused, match="runs on a CUDA device, not on cpu"):
        pointwise(torch.randn(1, 4))


def test_bfloat16_is_multiplied_and_rounded_as_by_torch():
    """Triton's interpreter does neither: launch.py sees to it."""
    x = torch.randn(2, 16, 5, 5).bfloat16().contiguous(memory_format=torch.channels_last)
    y = pointwise(x, scale=torch.full((16,), 1.0 / 3.0))
    assert torch.equal(y, (x.float() * torch.full((), 1.0 / 3.0)).bfloat16())


def test_the_package_imports_without_triton_and_says_what_is_missing():
    script = (
        "import sys; sys.modules['triton'] = None\n"
        "import netdsl.kernels\n"
        "from netdsl.kernels import NONE\n"
        "try: netdsl.kernels.conv\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "netdsl.kernels.conv needs triton: install netdsl[run] on Linux\n"


def test_every_public_name_is_there():
    import netdsl.kernels

    assert isinstance(netdsl.kernels.Launch, type(Launch))
    assert all(getattr(netdsl.kernels, name) is not None for name in netdsl.kernels.__all__)
    with pytest.raises(AttributeError, match="no attribute 'convolve'"):
        netdsl.kernels.convolve  # noqa: B018
