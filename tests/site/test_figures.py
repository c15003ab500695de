"""Figures can be told apart by readers who see fewer colours, and on a grey print.

A figure is judged by its flat colours: those that fill a visible part of it, less the ones of the four colour maps that
run evenly from dark to bright (magma, viridis, cividis, grey), which are safe as they are.
"""

from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

IMAGES = Path(__file__).resolve().parents[2] / "book" / "_build" / "html" / "_images"
SAFE_MAPS = ("magma", "viridis", "cividis", "gray")
LEAST_SHARE = 0.0008  # of the picture
LEAST_CONTRAST = 2.0  # against the background; marks are doubled by their shape, text is black
LEAST_DIFFERENCE = 9.0  # CIEDE2000 between any two flat colours, for each kind of sight
SAME = 4.0  # closer than that to a full sight, it is one colour and the smoothing of its edge
# Machado, Oliveira & Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1, on linear RGB.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip


def linear(srgb):
    srgb = np.asarray(srgb, dtype=float)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def coded(rgb):
    rgb = np.clip(rgb, 0, 1)
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)


def contrast(a, b):
    """WCAG's contrast ratio of two colours."""
    bright, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def flat_colours(image):
    """The flat colours of a picture, in 0..1, without its background, greys and those of safe maps."""
    pixels = np.asarray(image.convert("RGB"))
    corner = pixels[:-1, :-1]
    # Edges of lines and letters are smoothed: only a colour that fills 2 x 2 pixels is one that was chosen.
    alike = [(corner == other).all(axis=2) for other in (pixels[1:, :-1], pixels[:-1, 1:], pixels[1:, 1:])]
    # As one number a pixel, of which numpy counts the different ones much faster than of rows.
    packed, counts = np.unique(corner[np.logical_and.reduce(alike)] @ [1 << 16, 1 << 8, 1], return_counts=True)
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1)
    background = colours[counts.argmax()] / 255
    colours = colours[counts > LEAST_SHARE * corner[..., 0].size] / 255
    maps = np.concatenate([matplotlib.colormaps[name](np.linspace(0, 1, 512))[:, :3] for name in SAFE_MAPS])
    is_safe = np.array([np.abs(maps - colour).max(axis=1).min() < 0.012 for colour in colours])
    return background, colours[~is_safe]


def faults(image):
    """What is wrong with a picture's colours, a line each."""
    background, colours = flat_colours(image)
    found = [f"{np.round(255 * c)} on {np.round(255 * background)}: contrast {contrast(c, background):.1f}"
             for c in colours if contrast(c, background) < LEAST_CONTRAST]  # fmt: skip
    as_seen = rgb2lab(colours) if len(colours) else colours
    for sight, matrix in SIGHTS.items():
        seen = rgb2lab(coded(linear(colours) @ matrix.T)) if len(colours) else colours
        for i, k in combinations(range(len(colours)), 2):
            difference = deltaE_ciede2000(seen[i], seen[k])
            if deltaE_ciede2000(as_seen[i], as_seen[k]) > SAME and difference < LEAST_DIFFERENCE:
                pair = f"{np.round(255 * colours[i])} and {np.round(255 * colours[k])}"
                found.append(f"{pair} differ by {difference:.1f} with {sight} sight")
    return found


@pytest.mark.site
@pytest.mark.parametrize("path", sorted(IMAGES.glob("*.png")), ids=lambda p: p.stem[:12])
def test_colours_can_be_told_apart(path):
    assert faults(Image.open(path)) == []


def test_the_check_finds_red_beside_green_and_pale_on_white():
    picture = np.full((40, 40, 3), 255, dtype=np.uint8)
    picture[:5] = (150, 90, 30)
    picture[10:15] = (100, 110, 20)
    assert "deuteranopia" in " ".join(faults(Image.fromarray(picture)))
    picture[:] = 255
    picture[:5] = (255, 255, 120)
    assert "contrast" in faults(Image.fromarray(picture))[0]
    picture[:5], picture[10:15] = (0, 114, 178), (213, 94, 0)
    assert faults(Image.fromarray(picture)) == []
