"""Modules with call sites go wherever torch takes modules, and nothing in them can go stale."""

from __future__ import annotations

import io
import pickle
import warnings
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.func import functional_call, grad, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from tests.sites.layers import Three, maps, plainly, randomised, three


@pytest.fixture
def module() -> Three:
    return three()


@pytest.fixture
def x() -> Tensor:
    return maps(2, 3, 9, 10)


class Captured:
    """A backend of torch.compile that keeps the graphs."""

    def __init__(self) -> None:
        self.targets: list[str] = []

    def __call__(self, module: fx.GraphModule, inputs: Any) -> Any:
        self.targets += [str(node.target) for node in module.graph.nodes]
        return module.forward


def calls(graph: fx.Graph) -> set[str]:
    return {str(node.target) for node in graph.nodes if node.op == "call_function"}


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch.compiler.reset()


def test_compile_keeps_each_call_site_as_one_operator(module: Three, x: Tensor, anywhere: None) -> None:
    captured = Captured()
    with torch.no_grad():
        found = torch.compile(module, fullgraph=True, backend=captured)(x)
        assert torch.equal(found, module(x))
    assert captured.targets.count("netdsl.fused_conv.default") == 3
    assert not [t for t in captured.targets if "batch_norm" in t]


def test_compile_sees_the_layers_on_the_cpu_and_in_training(module: Three, x: Tensor) -> None:
    for mode, context in ((module.eval(), torch.no_grad()), (module.train(), torch.enable_grad())):
        captured = Captured()
        with context:
            torch.compile(mode, fullgraph=True, backend=captured)(x)
        assert not [t for t in captured.targets if "fused" in t]


@pytest.mark.parametrize("dynamic", [False, True])
def test_compile_computes_the_same(dynamic: bool, module: Three, x: Tensor, anywhere: None) -> None:
    with torch.no_grad():
        compiled = torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=dynamic)
        for batch in (x, maps(3, 3, 11, 12)):
            torch.testing.assert_close(compiled(batch), plainly(module, batch))


def test_compile_notices_that_training_began(module: Three, x: Tensor, anywhere: None) -> None:
    compiled: Any = torch.compile(module, fullgraph=True, backend="eager")
    with torch.no_grad():
        compiled(x)
        module.train()
        twin = deepcopy(module)
        torch.testing.assert_close(compiled(x), plainly(twin, x))
        torch.testing.assert_close(module.bn1.running_mean, twin.bn1.running_mean)


def test_compile_notices_an_input_that_lies_otherwise(module: Three, x: Tensor, anywhere: None) -> None:
    captured = Captured()
    compiled = torch.compile(module, fullgraph=True, backend=captured)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), plainly(module, x))
        torch.testing.assert_close(compiled(x.contiguous()), plainly(module, x))
    assert 3 <= captured.targets.count("netdsl.fused_conv.default") < 6


@pytest.mark.parametrize("strict", [False, True])
def test_export_holds_torch_s_own_operators(strict: bool, module: Three, x: Tensor, anywhere: None) -> None:
    with torch.no_grad():
        program = torch.export.export(module, (x,), strict=strict)
        torch.testing.assert_close(program.module()(x), plainly(module, x))
    assert {"aten.conv2d.default", "aten.batch_norm.default"} <= calls(program.graph)
    assert not [name for name in calls(program.graph) if "netdsl" in name]


def test_symbolic_tracing_finds_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    traced = fx.symbolic_trace(module)
    layers = [str(node.target) for node in traced.graph.nodes if node.op == "call_module"]
    assert layers == ["conv1", "bn1", "side.0", "side.1", "side.2", "side.3", "conv2"]
    with torch.no_grad():
        assert torch.equal(traced(x), plainly(module, x))
    assert taken == []


def test_tracing_by_example_finds_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    with torch.no_grad():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it lives until torch takes it away
            traced = torch.jit.trace(module, (x,))
        torch.testing.assert_close(traced(x), plainly(module, x))
        taken.clear()  # the example itself ran too
        made = make_fx(module)(x)
    assert taken == []
    assert "fused_conv" not in str(traced.inlined_graph)
    assert "aten.convolution.default" in calls(made.graph)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch's own, in jvp
