"""The example networks: where each stands, and each compiled once in a process."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import netdsl

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ORACLE = ROOT / "tests" / "oracle"

FAMILIES = {
    "lenet.net": ("lenet",),
    "alexnet.net": ("alexnet", "alexnet_single", "alexnet_torchvision"),
    "vgg.net": (
        *("vgg_a", "vgg_a_lrn", "vgg_b", "vgg_c", "vgg_d", "vgg_e"),
        *("vgg11", "vgg13", "vgg16", "vgg19", "vgg16_bn"),
    ),
    "googlenet.net": ("googlenet", "googlenet_torchvision"),
    "resnet.net": ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    "densenet.net": ("densenet121", "densenet169", "densenet201", "densenet161"),
    "unet.net": ("unet",),
    "unet_flat.net": ("unet_flat",),
    "siamese.net": ("siamese", "triplet"),
}
FILE = {network: EXAMPLES / file for file, networks in FAMILIES.items() for network in networks}


@functools.cache
def compiled(network: str) -> Any:
    """The example `network`, with its parameters as the file gives them."""
    return netdsl.compile(FILE[network], network=network)


@functools.cache
def recorded(name: str) -> dict[str, Any]:
    """`tests/oracle/<name>.json`: `golden` has the counts of reference implementations, `oracle` their numbers."""
    return dict(json.loads((ORACLE / f"{name}.json").read_text(encoding="utf-8")))


@functools.cache
def summary(network: str) -> dict[str, Any]:
    """What `netdsl summary --json` prints."""
    return dict(json.loads(compiled(network).summary().to_json()))
