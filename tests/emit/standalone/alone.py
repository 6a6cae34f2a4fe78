"""Run by itself, where netdsl cannot be imported: `python alone.py FOLDER`, with TRITON_INTERPRET=1.

For each network of FOLDER/shapes.json there are NETWORK.py, standalone, and NETWORK_plain.py, and FOLDER/checks.json
says what to do with which. Says as JSON what was wrong with each, or nothing; and what else the tests ask for.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.util
import io
import json
import pickle
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any


class Wall(importlib.abc.MetaPathFinder):
    """No netdsl, wherever it may be installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] == "netdsl":
            raise ModuleNotFoundError(f"{name} is behind the wall", name=name)


sys.meta_path.insert(0, Wall())

import torch  # noqa: E402 - behind the wall
from torch import Tensor, nn  # noqa: E402

# Root mean square of the error over that of the result, in IEEE fp32 behind some ten layers; 9e-7 at most was measured.
GATE = 4e-6


class Case:
    """One network both ways, with the same weights, nothing of them as torch makes it."""

    def __init__(self, name: str, shape: list[int]) -> None:
        torch.manual_seed(5)
        self.file: Any = importlib.import_module(name)
        plain: Any = importlib.import_module(f"{name}_plain")
        self.net = self._built(self.file)
        self.plain = self._built(plain)
        for key, tensor in self.plain.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.5 if key.endswith("_var") else torch.randn_like(tensor) / 3)
        self.x = torch.randn(2, *shape)
        if self.x.dim() == 4:
            self.x = self.x.to(memory_format=torch.channels_last)
            self.net = self.net.to(memory_format=torch.channels_last)
        self.net.load_state_dict(self.plain.state_dict(), strict=True)
        self.sites = hasattr(self.file, "FUSED_CONV")

    def _built(self, file: Any) -> Any:
        return getattr(file, file.__all__[0])().eval()

    def wanted(self) -> Tensor:
        y: Tensor = self.plain(self.x)
        return y

    def same(self, net: Callable[[Tensor], Tensor]) -> None:
        assert torch.equal(net(self.x), self.wanted())

    def close(self, y: Tensor) -> None:
        wanted = deepcopy(self.plain).double()(self.x.double())
        error = (y.double() - wanted).square().mean().sqrt() / wanted.square().mean().sqrt()
        assert error < GATE, f"the error is {error:.1e}"

    def on(self, operator: Callable[..., Tensor]) -> list[str]:
        """Run the network with its call sites open on the CPU, and `operator` for theirs; the activations of those."""
        taken = []

        def spy(*arguments: Any) -> Tensor:
            taken.append(arguments[-2])
            return operator(*arguments)

        kept = self.file.on_device, self.file.FUSED_CONV
        self.file.on_device, self.file.FUSED_CONV = (lambda x: True), spy
        try:
            self.close(self.net(self.x))
        finally:
            self.file.on_device, self.file.FUSED_CONV = kept
        return taken


def as_plain(case: Case) -> None:
    assert list(case.net.state_dict()) == list(case.plain.state_dict())
    case.same(case.net)


def trains(case: Case) -> None:
    found, wanted = deepcopy(case.net).train(), deepcopy(case.plain).train()
    with torch.enable_grad():
        for net in (found, wanted):
            net(case.x).square().sum().backward()
    for (name, a), (_, b) in zip(found.named_parameters(), wanted.named_parameters(), strict=True):
        assert torch.equal(a.grad, b.grad), name


def copies(case: Case) -> None:
    case.same(deepcopy(case.net))
    case.same(pickle.loads(pickle.dumps(case.net)))
    buffer = io.BytesIO()
    torch.save(case.net, buffer)
    buffer.seek(0)
    case.same(torch.load(buffer, weights_only=False))


def exports(case: Case) -> None:
    program = torch.export.export(case.net, (case.x,))
    assert "fused_conv" not in str(program.graph)
    case.same(program.module())


COMPILED: list[Case] = []


def compiles(case: Case) -> None:
    torch.compiler.reset()
    case.same(torch.compile(case.net, fullgraph=True, backend="eager"))
    if case.sites and not COMPILED:
        COMPILED.append(case)  # once is enough: it takes seconds
        kept, case.file.on_device = case.file.on_device, lambda x: True
        try:
            torch.compiler.reset()
            case.close(torch.compile(case.net, fullgraph=True, backend="aot_eager")(case.x))
        finally:
            case.file.on_device = kept


def operator(case: Case) -> None:
    """The operator that the file registers."""
    if case.sites:
        assert case.on(case.file.FUSED_CONV)
        assert str(case.file.FUSED_CONV).startswith("netdsl_")


CHOSEN: Counter[str] = Counter()  # how often each kernel computed something


def kernels(case: Case) -> None:
    """The kernels that stand in the file, in Triton's interpreter; each time one that had few turns."""
    if case.sites:
        assert case.file.INTERPRETED

        narrow = list(case.file.KERNELS)

        def choose(call: Any) -> Any:
            config = min(case.file.candidates(call), key=lambda c: (CHOSEN[c.kernel], narrow.index(c.kernel)))
            CHOSEN[config.kernel] += 1
            return config

        case.file.choose = choose
        assert case.on(case.file.in_triton)


CHECKS = {check.__name__: check for check in (as_plain, trains, copies, exports, compiles, operator, kernels)}


def twice(name: str) -> str:
    """A file that is there under two names has one operator, which lives as long as either."""
    first = importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(f"{name}_again", str(first.__file__))
    assert spec is not None
    assert spec.loader is not None
    second: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = second
    spec.loader.exec_module(second)
    assert second.FUSED_CONV is first.FUSED_CONV
    del first, sys.modules[name]
    gc.collect()
    second.on_device = lambda x: True
    x = torch.randn(1, 3, 4, 4).to(memory_format=torch.channels_last)
    torch.testing.assert_close(second.conv_bn_relu(x, nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4).eval()).shape, (1, 4, 4, 4))
    return "netdsl" if "netdsl" in sys.modules else ""


def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    told: dict[str, str] = {}
    shapes = json.loads((folder / "shapes.json").read_text())
    cases = {name: Case(name, shape) for name, shape in shapes.items()}
    with torch.no_grad():
        for name, check in json.loads((folder / "checks.json").read_text()):
            try:
                CHECKS[check](cases[name])
                told[f"{name} {check}"] = ""
            except Exception:
                told[f"{name} {check}"] = traceback.format_exc()
        told["twice"] = twice("resnet")
    operators = {name: str(case.file.FUSED_CONV) for name, case in cases.items() if case.sites}
    print(json.dumps({"checks": told, "chosen": CHOSEN, "operators": operators}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
