"""Reading a photograph as the input of a network."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from netdsl.diagnostics import placeless
from netdsl.files import reason

FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
"""Pillow reads some seventy kinds; the rest are rarely wanted and often attacked."""
MAX_BYTES = 64 << 20
MAX_PIXELS = 40_000_000

# Of the ImageNet training set, red green blue, of values in [0, 1].
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Photograph:
    """`tensor` is `channels x height x width`, float32; `notes` say what of the file was left out."""

    tensor: Tensor
    notes: tuple[str, ...]


def read_image(path: Path, shape: tuple[int, int, int]) -> Photograph:
    """The image at `path`, turned upright, cropped about its centre and scaled to `shape` (channels, height, width).

    One channel means grey in [0, 1]; three mean red, green and blue, normalised with ImageNet's mean and deviation.
    Raises NetdslError: N706 (no such file), N721 (not an image), N722 (too large), N723 (another number of channels).
    """
    channels, height, width = shape
    if channels not in (1, 3):
        raise placeless(
            "N723",
            f"an image has 1 or 3 channels, the network's input has {channels}",
            help="run it without `--image`, on random numbers",
        )
    image, notes = _open(path, "L" if channels == 1 else "RGB")
    # The part of the image that has the input's proportions: scaling only that keeps a 1 x 40,000,000 strip harmless.
    scale = min(image.width / width, image.height / height)
    left, top = (image.width - scale * width) / 2, (image.height - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    image = image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    tensor = pixels.reshape(height, width, channels).permute(2, 0, 1).float() / 255
    if channels == 3:
        tensor = (tensor - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STANDARD_DEVIATION)[:, None, None]
    return Photograph(tensor.contiguous(), notes)


def _open(path: Path, mode: str) -> tuple[Image.Image, tuple[str, ...]]:
    """The whole image in `mode`, upright, and what was left out of it."""
    if not path.is_file():
        raise placeless("N706", f"there is no image file `{path}`" if not path.exists() else f"`{path}` is not a file")
    try:
        size = path.stat().st_size
        file = path.open("rb")
    except OSError as error:
        raise placeless("N706", f"cannot read `{path}`: {reason(error)}") from error
    with file:
        if size > MAX_BYTES:
            raise placeless("N722", f"`{path}` has {size >> 20} MiB, more than {MAX_BYTES >> 20}", help="scale it down")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # damage that Pillow reads past, and sizes, which are judged below
                image = Image.open(file, formats=FORMATS)
                pixels = image.width * image.height
                if pixels <= MAX_PIXELS:
                    image.load()
                    notes = _left_out(image)
                    return _convert(ImageOps.exif_transpose(image), mode), notes
        except Image.DecompressionBombError:
            pixels = 2 * (Image.MAX_IMAGE_PIXELS or MAX_PIXELS)
        except Exception as error:  # a damaged file makes Pillow raise nearly anything
            raise placeless(
                "N721",
                f"`{path}` is empty" if size == 0 else f"`{path}` cannot be read as an image",
                notes=(f"formats that are read: {', '.join(FORMATS)}",),
                help="convert it to PNG or JPEG, or fetch it again",
            ) from error
    raise placeless(
        "N722",
        f"`{path}` has {pixels // 10**6} million pixels or more, and at most {MAX_PIXELS // 10**6} million are read",
        help="scale it down",
    )


def _left_out(image: Image.Image) -> tuple[str, ...]:
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append("the image moves; only its first frame is used")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        notes.append("the image's transparency is left out")
    return tuple(notes)


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a channel: Pillow's own conversion would clip, not scale
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert(mode)
