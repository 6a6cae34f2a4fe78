"""Run every emitted file named on the command line where netdsl cannot be imported, on tensors without data.

Prints the parameter count and the output shapes of each as JSON. No import of this project: it runs under `-I`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import torch


def run(path: Path, inputs: list[list[int]]) -> dict[str, object]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    file = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = file
    spec.loader.exec_module(file)
    with torch.device("meta"):
        network = getattr(file, file.__all__[0])().eval()
        result = network(*(torch.empty(2, *shape) for shape in inputs))
    outputs = result if isinstance(result, tuple) else (result,)
    return {
        "params": sum(p.numel() for p in network.parameters() if p.requires_grad),
        "outputs": [list(x.shape) for x in outputs],
    }


if __name__ == "__main__":
    sys.modules["netdsl"] = None  # type: ignore[assignment]  # importing it now raises
    wanted = json.loads(sys.stdin.read())
    print(json.dumps({name: run(Path(folder), inputs) for name, (folder, inputs) in wanted.items()}))
