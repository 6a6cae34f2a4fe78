"""What one forward pass will take, and what the machine has, before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from netdsl.diagnostics import placeless
from netdsl.graph import Graph, leaves
from netdsl.scope import Value

SHARE = 0.8  # of the free memory


def peak_elements(graph: Graph) -> int:
    """The most elements per sample that live at once, freeing each value after its last reader. All extents known."""
    last: dict[Value, int] = {}
    for node in graph.nodes:
        for value in node.operands:
            last[value] = node.number
    kept = {value for output in graph.outputs for value in leaves(output.value)}
    live = peak = 0
    for node in graph.nodes:
        live += sum(_elements(graph, Value(node.number, index)) for index in range(len(node.shapes)))
        peak = max(peak, live)
        for value in set(node.operands):
            if last[value] == node.number and value not in kept:
                live -= _elements(graph, value)
    return peak


def _elements(graph: Graph, value: Value) -> int:
    count = 1
    for extent in graph.shape(value):
        assert isinstance(extent, int)
        count *= extent
    return count


def refuse_unless_it_fits(need: int, device: torch.device) -> None:
    """Raise NetdslError N733 if `need` bytes are more than `SHARE` of what is free on `device`."""
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else _free()
    if need > SHARE * free:
        raise placeless(
            "N733",
            f"the run needs about {need / 2**30:,.1f} GiB and {free / 2**30:,.1f} GiB are free",
            help="take a smaller `--batch` or a smaller `--input`",
        )


def _free() -> int:
    """Bytes that can be had without swapping, within the limit of the container if there is one."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit.isdecimal():
            free = min(free, int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except OSError:
        pass
    return free
