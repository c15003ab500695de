"""What notebook outputs carry inside themselves becomes files of the site: each sound and picture stored once.

In a notebook an output must be whole, so players and explorers hold their sound, pictures, style and script in
themselves. In the site they would make pages of megabytes that a browser has to read before it shows a word. Here they
are files in ``_static/inline``, named by their content, and asked for when they are needed: a sound when somebody
plays it.
"""

import base64
import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

KINDS = {"audio/mpeg": "mp3", "image/png": "png", "text/css": "css"}
_DATA = re.compile(r"data:(audio/mpeg|image/png|text/css);base64,([A-Za-z0-9+/]+={0,2})")
# A report that is shown in a frame is under the policy of the page around it. Its own, stricter one would forbid the
# files that its sounds and pictures become here.
_POLICY_IN_FRAME = re.compile("&lt;meta http-equiv=&quot;Content-Security-Policy&quot; content=&quot;.*?&quot;&gt;")
LARGE = 100_000  # bytes of a picture
LEAST = 700  # characters; a shorter one is cheaper inside the page


def move_inline(site, scripts):
    """Replace data URIs, and the scripts given, in all pages of a site by files.

    Parameters
    ----------
    site : Path
        Folder with the pages.
    scripts : dict
        {file name: source} of scripts that stand in the pages as they are.

    Returns
    -------
    int
        How many pages were changed.
    """
    folder = site / "_static" / "inline"

    def moved(text, page):
        if "data:" not in text or "_static" in page.relative_to(site).parts:
            return text
        root = os.path.relpath(folder, page.parent).replace(os.sep, "/")

        def stored(match):
            if len(match[2]) < LEAST:
                return match[0]
            content = base64.b64decode(match[2])
            return f"{root}/{_keep(folder, content, KINDS[match[1]])}"

        new = _POLICY_IN_FRAME.sub("", _DATA.sub(stored, text))
        for name, source in scripts.items():
            tag = f"<script>{source}</script>"
            if tag in new:
                stem, dot, ending = name.rpartition(".")
                name = _keep(folder, plain_script(source).encode(), ending, stem)
                new = new.replace(tag, f'<script src="{root}/{name}"></script>')
        return new

    return change_pages(site, moved)


def change_pages(site, change, pages="*.html"):
    """Write each page of a site again that ``change(text, path)`` changes; how many."""
    changed = 0
    for page in sorted(Path(site).rglob(pages)):
        text = page.read_text(encoding="utf-8")
        new = change(text, page)
        if new != text:
            part = page.with_suffix(".html.part")
            part.write_text(new, encoding="utf-8")
            part.replace(page)
            changed += 1
    return changed


def plain_script(script):
    """A script without the spaces before its lines and without comments: a fifth less to fetch."""
    return re.sub(r'^\s*//.*\n|^[ \t]+|(?<=[;{,]) // [^"\n]*$', "", script, flags=re.MULTILINE)


def shrink_pictures(folder):
    """Give the large pictures of a folder a palette of 256 colours: a third of the bytes, looking the same.

    Each colour is the mean of those that it stands for (``kmeans``), so that it stays on the picture's colour map.
    """
    paths = [path for path in sorted(Path(folder).glob("*.png")) if path.stat().st_size > LARGE]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_shrink, paths))


def _shrink(path):
    with Image.open(path) as image:
        if image.mode == "P":
            return
        plain = Image.new("RGB", image.size, "white")
        plain.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    write_palette(plain, path)


def write_palette(image, path):
    """Write a picture with the 256 colours that stand for its own best, whole or not at all."""
    part = path.with_suffix(".part")
    image.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(part, "PNG")
    part.replace(path)


def _keep(folder, content, ending, stem=""):
    """Write the content under the name that it gives itself, once; the name."""
    name = f"{stem + '-' if stem else ''}{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    target = folder / name
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_bytes(content)
        part.replace(target)
    return name


def package_scripts(package):
    """{name: source} of the scripts of a package's folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(package).glob("*.js"))}
