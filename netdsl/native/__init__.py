"""Kernels for the CPU in C: compiled for this processor when they are first wanted, by the compiler that is there.

Maps are float32, [N, C, ..] with their channels together; every kernel reads and writes slices of channels, and
computes what comes before and after it. `library.py` compiles, `step.py` is what a kernel is told, `packing.py` lays
weights out.
"""

from netdsl.native.library import Library, library
from netdsl.native.series import Astray, Series, SeriesByImage
from netdsl.native.step import Activation, Kernel, Step

__all__ = ["Activation", "Astray", "Kernel", "Library", "Series", "SeriesByImage", "Step", "library"]
