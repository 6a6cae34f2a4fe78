"""Bad weights and bad images through `netdsl run`: one coded error, soon, and before memory is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import netdsl
from tests.children import Job, Outcome, Parent
from tests.runtime.bad_files import IMAGES, PAYLOAD_SAYS, TEXT, WEIGHTS, make_image, make_weights

SECONDS = 2.0  # of processor time
MEMORY = 96 << 20  # bytes beyond those of a run without the file
# A PNG of 36 million pixels may be unpacked: 108 MB, twice while it is converted.
UNPACKED = {"pixel-bomb": 400 << 20}


@pytest.fixture(scope="module")
def parent() -> Iterator[Parent]:
    parent = Parent("netdsl.cli.run", "netdsl.compiler", "netdsl.runtime.run", "safetensors.torch", "netdsl.rendering")
    yield parent
    parent.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "n.net").write_text(TEXT)
    torch.manual_seed(5)
    state = netdsl.compile(TEXT).module().state_dict()
    save_file(state, folder / "good")
    for name in WEIGHTS:
        make_weights(name, folder / f"{name}.weights", dict(state))
    for name in IMAGES:
        make_image(name, folder / f"{name}.png")
    Image.effect_noise((64, 64), 90).save(folder / "good.png")
    return folder


@pytest.fixture(scope="module")
def run(parent, folder):
    def run(*options: str, **environment: str) -> Outcome:
        (outcome,) = parent.run(Job(("run", "n.net", *options), cwd=str(folder), environment=environment))
        return outcome

    return run


@pytest.fixture(scope="module")
def plain(run) -> Outcome:
    """A run with a good file and a good image: what the bad ones are measured by."""
    outcome = run("--weights", "good", "--image", "good.png")
    assert outcome.status == 0, outcome.stderr
    return outcome


def assert_refused(outcome: Outcome, code: str, plain: Outcome, memory: int = MEMORY) -> None:
    assert outcome.status == 1, outcome.stderr
    assert f"error[{code}]" in outcome.stderr
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    assert outcome.seconds < SECONDS
    assert outcome.peak - plain.peak < memory


def test_there_are_enough_of_them(counted):
    assert len(WEIGHTS) >= 30
    assert len(IMAGES) >= 25
    counted("bad files of weights", len(WEIGHTS))
    counted("bad images", len(IMAGES))


@pytest.mark.parametrize("name", WEIGHTS)
def test_bad_weights_are_refused(name, run, plain):
    assert_refused(run("--weights", f"{name}.weights"), WEIGHTS[name][1], plain)


@pytest.mark.parametrize("name", [name for name in WEIGHTS if name.startswith(("payload", "module"))])
@pytest.mark.parametrize("value", ["1", "true", "y", "yes"])
def test_pickle_never_runs_whatever_the_environment_says(name, value, run, plain):
    outcome = run("--weights", f"{name}.weights", TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=value)
    assert_refused(outcome, WEIGHTS[name][1], plain)
    assert PAYLOAD_SAYS not in outcome.stdout + outcome.stderr


def test_the_payload_would_run_elsewhere(folder, capsys):
    """Or the test above proves nothing."""
    torch.load(folder / "payload-zip.weights", weights_only=False)
    assert PAYLOAD_SAYS in capsys.readouterr().out


@pytest.mark.parametrize("name", IMAGES)
def test_bad_images_are_refused(name, run, plain):
    assert_refused(run("--image", f"{name}.png"), IMAGES[name][1], plain, UNPACKED.get(name, MEMORY))


def test_the_measure_of_memory_measures(parent, folder):
    """A child that takes 300 MB is seen to take them."""
    (outcome,) = parent.run(Job((), cwd=str(folder), program="tests.runtime.test_bad_files:take_300_megabytes"))
    (nothing,) = parent.run(Job((), cwd=str(folder), program="tests.runtime.test_bad_files:take_nothing"))
    assert outcome.peak - nothing.peak > 280_000_000


def take_300_megabytes() -> None:
    bytearray(300_000_000).find(1)


def take_nothing() -> None:
    pass
