"""A standalone file computes what the plain one does where netdsl is not, and its kernels compute it too."""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

import netdsl
from netdsl.diagnostics import InternalError
from netdsl.emit.allowed import strangers
from netdsl.emit.callsites import IMPORTED
from netdsl.emit.classes import helper_names
from netdsl.emit.module import emit_module
from netdsl.emit.standalone import definitions, reach, standalone
from netdsl.passes.sites import sites
from netdsl.runtime.loading import load
from tests.emit.standalone.networks import NETWORKS, SHAPES, SITELESS
from tests.emit.test_random import AS_USERS, ROOT, compiled
from tests.emit.twins import assert_same
from tests.sites.layers import maps, randomised

CHEAP = ("as_plain", "trains", "copies", "operator", "kernels")
DEAR = ("exports", "compiles")
QUICK = [*((name, check) for name in NETWORKS for check in CHEAP), *(("resnet", check) for check in DEAR)]
SLOW = [(name, check) for name in NETWORKS for check in DEAR]
WITH_SITES = sorted(NETWORKS.keys() - set(SITELESS))
# An inlined kernel's arguments are a dict(..) by name, which our own settings forgive in netdsl/kernels alone.
RUFF = [("check", "--ignore", "C408"), ("format", "--check", "--diff")]
RULES = ("--config", str(ROOT / "pyproject.toml"), *AS_USERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("standalone")
    for name, text in NETWORKS.items():
        net = netdsl.compile(text, name)
        (path / f"{name}.py").write_text(net.source(standalone=True), encoding="utf-8")
        (path / f"{name}_plain.py").write_text(net.source(plain=True), encoding="utf-8")
    (path / "shapes.json").write_text(json.dumps(SHAPES), encoding="utf-8")
    return path


def examined(folder: Path, checks: list[tuple[str, str]]) -> Any:
    """What alone.py says, behind a wall that netdsl does not come through."""
    (folder / "checks.json").write_text(json.dumps(checks), encoding="utf-8")
    line = [sys.executable, str(Path(__file__).with_name("alone.py")), str(folder)]
    env = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(folder: Path) -> Any:
    return examined(folder, QUICK)


@pytest.fixture(scope="module")
def told_slowly(folder: Path) -> Any:
    return examined(folder, SLOW)


@pytest.mark.parametrize(("name", "check"), QUICK)
def test_it_stands_alone(name, check, told):
    assert told["checks"][f"{name} {check}"] == ""


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "check"), SLOW)
def test_it_stands_alone_everywhere(name, check, told_slowly):
    assert told_slowly["checks"][f"{name} {check}"] == ""


def test_every_kernel_had_a_turn(told):
    assert set(told["chosen"]) == {f"conv_{kind}" for kind in ("pointer", "stem", "depthwise")} | {
        f"conv_tma_{kind}" for kind in ("rows", "box", "stride2")
    }


def test_files_in_one_process_have_operators_of_their_own(told):
    assert len(set(told["operators"].values())) == len(told["operators"]) == len(WITH_SITES)
    assert told["checks"]["twice"] == ""


def test_it_has_an_operator_of_its_own_beside_netdsl_and_in_a_string(folder):
    from netdsl.kernels import operator

    file: Any = load((folder / "resnet.py").read_text(encoding="utf-8"), "resnet")
    assert file.FUSED_CONV is not operator.FUSED_CONV
    assert torch.ops.netdsl.fused_conv.default is operator.FUSED_CONV
    x = torch.randn(1, 8, 3, 3).to(memory_format=torch.channels_last)
    conv, bn = torch.nn.Conv2d(8, 8, 1), torch.nn.BatchNorm2d(8).eval()
    norm = (bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps)
    with torch.no_grad():  # triton reads the source of what was never a file
        found = file.in_triton(x, conv.weight, conv.bias, *norm, None, [1, 1], [0, 0], [1, 1], 1, "relu", 0.0)
        torch.testing.assert_close(found, bn(conv(x)).relu())


@pytest.mark.parametrize("name", SITELESS)
def test_a_network_without_call_sites_is_plain(name, folder):
    assert (folder / f"{name}.py").read_text() == (folder / f"{name}_plain.py").read_text()


@pytest.mark.nightly
def test_its_kernels_compile(folder):
    """Triton reads more when it compiles than when it interprets: annotations, which are strings in such a file."""
    line = [sys.executable, str(Path(__file__).with_name("compiling.py")), str(folder / "resnet.py")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" ", 3) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[::2]] == ["norm_affine"] * 6
    assert len({row[0] for row in rows[1::2]}) == 6
    for kernel, registers, spilled, failed in rows:
        assert (int(registers) > 0, spilled, failed) == (True, "0", ""), kernel


