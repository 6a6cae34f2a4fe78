"""Files of weights, good and bad: all of a network's weights are loaded, or none and one coded error says why.

Thirty bad ones go through the command in test_bad_files.py, where memory and time are measured.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from netdsl.diagnostics import NetdslError
from netdsl.runtime.weights import load_weights


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    parts = [("conv", nn.Conv2d(3, 4, 3)), ("bn", nn.BatchNorm2d(4)), ("fc", nn.Linear(4, 10, bias=False))]
    module = nn.Sequential(OrderedDict(parts))
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_()
    return module


@pytest.fixture
def trained() -> dict[str, torch.Tensor]:
    return dict(network(1).state_dict())


def refusal(module, path):
    """The one diagnostic of a refused file, after seeing that the module did not change."""
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(NetdslError) as caught:
        load_weights(module, path)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def same(module, state) -> bool:
    return all(torch.equal(tensor, state[name].to(tensor.dtype)) for name, tensor in module.state_dict().items())


# ------------------------------------------------------------------------------------------------------------- good


def test_safetensors_are_loaded(tmp_path, trained):
    save_file(trained, tmp_path / "w.safetensors")
    module = network()
    assert not same(module, trained)
    load_weights(module, tmp_path / "w.safetensors")
    assert same(module, trained)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_of_torch_is_loaded(tmp_path, trained, zipped):
    torch.save(trained, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    module = network()
    load_weights(module, tmp_path / "w.pt")
    assert same(module, trained)


def test_the_content_decides_not_the_ending(tmp_path, trained):
    save_file(trained, tmp_path / "w.pt")
    module = network()
    load_weights(module, tmp_path / "w.pt")
    assert same(module, trained)


def test_half_precision_is_widened(tmp_path, trained):
    half = {name: t.half() if t.is_floating_point() else t for name, t in trained.items()}
    save_file(half, tmp_path / "w.safetensors")
    module = network()
    load_weights(module, tmp_path / "w.safetensors")
    assert same(module, half)
    assert module.state_dict()["conv.weight"].dtype == torch.float32


def test_batch_counters_may_be_missing_as_in_old_files(tmp_path, trained):
    del trained["bn.num_batches_tracked"]
    save_file(trained, tmp_path / "w.safetensors")
    module = network()
    load_weights(module, tmp_path / "w.safetensors")
    assert torch.equal(module.state_dict()["fc.weight"], trained["fc.weight"])


# -------------------------------------------------------------------------------------------------- not weights at all


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"hello, these are my weights\n", "not a file of weights"),
        (b"<!DOCTYPE html><title>404</title>" + b" " * 600, "web page"),
        (b'{"error": "not found"}', "not a file of weights"),
        (b"PK\x03\x04 and then nothing", "not a file of weights"),
        (b"\x80\x02", "not a file of weights"),
        (b"\xff" * 8 + b'{"conv.weight": {}}', "not a file of weights"),
        (b"\x00" * 64, "not a file of weights"),
        ((2**63).to_bytes(8, "little") + b"{" * 100, "not a file of weights"),
        ((60_000).to_bytes(8, "little") + b'{"a":' * 12_000, "not a file of weights"),
    ],
)
def test_other_things_are_named_for_what_they_are(tmp_path, ending, content, word):
    path = tmp_path / f"w{ending}"
    path.write_bytes(content)
    diagnostic = refusal(network(), path)
    assert diagnostic.code == "N711"
    assert word in diagnostic.message


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "old"])
def test_a_file_cut_short_is_refused(tmp_path, trained, kind, part):
    path = tmp_path / "w"
    if kind == "safetensors":
        save_file(trained, path)
    else:
        torch.save(trained, path, _use_new_zipfile_serialization=kind == "zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    # An old file may be cut within the name of a class, which then is a class that is not allowed.
    assert refusal(network(), path).code in ("N711", "N712" if kind == "old" else "N711")


def test_a_missing_file_and_a_folder(tmp_path):
    assert refusal(network(), tmp_path / "w.pt").code == "N706"
    assert refusal(network(), tmp_path).code == "N706"


@pytest.mark.parametrize("thing", [torch.ones(3), [torch.ones(3)], 7])
def test_something_other_than_a_state_dict(tmp_path, thing):
    torch.save(thing, tmp_path / "w.pt")
    assert refusal(network(), tmp_path / "w.pt").code == "N711"


def test_a_checkpoint_is_told_from_its_weights(tmp_path, trained):
    torch.save({"epoch": 3, "state_dict": trained}, tmp_path / "w.pt")
    diagnostic = refusal(network(), tmp_path / "w.pt")
    assert diagnostic.code == "N711"
    assert "checkpoint['state_dict']" in diagnostic.help


# ----------------------------------------------------------------------------------------------------------- attacks


class Payload:
    def __reduce__(self):
        return print, ("the payload ran",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_payload_does_not_run(tmp_path, capfd, zipped):
    torch.save({"conv.weight": Payload()}, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    assert refusal(network(), tmp_path / "w.pt").code == "N712"
    assert "payload" not in capfd.readouterr().out


def test_a_bare_pickle_does_not_run(tmp_path, capfd):
    (tmp_path / "w.pt").write_bytes(pickle.dumps(Payload()))
    assert refusal(network(), tmp_path / "w.pt").code in ("N711", "N712")
    assert "payload" not in capfd.readouterr().out


def test_a_whole_module_is_refused(tmp_path):
    torch.save(network(), tmp_path / "w.pt")
    assert refusal(network(), tmp_path / "w.pt").code == "N712"


def test_a_compressed_file_is_not_unpacked(tmp_path):
    packed = io.BytesIO()
    torch.save({"conv.weight": torch.zeros(50_000_000)}, packed)
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(tmp_path / "w.pt", "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    assert (tmp_path / "w.pt").stat().st_size < 1 << 20
    assert refusal(network(), tmp_path / "w.pt").code == "N713"


def test_a_file_far_larger_than_the_network(tmp_path):
    with (tmp_path / "w.safetensors").open("wb") as file:
        file.truncate(1 << 36)  # sparse: takes no space, and must take no memory
    assert refusal(network(), tmp_path / "w.safetensors").code == "N713"


def test_a_tensor_that_claims_more_than_it_stores(tmp_path, trained):
    trained["fc.weight"] = torch.zeros(1).expand(10**9)
    torch.save(trained, tmp_path / "w.pt")
    assert (tmp_path / "w.pt").stat().st_size < 10_000
    assert refusal(network(), tmp_path / "w.pt").code == "N716"


def test_a_storage_that_claims_more_than_its_bytes(tmp_path, trained):
    torch.save(trained, tmp_path / "whole.pt")
    with zipfile.ZipFile(tmp_path / "whole.pt") as old, zipfile.ZipFile(tmp_path / "w.pt", "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member.filename, content[:4] if "/data/" in member.filename else content)
    assert refusal(network(), tmp_path / "w.pt").code == "N711"


def test_a_sparse_tensor(tmp_path, trained):
    trained["fc.weight"] = trained["fc.weight"].to_sparse()
    torch.save(trained, tmp_path / "w.pt")
    assert refusal(network(), tmp_path / "w.pt").code == "N716"


def test_a_name_that_stands_twice_in_safetensors(tmp_path):
    entry = json.dumps({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]})
    header = f'{{"a": {entry}, "a": {entry}}}'.encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N716"
    assert "`a` twice" in diagnostic.message


# -------------------------------------------------------------------------------------------- of another network


def test_missing_and_unexpected_names_with_their_neighbours(tmp_path, trained):
    trained["convv.weight"] = trained.pop("conv.weight")
    del trained["bn.running_var"]
    save_file(trained, tmp_path / "w.safetensors")
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N714"
    missing, unexpected = diagnostic.notes
    assert "`conv.weight` (the file has `convv.weight`)" in missing
    assert "`bn.running_var`" in missing
    assert unexpected == "unexpected: `convv.weight`"


def test_ten_names_are_shown_and_the_rest_counted(tmp_path, trained):
    trained |= {f"extra{i}": torch.ones(1) for i in range(25)}
    save_file(trained, tmp_path / "w.safetensors")
    (unexpected,) = refusal(network(), tmp_path / "w.safetensors").notes
    assert unexpected.count("`extra") == 10
    assert unexpected.endswith("and 15 more")


def test_the_prefix_of_data_parallel_is_recognised(tmp_path, trained):
    save_file({f"module.{name}": tensor for name, tensor in trained.items()}, tmp_path / "w.safetensors")
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N714"
    assert "module." in diagnostic.help


def test_no_matching_name_is_not_silence(tmp_path):
    save_file({"other": torch.ones(1)}, tmp_path / "w.safetensors")
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N714"
    assert "another network" in diagnostic.help


def test_another_shape(tmp_path, trained):
    trained["fc.weight"] = torch.ones(7, 4)
    save_file(trained, tmp_path / "w.safetensors")
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N715"
    assert diagnostic.notes == ("`fc.weight` is 7×4, not 10×4",)


def test_a_transposed_matrix_is_recognised(tmp_path, trained):
    trained["fc.weight"] = torch.ones(4, 10)
    save_file(trained, tmp_path / "w.safetensors")
    assert "transposed" in refusal(network(), tmp_path / "w.safetensors").notes[0]


@pytest.mark.parametrize("dtype", [torch.int32, torch.complex64, torch.bool])
def test_another_type(tmp_path, trained, dtype):
    trained["fc.weight"] = torch.ones(10, 4, dtype=dtype)
    torch.save(trained, tmp_path / "w.pt")
    assert refusal(network(), tmp_path / "w.pt").code == "N715"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite(tmp_path, trained, value):
    trained["fc.weight"][3, 1] = value
    save_file(trained, tmp_path / "w.safetensors")
    diagnostic = refusal(network(), tmp_path / "w.safetensors")
    assert diagnostic.code == "N717"
    assert diagnostic.notes == ("`fc.weight`",)
