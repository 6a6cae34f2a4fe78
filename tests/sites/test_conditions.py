"""Where anything stands against the kernel the layers run, and the result is theirs to the bit."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from netdsl.kernels.fused import conv_bn_add, conv_bn_relu
from tests.sites.layers import Three, maps, plainly, three


@pytest.fixture
def module() -> Three:
    return three()


@pytest.fixture
def x() -> Tensor:
    return maps(2, 3, 9, 10)


def goes_plainly(module: Three, x: Tensor, taken: list[str], sites: int = 0) -> None:
    """The layers run, but for `sites` of the three call sites."""
    with torch.no_grad():
        found, wanted = module(x), plainly(module, x)
    assert len(taken) == sites
    if sites == 0:
        assert torch.equal(found, wanted)
    else:
        torch.testing.assert_close(found, wanted)


def test_three_sites_run_at_once(module: Three, x: Tensor, taken: list[str]) -> None:
    goes_plainly(module, x, taken, sites=3)
    assert taken == ["relu", "leaky_relu", "relu"]


def test_nothing_runs_at_once_on_the_cpu(module: Three, x: Tensor) -> None:
    goes_plainly(module, x, [])


class Quantised(nn.Conv2d):
    """As a library of quantised layers has them."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward((x * 16).round() / 16)


class LowRank(nn.Module):
    """As LoRA wraps a layer."""

    def __init__(self, inner: nn.Conv2d) -> None:
        super().__init__()
        self.inner = inner
        self.down = nn.Conv2d(inner.in_channels, 1, 1, stride=2)

    def forward(self, x: Tensor) -> Any:
        return self.inner(x) + self.down(x)


class Foreign(Tensor):
    """A tensor with operators of its own."""


class Halved(nn.Parameter):
    """A weight that torch's operators see as half of what it holds, as packed and quantised ones have another value."""

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            return function(*(a.data / 2 if type(a) is Halved else a for a in args), **(kwargs or {}))


def _forward(module: Any) -> None:
    module.conv1.forward = lambda x, inner=module.conv1.forward: 2 * inner(x)