@pytest.mark.gpu
@pytest.mark.parametrize("name", WITH_SITES)
def test_its_kernels_run_on_a_gpu(name, folder, monkeypatch):
    file: Any = load((folder / f"{name}.py").read_text(encoding="utf-8"), name)
    plain: Any = load((folder / f"{name}_plain.py").read_text(encoding="utf-8"), name)
    twin = randomised(getattr(plain, plain.__all__[0])()).eval().cuda()
    net = getattr(file, file.__all__[0])().eval().cuda().to(memory_format=torch.channels_last)
    net.load_state_dict(twin.state_dict())
    launched: list[Any] = []
    launch = file.launch

    def spy(call: Any) -> None:
        launched.append(call)
        launch(call)

    monkeypatch.setattr(file, "launch", spy)
    monkeypatch.setattr(torch.backends.cudnn.conv, "fp32_precision", "ieee")  # type: ignore[attr-defined]
    x = maps(4, *SHAPES[name]).cuda()
    with torch.no_grad():
        found, wanted = net(x), twin.double()(x.double())
    assert launched
    assert (found - wanted).square().mean().sqrt() < 1e-5 * wanted.square().mean().sqrt()


# -------------------------------------------------------------------------------------------------------- the text


everything = functools.cache(lambda: reach.reach(IMPORTED))


def parts(text: str) -> tuple[ast.Module, list[ast.stmt]]:
    """The network, and what was put to it."""
    tree = ast.parse(text)
    inlined = [s for s in tree.body if set(definitions.bound(s)) & everything().names]
    imports = [s for s in tree.body if isinstance(s, ast.ImportFrom | ast.Import)]
    network = [s for s in tree.body if s not in inlined and s not in imports]
    return ast.Module(network, []), [*imports, *inlined]


@pytest.mark.parametrize("name", WITH_SITES)
def test_the_network_is_what_a_network_may_be_and_the_kernels_do_no_harm(name, folder):
    network, inlined = parts((folder / f"{name}.py").read_text(encoding="utf-8"))
    assert any(isinstance(s, ast.ClassDef) for s in network.body)
    assert strangers(network) == []
    nodes = [node for statement in inlined for node in ast.walk(statement)]
    spoken = {n.id for n in nodes if isinstance(n, ast.Name)} | {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    assert not spoken & {"exec", "eval", "open", "compile", "__import__", "globals", "system", "popen", "unlink"}
    modules = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    modules |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}
    assert {module.split(".")[0] for module in modules} == {
        *("__future__", "collections", "contextlib", "dataclasses", "functools", "math", "threading", "typing"),
        *("numpy", "torch", "triton"),
    }


@pytest.mark.parametrize("name", WITH_SITES)
def test_nothing_stands_there_twice_or_for_nothing(name, folder):
    text = (folder / f"{name}.py").read_text(encoding="utf-8")
    names = [n for statement in ast.parse(text).body for n in definitions.bound(statement)]
    assert len(names) == len(set(names))
    words = Counter(re.findall(r"\w+", re.sub(r"#.*", "", text)))
    assert [name for name in names if name != "__all__" and words[name] < 2] == []


@pytest.mark.parametrize("command", RUFF)
def test_ruff_has_nothing_to_say(command, folder):
    line = [sys.executable, "-m", "ruff", *command, "--no-cache", *RULES, str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_the_same_each_time(tmp_path):
    """Whatever the seed of the hashes, and from the command line."""
    path = tmp_path / "resnet.net"
    path.write_text(NETWORKS["resnet"], encoding="utf-8")
    line = [sys.executable, "-m", "netdsl", "compile", str(path), "--standalone"]
    env = {**os.environ, "PYTHONHASHSEED": "7" if os.environ.get("PYTHONHASHSEED") != "7" else "8"}
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=env)
    assert done.stdout == netdsl.compile(path).source(standalone=True)


def test_a_class_of_the_network_takes_no_name_of_the_kernels():
    net = netdsl.compile("""
        block launch(c) = conv(c, 3) -> relu
        block sequence(c) = launch(c) -> launch(c)
        block tensor_descriptor(c) = sequence(c) -> conv(c, 1)
        net config { input x: 3x6x6; output y = x -> sequence(4) -> tensor_descriptor(2) }""")
    file: Any = load(net.source(standalone=True), "config")
    assert {"Launch2", "Sequence2", "TensorDescriptor2", "Config2"} <= vars(file).keys()
    assert list(file.Config2().state_dict()) == list(net.module().state_dict())
    x = torch.randn(2, 3, 6, 6)
    twin = file.Config2()
    twin.load_state_dict((module := net.module()).state_dict())
    assert torch.equal(twin(x), module(x))
    assert "class Launch(" in net.source()  # only there


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("class Resnet", "class Launch", "Launch"),
        ("from torch import Tensor, nn", "from plugin import rows\nfrom torch import Tensor, nn", "rows"),
        ("from torch import Tensor, nn", "from plugin import Tensor\nfrom torch import nn", "Tensor"),
    ],
)
def test_a_name_that_is_there_already_is_our_bug(old, new, name):
    source = netdsl.compile(NETWORKS["resnet"]).source()
    assert old in source
    with pytest.raises(InternalError, match=f"`{name}` is of .* and of the kernels"):
        standalone(source.replace(old, new))


