"""`netdsl bench` as a user sees it."""

from __future__ import annotations

import json

import pytest
import torch

from netdsl.cli.bench import DTYPES, PEERS
from netdsl.runtime.bench import PEERS as KNOWN
from netdsl.runtime.bench.case import DTYPES as FORMATS

pytestmark = pytest.mark.usefixtures("unburdened")  # every measurement begins by collecting garbage

KEYS = ("peer", "batch", "dtype", "median_ms", "spread", "images_per_s", "compile_s", "error")


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr("netdsl.runtime.bench.measure.TURN", 0.001)


def test_json(netdsl):
    result = netdsl("bench", "tiny.net", "--batch", "1,2", "--peers", "eager,onnxruntime", "--pairs", "3", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["network"], found["device"]) == ("tiny", "cpu")
    assert found["threads"] >= 1
    assert found["versions"]["torch"] == torch.__version__
    peers = [(row["peer"], row["batch"]) for row in found["rows"]]
    assert peers == [(peer, batch) for batch in (1, 2) for peer in ("netdsl", "eager", "onnxruntime")]
    for row in found["rows"]:
        assert set(KEYS) <= set(row)
        assert row["error"] is None
        assert row["median_ms"] > 0
        assert row["spread"] >= 0
        assert row["images_per_s"] == pytest.approx(1e3 * row["batch"] / row["median_ms"])
        assert row["compile_s"] > 0
        assert row["dtype"] == "float32"
        assert row["rounds"] == 3
        assert (row["ratio"] is None) == (row["peer"] == "netdsl")
    assert not result.stderr


def test_a_table_with_a_line_for_each_peer(netdsl):
    result = netdsl("bench", "tiny.net", "--peers", "eager", "--pairs", "2")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("tiny on ")
    assert "threads" in lines[0]
    assert lines[3].split()[:4] == ["peer", "batch", "dtype", "ms"]
    assert [line.split()[:3] for line in lines[4:]] == [["netdsl", "1", "float32"], ["eager", "1", "float32"]]
    assert lines[5].endswith(("NCHW", "NHWC"))


def test_the_status_is_1_where_netdsl_is_wrong(netdsl, monkeypatch):
    monkeypatch.setattr("netdsl.compiler.Network.engine", lambda self, module, **options: lambda x: 2 * module(x))
    result = netdsl("bench", "tiny.net", "--peers", "eager", "--pairs", "1")
    assert result.exit_code == 1
    assert "wrong: its outputs are 1.0e+00 off" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["--peers", "tensorrt"], ["--batch", "0"], ["--batch", "1,x"], ["--dtype", "int8"], ["--pairs", "0"]]
)
def test_misuse(netdsl, arguments):
    result = netdsl("bench", "tiny.net", *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu(netdsl):
    result = netdsl("bench", "tiny.net", "--cuda")
    assert result.exit_code == 1
    assert "error[N731]" in result.stderr


def test_too_large_a_batch_is_refused(netdsl):
    result = netdsl("bench", "tiny.net", "--batch", "1000000000000", "--peers", "eager")
    assert result.exit_code == 1
    assert "error[N733]" in result.stderr


def test_the_names_are_those_of_the_runtime():
    assert set(PEERS) | {"netdsl"} == set(KNOWN)
    assert set(DTYPES) == set(FORMATS)
