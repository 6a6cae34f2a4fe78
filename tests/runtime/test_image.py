"""Photographs, good and bad."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
import torch
from PIL import Image

from netdsl.diagnostics import NetdslError
from netdsl.runtime.image import MEAN, STANDARD_DEVIATION, read_image


def gradient(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards."""
    image = Image.new("RGB", (width, height))
    for x in range(width):
        for y in range(height):
            image.putpixel((x, y), (x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), 0))
    return image


def refusal(path, shape=(3, 8, 8)):
    with pytest.raises(NetdslError) as caught:
        read_image(path, shape)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def pixels(path, shape):
    """The image in [0, 1], normalisation undone."""
    tensor = read_image(path, shape).tensor
    assert tensor.shape == shape
    assert tensor.dtype == torch.float32
    return tensor * torch.tensor(STANDARD_DEVIATION)[:, None, None] + torch.tensor(MEAN)[:, None, None]


# ------------------------------------------------------------------------------------------------------------- good


@pytest.mark.parametrize("ending", ["png", "bmp", "webp", "jpg"])
def test_colours_and_places_are_kept(tmp_path, ending):
    gradient(32, 32).save(tmp_path / f"a.{ending}")
    got = pixels(tmp_path / f"a.{ending}", (3, 8, 8))
    expected = torch.linspace(1.5 / 31, 29.5 / 31, 8)
    assert torch.allclose(got[0], expected.expand(8, 8), atol=0.06)
    assert torch.allclose(got[1], expected.expand(8, 8).T, atol=0.06)
    assert torch.allclose(got[2], torch.zeros(8, 8), atol=0.06)


def test_same_size_is_the_same_pixels(tmp_path):
    image = gradient(8, 8)
    image.save(tmp_path / "a.png")
    wanted = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(8, 8, 3).permute(2, 0, 1) / 255
    assert torch.allclose(pixels(tmp_path / "a.png", (3, 8, 8)), wanted, atol=1e-6)


@pytest.mark.parametrize(("width", "height"), [(64, 16), (16, 64)])
def test_the_middle_is_kept(tmp_path, width, height):
    image = Image.new("RGB", (width, height), (255, 0, 0))
    middle = Image.new("RGB", (16, 16), (0, 0, 255))
    image.paste(middle, ((width - 16) // 2, (height - 16) // 2))
    image.save(tmp_path / "a.png")
    got = pixels(tmp_path / "a.png", (3, 16, 16))
    assert torch.allclose(got[2], torch.ones(16, 16), atol=1e-5)
    assert torch.allclose(got[0], torch.zeros(16, 16), atol=1e-5)


def test_a_camera_held_sideways(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    gradient(16, 16).save(tmp_path / "a.png", exif=exif)
    got = pixels(tmp_path / "a.png", (3, 16, 16))
    assert got[0, 0, 0] < got[0, 15, 0]  # red grows downwards now
    assert got[1, 0, 0] > got[1, 0, 15]


def test_grey_for_a_network_of_one_channel(tmp_path):
    gradient(32, 32).save(tmp_path / "a.png")
    tensor = read_image(tmp_path / "a.png", (1, 28, 28)).tensor
    assert tensor.shape == (1, 28, 28)
    assert 0 <= tensor.min() < 0.1
    assert 0.8 < tensor.max() <= 1


def test_grey_for_a_network_of_three(tmp_path):
    Image.new("L", (9, 9), 128).save(tmp_path / "a.png")
    assert torch.allclose(pixels(tmp_path / "a.png", (3, 4, 4)), torch.full((3, 4, 4), 128 / 255), atol=1e-6)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "RGB"])
def test_every_kind_of_pixel(tmp_path, mode):
    if mode == "I;16":
        image = Image.frombytes("I;16", (4, 4), struct.pack("<16H", *[0x8000] * 16))
    else:
        image = Image.new("RGB", (4, 4), (128, 128, 128)).convert(mode, palette=Image.Palette.ADAPTIVE)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    image.save(path)
    got = pixels(path, (3, 4, 4))
    assert torch.isfinite(got).all()
    if mode != "1":  # there it is a dither of black and white
        assert torch.allclose(got, torch.full((3, 4, 4), 0.5), atol=0.03)


def test_of_sixteen_bits_the_upper_eight_are_read(tmp_path):
    values = [256 * i for i in range(256)]
    Image.frombytes("I;16", (16, 16), struct.pack("<256H", *values)).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png", (1, 16, 16)).tensor.flatten() * 255
    assert torch.allclose(read, torch.tensor([value >> 8 for value in values]).float(), atol=0.01)


def test_a_palette_whose_colours_are_partly_transparent(tmp_path):
    """Pillow warns about such a one."""
    image = gradient(16, 16).quantize(64)
    image.save(tmp_path / "a.png", transparency=bytes(range(0, 256, 4)))
    wanted = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8).reshape(16, 16, 3)
    assert torch.allclose(pixels(tmp_path / "a.png", (3, 16, 16)), wanted.permute(2, 0, 1) / 255, atol=1e-6)


