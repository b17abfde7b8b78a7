"""Pictures of the sample wire, drawn by code: a gradient, simple shapes and a word, as SVG.

The same word and tint always give the same picture. Nothing is fetched or stored.
"""

import colorsys
import hashlib
import math
from html import escape

WIDTH, HEIGHT = 1200, 630
"""The size that link previews are made for (ratio 1.91 to 1)."""


def draw(word: str, tint: str) -> str:
    """An SVG document of 1200 by 630; `tint` is a colour like "#1f6feb"."""
    dice = hashlib.sha256(f"{word} {tint}".encode()).digest()
    hue, lightness, saturation = _hls(tint)
    turn = (dice[0] / 255 - 0.5) * 0.22
    sky = _colour(hue + turn, min(0.72, lightness + 0.22), saturation * 0.9)
    ground = _colour(hue - turn / 2, max(0.16, lightness - 0.16), saturation)
    shapes = (_sun, _hills, _rings, _bars)[dice[1] % 4](dice)
    size = min(150, int(1700 / max(6, len(word))))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(word)}">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="{dice[2] / 255:.2f}" y2="1">'
        f'<stop offset="0" stop-color="{sky}"/><stop offset="1" stop-color="{ground}"/>'
        "</linearGradient></defs>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>{shapes}'
        f'<text x="64" y="{HEIGHT - 72}" font-family="Georgia,serif" font-size="{size}" '
        f'font-weight="700" fill="#fff" stroke="#000" stroke-opacity=".25" stroke-width="6" '
        f'paint-order="stroke">{escape(word, quote=False)}</text></svg>\n'
    )


def _sun(dice: bytes) -> str:
    x, y, radius = 200 + dice[3] * 3, 120 + dice[4] // 2, 80 + dice[5] // 3
    return (
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#fff" fill-opacity=".75"/>'
        f'<circle cx="{x}" cy="{y}" r="{radius * 2}" fill="#fff" fill-opacity=".12"/>'
        + _hills(dice)
    )


def _hills(dice: bytes) -> str:
    layers = []
    for layer in range(3):
        base, height = 330 + 90 * layer, 40 + dice[6 + layer] // 3
        points = " ".join(
            f"{x},{base + height * math.sin(x / (130 + dice[9 + layer]) + dice[12 + layer]):.0f}"
            for x in range(0, WIDTH + 60, 60)
        )
        layers.append(
            f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}" fill="#000" '
            f'fill-opacity=".{14 + 4 * layer}"/>'
        )
    return "".join(layers)


def _rings(dice: bytes) -> str:
    x, y = 700 + dice[3], 140 + dice[4] // 2
    return "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="#fff" '
        f'stroke-opacity=".3" stroke-width="{6 + dice[5] % 20}"/>'
        for radius in range(60, 720, 70 + dice[6] // 4)
    )


def _bars(dice: bytes) -> str:
    return "".join(
        f'<rect x="{60 + 110 * column}" y="{HEIGHT - 90 - dice[3 + column] * 2}" width="70" '
        f'height="{90 + dice[3 + column] * 2}" rx="10" fill="#fff" fill-opacity=".16"/>'
        for column in range(10)
    )


def _hls(tint: str) -> tuple[float, float, float]:
    red, green, blue = (int(tint[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)


def _colour(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
