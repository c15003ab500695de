"""The words in figures, and in what cells print, in the language of a translation. Nothing is executed for them.

A figure is kept as it was drawn, beside the execution cache, and drawn once more with other words. What a cell printed,
and what players and explorers say, is text on the page. The catalogue ``outputs.po`` has all of these, with ``{}`` for
each number: ``{} of {} species``.
"""

import hashlib
import html
import io
import json
import pickle
import re
from pathlib import Path

OUTPUTS = "outputs"  # the catalogue's name
FOLDER = "figures"  # in the execution cache
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_PICTURE = re.compile(r"(?:\.\./)*_images/([0-9a-f]{64})\.png")
_PRINTED = re.compile(r'(<div class="output stream [^"]*">.*?<pre>(?:<span></span>)?)(.*?)(</pre>)', flags=re.DOTALL)
_SHORT = {"at", "of", "or", "to"}
_PASSED = re.compile(r"^Pass: (.+)$")
# An explorer up to the list of its pictures and sentences; a player up to its sound. Scripts are no part of either.
_EXPLORER = re.compile(r'(<div class="anura-explorer".*?<script type="application/json">)(.*?)(?=</script>)', re.DOTALL)
_PLAYER = re.compile(r'<div class="anura-player[ "].*?</audio>', re.DOTALL)
_SAID = re.compile(r'((?<=>)|(?<=alt=")|(?<=aria-label="))([^<>"]+)(?=[<"])')
# What the theme and Sphinx have no translation for; each stands in an attribute.
FRAME = {
    "es": {
        "Link to this heading": "Enlace a este título", "Link to this image": "Enlace a esta imagen",
        "Link to this term": "Enlace a este término", "Search...": "Buscar…",
        "Toggle hidden content": "Mostrar u ocultar", "Toggle primary sidebar": "Mostrar u ocultar el índice",
        "Toggle secondary sidebar": "Mostrar u ocultar el contenido de la página",
    },
    "pt_BR": {
        "Link to this heading": "Link para este título", "Link to this image": "Link para esta imagem",
        "Link to this term": "Link para este termo", "Search...": "Buscar…",
        "Toggle hidden content": "Mostrar ou ocultar", "Toggle primary sidebar": "Mostrar ou ocultar o índice",
        "Toggle secondary sidebar": "Mostrar ou ocultar o conteúdo da página",
    },
}  # fmt: skip
_FRAMED = re.compile(f'(?<==")(?:{"|".join(map(re.escape, FRAME["es"]))})(?=")')
_IN_FORMULA = re.compile(r"(\\text\{\s*)([^{}]*?)(\s*\})")


# ---------------------------------------------------------------- in the kernel


def keep_figures(folder):
    """From now on keep each figure that IPython shows, named as MyST-NB names the picture, and those of explorers."""
    from IPython.core import pylabtools

    from anuralib.show import widgets

    folder, draw, draw_small = Path(folder), pylabtools.print_figure, widgets._png

    def print_figure(fig, *args, **kwargs):
        kept, picture = _pickled(fig), draw(fig, *args, **kwargs)
        if isinstance(picture, bytes):
            _keep(kept, folder, picture)
        return picture

    def png(figure):
        kept, (source, size) = _pickled(figure), draw_small(figure)
        _keep(kept, folder, source.encode())
        return source, size

    pylabtools.print_figure, widgets._png = print_figure, png


def _pickled(figure):
    """A figure as bytes; None where it holds what can't be kept: such a one stays English."""
    import cloudpickle  # which keeps the functions of a second axis, too

    try:
        return cloudpickle.dumps(figure)  # as it is: the sound in it hardly gets shorter
    except (AttributeError, TypeError, pickle.PicklingError):
        return None


def _keep(kept, folder, picture):
    if kept is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{hashlib.sha256(picture).hexdigest()}.pickle").write_bytes(kept)


# ---------------------------------------------------------------- words


def template(text):
    """A text with ``{}`` for its numbers."""
    return _NUMBER.sub("{}", text.strip())


def say(text, known):
    """A text in the other language with its own numbers; as it is, where the catalogue does not know it."""
    said = known.get(template(text))
    if said is None:
        return text
    numbers = iter(_NUMBER.findall(text))
    said = re.sub(r"\{\}", lambda _: next(numbers), said)
    return text.replace(text.strip(), said)


def is_sentence(text):
    """Whether there is something to translate: not so numbers, codes, units, names with underscores, lists and rows."""
    if re.search(r"^[\[{(']|\S(?: {2,}|\t)|^Pass: ", text):
        return False
    words = re.findall(r"[^\W\d_]+", re.sub(r"\$[^$]*\$|\S*_\S*", "", text))
    return any(word in _SHORT or len(word) > 2 and not word.isupper() and word.lower() != "khz" for word in words)


# ---------------------------------------------------------------- figures


def figure_texts(figure):
    """All texts of a figure as pairs of a text and a function that puts another in its place."""
    from matplotlib.text import Text

    own = set()
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xaxis")):
        for axis in (axes.xaxis, axes.yaxis):
            own |= {id(part) for tick in (*axis.majorTicks, *axis.minorTicks) for part in (tick.label1, tick.label2)}
            yield from _tick_texts(axis)
    for part in figure.findobj(Text):
        if id(part) not in own and part.get_text().strip():
            yield part.get_text(), part.set_text


