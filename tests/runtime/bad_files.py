"""Thirty files that are no weights of the network, and twenty-five that are no image for it: name -> maker, code."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor

State = dict[str, Tensor]
TEXT = "net n { input x: 3x8x8; output y = x -> conv: conv(4, 3) -> batch_norm -> relu -> flatten -> fc: linear(10) }\n"
PAYLOAD_SAYS = "the payload ran"


class Payload:
    def __reduce__(self):
        return print, (PAYLOAD_SAYS,)


def torch_bytes(thing: object, zipped: bool = True) -> bytes:
    out = io.BytesIO()
    torch.save(thing, out, _use_new_zipfile_serialization=zipped)
    return out.getvalue()


def header(entries: object, data: bytes = b"") -> bytes:
    """A safetensors file of that header."""
    text = entries.encode() if isinstance(entries, str) else json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def zipped(content: bytes, compression: int, change: Callable[[str, bytes], bytes] = lambda _, data: data) -> bytes:
    """What torch saved, packed anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return out.getvalue()


def changed(state: State, **tensors: Tensor) -> State:
    return {**state, **{name.replace("__", "."): tensor for name, tensor in tensors.items()}}


def sparse(size: int) -> Callable[[Path], None]:
    """A file of that size which takes no room on the disk."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _duplicate(_: State) -> bytes:
    one = json.dumps(entry([1], 0, 4))
    return header(f'{{"a": {one}, "a": {one}}}', bytes(4))


def _nan(state: State) -> bytes:
    weight = state["fc.weight"].clone()
    weight[3, 1] = float("nan")
    return save(changed(state, fc__weight=weight))


# Each makes the bytes from the right state_dict, or writes the file itself; and the code of the refusal.
WEIGHTS: dict[str, tuple[Callable[[State], bytes] | Callable[[Path], None], str]] = {
    "empty": (lambda s: b"", "N711"),
    "text": (lambda s: b"hello, these are my weights\n", "N711"),
    "page": (lambda s: b"<!DOCTYPE html><title>404</title>" + b" " * 600, "N711"),
    "json": (lambda s: b'{"error": "not found"}', "N711"),
    "pointer": (lambda s: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "N711"),
    "cut-safetensors": (lambda s: save(s)[:-40], "N711"),
    "cut-zip": (lambda s: torch_bytes(s)[:-40], "N711"),
    "cut-pickle": (lambda s: torch_bytes(s, zipped=False)[:-40], "N711"),
    "half-a-zip": (lambda s: torch_bytes(s)[: len(torch_bytes(s)) // 2], "N711"),
    "header-beyond-the-file": (lambda s: (2**63).to_bytes(8, "little") + b"{" * 100, "N711"),
    "deep-header": (lambda s: header('{"a":' * 12_000), "N711"),
    "offsets-beyond-the-file": (lambda s: header({"a": entry([4], 0, 16)}, bytes(4)), "N711"),
    "offsets-that-overlap": (lambda s: header({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4)), "N711"),
    "shape-that-overflows": (lambda s: header({"a": entry([2**40, 2**40], 0, 4)}, bytes(4)), "N711"),
    "name-twice": (_duplicate, "N716"),
    "huge": (sparse(1 << 36), "N713"),
    "huge-zip": (lambda s: torch_bytes(changed(s, fc__weight=torch.zeros(5_000_000))), "N713"),
    "deflated-bomb": (lambda s: zipped(torch_bytes({"a": torch.zeros(50_000_000)}), zipfile.ZIP_DEFLATED), "N713"),
    "stride-bomb": (lambda s: torch_bytes(changed(s, fc__weight=torch.zeros(1).expand(10**9))), "N716"),
    "storage-that-is-missing": (
        lambda s: zipped(torch_bytes(s), zipfile.ZIP_STORED, lambda n, data: data[:4] if "/data/" in n else data),
        "N711",
    ),
    "sparse-tensor": (lambda s: torch_bytes(changed(s, fc__weight=s["fc.weight"].to_sparse())), "N716"),
    "payload-zip": (lambda s: torch_bytes(changed(s, fc__weight=Payload())), "N712"),  # type: ignore[arg-type]
    "payload-pickle": (lambda s: torch_bytes({"a": Payload()}, zipped=False), "N712"),
    "payload-bare": (lambda s: pickle.dumps(Payload(), protocol=2), "N712"),
    "module": (lambda s: torch_bytes(torch.nn.Linear(2, 2)), "N712"),
    "checkpoint": (lambda s: torch_bytes({"epoch": 3, "state_dict": s}), "N711"),
    "list": (lambda s: torch_bytes([torch.ones(3)]), "N711"),
    "data-parallel": (lambda s: save({f"module.{name}": tensor for name, tensor in s.items()}), "N714"),
    "missing-key": (lambda s: save({k: v for k, v in s.items() if k != "fc.weight"}), "N714"),
    "another-network": (lambda s: save({"other": torch.ones(1)}), "N714"),
    "another-shape": (lambda s: save(changed(s, fc__weight=torch.ones(7, 256))), "N715"),
    "transposed": (lambda s: save(changed(s, fc__weight=s["fc.weight"].T.contiguous())), "N715"),
    "integers": (lambda s: save(changed(s, fc__weight=s["fc.weight"].int())), "N715"),
    "complex": (lambda s: torch_bytes(changed(s, fc__weight=s["fc.weight"].to(torch.complex64))), "N715"),
    "not-a-number": (_nan, "N717"),
}


def make_weights(name: str, path: Path, state: State) -> None:
    maker = WEIGHTS[name][0]
    if name == "huge":
        maker(path)  # type: ignore[arg-type]
    else:
        path.write_bytes(maker(state))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------ images


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks)


def saved(kind: str, part: float = 1.0, **how: object) -> bytes:
    """The first part of a noisy image of that format."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(out, kind, **how)
    return out.getvalue()[: int(len(out.getvalue()) * part)]


