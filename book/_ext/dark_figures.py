"""Figures in the dark theme: drawings on white are shown inverted, spectrograms as they are.

The theme puts a white frame around every picture. A drawing (lines and bars on white) reads as well on dark ground once
it is inverted and its hues turned back, which the browser does by a style; a spectrogram would become its negative. So
each picture is looked at once, and a drawing is marked in the pages.
"""

import os
import re
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

_PICTURE = re.compile(r"<img\b[^>]*\bsrc=\"([^\"]+\.png)\"[^>]*>")
LEAST_WHITE, MOST_DARK = 0.5, 0.03  # shares of the picture: text and lines are a fiftieth of it at most


@cache
def is_drawing(path):
    """Whether a picture is mostly white, with little dark ground in it."""
    with Image.open(path) as image:
        grey = np.asarray(image.convert("RGBA").resize((200, 200)).convert("L"))
    return bool((grey > 245).mean() > LEAST_WHITE and (grey < 64).mean() < MOST_DARK)


def mark_drawings(site):
    """Give the pictures of a site that are drawings the classes of a drawing; the number of pages changed."""
    changed = 0
    for page in sorted(Path(site).rglob("*.html")):
        text = page.read_text(encoding="utf-8")

        def marked(match, folder=page.parent):
            path = Path(os.path.normpath(folder / match[1]))
            if "anura-drawing" in match[0] or not path.is_file() or not is_drawing(path):
                return match[0]
            if 'class="' in match[0]:
                return match[0].replace('class="', 'class="anura-drawing dark-light ', 1)
            return match[0].replace("<img", '<img class="anura-drawing dark-light"', 1)

        new = _PICTURE.sub(marked, text)
        if new != text:
            part = page.with_suffix(".html.part")
            part.write_text(new, encoding="utf-8")
            part.replace(page)
            changed += 1
    return changed
