"""The paper forms against networks written by hand: float64, copied weights, losses and side heads included."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import netdsl
from tests.examples import references
from tests.examples.networks import FILE, compiled, summary
from tests.examples.weights import copied, empty, filled
from tests.oracle.fill import image


def sample(*shape: int, key: str = "input") -> Tensor:
    return torch.from_numpy(image((2, *shape), key))


def assert_same(found: Any, wanted: Any) -> None:
    """Equal within 1e-10 of the root mean square of what is wanted, which is not next to nothing."""
    if isinstance(wanted, tuple):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert_same(a, b)
        return
    rms = wanted.square().mean().sqrt().item()
    assert rms > 1e-6
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max().item() <= 1e-10 * rms


@pytest.mark.parametrize(
    ("network", "reference", "shape"),
    [
        ("lenet", references.LeNet, (1, 32, 32)),
        ("alexnet", references.AlexNet, (3, 227, 227)),
        pytest.param("vgg_a_lrn", references.VggALrn, (3, 224, 224), marks=pytest.mark.nightly),
    ],
)
def test_classifier_equals_its_paper(network: str, reference: type[nn.Module], shape: tuple[int, ...]) -> None:
    module = filled(compiled(network).module)
    x, label = sample(*shape), torch.tensor([3, 1])
    with torch.inference_mode():
        found = module(x)
        wanted = copied(module, reference)(x)
        assert_same(found, wanted)
        assert_same(module.loss(found, label), F.cross_entropy(wanted, label))


def test_googlenet_equals_its_paper_with_side_heads_and_loss() -> None:
    module = filled(compiled("googlenet").module)
    x, label = sample(3, 224, 224), torch.tensor([30, 712])
    with torch.inference_mode():
        wanted = copied(module, references.GoogLeNet)(x)
        assert_same(module(x), wanted[0])
        with pytest.raises(ValueError, match="needs side1 and side2"):
            module.loss(module(x), label)
        found = module(x, aux=True)
        assert_same(tuple(found), wanted)
        assert found._fields == ("logits", "side1", "side2")
        scores, side1, side2 = (F.cross_entropy(y, label) for y in wanted)
        assert_same(module.loss(found, label), scores + 0.3 * (side1 + side2))


def test_dropout_of_googlenet_is_on_in_training_alone() -> None:
    module = filled(compiled("googlenet").module)
    x = sample(3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(module(x), module(x))
        module.train()
        assert not torch.equal(module(x).logits, module(x).logits)


def test_unet_equals_figure_1() -> None:
    module = filled(netdsl.compile(FILE["unet"], network="unet", width=4).module)
    # The recursive text declares a level's way up after the smaller U: what is inside comes between.
    x, mask = sample(1, 572, 572), torch.randint(2, (2, 388, 388), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = copied(module, lambda: references.UNet(4), references.UNet.in_order)(x)
        found = module(x)
        assert_same(found, wanted)
        assert_same(module.loss(found, mask), F.cross_entropy(wanted, mask))


def test_flat_unet_is_the_recursive_one() -> None:
    # In float32, at full width: the same sums in the same order.
    flat = filled(compiled("unet_flat").module).float()
    recursive = empty(compiled("unet").module).float()
    ours, theirs = flat.state_dict(), recursive.state_dict()
    assert [t.shape for t in ours.values()] == [t.shape for t in theirs.values()]
    recursive.load_state_dict(dict(zip(theirs, ours.values(), strict=True)))
    x = sample(1, 572, 572)[:1].float()
    with torch.inference_mode():
        assert torch.equal(flat(x), recursive(x))


def test_siamese_equals_koch() -> None:
    module = filled(compiled("siamese").module)
    left, right = sample(1, 105, 105), sample(1, 105, 105, key="right")
    same = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    with torch.inference_mode():
        wanted = copied(module, references.Siamese)(left, right)
        found = module(left, right)
        assert_same(found, wanted)
        assert_same(module.loss(found, same), F.binary_cross_entropy(wanted, same))
        assert_same(module(right, left), found)


def test_triplet_shares_one_tower() -> None:
    module = filled(compiled("triplet").module)
    images = [sample(3, 96, 96, key=key) for key in ("anchor", "positive", "negative")]
    with torch.inference_mode():
        a, p, n = wanted = copied(module, references.Triplet)(*images)
        found = module(*images, aux=True)
        assert_same(tuple(found), wanted)
        assert_same(module(*images), a)
        distances = [(a - x).square().sum(1) for x in (p, n)]
        assert_same(module.loss(found), (distances[0] - distances[1] + 0.2).relu().mean())


def test_triplet_trains_its_tower_by_all_three_images() -> None:
    module = filled(compiled("triplet").module).train()
    images = [sample(3, 96, 96, key=key).requires_grad_() for key in ("anchor", "positive", "negative")]
    module.loss(module(*images)).backward()
    assert all(x.grad is not None and x.grad.norm() > 0 for x in images)
    assert sum(p.numel() for p in module.parameters()) == summary("triplet")["params"]


def test_assert_same_sees_a_difference() -> None:
    x = sample(7)
    assert_same(x, x.clone())
    for wrong in (x * (1 + 1e-9), x.roll(1), x[:1]):
        with pytest.raises(AssertionError):
            assert_same(wrong, x)
