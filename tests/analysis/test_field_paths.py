"""Receptive fields of random networks with branches: against every path, and against what a changed pixel moves."""

from __future__ import annotations

from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl.analysis.receptive_field import ReceptiveField, receptive_fields
from tests.graphs import graph

# A stage is a window (kernel, stride, dilation), or branches of stages.
Stage: TypeAlias = "tuple[int, int, int] | list[list[Stage]]"

windows = st.tuples(st.sampled_from([1, 3, 5]), st.just(1), st.sampled_from([1, 2]))
strided = st.tuples(st.sampled_from([1, 3, 5]), st.just(2), st.just(1))


def fork(inner: Any) -> Any:
    return st.lists(st.lists(inner, max_size=2), min_size=2, max_size=3)


def ending(branch: list[Stage], end: Stage) -> list[Stage]:
    return [*branch, end]


level = st.recursive(windows, fork, max_leaves=6)  # nothing in it strides, so that branches agree in size
falling = fork(level).flatmap(  # every branch ends in a stride
    lambda branches: st.tuples(*[st.builds(ending, st.just(branch), strided) for branch in branches]).map(list)
)
networks = st.lists(level | strided | falling, min_size=1, max_size=4)


def text(stages: list[Stage]) -> str:
    if not stages:
        return "identity"
    return " -> ".join(
        f"conv(1, {stage[0]}, stride = {stage[1]}, dilation = {stage[2]}, bias = false)"
        if isinstance(stage, tuple)
        else "concat { " + "; ".join(map(text, stage)) + " }"
        for stage in stages
    )


def paths(stages: list[Stage]) -> list[list[tuple[int, int]]]:
    """Every way through, as windows (extent, stride)."""
    found: list[list[tuple[int, int]]] = [[]]
    for stage in stages:
        ways = (
            [[(stage[2] * (stage[0] - 1) + 1, stage[1])]]
            if isinstance(stage, tuple)
            else [way for branch in stage for way in paths(branch)]
        )
        found = [before + way for before in found for way in ways]
    return found


def field(path: list[tuple[int, int]]) -> int:
    """`1 + Σ (k_l - 1) · Π_{i<l} s_i`."""
    total = stride = 1
    for window, step in path:
        total += (window - 1) * stride
        stride *= step
    return total


def source(stages: list[Stage], extent: int) -> str:
    return f"net n {{\n  input x: [1, {extent}]\n  output y = x -> {text(stages)} -> conv(1, 1)\n}}\n"


def found(stages: list[Stage], extent: int) -> ReceptiveField:
    g = graph(source(stages, extent))
    sight = receptive_fields(g)[g.outputs[0].value.node]
    assert sight is not None
    return sight


@given(networks)
@settings(max_examples=80)
def test_the_greatest_and_the_least_of_all_paths(stages: list[Stage]) -> None:
    sight = found(stages, 512)
    fields = [field(path) for path in paths(stages)]
    assert sight.extents == (max(fields),)
    assert sight.least_extents == (min(fields),)


@given(networks)
@settings(max_examples=30)
def test_a_pixel_moves_what_sees_it(stages: list[Stage]) -> None:
    """The widest range of pixels that move an output when they change, one at a time."""
    import torch

    greatest = max(field(path) for path in paths(stages))
    stride = 1
    for _, step in paths(stages)[0]:
        stride *= step
    extent = 2 * greatest + 2 * stride
    module = netdsl.compile(source(stages, extent)).module().double()
    generator = torch.Generator().manual_seed(1)
    for weight in module.parameters():  # positive, so that nothing cancels
        weight.data.uniform_(0.5, 1.5, generator=generator)
    image = torch.rand(1, 1, extent, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        changed = image + torch.eye(extent, dtype=torch.float64)[:, None, :]  # one pixel each
        moved = (module(changed) - module(image))[:, 0].abs() > 1e-6  # pixel × output
    seen = [moved[:, at].nonzero().flatten() for at in range(moved.shape[1])]
    measured = max(int(pixels.max() - pixels.min()) + 1 for pixels in seen if len(pixels))
    assert found(stages, extent).extents == (measured,)


def test_the_measures_can_tell() -> None:
    assert field([(3, 2), (5, 1)]) == 11
    stages: list[Stage] = [[[], [(3, 1, 2)]], (3, 2, 1)]
    assert text(stages).startswith("concat { identity; conv(1, 3,")
    assert sorted(map(field, paths(stages))) == [3, 7]
