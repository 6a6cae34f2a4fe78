"""Running networks from their text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import netdsl
from netdsl.diagnostics import NetdslError
from netdsl.runtime import memory
from netdsl.runtime.memory import peak_elements
from netdsl.runtime.run import Run, run

TINY = """
net tiny(classes = 10) {
  input image: 3x8x8
  output scores = image -> conv: conv(4, 3) -> batch_norm -> relu -> flatten -> fc: linear(classes)
}
"""
PAIR = "net pair { input left: [4]; input right: [4]; output both = concat(left, right); output sum = left + right }"
SYMBOLIC = "net any_size { input image: [1, H, W]; output map = image -> conv(2, 3) }"


def go(text: str, inputs=None, **options) -> Run:
    network = netdsl.compile(text, inputs=inputs)
    return run(network.graph, network.source(), network.summary().params, **options)


def refusal(text: str, **options):
    with pytest.raises(NetdslError) as caught:
        go(text, **options)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_shapes_batch_and_time():
    result = go(TINY, batch=3)
    assert result.inputs == {"image": [3, 3, 8, 8]}
    assert result.outputs == {"scores": [3, 10]}
    assert result.milliseconds > 0
    assert result.runs >= 3
    assert not result.trained
    json.dumps(result.json())


def test_the_five_likeliest_classes_are_those_of_the_module(tmp_path):
    network = netdsl.compile(TINY)
    torch.manual_seed(7)
    module = network.module().eval()
    save_file(module.state_dict(), tmp_path / "w.safetensors")
    Image.effect_noise((20, 30), 90).save(tmp_path / "a.png")
    result = go(TINY, weights=tmp_path / "w.safetensors", image=tmp_path / "a.png", dtype="float64")
    assert result.trained
    from netdsl.runtime.image import read_image

    with torch.inference_mode():
        image = read_image(tmp_path / "a.png", (3, 8, 8)).tensor[None].double()
        expected = module.double()(image)[0].softmax(0).topk(5)
    assert [ranked.index for ranked in result.top] == expected.indices.tolist()
    assert [ranked.probability for ranked in result.top] == pytest.approx(expected.values.tolist(), rel=1e-9)


def test_probabilities_are_not_made_probabilities_again():
    logits, probabilities = go(TINY), go(TINY.replace("linear(classes)", "linear(classes) -> softmax"))
    assert [r.index for r in logits.top] == [r.index for r in probabilities.top]
    assert probabilities.top[0].probability == pytest.approx(logits.top[0].probability, rel=1e-5)


def test_two_runs_say_the_same():
    assert go(TINY).top == go(TINY).top


def test_a_run_leaves_the_random_numbers_of_its_caller_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    go(TINY)
    assert torch.equal(torch.rand(4), expected)


def test_several_inputs_and_outputs():
    result = go(PAIR, batch=2)
    assert result.inputs == {"left": [2, 4], "right": [2, 4]}
    assert result.outputs == {"both": [2, 8], "sum": [2, 4]}
    assert result.top == ()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_every_number_format(dtype):
    assert go(TINY, dtype=dtype).outputs == {"scores": [1, 10]}


def test_symbolic_extents_need_a_size():
    diagnostic = refusal(SYMBOLIC)
    assert diagnostic.code == "N734"
    assert "--input image=1x256x256" in diagnostic.help
    assert go(SYMBOLIC, inputs={"image": (1, 9, 7)}).outputs == {"map": [1, 2, 9, 7]}


def test_an_image_for_a_network_that_takes_none(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert refusal(PAIR, image=tmp_path / "a.png").code == "N723"
    vector = "net v { input x: [4]; output y = x -> linear(2) }"
    assert refusal(vector, image=tmp_path / "a.png").code == "N723"


def test_transparency_is_noted(tmp_path):
    Image.new("RGBA", (8, 8)).save(tmp_path / "a.png")
    assert go(TINY, image=tmp_path / "a.png").notes


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_cuda_is_a_clear_error():
    assert refusal(TINY, cuda=True).code == "N731"


@pytest.mark.gpu
def test_on_a_gpu_the_answer_is_the_same():
    here, there = go(TINY, dtype="float64"), go(TINY, dtype="float64", cuda=True)
    assert [r.index for r in here.top] == [r.index for r in there.top]
    assert there.top[0].probability == pytest.approx(here.top[0].probability, rel=1e-9)


def test_what_does_not_fit_is_refused_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr(nn.Module, "__init__", lambda *_: pytest.fail("a module was built"))
    assert refusal(TINY, batch=10**12).code == "N733"


@pytest.mark.parametrize(("free", "fits"), [(10_000, True), (9_999, False)])
def test_four_fifths_of_the_free_memory_may_be_taken(monkeypatch, free, fits):
    monkeypatch.setattr(memory, "_free", lambda: free)
    if fits:
        memory.refuse_unless_it_fits(8_000, torch.device("cpu"))
        return
    with pytest.raises(NetdslError) as caught:
        memory.refuse_unless_it_fits(8_000, torch.device("cpu"))
    assert caught.value.diagnostics[0].code == "N733"


@pytest.mark.parametrize(
    ("text", "peak"),
    [
        # A chain holds two neighbours at a time: 192 + 256, then 256 + 256.
        ("net a { input x: 3x8x8; output y = x -> conv(4, 3) -> relu }", 512),
        # The skip is held across the branch: x (64) with the two convs (64 each), then the sum of two.
        ("net b { input x: 1x8x8; output y = x -> add { identity; conv(1, 3) -> conv(1, 3) } }", 192),
        # An output is never freed: y (64) stays while z's chain runs.
        ("net c { input x: 1x8x8; output y = x -> relu; output z = y -> conv(2, 3) -> conv(1, 3) }", 64 + 128 + 64),
    ],
)
def test_the_peak_is_that_of_the_values_alive_together(text, peak):
    assert peak_elements(netdsl.compile(text).graph) == peak


def test_the_bundled_photograph_runs_through_the_bundled_network():
    examples = Path(__file__).parents[2] / "examples"
    network = netdsl.compile(examples / "googlenet.net", network="googlenet")
    result = run(network.graph, network.source(), network.summary().params, image=examples / "chelsea.jpg")
    assert result.outputs == {"logits": [1, 1000]}
    assert len(result.top) == 5