def test_one_pixel(tmp_path):
    Image.new("RGB", (1, 1), (255, 0, 0)).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png", (3, 8, 8))[0].min() > 0.99


def test_what_is_left_out_is_said(tmp_path):
    Image.new("RGBA", (4, 4), (9, 9, 9, 0)).save(tmp_path / "a.png")
    assert "transparency" in read_image(tmp_path / "a.png", (3, 4, 4)).notes[0]
    frames = [Image.new("RGB", (4, 4), (i, i, i)) for i in (10, 200)]
    frames[0].save(tmp_path / "b.webp", save_all=True, append_images=frames[1:])
    assert "first frame" in read_image(tmp_path / "b.webp", (3, 4, 4)).notes[0]
    gradient(4, 4).save(tmp_path / "c.png")
    assert read_image(tmp_path / "c.png", (3, 4, 4)).notes == ()


# -------------------------------------------------------------------------------------------------------------- bad


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


@pytest.mark.parametrize("width_height", [(20_000, 20_000), (10_000, 5_000), (2**31 - 1, 1)])
def test_a_huge_image_is_refused_unopened(tmp_path, width_height):
    (tmp_path / "a.png").write_bytes(png_header(*width_height) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    assert refusal(tmp_path / "a.png").code == "N722"


def test_a_huge_file_is_refused_unread(tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.write(png_header(4, 4))
        file.truncate(1 << 36)
    assert refusal(tmp_path / "a.png").code == "N722"


def test_a_strip_of_forty_million_pixels_takes_no_more_memory_than_itself(tmp_path):
    Image.new("L", (1_000_000, 1)).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png", (3, 224, 224)).shape == (3, 224, 224)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is text",
        b"<html>404</html>",
        png_header(4, 4),
        png_header(4, 4) + chunk(b"IDAT", b"garbage") + chunk(b"IEND", b""),
        png_header(0, 0) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"BM" + b"\xff" * 60,
        b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20),
    ],
)
def test_what_is_not_an_image(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert refusal(tmp_path / "a.png").code == "N721"


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "webp"])
def test_a_file_cut_short(tmp_path, ending):
    whole = io.BytesIO()
    gradient(64, 64).save(whole, {"jpg": "jpeg"}.get(ending, ending))
    (tmp_path / f"a.{ending}").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    assert refusal(tmp_path / f"a.{ending}").code == "N721"


@pytest.mark.parametrize("ending", ["gif", "tiff", "ico", "ppm"])
def test_formats_that_nobody_needs_are_not_opened(tmp_path, ending):
    gradient(16, 16).save(tmp_path / f"a.{ending}")
    diagnostic = refusal(tmp_path / f"a.{ending}")
    assert diagnostic.code == "N721"
    assert "PNG" in diagnostic.notes[0]


def test_a_missing_file_and_a_folder(tmp_path):
    assert refusal(tmp_path / "a.png").code == "N706"
    assert refusal(tmp_path).code == "N706"


@pytest.mark.parametrize("channels", [2, 4, 64])
def test_a_network_that_takes_no_image(tmp_path, channels):
    gradient(8, 8).save(tmp_path / "a.png")
    assert refusal(tmp_path / "a.png", (channels, 8, 8)).code == "N723"