def _weight_norm_as_it_was(module: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        nn.utils.weight_norm(module.conv1)


def _prune(module: Any) -> None:
    from torch.nn.utils import prune

    module.conv1.to(memory_format=torch.contiguous_format)  # prune cannot view it otherwise
    prune.l1_unstructured(module.conv1, "weight", amount=0.5)


def _double_hook(module: Any) -> None:
    module.bn1.register_forward_hook(lambda m, inputs, output: 2 * output)


def _replace(name: str, kind: Callable[[Any], nn.Module]) -> Callable[[Any], None]:
    def change(module: Any) -> None:
        setattr(module, name, kind(getattr(module, name)))

    return change


def _reflect(module: Any) -> None:
    module.conv1.padding_mode = "reflect"
    module.conv1._reversed_padding_repeated_twice = [1, 1, 1, 1]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a forward hook": _double_hook,
    "a forward pre-hook": lambda m: m.conv1.register_forward_pre_hook(lambda m, inputs: (2 * inputs[0],)),
    "a backward hook": lambda m: m.conv1.register_full_backward_hook(lambda *_: None),
    "another forward": _forward,
    "a batch norm in training": lambda m: m.bn1.train(),
    "a batch norm without statistics": _replace("bn1", lambda _: nn.BatchNorm2d(6, track_running_stats=False).eval()),
    "another norm": _replace("bn1", lambda _: nn.GroupNorm(2, 6)),
    "reflected padding": _reflect,
    "a subclass": _replace("conv1", lambda _: Quantised(3, 6, 3, 2, 1, bias=False)),
    "a wrapper": _replace("conv1", LowRank),
    "a weight of a foreign class": lambda m: setattr(m.conv1, "weight", Halved(m.conv1.weight)),
    "weight norm": lambda m: parametrizations.weight_norm(m.conv1),
    "spectral norm": lambda m: parametrizations.spectral_norm(m.conv1).eval(),
    "weight norm by hooks": _weight_norm_as_it_was,
    "pruning": _prune,
    "statistics in double": lambda m: m.bn1.register_buffer("running_var", m.bn1.running_var.double()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_layer_is_called(change: str, module: Three, x: Tensor, taken: list[str]) -> None:
    before = plainly(module, x)
    CHANGES[change](module)
    if change == "statistics in double":
        with torch.no_grad(), contextlib.suppress(RuntimeError):  # torch refuses such a mixture
            module(x)
        assert taken == []
        return
    goes_plainly(module, x, taken, sites=2)
    assert taken == ["leaky_relu", "relu"]
    if change not in ("a backward hook", "weight norm", "weight norm by hooks"):
        assert not torch.allclose(plainly(module, x), before)  # what was changed is seen


INPUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "channels that lie apart": lambda x: x.contiguous(),
    "a crop": lambda x: x[..., 1:],
    "no image": lambda x: x[:0],
    "a foreign class": lambda x: x.as_subclass(Foreign),
}


@pytest.mark.parametrize("change", INPUTS)
def test_an_input_that_no_kernel_reads_goes_through_the_layers(
    change: str, module: Three, x: Tensor, taken: list[str]
) -> None:
    x = INPUTS[change](x)
    with torch.no_grad():
        found = conv_bn_relu(x, module.conv1, module.bn1)
        assert torch.equal(found, module.bn1(module.conv1(x)).relu())
    assert taken == []


@pytest.mark.parametrize("change", ["channels that lie apart", "a foreign class"])
def test_a_residual_that_no_kernel_reads_goes_through_the_layers(
    change: str, module: Three, x: Tensor, taken: list[str]
) -> None:
    residual = INPUTS[change](maps(2, 6, 5, 5))
    with torch.no_grad():
        found = conv_bn_add(x, module.conv1, module.bn1, residual)
        assert torch.equal(found, module.bn1(module.conv1(x)) + residual)
    assert taken == []


def test_a_residual_that_is_broadcast_goes_through_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    for residual in (maps(2, 6, 1, 1), maps(1, 6, 5, 5), maps(2, 6, 5, 1)):
        with torch.no_grad():
            found = conv_bn_add(x, module.conv1, module.bn1, residual)
            assert torch.equal(found, module.bn1(module.conv1(x)) + residual)
    assert taken == []


def test_double_goes_through_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    goes_plainly(module.double(), x.double(), taken)


def test_an_input_of_another_dtype_is_torch_s_to_refuse(module: Three, x: Tensor, taken: list[str]) -> None:
    with torch.no_grad(), pytest.raises(RuntimeError, match="expected scalar type"):
        module(x.half())
    assert taken == []


class Watching(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.append(str(function))
        return function(*args, **(kwargs or {}))


@contextlib.contextmanager
def global_hook() -> Iterator[None]:
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    yield
    handle.remove()


CONTEXTS: dict[str, Callable[[], Any]] = {
    "gradients": torch.enable_grad,
    "a hook on all modules": global_hook,
    "a mode that sees operators": Watching,
    "a count of FLOPs": lambda: FlopCounterMode(display=False),
    "forward gradients": torch.autograd.forward_ad.dual_level,
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_who_watches_sees_the_layers(context: str, module: Three, x: Tensor, taken: list[str]) -> None:
    with torch.no_grad():
        wanted = plainly(module, x)
        with CONTEXTS[context]():
            assert torch.equal(module(x), wanted)
    assert taken == []
    goes_plainly(module, x, taken, sites=3)  # and it is over afterwards


def test_hooks_fire_as_often_as_without_call_sites(module: Three, x: Tensor, taken: list[str]) -> None:
    fired: list[str] = []
    for name, layer in module.named_modules():
        layer.register_forward_hook(lambda *_, name=name: fired.append(name))
    goes_plainly(module, x, taken)
    assert sorted(set(fired)) == sorted(name for name, _ in module.named_modules())
    fired.clear()
    with torch.no_grad():
        module(x)
    assert sorted(fired) == sorted(name for name, _ in module.named_modules())


def test_a_hook_on_an_activation_of_a_sequence_fires(module: Three, x: Tensor, taken: list[str]) -> None:
    module.side[2].register_forward_hook(lambda m, inputs, output: -output)
    goes_plainly(module, x, taken, sites=3)
    assert taken == ["relu", "none", "relu"]


def test_flops_are_those_of_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    with torch.no_grad():
        with FlopCounterMode(display=False) as found:
            module(x)
        with FlopCounterMode(display=False) as wanted:
            plainly(module, x)
    assert found.get_total_flops() == wanted.get_total_flops() > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_computes_as_it_does_on_the_layers(
    dtype: torch.dtype, module: Three, x: Tensor, taken: list[str]
) -> None:
    with torch.no_grad(), torch.autocast("cpu", dtype):
        found, wanted = module(x), plainly(module, x)
    assert taken == []  # the weights are in fp32, and autocast wants others
    assert found.dtype == wanted.dtype == dtype
    assert torch.equal(found, wanted)


def test_autocast_lets_run_what_has_its_dtype(module: Three, x: Tensor, taken: list[str]) -> None:
    module, low = module.bfloat16(), x.bfloat16()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found, wanted = module(low), plainly(module, low)
    assert len(taken) == 3
    assert found.dtype == wanted.dtype
    torch.testing.assert_close(found, wanted, atol=0.2, rtol=0.05)
