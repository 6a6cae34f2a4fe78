"""Who is measured. A peer is a module of this folder whose `ways(case)` lists how to set it up; the fastest counts."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender, Unfit

OURS = "netdsl"


@dataclass(frozen=True)
class Peer:
    """`usual` are the kinds of device where it takes part without being asked for by name."""

    module: str
    package: str
    usual: frozenset[str]
    named: bool = False  # whether `ways` wants the peer's name too

    def missing(self) -> str | None:
        """Why it cannot take part here whatever the case, or None."""
        if importlib.util.find_spec(self.package) is None:
            return f"the package `{self.package}` is not installed: pip install 'netdsl[bench]'"
        return None


CPU, CUDA = frozenset({"cpu"}), frozenset({"cuda"})
PEERS = {
    OURS: Peer("engine", "torch", CPU | CUDA),
    "eager": Peer("eager", "torch", CPU | CUDA),
    "inductor": Peer("inductor", "torch", CPU | CUDA, named=True),
    "reduce-overhead": Peer("inductor", "torch", CUDA, named=True),
    "max-autotune": Peer("inductor", "torch", CUDA, named=True),
    "jax": Peer("xla", "jax", CUDA),
    "onnxruntime": Peer("onnx_runtime", "onnxruntime", CPU),
    "openvino": Peer("open_vino", "openvino", CPU),
}


def ways(name: str, case: Case) -> Sequence[Callable[[], Contender]]:
    """How a peer can be set up. Raises Unfit."""
    peer = PEERS[name]
    if why := peer.missing():
        raise Unfit(why)
    module = importlib.import_module(f"netdsl.runtime.bench.{peer.module}")
    found: Sequence[Callable[[], Contender]] = module.ways(case, name) if peer.named else module.ways(case)
    return found


def usual(device: str) -> tuple[list[str], list[str]]:
    """The peers that take part where none are named: those that are here, and those that would if they were."""
    wanted = [name for name, peer in PEERS.items() if device in peer.usual and name != OURS]
    here = [name for name in wanted if PEERS[name].missing() is None]
    return here, [name for name in wanted if name not in here]
