"""Which kernels and tiles can compute a call, and which is taken where nothing was measured."""

from __future__ import annotations

from typing import Protocol

from netdsl.kernels import conv_pointer
from netdsl.kernels.call import ConvCall
from netdsl.kernels.launch import Config, Launch, need


class Kernel(Protocol):
    """A module that holds one kernel of convolution."""

    NAME: str

    def why_not(self, call: ConvCall) -> str | None:
        """Why this kernel cannot compute the call, in words; None where it can."""

    def build(self, call: ConvCall, config: Config) -> Launch: ...


KERNELS: dict[str, Kernel] = {kernel.NAME: kernel for kernel in (conv_pointer,)}


def kernel_of(config: Config) -> Kernel:
    need(config.kernel in KERNELS, f"no kernel is called {config.kernel!r}: there are {', '.join(KERNELS)}")
    return KERNELS[config.kernel]


def candidates(call: ConvCall) -> list[Config]:
    """The configurations that compute `call`, the best guess first."""
    return [choose(call)]


def choose(call: ConvCall) -> Config:
    """The configuration for `call` where nothing was measured."""
    return Config("conv_pointer", (64, 32, 32))
