"""The front page: a night to hear at once, and a card for each part with one of its figures.

`{night}` puts a player of the simulated pond on the page. `{thumbnail} fig-name` shows a figure of another page, small;
the figure's file is known once that page is written, so it is filled in at the end, in the translations too.
"""

import html
import io
import os
import re
from functools import cache
from pathlib import Path

from catalogues import LANGUAGES
from course_settings import course_site_url
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

NIGHT, START_S, LENGTH_S = "SIM2_20201108_204500", 5.0, 8.0  # ten call types in eight seconds
CARD, CARD_NAME = (1200, 630), "card.png"
TITLES = {"en": "A November night", "es": "Una noche de noviembre", "pt_BR": "Uma noite de novembro"}
_EMPTY = re.compile(r'<img class="anura-thumbnail" alt="" data-figure="([\w-]+)">')
_FIGURE = re.compile(r'<figure\b[^>]*\bid="(fig-[\w-]+)"[^>]*>.*?<img\b[^>]*\bsrc="([^"]+)"', re.DOTALL)


class Night(SphinxDirective):
    """Eight seconds of the simulated pond with ten callers, whose names show as they are heard."""

    def run(self):
        if self.env.app.builder.format != "html":
            return []
        return [nodes.raw("", night(self.config.anura_translation or "en"), format="html")]


@cache
def _eight_seconds():
    """(sound, labels) of the night on the front page."""
    import anuralib as al

    pond, kinds = al.load_dataset("pond"), al.call_types()
    counts = pond.strong_labels.groupby("recording")["species"].nunique()
    name = NIGHT if NIGHT in counts else counts.idxmax()  # a quick build has a smaller pond
    labels = pond.strong_labels[pond.strong_labels["recording"] == name]
    pitch_hz = labels["species"].map(kinds["pitch_hz"])
    labels = labels.assign(
        low_hz=0.95 * pitch_hz, high_hz=1.05 * pitch_hz, species=labels["species"].map(kinds["name"]),
        start_s=labels["start_s"] - START_S, end_s=labels["end_s"] - START_S,
    )  # fmt: skip
    path = pond.recordings.set_index("recording")["path"][name]
    return al.read_audio(path, start_s=START_S, duration_s=LENGTH_S), labels


@cache
def night(language="en"):
    import anuralib as al

    sound, labels = _eight_seconds()
    return str(al.player(sound, labels, title=TITLES[language], simulated=True, max_s=LENGTH_S, reveal=True))


class Thumbnail(SphinxDirective):
    """A figure of another page, small and without words: its card says what it is."""

    required_arguments = 1

    def run(self):
        name = html.escape(self.arguments[0])
        return [nodes.raw("", f'<img class="anura-thumbnail" alt="" data-figure="{name}">', format="html")]


class Languages(SphinxDirective):
    """The names of the languages, each a link to this page in it."""

    def run(self):
        own = self.config.anura_translation or "en"
        up = "../" * (self.env.docname.count("/") + (own != "en"))
        folders = {key: "" if key == "en" else f"{key}/" for key in LANGUAGES}
        links = [f'<a href="{up}{folders[key]}{self.env.docname}.html" hreflang="{tag}" lang="{tag}">{name}</a>'
                 if key != own else f"<strong>{name}</strong>" for key, (tag, name) in LANGUAGES.items()]  # fmt: skip
        return [nodes.raw("", f'<p class="anura-languages">{" · ".join(links)}</p>', format="html")]


def fill_thumbnails(site, book):
    """Write the files of the figures into the thumbnails of a site's pages.

    `book` is the folder of the built English book, whose figures they are; `site` it or a translation's folder in it.
    """
    pages = {page: page.read_text(encoding="utf-8") for page in Path(site).glob("*.html")}
    pages = {page: text for page, text in pages.items() if _EMPTY.search(text)}
    if not pages:
        return
    figures = {}
    for page in Path(book).rglob("*.html"):
        if not {"_static", *LANGUAGES} & set(page.relative_to(book).parts):
            for name, source in _FIGURE.findall(page.read_text(encoding="utf-8")):
                figures.setdefault(name, os.path.normpath(page.parent / source))
    for page, text in pages.items():
        wanted = set(_EMPTY.findall(text))
        if wanted - set(figures):
            raise ExtensionError(f"{page.name}: no page has the figure {', '.join(sorted(wanted - set(figures)))}")

        def image(match, folder=page.parent):
            source = os.path.relpath(figures[match[1]], folder).replace(os.sep, "/")
            return f'<img class="anura-thumbnail dark-light" alt="" loading="lazy" src="{source}">'

        part = page.with_suffix(".html.part")
        part.write_text(_EMPTY.sub(image, text), encoding="utf-8")
        part.replace(page)


def write_card(path):
    """Write the picture that a link to the course shows elsewhere: the night of the front page, 1200 x 630."""
    from PIL import Image

    from anuralib.show.player import sound_picture
    from anuralib.sound.audio import SAMPLE_RATE_HZ

    sound, _ = _eight_seconds()
    picture = Image.open(io.BytesIO(sound_picture(sound, SAMPLE_RATE_HZ, 10_000, size=(1200, 400)))).convert("RGB")
    picture.resize(CARD, Image.Resampling.LANCZOS).quantize(48).save(path, "PNG", optimize=True)


def add_card(app, pagename, templatename, context, doctree):
    """Name the card in the page's head, where the address of the site is known: a relative one is of no use there."""
    site = course_site_url(app.config.anura_repository)
    if pagename == "intro" and site:
        width, height = CARD
        said = {"image": f"{site}/_static/{CARD_NAME}", "image:width": width, "image:height": height,
                "image:alt": "Spectrogram of eight seconds of a simulated night pond"}  # fmt: skip
        tags = [f'<meta property="og:{key}" content="{html.escape(str(value))}">' for key, value in said.items()]
        tags.append('<meta name="twitter:card" content="summary_large_image">')
        context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def finish(app, exception):
    if exception is None and app.builder.format == "html" and not app.config.anura_translation:
        fill_thumbnails(app.outdir, app.outdir)
        write_card(Path(app.outdir) / "_static" / CARD_NAME)


def setup(app):
    app.add_directive("night", Night)
    app.add_directive("thumbnail", Thumbnail)
    app.add_directive("languages", Languages)
    app.connect("html-page-context", add_card)
    app.connect("build-finished", finish, priority=400)  # pictures get their dark form later
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
