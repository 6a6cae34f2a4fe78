"""Machines as a roofline sees them: how fast they compute and how fast they move."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
GIVEN = re.compile(r"(\d+(?:\.\d+)?)([KMGTP]?)/(\d+(?:\.\d+)?)([KMGTP]?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Device:
    """FLOP/s by data type, the memory's bytes per second, and where these figures are from."""

    name: str
    flops: Mapping[str, float]
    bandwidth: float
    source: str

    def seconds(self, flops: int, moved: int, dtype: str) -> float:
        """The least time for so many operations and bytes: max(FLOP / peak, bytes / bandwidth) (Williams, Waterman and
        Patterson, 2009, Roofline)."""
        return max(flops / self.flops[dtype], moved / self.bandwidth)

    def bound(self, flops: int, moved: int, dtype: str) -> str:
        """What takes that time, "compute" or "memory"."""
        return "compute" if flops / self.flops[dtype] > moved / self.bandwidth else "memory"


def _gpu(name: str, half: float, tf32: float, fp32: float, bandwidth: float, source: str) -> Device:
    """Rates in TFLOP/s, without sparsity; the bandwidth in TB/s."""
    rates = {"fp16": half, "bf16": half, "tf32": tf32, "fp32": fp32}
    return Device(name, {dtype: rate * 1e12 for dtype, rate in rates.items()}, bandwidth * 1e12, source)


DEVICES = {
    device.name: device
    for device in (
        _gpu(
            "h200",
            half=790,
            tf32=494.7,
            fp32=66.9,
            bandwidth=4.3,
            source="fp16, bf16 and bandwidth as matrix products and copies reach them in PyTorch; "
            "tf32 and fp32 of NVIDIA's H200 datasheet",
        ),
        _gpu("h100", 989.4, 494.7, 66.9, 3.35, "NVIDIA H100 datasheet, SXM5 80 GB"),
        _gpu("a100", 312, 156, 19.5, 2.039, "NVIDIA A100 datasheet, SXM4 80 GB"),
    )
}


def described(text: str) -> Device:
    """The device of that name, or any by its figures: `150G/20G` computes 150 GFLOP/s and moves 20 GB/s. ValueError."""
    if text in DEVICES:
        return DEVICES[text]
    found = GIVEN.fullmatch(text)
    if found is None:
        names = ", ".join(DEVICES)
        raise ValueError(f"{text!r} is none of {names}, nor figures such as 150G/20G: FLOP/s and bytes/s")
    rate, bandwidth = (float(found[i]) * UNITS[found[i + 1].upper()] for i in (1, 3))
    if not rate or not bandwidth:
        raise ValueError(f"{text!r}: both figures must be more than 0")
    return Device(text, dict.fromkeys(("fp16", "bf16", "tf32", "fp32"), rate), bandwidth, "as given")
