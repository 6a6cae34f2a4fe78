"""The computations of one network that must agree: the NumPy reference, the emitted module, the fused network, and
ONNX Runtime; on signed inputs, with signed weights and statistics far from the identity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from netdsl import Network
from netdsl.graph import Graph, leaves
from netdsl.ops.op import Classes
from netdsl.runtime.executor import Executor
from netdsl.runtime.loading import load, network_class
from tests.reference.agreement import DOUBLE, Gate, disagreement
from tests.reference.interpreter import Array, interpret
from tests.reference.random import drawn

# Of a whole network, whose error its layers amplify: a norm over a constant map by 1/√eps, and leaves nothing else.
WHOLE = Gate(DOUBLE.rms * 100, DOUBLE.largest * 100, DOUBLE.least * 10)


class Case(NamedTuple):
    """A network with its inputs, weights, and what the reference makes of them."""

    net: Network
    module: torch.nn.Module
    inputs: dict[str, Array]
    weights: dict[str, Array]
    values: list[tuple[Array, ...]]


class Drawn(TorchFunctionMode):
    """In the place of torch's generators, the numbers that the reference takes for random ones."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.randn_like, torch.rand_like):
            kind = "normal" if func is torch.randn_like else "uniform"
            return torch.from_numpy(np.asarray(drawn(kind, args[0].detach().numpy())))
        return func(*args, **(kwargs or {}))


def case(net: Network, seed: int) -> Case:
    random = np.random.default_rng(seed)
    module = of(net, plain=True)
    weights = {path: weight(path, tensor, random) for path, tensor in module.state_dict().items()}
    module.load_state_dict({path: torch.from_numpy(array) for path, array in weights.items()})
    inputs = given(net.graph, random)
    return Case(net, module, inputs, weights, interpret(net.graph, inputs, weights))


def of(net: Network, *, plain: bool) -> torch.nn.Module:
    """The emitted module, with call sites or without."""
    made: torch.nn.Module = network_class(load(net.source(plain=plain), net.name))()
    return made.double().eval()


def weight(path: str, tensor: torch.Tensor, random: np.random.Generator) -> Array:
    """Signed, and such that a layer keeps the size of its numbers; variances are positive."""
    if not tensor.is_floating_point():
        return np.asarray(tensor.numpy())
    numbers = random.standard_normal(tuple(tensor.shape))
    if path.endswith("running_var"):
        return np.abs(numbers) + 0.5
    fan = math.prod(tensor.shape[1:]) if tensor.dim() > 1 else 1
    return np.asarray(numbers / math.sqrt(fan))


def given(graph: Graph, random: np.random.Generator) -> dict[str, Array]:
    """Inputs and targets for a batch; a class index is less than its scores' number of classes."""
    batch = int(random.choice((1, 2, 2, 3)))
    if any(not getattr(node.op, "track", True) for node in graph.nodes):
        batch = max(batch, 2)  # one vector has no statistics
    classes = {
        value.node: _classes(graph, value.node) for value in graph.uses if isinstance(graph.shape(value), Classes)
    }
    found: dict[str, Array] = {}
    for number in (*graph.inputs, *graph.targets):
        node = graph.nodes[number]
        extents: Any = node.shape
        shape = (batch, *map(int, extents))
        if isinstance(node.shape, Classes):
            found[node.name] = random.integers(0, classes.get(number, 1), shape)
        else:
            found[node.name] = random.standard_normal(shape)
    return found


def _classes(graph: Graph, target: int) -> int:
    """How many classes all readers of a target know of."""
    least = 1 << 30
    for node in graph.nodes:
        for slot, value in enumerate(node.operands):
            if value.node == target and node.op is not None and (slot or hasattr(node.op, "classes")):
                scores: Any = graph.shape(node.operands[0])[0] if slot else getattr(node.op, "classes", 1)
                least = min(least, int(scores))
    return least