def test_transforms_see_the_layers(module: Three, x: Tensor, taken: list[str]) -> None:
    many = torch.stack([x, -x])
    with torch.no_grad():
        torch.testing.assert_close(vmap(module)(many)[1], plainly(module, -x))
        value, tangent = jvp(module, (x,), (torch.ones_like(x),))[:2]
        wanted = jvp(lambda y: plainly(module, y), (x,), (torch.ones_like(x),))[1]
        gradient = grad(lambda y: module(y).square().sum())(x)
    assert torch.equal(value, plainly(module, x))
    assert torch.equal(tangent, wanted)
    assert torch.equal(gradient, grad(lambda y: plainly(module, y).square().sum())(x))
    assert taken == []


def test_a_functional_call_uses_the_weights_that_it_is_given(module: Three, x: Tensor, taken: list[str]) -> None:
    other = three()
    with torch.no_grad():
        weights = {name: tensor.clone() for name, tensor in other.state_dict().items()}
        found = functional_call(module, weights, (x,))
        torch.testing.assert_close(found, plainly(other, x))
        assert not torch.allclose(found, module(x))
    assert len(taken) == 6


# ------------------------------------------------------------------------------------------- nothing can go stale


def _data(module: Any) -> None:
    module.conv1.weight.data.mul_(-2)
    module.bn1.running_var.data.fill_(3)


def _load(module: Three) -> None:
    module.load_state_dict(three().state_dict())


def _inference_mode(module: Three) -> None:
    with torch.inference_mode():
        module.bn1.weight.copy_(torch.randn(6))


def _new_parameter(module: Three) -> None:
    module.conv2.weight = nn.Parameter(torch.randn(6, 6, 3, 3))


@pytest.mark.parametrize("edit", [_data, _load, _inference_mode, _new_parameter])
def test_an_edit_of_the_weights_is_seen_at_once(edit: Any, module: Three, x: Tensor, taken: list[str]) -> None:
    with torch.no_grad():
        before = module(x)
        edit(module)
        after = module(x)
        torch.testing.assert_close(after, plainly(module, x))
    assert not torch.allclose(before, after)
    assert len(taken) == 6


@pytest.mark.parametrize(("dtype", "error"), [(torch.float16, 1e-2), (torch.bfloat16, 1e-1)])
def test_low_precision(dtype: torch.dtype, error: float, module: Three, x: Tensor, taken: list[str]) -> None:
    module, x = module.to(dtype), x.to(dtype)
    with torch.no_grad():
        found = module(x)
        wanted = plainly(deepcopy(module).double(), x.double())
    assert found.dtype is dtype
    assert len(taken) == 3
    assert (found.double() - wanted).square().mean().sqrt() < error * wanted.square().mean().sqrt()


def test_copies_are_independent(module: Three, x: Tensor, taken: list[str]) -> None:
    twin = deepcopy(module)
    again: Three = pickle.loads(pickle.dumps(module))
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    loaded = Three().eval()
    loaded.load_state_dict(torch.load(buffer, weights_only=True))
    with torch.no_grad():
        wanted = module(x)
        for copy in (twin, again, loaded):
            torch.testing.assert_close(copy(x), wanted)
        randomised(twin)
        assert torch.equal(module(x), wanted)
        assert not torch.allclose(twin(x), wanted)


def test_nothing_is_kept_in_the_module(module: Three, x: Tensor, taken: list[str]) -> None:
    before = [sorted(vars(m)) for m in module.modules()]
    with torch.no_grad():
        module(x)
    assert [sorted(vars(m)) for m in module.modules()] == before


def test_shapes_come_out_on_meta(module: Three) -> None:
    with torch.no_grad():
        assert module.to("meta")(maps(2, 3, 9, 10).to("meta")).shape == (2, 6, 5, 5)
