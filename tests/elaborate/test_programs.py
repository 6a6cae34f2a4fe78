"""The programs of the language's design and the examples: published counts, true traces, torchvision's keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import cost
from netdsl.ops import OPS
from netdsl.ops.kinds import COUNT
from netdsl.ops.op import Loss, Op, attr
from netdsl.syntax.elaborate import load, networks
from netdsl.syntax.elaborate.program import needs_arguments
from netdsl.syntax.read import read_source
from netdsl.verify import violations
from tests.elaborate.texts import EXAMPLES, PROGRAMS, ROOT, check, graph, paths

ORACLE = json.loads((ROOT / "tests" / "oracle" / "oracle.json").read_text())
PLUGIN = "capsnet"  # needs an operator from Python

# What tests/oracle/golden.json (and shared/zoo) record of the networks: parameters and MACs.
PUBLISHED = {
    ("autoencoder", "autoencoder"): (2_837_314, 2_833_000),
    ("c3d", "c3d"): (79_991_015, 38_548_959_232),
    ("dilated", "context"): (28_392, None),
    ("dilated", "context_large"): (6_803_139, None),
    ("fcn8s", "fcn8s"): (134_362_751, None),
    ("mobilenet", "mobilenet_v1"): (4_231_976, 568_740_352),
    ("mobilenet", "mobilenet_v2"): (3_504_872, 300_774_272),
    ("resnet_preact", "preact_resnet200"): (64_666_280, 15_007_481_856),
    ("resnext", "resnext50"): (25_028_904, 4_230_479_872),
    ("resnext", "resnext101"): (44_177_704, 7_969_996_800),
    ("se_resnet", "se_resnet50"): (28_088_024, None),
    ("shufflenet", "shufflenet_v1"): (1_865_728, 137_460_672),
    ("shufflenet", "shufflenet_v2"): (2_278_604, 144_907_992),
    ("two_stream", "two_stream"): (181_335_594, None),
    ("xception", "xception"): (22_855_952, 8_357_403_496),
}


def program(name: str) -> Path:
    return next(p for p in PROGRAMS if p.stem == name)


@pytest.mark.parametrize("path", [p for p in PROGRAMS if p.stem != PLUGIN], ids=lambda p: p.stem)
def test_nothing_is_said_about_a_program_that_is_right(path: Path) -> None:
    assert check(path) == []


@pytest.mark.parametrize("name", [pytest.param(n, id=".".join(n)) for n in PUBLISHED])
def test_counts_are_the_published_ones(name: tuple[str, str]) -> None:
    g = graph(program(name[0]), name[1])
    params, macs = PUBLISHED[name]
    assert cost.params(g) == params
    if macs is not None:
        assert cost.macs(g) == macs


def test_fcn8s_counts_frozen_weights_apart_and_macs_once_its_size_is_known() -> None:
    g = graph(program("fcn8s"), inputs={"image": (3, 500, 500)})
    assert (cost.params(g), cost.frozen(g), cost.macs(g)) == (134_362_751, 127_008, 181_529_034_048)
    assert g.shape(g.outputs[0].value) == (21, 500, 500)


def test_the_traces_of_all_networks_are_true() -> None:
    """The verifier's invariants, among them that every traced number is what its expression says."""
    for path in PROGRAMS:
        source = read_source(path)
        loaded = load(source, path.parent)
        for name in networks(loaded):
            if path.stem != PLUGIN and not needs_arguments(loaded.main.names[name]):
                assert violations(graph(path, name)) == [], name


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet121", "googlenet", "vgg16_bn", "alexnet"])
def test_labels_give_torchvision_s_keys_in_order(name: str) -> None:
    chosen = f"{name}_torchvision" if name in ("googlenet", "alexnet") else name
    path = next(p for p in EXAMPLES if f"net {chosen}" in p.read_text())
    wanted = [key for key, _ in ORACLE[name]["state_dict"]]
    found = paths(graph(path, chosen))
    assert sorted(found) == sorted(wanted)
    if name != "googlenet":  # whose heads stand elsewhere in the text
        assert found == wanted


def test_resnet50_of_the_design_has_161_names_of_trained_tensors() -> None:
    found = [key for key in paths(graph(program("resnet"), "resnet50")) if key.endswith(("weight", "bias"))]
    assert len(found) == 161
    wanted = [k for k, _ in ORACLE["resnet50"]["state_dict"] if k.endswith(("weight", "bias"))]
    assert found == wanted


@pytest.fixture
def capsules() -> Iterator[None]:
    """The operators that capsnet.net takes from Python."""

    @netdsl.operator("py.routing", "capsules:Routing")
    class Routing(Op):
        """Routing by agreement."""

        stateful = True
        classes: int = attr(COUNT, "output capsules")
        length: int = attr(COUNT, "numbers in each")
        iterations: int = attr(COUNT, "rounds", default=3)

        def infer(self, x: Any) -> Any:
            return self.classes, self.length

        def weights(self, x: Any) -> Any:
            return {"weight": (x[0], self.classes, x[1], self.length)}

    for name, shape in (("py.mask", None), ("py.margin", Loss(()))):

        def infer(self: Op, x: Any, label: Any, shape: Any = shape) -> Any:
            return x if shape is None else shape

        body = {"__doc__": "An operator of a class.", "inputs": (2, 2), "class_inputs": (1,), "infer": infer}
        netdsl.operator(name, "capsules:f")(type("Labelled", (Op,), body))
    yield
    for name in [n for n in OPS if n.startswith("py.")]:
        del OPS[name]


@pytest.mark.usefixtures("capsules")
def test_capsnet_counts_what_was_published_once_its_operators_are_there() -> None:
    g = graph(program("capsnet"))
    assert cost.params(g) == 8_215_568
    assert violations(g) == []
    assert [node.name for node in g.nodes if node.owner][-4:] == ["routing", "linear1", "linear2", "linear3"]


def test_both_forms_of_unet_are_one_network() -> None:
    by_recursion, flat = graph(program("unet")), graph(program("unet_flat"))
    assert cost.macs(by_recursion) == cost.macs(flat)
    assert by_recursion.shape(by_recursion.outputs[0].value) == (2, 388, 388)