def finite(case: Case) -> bool:
    """Whether every output is made of numbers."""
    graph = case.net.graph
    roots = [value for output in graph.outputs for value in leaves(output.value)]
    return all(np.isfinite(case.values[value.node][value.index]).all() for value in roots)


def largest(case: Case) -> float:
    """The largest number among the outputs: in units of it, differences of their distances (triplet) are rounded."""
    values = [case.values[v.node][v.index] for output in case.net.graph.outputs for v in leaves(output.value)]
    return max((float(np.abs(x).max()) for x in values if x.size), default=0.0)


def sites(case: Case) -> Iterator[str]:
    """Where the emitted module with call sites differs from the reference."""
    module = of(case.net, plain=False)
    module.load_state_dict(case.module.state_dict())
    yield from emitted(case._replace(module=module))


def emitted(case: Case) -> Iterator[str]:
    """Where the emitted module in float64 differs from the reference."""
    graph, module = case.net.graph, case.module
    xs = {name: torch.from_numpy(array) for name, array in case.inputs.items()}
    first = [xs[graph.nodes[n].name] for n in graph.inputs]
    main = [output for output in graph.outputs if not output.aux]
    with torch.no_grad(), Drawn():
        found = module(*first)
        yield from compared(case, main, found)
        if len(main) < len(graph.outputs):
            taken = signature(module.forward).parameters
            targets = {graph.nodes[n].name for n in graph.targets}
            found = module(*first, aux=True, **{name: xs[name] for name in targets if name in taken})
            yield from compared(case, list(graph.outputs), found)
        if graph.loss is not None:
            loss: Any = module.loss
            wanted = case.values[graph.loss.node][graph.loss.index]
            value = loss(found, **{name: x for name, x in xs.items() if name in [*signature(loss).parameters][1:]})
            wanted = wanted if value.dim() == wanted.ndim else wanted.mean()
            wrong = disagreement(value.numpy(), wanted, WHOLE)
            if wrong is not None and not (np.abs(value.numpy() - wanted) <= 2**-50 * largest(case)).all():
                yield f"the loss: {wrong}"
    for name, array in case.inputs.items():
        if not np.array_equal(array, xs[name].numpy()):
            yield f"input `{name}` was changed in place"


def compared(case: Case, outputs: list[Any], found: Any) -> Iterator[str]:
    for i, output in enumerate(outputs):
        named = hasattr(found, "_fields")  # with aux outputs, which come last
        piece = getattr(found, output.name) if named else found if len(outputs) == 1 else found[i]
        values = leaves(output.value)
        parts = [piece] if len(values) == 1 and not isinstance(piece, tuple | list) else list(piece)
        for value, part in zip(values, parts, strict=True):
            wrong = disagreement(part.numpy(), case.values[value.node][value.index], WHOLE)
            if wrong is not None:
                yield f"output `{output.name}`: {wrong}"


def fused(case: Case) -> Iterator[str]:
    """Where the network after all passes, norms folded, in float64 and planned memory, differs from the reference."""
    graph = case.net.fused
    # The reference's noise looks at what in truth only lends its size, and so need not be there any more.
    reuse = all(node.op is None or node.op.name != "noise" for node in graph.nodes)
    weights = {path: torch.from_numpy(array) for path, array in case.weights.items()}
    with torch.no_grad(), Drawn():
        found = Executor(graph, weights, "algebra", reuse=reuse)(
            *(torch.from_numpy(case.inputs[graph.nodes[n].name]) for n in graph.inputs)
        )
    main = [output for output in case.net.graph.outputs if not output.aux]
    yield from compared(case, main, found[0] if len(main) == 1 else found)


LEGS = {"emitted": emitted, "sites": sites, "fused": fused}


def disagreements(case: Case, legs: Mapping[str, Any] = LEGS) -> Iterator[str]:
    """What differs from the reference, and where."""
    for name, leg in legs.items():
        for line in leg(case):
            yield f"{name}: {line}"
