"""Letters made of strokes, for the word on a picture: Latin, Cyrillic, digits.

A letter is a list of lines on a grid 4 wide and 6 high; a line is a run of points, two digits each
(column, row from the top). Only capitals; marks above (ä, й, ї) are drawn apart.
"""

import unicodedata
from collections.abc import Iterator

Point = tuple[float, float]

_LETTERS = {
    "A": "0602204246 0444",
    "B": "06003041423303 3344453606",
    "C": "4130100105163645",
    "D": "06003041453606",
    "E": "40000646 0333",
    "F": "400006 0333",
    "G": "41301001051636454323",
    "H": "0006 4046 0343",
    "I": "0006",
    "J": "3035261605",
    "K": "0006 4003 0346",
    "L": "000646",
    "M": "0600234046",
    "N": "06004640",
    "O": "100105163645413010",
    "P": "06003041423303",
    "Q": "100105163645413010 2446",
    "R": "06003041423303 2346",
    "S": "413010010213334445361605",
    "T": "0040 2026",
    "U": "000516364540",
    "V": "002640",
    "W": "0016223640",
    "X": "0046 4006",
    "Y": "002340 2326",
    "Z": "00400646",
    "Б": "4000063645443303",
    "Г": "400006",
    "Ґ": "06014140",
    "Д": "06054546 1511203035",
    "Є": "4130100105163645 0323",
    "Ж": "0046 4006 2026",
    "З": "01103041423313 334445361605",
    "И": "00064046",
    "Л": "061511204046",
    "П": "06004046",
    "У": "0023 401606",
    "Ф": "110203143443423111 2026",
    "Ц": "00063630 364647",
    "Ч": "00021343 4046",
    "Ш": "00064640 2026",
    "Щ": "00064640 2026 465657",
    "Ь": "00063645443303",
    "Ы": "00062635342303 5056",
    "Э": "0110304145361605 2343",
    "Ю": "0006 0323 302125364655514030",
    "Я": "46401001021343 2306",
    "0": "100105163645413010",
    "1": "011016",
    "2": "01103041420646",
    "3": "01103041423313 334445361605",
    "4": "36300444",
    "5": "400003334445361605",
    "6": "4130100105163645443303",
    "7": "004016",
    "8": "100102133342413010 1304051636454433",
    "9": "0516364541301001021343",
    "-": "0333",
    "'": "0002",
}
_LETTERS |= dict(zip("АВЕІКМНОРСТХ", (_LETTERS[twin] for twin in "ABEIKMHOPCTX"), strict=True))
_MARKS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "\u0308": (((-1.0, -1.4), (-1.0, -1.4)), ((1.0, -1.4), (1.0, -1.4))),
    "\u0306": (((-1.0, -1.9), (-0.4, -1.3), (0.4, -1.3), (1.0, -1.9)),),
}
"""Columns from the middle of the letter."""
_GAP = 1.7
_SPACE = 2.2


def lines(word: str) -> tuple[list[tuple[Point, ...]], float]:
    """The lines of a word in grid units, and its width; signs without a letter are left out."""
    drawn: list[tuple[Point, ...]] = []
    left = width = middle = 0.0
    for sign in unicodedata.normalize("NFD", word.upper()):
        if sign == " ":
            left += _SPACE
        elif sign in _MARKS:
            drawn += [tuple((middle + x, y) for x, y in line) for line in _MARKS[sign]]
        elif sign in _LETTERS:
            letter = [tuple(_points(run)) for run in _LETTERS[sign].split()]
            drawn += [tuple((left + x, y) for x, y in line) for line in letter]
            width = left + max(x for line in letter for x, _ in line)
            middle, left = (left + width) / 2, width + _GAP
    return drawn, width


def _points(run: str) -> Iterator[Point]:
    return ((float(run[at]), float(run[at + 1])) for at in range(0, len(run), 2))
