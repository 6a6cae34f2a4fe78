"""The passes that pay: all of them where kernels of ours compute, fewer where only other people's do."""

from __future__ import annotations

from netdsl.passes import PIPELINE, Pass
from netdsl.passes.prologues import fuse_prologues
from netdsl.passes.siblings import merge_siblings

# What does not pay without kernels of our own, and why: oneDNN's operators read and write dense maps.
ONLY_WITH_OURS: dict[Pass, str] = {
    fuse_prologues: "oneDNN has none: the map would be written all the same, once for each that reads it",
    merge_siblings: "whoever reads one sibling would have it copied out of the wider map that all are written into",
}


def passes(ours: bool) -> tuple[Pass, ...]:
    """In the order of PIPELINE; `ours` says whether kernels of our own are among those that compute."""
    return PIPELINE if ours else tuple(step for step in PIPELINE if step not in ONLY_WITH_OURS)
