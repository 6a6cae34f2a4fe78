"""The picture as PNG: the PDF, painted by PDFium, which has Helvetica's like with it, so that no font is looked for."""

from __future__ import annotations

import struct
import zlib

BANNER = "Written by netdsl"
LARGEST = 40_000_000  # pixels; a larger picture is painted coarser


def to_png(pdf: bytes, scale: float = 2.0) -> bytes:
    """The first page of `pdf` with `scale` dots to a pixel of the picture."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    points = page.get_width() * page.get_height()
    dots = min(scale / 0.75, (LARGEST / points) ** 0.5)
    bitmap = page.render(scale=dots, rev_byteorder=True, prefer_bgrx=False)
    width, height, stride, channels = bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels
    data = bytes(bitmap.buffer)
    rows = [_rgb(data[y * stride : y * stride + width * channels], channels) for y in range(height)]
    document.close()
    return _file(width, height, b"".join(b"\0" + row for row in rows))


def _rgb(row: bytes, channels: int) -> bytes:
    if channels == 3:
        return row
    found = bytearray(len(row) // channels * 3)
    for i in range(3):
        found[i::3] = row[i::channels]
    return bytes(found)


def _file(width: int, height: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    text = b"Software\0" + BANNER.encode()
    chunks = [(b"IHDR", header), (b"tEXt", text), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
