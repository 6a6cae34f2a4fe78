"""`netdsl run` at the command line; what a run computes is tested in tests/runtime."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image

from netdsl.cli.network import examples
from netdsl.cli.run import DTYPES
from netdsl.runtime.dtypes import DTYPES as KNOWN


def test_figures_on_stdout_and_remarks_on_stderr(netdsl, here):
    Image.new("RGBA", (16, 16), (200, 100, 50, 255)).save(here / "a.png")
    result = netdsl("run", "tiny.net", "--image", "a.png", "--batch", "2", "--set", "classes=7")
    assert result.exit_code == 0, result.output
    assert "2×3×8×8 (a.png)" in result.stdout
    assert "2×7" in result.stdout
    assert "1,911" in result.stdout  # parameters: 112 of the conv, 1,799 of the linear
    assert "weights are random" in result.stdout
    assert "transparency" in result.stderr


def test_json(netdsl):
    result = netdsl("run", "tiny.net", "--json", "--dtype", "float64")
    figures = json.loads(result.stdout)
    assert figures["network"] == "tiny"
    assert figures["inputs"] == {"image": [1, 3, 8, 8]}
    assert figures["outputs"] == {"scores": [1, 10]}
    assert figures["dtype"] == "float64"
    assert figures["params"] == 2682
    assert len(figures["top"]) == 5
    assert not result.stderr


def test_trained_weights_are_not_called_random(netdsl, here):
    import netdsl as package

    torch.save(package.compile("tiny.net").module().state_dict(), here / "w.pt")
    result = netdsl("run", "tiny.net", "--weights", "w.pt")
    assert result.exit_code == 0, result.output
    assert "random" not in result.stdout.replace("random numbers", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--image", "missing.png"], "N706"),
        (["--image", "tiny.net"], "N721"),
        (["--weights", "missing.pt"], "N706"),
        (["--weights", "tiny.net"], "N711"),
        (["--batch", "1000000000000"], "N733"),
        pytest.param(["--cuda"], "N731", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")),
    ],
)
def test_what_cannot_be_run_says_why(netdsl, arguments, code):
    result = netdsl("run", "tiny.net", *arguments)
    assert result.exit_code == 1
    assert f"error[{code}]" in result.stderr
    assert not result.stdout


def test_without_a_file_the_bundled_network_sees_the_bundled_photograph(netdsl):
    result = netdsl("run")
    assert result.exit_code == 0, result.output
    assert "googlenet" in result.stdout
    assert "chelsea.jpg" in result.stdout
    assert "13,378,280" in result.stdout
    assert "1,582,671,872" in result.stdout
    assert (examples() / "chelsea.jpg").is_file()


def test_without_torch_it_says_what_to_install(here):
    program = "import sys; sys.modules['torch'] = None\nfrom netdsl.cli import main; main(['run', 'tiny.net'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "N732" in done.stderr
    assert "netdsl[run]" in done.stderr


def test_the_number_formats_are_those_of_the_runtime():
    assert set(DTYPES) == set(KNOWN)


def test_an_engine_or_the_module_itself(netdsl):
    tops = [
        json.loads(netdsl("run", "tiny.net", "--json", *options).stdout)
        for options in ((), ("--no-tune",), ("--plain",))
    ]
    assert [found["engine"] for found in tops] == [True, True, False]
    assert [[r["index"] for r in found["top"]] for found in tops[1:]] == [[r["index"] for r in tops[0]["top"]]] * 2
    assert all("report" not in found for found in tops)


def test_a_profile_has_a_line_for_each_step(netdsl):
    figures = json.loads(netdsl("run", "tiny.net", "--no-tune", "--profile", "--json").stdout)
    steps = figures["report"]["steps"]
    assert [step["step"] for step in steps] == ["conv", "linear"]
    assert all(step["microseconds"] > 0 and step["kernel"] for step in steps)
    text = netdsl("run", "tiny.net", "--no-tune", "--profile").stdout
    assert "kernel" in text
    assert steps[0]["kernel"] in text


def test_a_profile_is_the_engines(netdsl):
    result = netdsl("run", "tiny.net", "--plain", "--profile")
    assert result.exit_code == 2
    assert "--plain does without" in result.stderr