def _tick_texts(axis):
    places = axis.get_majorticklocs()
    names = [str(name) for name in axis.get_major_formatter().format_ticks(places)]

    def put(i, said):
        names[i] = said
        seen = axis.get_view_interval().copy()
        axis.set_ticks(places, names)
        axis.set_view_interval(*seen, ignore=True)  # more ticks than are seen would widen it

    for i, name in enumerate(list(names)):
        yield name, lambda said, i=i: put(i, said)


def _figure(path):
    """A figure as it was kept."""
    from matplotlib import pyplot as plt

    figure = pickle.loads(path.read_bytes())  # written by this build
    plt.close(figure)
    return figure


def kept_texts(path):
    """The texts of a kept figure."""
    return [text for text, _ in figure_texts(_figure(path))]


def redraw(path, known):
    """The picture of a kept figure in another language; None where no word of it changes."""
    figure = _figure_in_words(path, known)
    if figure is None:
        return None
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=2 * figure.dpi, bbox_inches="tight", facecolor=figure.get_facecolor())
    return out.getvalue()


def _figure_in_words(path, known):
    import matplotlib as mpl

    mpl.use("agg")
    figure, changed = _figure(path), False
    for text, put in figure_texts(figure):
        said = say(text, known)
        if said != text:
            put(said)
            changed = True
    return figure if changed else None


# ---------------------------------------------------------------- pages


def printed_lines(page):
    """What the cells of a built page printed, line by line."""
    for _, said, _ in _PRINTED.findall(page):
        yield from map(html.unescape, said.split("\n"))


def widget_texts(page):
    """What the explorers and players of a built page say: titles, names of controls, sentences."""
    for before, pictures in _EXPLORER.findall(page):
        yield from (html.unescape(text) for _, text in _SAID.findall(before))
        yield from (said for _, said in json.loads(pictures).values())
    for player in _PLAYER.findall(page):
        yield html.unescape(re.search('aria-label="([^"]*)"', player)[1])


def _say_widget(text, known):
    """The HTML of an explorer or a player in the other language; what the catalogue does not know stays."""
    return _SAID.sub(lambda m: html.escape(say(html.unescape(m[2]), known)), text)


def _say_explorer(match, known, figures):
    """An explorer in the other language, its pictures drawn again where they were kept."""
    drawn = {}

    def draw(source):
        from anuralib.show import widgets

        kept = figures / f"{hashlib.sha256(source.encode()).hexdigest()}.pickle"
        if source not in drawn:
            figure = _figure_in_words(kept, known) if kept.is_file() else None
            drawn[source] = widgets._png(figure)[0] if figure else source
        return drawn[source]

    pictures = {key: [draw(source), say(said, known)] for key, (source, said) in json.loads(match[2]).items()}
    begun = re.sub(r'(?<=src=")[^"]+', lambda m: drawn.get(m[0], m[0]), match[1])
    return _say_widget(begun, known) + json.dumps(pictures, allow_nan=False).replace("<", "\\u003c")


def words_of_formulas(source):
    """The words within the formulas of a page's source."""
    return [words for _, words, _ in _IN_FORMULA.findall(source) if is_sentence(words)]


def say_formula(formula, known):
    """A formula with its words in the other language."""
    return _IN_FORMULA.sub(lambda m: m[1] + known.get(m[2], m[2]) + m[3], formula)


def _say_line(line, known):
    """A printed line, as HTML, in the other language."""
    text = html.unescape(line)
    passed = _PASSED.match(text)
    if passed and "Pass: {name}" in known:
        return html.escape(known["Pass: {name}"].format(name=passed[1]))
    said = say(text, known)
    return line if said == text else html.escape(said, quote=False)


def translate_outputs(site, figures, known, language):
    """Write the figures of a translation with its words, the lines that its cells printed, and what widgets say.

    Parameters
    ----------
    site : Path
        The pages of the translation, each with the English outputs.
    figures : Path
        Where the English build kept its figures.
    known : dict of str to str
        What the catalogue of outputs says, and ``Pass: {name}`` of the package's.
    language : str

    Returns
    -------
    int
        How many pictures were drawn.
    """
    drawn = {}

    def picture(match):
        name = match[1]
        if name not in drawn:
            kept = figures / f"{name}.pickle"
            drawn[name] = redraw(kept, known) if kept.is_file() else None
            if drawn[name]:
                (site / "_images" / f"{name}-{language}.png").write_bytes(drawn[name])
        return match[0].replace(".png", f"-{language}.png") if drawn[name] else match[0]

    def printed(match):
        lines = (_say_line(line, known) for line in match[2].split("\n"))
        return match[1] + "\n".join(lines) + match[3]

    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        new = _PRINTED.sub(printed, _PICTURE.sub(picture, text))
        new = _EXPLORER.sub(lambda match: _say_explorer(match, known, figures), new)
        new = _PLAYER.sub(lambda match: _say_widget(match[0], known), new)
        new = _FRAMED.sub(lambda match: FRAME[language][match[0]], new)
        if new != text:
            page.write_text(new, encoding="utf-8")
    return sum(map(bool, drawn.values()))
