"""The passes that pay on a device: all of them where kernels of ours compute, fewer where other people's do."""

from __future__ import annotations

from netdsl.passes import PIPELINE, Pass
from netdsl.passes.prologues import fuse_prologues
from netdsl.passes.siblings import merge_siblings

# What does not pay on a CPU, and why: oneDNN's operators read and write dense maps.
NOT_ON_CPU: dict[Pass, str] = {
    fuse_prologues: "oneDNN has none: the map would be written all the same, once for each that reads it",
    merge_siblings: "whoever reads one sibling would have it copied out of the wider map that all are written into",
}


def passes(device: str) -> tuple[Pass, ...]:
    """For `device`, cpu or cuda, in the order of PIPELINE."""
    return PIPELINE if device == "cuda" else tuple(step for step in PIPELINE if step not in NOT_ON_CPU)
