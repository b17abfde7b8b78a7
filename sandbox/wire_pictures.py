"""Pictures of the sample wire, drawn by code: a sky, a landscape or shapes, and a word, as PNG.

The same word and tint always give the same picture. PNG and not SVG, because Telegram and most
readers take no SVG for a picture. Drawn in rows of palette indices, so that a picture costs
milliseconds without an image library.
"""

import colorsys
import hashlib
import struct
import zlib
from functools import lru_cache
from itertools import pairwise
from math import ceil, hypot, sqrt

from sandbox.wire_lettering import Point, lines

WIDTH, HEIGHT = 1200, 630
"""The size that link previews are made for (ratio 1.91 to 1)."""
# Palette: a gradient of so many steps for each layer, from the top of the picture to the bottom.
_SKY, _LIGHT, _FAR, _MIDDLE, _NEAR = (0, 110), (110, 24), (134, 36), (170, 36), (206, 36)
_SHADOW, _INK = 242, 243
_MARGIN = 70
_LARGEST_UNIT = 20.0


class _Canvas:
    """Rows of palette indices; a layer's index depends on the row, which makes the gradients."""

    def __init__(self) -> None:
        self.rows = [bytearray(WIDTH) for _ in range(HEIGHT)]
        for y in range(HEIGHT):
            self.span(y, 0, WIDTH, _SKY)

    def span(self, y: int, left: float, right: float, layer: tuple[int, int]) -> None:
        """Fill a row between two columns; outside of the picture nothing happens."""
        start, stop = max(0, round(left)), min(WIDTH, round(right))
        if 0 <= y < HEIGHT and start < stop:
            first, steps = layer
            index = first + y * steps // HEIGHT
            self.rows[y][start:stop] = bytes([index]) * (stop - start)

    def ellipse(self, x: float, y: float, wide: float, high: float, layer: tuple[int, int]) -> None:
        """Fill an ellipse by its centre and half axes."""
        for row in range(max(0, ceil(y - high)), min(HEIGHT, int(y + high) + 1)):
            half = wide * sqrt(max(0.0, 1 - ((row - y) / high) ** 2))
            self.span(row, x - half, x + half, layer)

    def peak(self, x: float, y: float, slope: float, layer: tuple[int, int]) -> None:
        """Fill a mountain with its summit here; `slope` is half its width per row."""
        for row in range(max(0, int(y)), HEIGHT):
            half = (row - y) * slope
            self.span(row, x - half, x + half, layer)

    def ring(self, x: float, y: float, radius: float, thickness: float) -> None:
        """Draw a circle of light."""
        inner = radius - thickness
        for row in range(max(0, ceil(y - radius)), min(HEIGHT, int(y + radius) + 1)):
            half = sqrt(max(0.0, radius**2 - (row - y) ** 2))
            hole = sqrt(max(0.0, inner**2 - (row - y) ** 2))
            self.span(row, x - half, x - hole, _LIGHT)
            self.span(row, x + hole, x + half, _LIGHT)

    def stroke(self, line: tuple[Point, ...], radius: float, ink: int) -> None:
        """Draw a line with a round pen."""
        disc = [(row, sqrt(radius**2 - row**2)) for row in range(-int(radius), int(radius) + 1)]
        for (x, y), (to_x, to_y) in pairwise(line):
            steps = max(1, ceil(hypot(to_x - x, to_y - y) / 2))
            for step in range(steps + 1):
                at_x, at_y = x + (to_x - x) * step / steps, y + (to_y - y) * step / steps
                for row, half in disc:
                    self.span(round(at_y) + row, at_x - half, at_x + half + 1, (ink, 0))

    def png(self, palette: bytes) -> bytes:
        """The picture as a PNG file with a palette (PNG specification, colour type 3)."""
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
        # Each row is preceded by its filter type: none.
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 6)
        chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )


@lru_cache(maxsize=128)
def draw(word: str, tint: str) -> bytes:
    """A PNG of 1200 by 630; `tint` is a colour like "#1f6feb"."""
    dice = hashlib.sha256(f"{word} {tint}".encode()).digest()
    canvas = _Canvas()
    (_mountains, _hills, _rings, _city)[dice[1] % 4](canvas, dice)
    _letter(canvas, word)
    return canvas.png(_palette(tint, dice[0] / 255 - 0.5))