END = chunk(b"IDAT", b"") + chunk(b"IEND", b"")
BOMB = chunk(b"IDAT", zlib.compress(bytes(60_000_000))) + chunk(b"IEND", b"")

IMAGES: dict[str, tuple[bytes | None, str]] = {
    "empty": (b"", "N721"),
    "text": (b"this is text", "N721"),
    "page": (b"<html>404</html>", "N721"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "N721"),
    "header-alone": (png(4, 4), "N721"),
    "garbage-inside": (png(4, 4, chunk(b"IDAT", b"garbage"), chunk(b"IEND", b"")), "N721"),
    "no-pixels": (png(0, 0, END), "N721"),
    "wrong-checksum": (png(4, 4, b"\0\0\0\4IDATabcd\0\0\0\0"), "N721"),
    "odd-depth": (png(4, 4, END, depth=3), "N721"),
    "cut-png": (saved("PNG", 0.5), "N721"),
    "cut-jpeg": (saved("JPEG", 0.5), "N721"),
    "cut-bmp": (saved("BMP", 0.5), "N721"),
    "cut-webp": (saved("WEBP", 0.5), "N721"),
    "jpeg-of-noughts": (b"\xff\xd8\xff\xe0" + bytes(100), "N721"),
    "bmp-of-ones": (b"BM" + b"\xff" * 60, "N721"),
    "webp-of-noughts": (b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20), "N721"),
    "gif": (saved("GIF"), "N721"),
    "tiff": (saved("TIFF"), "N721"),
    "ico": (saved("ICO"), "N721"),
    "ppm": (saved("PPM"), "N721"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n", "N721"),
    "wide-and-high": (png(20_000, 20_000, END), "N722"),
    "fifty-million": (png(10_000, 5_000, END), "N722"),
    "two-thousand-million-wide": (png(2**31 - 1, 1, END), "N722"),
    "text-bomb": (png(4, 4, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(60_000_000))), END), "N721"),
    "pixel-bomb": (png(6_000, 6_000, BOMB), "N721"),
    "huge": (None, "N722"),
}


def make_image(name: str, path: Path) -> None:
    content = IMAGES[name][0]
    if content is None:
        sparse(1 << 36)(path)
    else:
        path.write_bytes(content)
