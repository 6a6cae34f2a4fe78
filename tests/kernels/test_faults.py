"""The tests of the kernels can fail: a kernel spoilt in one place is caught, whichever place it is."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from netdsl.kernels import Activation, choice
from tests.kernels.conv_case import ConvCase, check
from tests.kernels.maps import Place

# Tails on every axis, a prologue, an activation, slices: whatever is spoilt matters.
CASE = ConvCase(
    channels=(24,),
    outputs=40,
    spatial=(6, 8),
    kernel=(3, 2),
    stride=(1, 2),
    padding=((1, 2), (1, 2)),
    dilation=(1, 2),
    activation=Activation("relu"),
    source=Place(8, 8),
    output=Place(8, 8),
    multiple=8,
    tile=(32, 32, 16),
)
PRE = dataclasses.replace(CASE, prologue=Activation("sigmoid"))
TWO = dataclasses.replace(CASE, channels=(8, 16))
BACK = dataclasses.replace(CASE, transposed=True, output_padding=(0, 1))
BOX = dataclasses.replace(CASE, kernel_name="conv_tma_box", stride=(1, 1))
TWO_BOX = dataclasses.replace(BOX, channels=(16, 8))
ROWS = dataclasses.replace(BOX, kernel_name="conv_tma_rows", kernel=(1, 1), padding=((0, 0), (0, 0)))
HALVES = dataclasses.replace(CASE, kernel_name="conv_tma_stride2", channels=(32,), stride=(2, 2))
STEM = dataclasses.replace(
    CASE, kernel_name="conv_stem", channels=(3,), dilation=(2, 1), source=Place(0, 1), multiple=1, tile=(32, 32)
)
DEPTH = dataclasses.replace(CASE, kernel_name="conv_depthwise", channels=(40,), groups=40, tile=(32, 32))

FAULTS: dict[str, tuple[ConvCase, str, str]] = {
    "channel tail unmasked": (CASE, "inside = inside & (c < C[i])[None, :]", "pass"),
    "rows behind the last stored": (CASE, "stored = in_m[:, None] & in_k[None, :]", "stored = in_k[None, :]"),
    "outputs behind the last stored": (CASE, "stored = in_m[:, None] & in_k[None, :]", "stored = in_m[:, None]"),
    "left padding not padded": (CASE, "(w0 + t * X_STEP[2] >= 0) & ", ""),
    "right padding not padded": (CASE, " & (w0 + t * X_STEP[2] < W)", ""),
    "lower padding not padded": (CASE, " & (h0 + s * X_STEP[1] < H)", ""),
    "weight read backwards": (CASE, "t * W_STEP[2] * w_w", "(nw - 1 - t) * W_STEP[2] * w_w"),
    "dilation forgotten": (CASE, "t * X_STEP[2] * x_w", "t * x_w"),
    "residual dropped": (CASE, "acc = acc + tl.load(residual", "acc + tl.load(residual"),
    "scale and bias dropped": (CASE, "acc = affine(acc, k_all, in_k, scale, bias)", "pass"),
    "activation dropped": (CASE, "activate(acc, ACT, SLOPE)", "acc"),
    "activation before the residual": (
        CASE,
        "acc = acc + tl.load(residual",
        "acc = activate(acc, ACT, SLOPE) + tl.load(residual",
    ),
    "accumulator overwritten": (CASE, "acc = tl.dot(a, b, acc,", "acc = tl.dot(a, b, acc * 0,"),
    "padding not zero behind the prologue": (
        PRE,
        "tl.where(inside, activate(a, PRE_ACT, PRE_SLOPE), 0.0)",
        "activate(a, PRE_ACT, PRE_SLOPE)",
    ),
    "prologue's shift dropped": (PRE, "a = a + tl.load(pre_shift", "a + tl.load(pre_shift"),
    "second source by the first one's weights": (TWO, "b_at = tap_at + FIRST[i] + c", "b_at = tap_at + c"),
    "phases without the padding": (BACK, "target = phase + PAD", "target = phase"),
    "transposed output past its end": (BACK, " & (ow < OW)", ""),
    "box not padded": (BOX, "w0 = ow - PAD[2]", "w0 = ow"),
    "box's taps in the wrong order": (BOX, "tap % KW * DIL_W", "tap // KW * DIL_W"),
    "second box by the first one's weights": (TWO_BOX, "w.load([k, tap, FIRST + c])", "w.load([k, tap, c])"),
    "rows by the next rows' weights": (ROWS, "w.load([n, c])", "w.load([n + 1, c])"),
    "halves swapped": (HALVES, "s % 2 * PIXEL + c", "(s + 1) % 2 * PIXEL + c"),
    "pairs off by the padding": (HALVES, "ow + s // 2 - PAIRS_W", "ow + s // 2"),
    "stem reads the neighbour's channel": (STEM, " & (channel < C)", ""),
    "stem's rows not dilated": (STEM, "h = h0 + s * DIL[1]", "h = h0 + s"),
    "depthwise weight of the next channel": (DEPTH, "tl.load(w + c * w_k", "tl.load(w + (c + 1) % C * w_k"),
    "depthwise not padded": (DEPTH, " & (v < W)", ""),
}


unspoilt = functools.cache(check)  # once for each case


def spoilt(name: str, old: str, new: str, folder: Path) -> Any:
    """The kernel again, with one piece of its file's text exchanged."""
    kind = type(choice.KERNELS[name])
    module = sys.modules[kind.__module__]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {module.__name__}"
    path = folder / "spoilt.py"
    path.write_text(source.replace(old, new), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("spoilt", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return getattr(found, kind.__name__)()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(fault, tmp_path, monkeypatch):
    case, old, new = FAULTS[fault]
    unspoilt(case)
    monkeypatch.setitem(choice.KERNELS, case.kernel_name, spoilt(case.kernel_name, old, new, tmp_path))
    with pytest.raises(AssertionError, match=r"not finite|non-finite|error|neighbours"):
        check(case)


def test_a_kernel_is_unspoilt_by_an_exchange_that_changes_nothing(tmp_path, monkeypatch):
    same = spoilt("conv_pointer", "COLUMNS: tl.constexpr", "COLUMNS : tl.constexpr", tmp_path)
    monkeypatch.setitem(choice.KERNELS, "conv_pointer", same)
    check(CASE)
