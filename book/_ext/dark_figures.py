"""Figures in the dark theme: drawings inverted, and of figures with a spectrogram what lies around it.

The theme puts a white frame around every picture. A drawing (lines and bars on white) reads as well on dark ground once
it is inverted and its hues turned back, which the browser does by a style; a spectrogram would become its negative. So
each picture is looked at once. A drawing is marked in the pages; a figure that has dark pictures in it gets a second
file, in which only the paper with its text is inverted, and each page shows the one for its theme.
"""

import os
import re
from functools import cache
from pathlib import Path

import numpy as np
from page_files import change_pages
from PIL import Image

_PICTURE = re.compile(r"<img\b[^>]*\bsrc=\"([^\"]+\.png)\"[^>]*>")
LEAST_WHITE, MOST_DARK = 0.5, 0.03  # shares of the picture: text and lines are a fiftieth of it at most
LEAST_PAPER = 0.1  # share of white that makes a picture a figure with margins
NIGHT = "night"  # the folder of second files
SQUARE = 13  # pixels; a square of this size is never full of text
LEAST_FULL = 0.8  # of the box around a picture; a filled curve has less, and is a drawing
# The browser's invert(0.92) and hue-rotate(180deg).
_GREY = np.array([0.213, 0.715, 0.072])
_TURNED = 2 * np.outer(np.ones(3), _GREY) - np.eye(3)


@cache
def kind(path):
    """What a picture is: "drawing", "figure" (with a margin around dark pictures) or "picture"."""
    with Image.open(path) as image:
        grey = np.asarray(image.convert("RGBA").resize((200, 200)).convert("L"))
    white = (grey > 245).mean()
    if white > LEAST_WHITE and (grey < 64).mean() < MOST_DARK:
        return "drawing"
    return "figure" if white > LEAST_PAPER else "picture"


def by_night(image):
    """A figure with its paper and text inverted, and its pictures as they are."""
    from scipy.ndimage import binary_fill_holes, find_objects, label, maximum_filter, uniform_filter

    day = np.asarray(image.convert("RGB")) / 255
    full = uniform_filter((day.min(axis=2) < 0.96).astype(np.float32), SQUARE) > 0.95
    parts, _ = label(maximum_filter(full, SQUARE))  # each full square whole
    pictures = np.zeros(parts.shape, bool)
    for i, box in enumerate(find_objects(parts), 1):
        own = parts[box] == i
        if own.mean() > LEAST_FULL and own.sum() > 2 * SQUARE**2:  # a smaller one is the mark of a curve
            pictures[box] |= binary_fill_holes(own)  # white lines on it
    inverted = (0.92 - 0.84 * day) @ _TURNED.T
    night = np.where(pictures[..., None], day, np.clip(inverted, 0, 1))
    return Image.fromarray(np.round(255 * night).astype(np.uint8))


def mark_figures(site):
    """Give drawings in the pages of a site their class, figures their second file; the number of pages changed."""

    def marked(text, page):
        return _PICTURE.sub(lambda match: _for_both_themes(match[0], match[1], page.parent), text)

    return change_pages(site, marked)


def _for_both_themes(tag, source, folder):
    """A picture's tag, or two where it has a form of its own for the dark theme."""
    path = Path(os.path.normpath(folder / source))
    done = "anura-drawing" in tag or "anura-day" in tag or f"/{NIGHT}/" in source
    what = "picture" if done or not path.is_file() else kind(path)
    if what == "drawing":
        return _with_class(tag, "anura-drawing dark-light")
    if what == "picture" or "_images/" not in source:
        return tag
    _write_night_file(path)
    second = tag.replace(source, source.replace("_images/", f"_images/{NIGHT}/"))
    second = second if "loading=" in second else second.replace("<img", '<img loading="lazy"', 1)
    return _with_class(tag, "anura-day") + _with_class(second, "anura-night dark-light")


def _with_class(tag, name):
    if 'class="' in tag:
        return tag.replace('class="', f'class="{name} ', 1)
    return tag.replace("<img", f'<img class="{name}"', 1)


def _write_night_file(path):
    target = path.parent / NIGHT / path.name
    if not target.is_file():
        target.parent.mkdir(exist_ok=True)
        part = target.with_suffix(".part")
        with Image.open(path) as image:
            by_night(image).quantize(256, kmeans=1, dither=Image.Dither.NONE).save(part, "PNG")
        part.replace(target)
