"""The emitted modules as files: what a reader sees, what linters say, and that they need nothing but torch.

The sources stand under tests/golden/emitted; `pytest --update-golden` rewrites them.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from netdsl.emit.standalone import names, standalone
from tests.emit.test_random import AS_USERS
from tests.examples.costs import cheapest
from tests.examples.networks import FAMILIES, FILE, ROOT, ZOO, compile_with, compiled, summary

EMITTED = ROOT / "tests" / "golden" / "emitted"
SHOWN = sorted(path.stem for path in EMITTED.glob("*.py"))  # the plain sources that are kept to be looked at
FUSED = ("googlenet_torchvision", "mobilenet_v2", "resnet50", "unet", "vgg16")  # and those with call sites


def source(network: str) -> str:
    return str(compiled(network).source(plain=True))


def fused(network: str) -> str:
    return str(compiled(network).source())


kernels = functools.cache(names)


def classes(text: str) -> list[str]:
    return [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]


def python(*arguments: str, stdin: str = "", **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("network", SHOWN)
def test_emitted_source_is_the_golden_one(network: str, golden: Callable[[Path, str], None]) -> None:
    golden(EMITTED / f"{network}.py", source(network))


@pytest.mark.parametrize("network", FUSED)
def test_emitted_source_with_call_sites_is_the_golden_one(network: str, golden: Callable[[Path, str], None]) -> None:
    golden(EMITTED / "fused" / f"{network}.py", fused(network))


@pytest.mark.parametrize("form", [source, fused])
@pytest.mark.parametrize(
    ("network", "limit", "name"),
    [
        ("googlenet", 170, "Inception"),
        ("resnet50", 110, "Bottleneck"),
        ("unet", 80, "Level"),
        ("densenet121", 120, "DenseLayer"),
    ],
)
def test_emitted_source_is_short_with_one_class_per_block(
    form: Callable[[str], str], network: str, limit: int, name: str
) -> None:
    text = form(network)
    assert len(text.splitlines()) <= limit
    assert [found for found in classes(text) if name in found] == [name]


def test_unet_is_emitted_as_a_recursive_class() -> None:
    tree = ast.parse(source("unet"))
    level = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "Level")
    calls = [node.func for node in ast.walk(level) if isinstance(node, ast.Call)]
    assert any(isinstance(call, ast.Name) and call.id == "Level" for call in calls)


@pytest.mark.parametrize("network", FILE)
def test_class_of_the_network_is_exported_first(network: str) -> None:
    text = source(network)
    exported = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
    )
    assert set(exported) <= set(classes(text))
    assert exported[0].lower() == ZOO[network]["net"].replace("_", "").lower()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All emitted sources as files."""
    path = tmp_path_factory.mktemp("emitted")
    (path / "fused").mkdir()
    for network in FILE:
        (path / f"{network}.py").write_text(source(network), encoding="utf-8")
        (path / "fused" / f"{network}.py").write_text(fused(network), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", [("check",), ("format", "--check", "--diff")])
def test_ruff_has_nothing_to_say(command: tuple[str, ...], folder: Path) -> None:
    config = ("--config", str(ROOT / "pyproject.toml"), *AS_USERS)
    python("-m", "ruff", *command, "--no-cache", *config, str(folder))


def test_every_network_stands_alone(tmp_path: Path) -> None:
    """Every name is bound, once, and all that is imported is used."""
    for network in FILE:
        text = standalone(fused(network))
        assert set(classes(fused(network))) & kernels() == set()
        (tmp_path / f"{network}.py").write_text(text, encoding="utf-8")
    python("-m", "ruff", "check", "--isolated", "--select", "F", "--no-cache", str(tmp_path))


def test_ruff_speaks_up_on_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import os\nx=1\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        test_ruff_has_nothing_to_say(("check",), tmp_path)
    with pytest.raises(AssertionError):
        test_ruff_has_nothing_to_say(("format", "--check"), tmp_path)


def run_alone(networks: Iterable[str], folder: Path) -> None:
    # What a plugin declares and what it runs stand in one file, so that its networks need netdsl.
    summaries = {network: summary(network) for network in networks if "plugin" not in ZOO[network]}
    wanted = {n: [str(folder / f"{n}.py"), list(found["inputs"].values())] for n, found in summaries.items()}
    script = Path(__file__).with_name("run_alone.py")
    found = json.loads(python("-I", "-W", "error", str(script), stdin=json.dumps(wanted)))
    for network, figures in summaries.items():
        assert found[network]["params"] == figures["params"], network
        main = [[2, *shape] for shape in figures["outputs"].values()][: len(found[network]["outputs"])]
        assert found[network]["outputs"] == main, network
    if "googlenet" in found:
        assert len(found["googlenet"]["outputs"]) == 1  # the side heads are for training


def test_emitted_files_run_where_netdsl_cannot_be_imported(folder: Path) -> None:
    run_alone({*map(cheapest, FAMILIES), "googlenet"}, folder)


@pytest.mark.nightly
def test_all_emitted_files_run_where_netdsl_cannot_be_imported(folder: Path) -> None:
    run_alone(FILE, folder)


def same_bytes(seed: str) -> None:
    """This process has a seed of its own, drawn when it began, unless PYTHONHASHSEED gave it one."""
    found = json.loads(python("-m", "tests.examples.emit_all", PYTHONHASHSEED=seed))
    assert found == {network: source(network) for network in FILE}


def test_same_bytes_under_another_hash_seed() -> None:
    same_bytes("0")


@pytest.mark.nightly
@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_same_bytes_under_more_hash_seeds(seed: str) -> None:
    same_bytes(seed)


@pytest.mark.parametrize("file", FAMILIES)
def test_compiling_again_gives_the_same_bytes(file: str) -> None:
    network = cheapest(file)
    assert compile_with(network).source(plain=True) == source(network)
