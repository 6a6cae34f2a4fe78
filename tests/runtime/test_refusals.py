"""What is said about a bad file of weights or a bad image, word for word."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save
from torch import nn

import netdsl
from netdsl.diagnostics import NetdslError
from netdsl.runtime.image import Photograph, read_image
from netdsl.runtime.weights import load_weights
from tests.runtime.bad_files import (
    END,
    IMAGES,
    TEXT,
    WEIGHTS,
    State,
    changed,
    make_image,
    make_weights,
    png,
    torch_bytes,
    zipped,
)

# Beyond the bad files of test_bad_files: what differs in its wording only.
MORE: dict[str, Callable[[State], bytes]] = {
    "deflated": lambda s: zipped(torch_bytes(s), zipfile.ZIP_DEFLATED),
    "one-content-for-many-members": lambda s: overlapping(64),
    "a-tensor": lambda s: torch_bytes(torch.ones(3)),
    "checkpoint-of-another-name": lambda s: torch_bytes({3: 1, "epoch": 3, "net": s, "optimiser": {}}),
    "checkpoint-of-a-list": lambda s: torch_bytes({"epoch": 3, "tensors": list(s.values())}),
    "two-that-do-not-fit": lambda s: save(changed(s, fc__weight=torch.ones(()), fc__bias=torch.ones(10).int())),
    "turned-twice": lambda s: save(changed(s, conv__weight=torch.ones(s["conv.weight"].shape[::-1]))),
    "truths-for-counters": lambda s: save(changed(s, batch_norm__num_batches_tracked=torch.tensor(1.0))),
    "two-not-numbers": lambda s: save(changed(s, fc__weight=s["fc.weight"] / 0, fc__bias=s["fc.bias"] / 0)),
    "twelve-strangers": lambda s: save(changed(s, **{f"extra{i}": torch.ones(1) for i in range(12)})),
    "ten-strangers": lambda s: save(changed(s, **{f"extra{i}": torch.ones(1) for i in range(10)})),
    "some-of-a-module": lambda s: save(changed(s, module__fc=torch.ones(1))),
    "near-names": lambda s: save({name.replace("weight", "weights"): tensor for name, tensor in s.items()}),
    "leading-blanks": lambda s: b"\n\n  <html>",
    "on-no-device": lambda s: torch_bytes(changed(s, fc__weight=s["fc.weight"].to("meta"))),
    "quantized": lambda s: torch_bytes(
        changed(s, fc__weight=torch.quantize_per_tensor(s["fc.weight"], 0.1, 0, torch.qint8))
    ),
}


def overlapping(members: int) -> bytes:
    """A small zip whose members, MiB each, are the same bytes of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("0", bytes(1 << 20))
        archive.filelist.extend(archive.filelist * (members - 1))
    return out.getvalue()


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The folder where the test runs, so that messages do not name it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(5)
    return netdsl.compile(TEXT).module()


def said(path: str, act: Callable[[Path], object]) -> str:
    with pytest.raises(NetdslError) as caught:
        act(Path(path))
    (told,) = caught.value.diagnostics
    lines = [f"== {path}", f"{told.code}: {told.message}", *(f"note: {note}" for note in told.notes)]
    return "\n".join([*lines, *([f"help: {told.help}"] if told.help else []), ""])


def test_of_weights(here, network, golden) -> None:
    state = dict(network.state_dict())
    before = {name: tensor.clone() for name, tensor in state.items()}
    (here / "folder").mkdir()
    bad = [name for name in WEIGHTS if name != "deflated-bomb"]  # which takes seconds to make
    for name in bad:
        make_weights(name, Path(name), state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch gives quantized tensors up, but files have them
        for name, make in MORE.items():
            Path(name).write_bytes(make(state))
    Path("text.safetensors").write_bytes(torch_bytes(state))
    told = [
        said(name, lambda path: load_weights(network, path))
        for name in (*bad, *MORE, "text.safetensors", "folder", "nowhere")
    ]
    golden(Path(__file__).parent / "refused_weights.txt", "\n".join(told))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_of_images(here, golden) -> None:
    (here / "folder").mkdir()
    for name in IMAGES:
        make_image(name, Path(name))
    Path("ninety-million").write_bytes(png(10_000, 9_000, END))  # here Pillow warns
    told = [said(name, read) for name in (*IMAGES, "ninety-million", "folder", "nowhere")]
    Image.new("RGB", (4, 4)).save("good.png")
    told.append(said("good.png", lambda path: read_image(path, (4, 8, 8))))
    golden(Path(__file__).parent / "refused_images.txt", "\n".join(told))


def read(path: Path) -> Photograph:
    return read_image(path, (3, 8, 8))


@pytest.mark.parametrize(
    ("load", "wanted"),
    [(read, "N706"), (lambda path: load_weights(nn.Linear(1, 1), path), "N706")],
    ids=["image", "weights"],
)
def test_of_a_file_that_cannot_be_opened(here, monkeypatch, load, wanted) -> None:
    Path("mine").write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert said("mine", load).splitlines() == ["== mine", f"{wanted}: cannot read `mine`: permission denied"]
