"""What engines remember on disk: read where it fits, and never an obstacle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.runtime.engine import tuning
from netdsl.runtime.engine.cache import Choice, Choices, digest
from tests.engine.models import WHOLE, far, inputs, model_of, truth

TEXT = "net f { input x: 4x9x9; output y = x -> conv(6, 3) -> relu -> conv(4, 3, stride = 2) }"


@pytest.fixture
def measured(monkeypatch):
    """How many tasks each tuning measured."""
    counts: list[int] = []
    real = tuning.time_in_place

    def counting(program, trials, *rest):
        counts.append(len(trials))
        real(program, trials, *rest)

    monkeypatch.setattr(tuning, "time_in_place", counting)
    return counts


def build(**options):
    network = netdsl.compile(TEXT)
    model = model_of(network)
    engine = network.engine(model, **options)
    (x,) = inputs(network.graph, 1)
    assert far(engine(x), truth(model, [x])).over(WHOLE["float32"]) < 1
    return engine


def only(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


def test_what_was_measured_is_not_measured_again(cache, measured):
    first = build()
    assert measured == [2]
    assert only(cache).name.startswith("engine-")
    second = build()
    assert measured == [2]
    assert [s.kernel for s in second.report(1).steps] == [s.kernel for s in first.report(1).steps]


def test_another_batch_is_measured(cache, measured):
    build()
    netdsl.compile(TEXT).engine(batch=2)
    assert measured == [2, 2]
    assert len(json.loads(only(cache).read_text())["choices"]) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"environment": {}, "choices": {}}',
        '{"choices": []}',
        "\0" * 100,
        "[" * 100_000,
        '{"environment": 1, "choices": 7}',
    ],
)
def test_what_cannot_be_read_is_measured_again_and_mended(cache, measured, text):
    build()
    only(cache).write_text(text)
    build()
    assert measured == [2, 2]
    assert len(json.loads(only(cache).read_text())["choices"]) == 2


@pytest.mark.parametrize(
    "entry", [None, 3, "torch conv", {}, {"chosen": "torch conv"}, {"chosen": "another", "among": ["another"]}]
)
def test_choices_among_other_candidates_do_not_hold(cache, measured, entry):
    build()
    held = json.loads(only(cache).read_text())
    held["choices"] = dict.fromkeys(held["choices"], entry)
    only(cache).write_text(json.dumps(held))
    build()
    assert measured == [2, 2]


def test_bytes_that_are_no_text(cache, measured):
    build()
    only(cache).write_bytes(b"\xff\xfe{")
    build()
    assert measured == [2, 2]


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, measured):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path / "file" / "cache"))
    build()
    build()
    assert measured == [2, 2]


def test_without_tuning_nothing_is_measured_or_written(cache, measured):
    build(tune=False)
    assert measured == []
    assert not cache.exists()


def test_choices_of_two_processes_are_joined(cache):
    first, second = Choices(torch.device("cpu")), Choices(torch.device("cpu"))
    first.put({"a": Choice("x", ["x", "y"], {"x": 1.5}, {"y": "wrong"})})
    second.put({"b": Choice("y", ["x", "y"])})
    third = Choices(torch.device("cpu"))
    assert third.about("a") == Choice("x", ["x", "y"], {"x": 1.5}, {"y": "wrong"})
    assert (third.get("a", ["x", "y"]), third.get("b", ["x", "y"])) == ("x", "y")
    assert third.get("a", ["x", "z"]) is None


def test_another_number_of_threads_is_another_machine(cache):
    before = Choices(torch.device("cpu")).path
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert Choices(torch.device("cpu")).path != before
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "entry",
    [None, 3, {}, {"chosen": "x", "among": ["x"]}, {"chosen": "x", "among": ["x"], "microseconds": 1, "out": 2}],
)
def test_what_a_file_does_not_say_is_not_told(cache, entry):
    choices = Choices(torch.device("cpu"))
    choices.known = {"a": entry}
    assert choices.about("a") is None
    assert choices.about("b") is None


def test_other_kernels_are_another_machine(tmp_path):
    found = set()
    for text in ("one", "two", "one"):
        (tmp_path / "kernel.py").write_text(text)
        found.add(digest(tmp_path))
    assert len(found) == 2
