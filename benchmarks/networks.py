"""The networks that are measured, in the order of their value, and what belongs to one measurement of one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """`gmacs` is what one sample takes, of which times are guessed."""

    title: str
    file: str
    net: str
    gmacs: float


NETWORKS = (
    Network("ResNet-50", "resnet.net", "resnet50", 4.09),
    Network("DenseNet-121", "densenet.net", "densenet121", 2.83),
    Network("GoogLeNet", "googlenet.net", "googlenet", 1.58),
    Network("VGG-16", "vgg.net", "vgg16", 15.47),
    Network("MobileNet v2", "mobilenet_v2.net", "mobilenet_v2", 0.30),
    Network("Inception v3", "inception_v3.net", "inception_v3", 5.71),
    Network("ResNeXt-50", "resnext.net", "resnext50_32x4d", 4.23),
    Network("U-Net", "unet.net", "unet", 150.43),
)
BY_NET = {network.net: network for network in NETWORKS}


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of `netdsl bench`: a network at a batch size in a number format, beside some peers."""

    network: Network
    batch: int
    dtype: str
    peers: tuple[str, ...]
    cuda: bool = False

    @property
    def key(self) -> str:
        """Its name among the results."""
        return f"{self.network.net} batch {self.batch} {self.dtype}"

    def arguments(self, examples: str, pairs: int) -> list[str]:
        """Of `python -m netdsl`."""
        words = ["bench", f"{examples}/{self.network.file}", "--net", self.network.net, "--json"]
        words += ["--batch", str(self.batch), "--dtype", self.dtype, "--pairs", str(pairs)]
        return [*words, "--peers", ",".join(self.peers), *(["--cuda"] if self.cuda else [])]