def _mountains(canvas: _Canvas, dice: bytes) -> None:
    canvas.ellipse(180 + dice[3] * 3, 150 + dice[4] // 4, 80, 80, _LIGHT)
    for layer, top, first in ((_FAR, 200, 5), (_MIDDLE, 310, 9), (_NEAR, 430, 13)):
        for number in range(4):
            roll = dice[first + number]
            canvas.peak(number * 340 + roll - 60, top + roll / 2.5, 0.8 + roll / 500, layer)


def _hills(canvas: _Canvas, dice: bytes) -> None:
    canvas.ellipse(250 + dice[3] * 3, 170, 95, 95, _LIGHT)
    for layer, top, first in ((_FAR, 330, 5), (_MIDDLE, 420, 9), (_NEAR, 510, 13)):
        for number in range(3):
            roll = dice[first + number]
            canvas.ellipse(number * 520 + roll - 60, top + 330, 460, 300 + roll / 4, layer)


def _rings(canvas: _Canvas, dice: bytes) -> None:
    x, y = 760 + dice[3], 160 + dice[4] // 2
    for number in range(1, 7):
        canvas.ring(x, y, number * (70 + dice[5] // 8), 5 + dice[6] // 32)
    canvas.ellipse(x, y, 42, 42, _LIGHT)
    canvas.ellipse(300 + dice[7], 900, 1000, 430, _MIDDLE)
    canvas.ellipse(900 - dice[8], 1010, 900, 460, _NEAR)


def _city(canvas: _Canvas, dice: bytes) -> None:
    canvas.ellipse(220 + dice[2] * 3, 180, 70, 70, _LIGHT)
    for layer, base, first in ((_FAR, 250, 3), (_MIDDLE, 360, 13)):
        left = -30.0
        for number in range(14):
            roll = dice[(first + number) % len(dice)]
            wide = 60 + roll % 60
            for y in range(base + roll // 2, HEIGHT):
                canvas.span(y, left, left + wide, layer)
            left += wide + (roll % 3) * 12
    canvas.ellipse(600, 860, 1100, 340, _NEAR)


def _letter(canvas: _Canvas, word: str) -> None:
    drawn, width = lines(word)
    if not drawn:
        return
    unit = min(_LARGEST_UNIT, (WIDTH - 2 * _MARGIN) / max(1.0, width))
    left, top, radius = float(_MARGIN), HEIGHT - _MARGIN - 6 * unit, max(3.0, unit * 0.42)
    for offset, ink in ((radius * 0.6, _SHADOW), (0.0, _INK)):
        for line in drawn:
            moved = tuple((left + x * unit + offset, top + y * unit + offset) for x, y in line)
            canvas.stroke(moved, radius, ink)


def _palette(tint: str, turn: float) -> bytes:
    """256 colours: each layer's gradient around the tint, then shadow and ink."""
    red, green, blue = (int(tint[start : start + 2], 16) / 255 for start in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    # Full colours over a whole sky glare.
    saturation, side = min(0.62, saturation), hue + turn * 0.12
    gradients = (
        (_SKY, (side, 0.42, saturation), (side + 0.06, 0.82, saturation * 0.8)),
        (_LIGHT, (side + 0.08, 0.97, 0.7), (side + 0.08, 0.86, 0.6)),
        (_FAR, (side, 0.60, saturation * 0.5), (hue, 0.46, saturation * 0.6)),
        (_MIDDLE, (hue, 0.44, saturation * 0.7), (hue, 0.30, saturation * 0.8)),
        (_NEAR, (hue, 0.30, saturation * 0.8), (hue, 0.13, saturation)),
    )
    colours = bytearray()
    for (_, steps), top, bottom in gradients:
        for step in range(steps):
            part = step / (steps - 1)
            colours += _rgb(*(a + (b - a) * part for a, b in zip(top, bottom, strict=True)))
    colours += _rgb(hue, 0.10, saturation) + bytes((255, 255, 255))
    return bytes(colours).ljust(768, b"\0")


def _rgb(hue: float, lightness: float, saturation: float) -> bytes:
    parts = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return bytes(round(part * 255) for part in parts)
