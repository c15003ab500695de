"""Figures in the dark theme: paper dark and ink light, colours and spectrograms as they are.

Inverting a picture would turn its colours into others, a spectrogram into its negative, and a caption that names a
colour into a lie. So each picture with white paper gets a second file, and a page shows the one for its theme. Greys
are inverted there. A coloured pixel keeps its colour; at the edge of a line or a letter it is a mixture of paper and a
colour, and becomes the same mixture of dark paper and that colour. What is within a spectrogram stays.
"""

import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from page_files import change_pages, write_palette
from PIL import Image

_EXPLORER = re.compile(r'<div class="anura-explorer".*?</script>', re.DOTALL)
_ITS_PICTURE = re.compile(r'"([^"]+/_static/inline/\w+\.png)"')
_PICTURE = re.compile(r"<img\b[^>]*\bsrc=\"([^\"]+\.png)\"[^>]*>")
LEAST_PAPER = 0.1  # share of white that makes a picture a figure with margins
NIGHT = "night"  # the folder of second files
PAPER, INK = 18 / 255, 0.92  # in the dark
SQUARE = 15  # pixels; a spectrogram and the bar of its colours have room for it, text and lines have not
# Of a spectrogram: bars, filled curves, marks and clouds of marks have less.
LEAST_PIXELS, LEAST_FULL, LEAST_COLOURS = 2500, 0.9, 15
GREY = 0.06  # the largest channel less the smallest
LEAST_FLAT = 0.0002  # share of the picture that makes a colour one that was chosen
LEAST_TINT = 0.6  # the smallest channel
LIKE = 0.04  # how far a mixture may be from a colour and still be one of its


@cache
def has_paper(path):
    """Whether a picture has white margins: a drawing, or a spectrogram with axes."""
    with Image.open(path) as image:
        grey = np.asarray(image.convert("RGBA").resize((200, 200)).convert("L"))
    return bool((grey > 245).mean() > LEAST_PAPER)


def by_night(image):
    """A figure on dark paper."""
    day = np.asarray(image.convert("RGB"))
    packed = day @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    index, values = pd.factorize(packed.ravel())
    counts = np.bincount(index)
    colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1) / np.float32(255)
    flat = (counts > LEAST_FLAT * packed.size) & (np.ptp(colours, axis=1) > GREY)
    night = np.round(255 * _in_the_dark(colours, colours[flat])).astype(np.uint8)[index.reshape(packed.shape)]
    for box in _spectrograms(day, packed):
        night[box] = day[box]
    return Image.fromarray(night)


def _in_the_dark(colours, flat):
    """Each colour on dark paper; `flat` are those that were chosen, the others are mixtures or a map's."""
    night = colours.copy()
    grey = np.ptp(colours, axis=1) <= GREY
    night[grey] = INK + (PAPER - INK) * colours[grey]
    rest = np.flatnonzero(~grey)
    own, nearest = colours[rest], np.full(len(rest), LIKE)
    for chosen, dark in zip(flat, map(_tint_in_the_dark, flat), strict=True):
        # Of paper and the colour, or of the colour and black ink.
        for ground, dark_ground in ((np.float32(1), PAPER), (np.float32(0), INK)):
            way = chosen - ground
            part = np.clip((own - ground) @ way / (way @ way), 0, 1)[:, None]
            far = np.linalg.norm(own - (ground + part * way), axis=1)
            better = far < nearest
            nearest[better] = far[better]
            night[rest[better]] = dark_ground + part[better] * (dark - dark_ground)
    return night


def _tint_in_the_dark(colour):
    """A colour as it is; one that is little more than paper, a shaded ground, as little more than dark paper."""
    paper = colour.min()
    return colour if paper < LEAST_TINT else colour - paper + paper * PAPER


def _spectrograms(day, packed):
    """The boxes of the parts that are full of many colours, or black."""
    from scipy.ndimage import find_objects, label, maximum_filter, uniform_filter

    darkest = np.minimum.reduce([day[..., channel] for channel in range(3)])  # many times faster than along an axis
    full = uniform_filter((darkest < 245).astype(np.float32), SQUARE) > 0.95
    parts, _ = label(maximum_filter(full, SQUARE))  # each full square whole
    for i, box in enumerate(find_objects(parts), 1):
        own = packed[box]
        if own.size > LEAST_PIXELS and (parts[box] == i).mean() > LEAST_FULL:
            _, counts = np.unique(own[np.ptp(day[box], axis=2) > 255 * GREY], return_counts=True)
            silent = (day[box].max(axis=2) < 20).mean() > 0.5  # no drawing has so much black
            if silent or (counts > max(20, 0.001 * own.size)).sum() >= LEAST_COLOURS:
                yield box


def mark_figures(site, pages="*.html"):
    """Let the pages of a site show each figure in the form for their theme; the number of pages changed."""

    def marked(text, page):
        text = _EXPLORER.sub(lambda match: _with_night_pictures(match[0], page.parent), text)
        return _PICTURE.sub(lambda match: _for_both_themes(match[0], match[1], page.parent), text)

    return change_pages(site, marked, pages)


def _with_night_pictures(explorer, folder):
    """An explorer's own script shows the picture for the theme, where it is told that there are two of each."""
    paths = {Path(os.path.normpath(folder / source)) for source in _ITS_PICTURE.findall(explorer)}
    if "data-night" in explorer or not paths or not all(path.is_file() and has_paper(path) for path in paths):
        return explorer
    for path in paths:
        _write_night_file(path)
    return explorer.replace('class="anura-explorer"', 'class="anura-explorer" data-night=""', 1)


def _for_both_themes(tag, source, folder):
    path = Path(os.path.normpath(folder / source))
    done = "anura-day" in tag or f"/{NIGHT}/" in source
    if done or "_images/" not in source or not path.is_file() or not has_paper(path):
        return tag
    _write_night_file(path)
    second = tag.replace(source, source.replace("_images/", f"_images/{NIGHT}/"))
    second = second if "loading=" in second else second.replace("<img", '<img loading="lazy"', 1)
    return _with_class(tag, "anura-day") + _with_class(second, "anura-night dark-light")


def _with_class(tag, name):
    if 'class="' in tag:
        return tag.replace('class="', f'class="{name} ', 1)
    return tag.replace("<img", f'<img class="{name}"', 1)


@cache  # a picture stands on several pages
def _write_night_file(path):
    target = path.parent / NIGHT / path.name
    target.parent.mkdir(exist_ok=True)
    with Image.open(path) as image:
        write_palette(by_night(image), target)