def test_a_network_whose_operators_bring_a_name_of_the_kernels_is_plain():
    text = "net f { input x: 3x6x6; output y = x -> conv(2, 1) -> relu -> scale }"
    graph = netdsl.compile(text).graph
    assert "Scale" in helper_names(graph)
    assert "conv_relu(" in emit_module(graph, sites(graph), {"rows"})
    assert emit_module(graph, sites(graph), {"Scale"}) == emit_module(graph)


def test_plain_and_standalone_exclude_each_other():
    net = netdsl.compile(NETWORKS["nothing"])
    with pytest.raises(ValueError, match="not both"):
        net.source(plain=True, standalone=True)


def random_networks_stand_alone(seeds: range, folder: Path) -> int:
    """Compare all that have call sites with their plain twins, and show the files to ruff; how many there were."""
    found = 0
    for seed in seeds:
        net = compiled(seed)
        if net is not None and "netdsl.kernels" in net.source():
            assert_same(net, standalone=True)
            (folder / f"seed{seed}.py").write_text(net.source(standalone=True), encoding="utf-8")
            found += 1
    for command in RUFF:
        test_ruff_has_nothing_to_say(command, folder)
    return found


def test_random_networks_stand_alone(tmp_path):
    assert random_networks_stand_alone(range(6), tmp_path) > 2


@pytest.mark.nightly
@pytest.mark.parametrize("block", range(10))
def test_many_random_networks_stand_alone(block, tmp_path):
    assert random_networks_stand_alone(range(5000 + 100 * block, 5100 + 100 * block), tmp_path) > 40


# ------------------------------------------------------------------------------------------------ the files of kernels


def test_of_a_file_only_what_is_reached_is_taken():
    found = reach.reach({"conv_relu"})
    assert {
        "conv_relu",
        "fused",
        "FUSED_CONV",
        "in_triton",
        "conv",
        "ConvPointer",
        "first_tap",
        "KERNELS",
    } <= found.names
    assert not found.names & {"conv_bn_relu", "FusedSequential", "deconv", "conv_reference", "observed", "pool"}
    order = [file.name for file in found.files]
    assert order[-1] == "fused"
    assert order.index("launch") < order.index("conv_pointer") < order.index("choice") < order.index("operator")
    assert "FusedSequential" in reach.reach({"FusedSequential"}).names


def test_what_all_call_sites_reach_can_stand_in_one_file():
    assert len(everything().files) > 15


FILE = '''"""A file."""

from math import pi

import torch

# One comment,
# of two lines.
A: float = 2 * pi  # and another


@torch.no_grad()
def f(x=A):
    """Its docstring."""
    from netdsl.kernels.other import g

    # Inside.
    return g(x)  # type: ignore[no-any-return]
'''


def test_a_definition_is_taken_as_it_stands():
    a, f = definitions.read(FILE, "file").definitions
    assert a.text == "# One comment,\n# of two lines.\nA: float = 2 * pi  # and another"
    assert f.text == '@torch.no_grad()\ndef f(x=A):\n    """Its docstring."""\n    # Inside.\n    return g(x)'
    assert (a.gap, f.gap) == (1, 2)
    assert f.reads == {"torch", "A", "g", "x"}
    assert f.reads_at_once == {"torch", "A"}
    assert definitions.read(FILE, "file").ours == {"g": "other"}


@pytest.mark.parametrize("statement", ["if A: B = 1", "print(A)", "for x in A: pass", "from netdsl import graph"])
def test_what_cannot_be_taken_out_of_its_file_is_our_bug(statement):
    with pytest.raises(InternalError):
        definitions.read(f"A = 1\n{statement}\n", "file")


def test_two_things_of_one_name_are_our_bug(monkeypatch):
    files = {
        "fused": "from netdsl.kernels.a import x\nfrom netdsl.kernels.b import z\ndef f(): return x, z",
        "a": "def x(): return y\ny = 1",
        "b": "def z(): return y\ny = 2",
    }
    monkeypatch.setattr(reach, "kernel_file", lambda name: definitions.read(files[name], name))
    with pytest.raises(InternalError, match="`y` is both of a and of b"):
        reach.reach({"f"})
