"""The words in figures, and in what cells print, in the language of a translation. Nothing is executed for them.

A figure is kept as it was drawn, beside the execution cache, and drawn once more with other words. What a cell printed
is text on the page. The catalogue ``outputs.po`` has both, with ``{}`` for each number: ``{} of {} species``.
"""

import hashlib
import html
import io
import pickle
import re
from pathlib import Path

OUTPUTS = "outputs"  # the catalogue's name
FOLDER = "figures"  # in the execution cache
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_PICTURE = re.compile(r"(?:\.\./)*_images/([0-9a-f]{64})\.png")
_PRINTED = re.compile(r'(<div class="output stream [^"]*">.*?<pre>(?:<span></span>)?)(.*?)(</pre>)', flags=re.DOTALL)
_PASSED = re.compile(r"^Pass: (.+)$")


# ---------------------------------------------------------------- in the kernel


def keep_figures(folder):
    """From now on let IPython keep each figure that it shows, named as MyST-NB names the picture."""
    from IPython.core import pylabtools

    folder, draw = Path(folder), pylabtools.print_figure

    def print_figure(fig, *args, **kwargs):
        picture = draw(fig, *args, **kwargs)
        if isinstance(picture, bytes):
            try:
                kept = pickle.dumps(fig)  # as it is: the sound in it hardly gets shorter
            except (AttributeError, TypeError, pickle.PicklingError):
                return picture  # it holds a function; such a figure stays English
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{hashlib.sha256(picture).hexdigest()}.pickle").write_bytes(kept)
        return picture

    pylabtools.print_figure = print_figure


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
    return any(len(word) > 2 and not word.isupper() and word.lower() != "khz" for word in words)


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
    import matplotlib as mpl

    mpl.use("agg")
    figure, changed = _figure(path), False
    for text, put in figure_texts(figure):
        said = say(text, known)
        if said != text:
            put(said)
            changed = True
    if not changed:
        return None
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=2 * figure.dpi, bbox_inches="tight", facecolor=figure.get_facecolor())
    return out.getvalue()


# ---------------------------------------------------------------- pages


def printed_lines(page):
    """What the cells of a built page printed, line by line."""
    for _, said, _ in _PRINTED.findall(page):
        yield from map(html.unescape, said.split("\n"))


def _say_line(line, known):
    """A printed line, as HTML, in the other language."""
    text = html.unescape(line)
    passed = _PASSED.match(text)
    if passed and "Pass: {name}" in known:
        return html.escape(known["Pass: {name}"].format(name=passed[1]))
    said = say(text, known)
    return line if said == text else html.escape(said, quote=False)


def translate_outputs(site, figures, known, language):
    """Write the figures of a translation with its words, and the lines that its cells printed.

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
        if new != text:
            page.write_text(new, encoding="utf-8")
    return sum(map(bool, drawn.values()))
