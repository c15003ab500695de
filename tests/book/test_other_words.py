"""Figures and printed lines of a translation: kept as they were drawn, said in other words, nothing executed."""

import other_words
import pytest
from IPython.core import pylabtools
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

KNOWN = {"a pond of {} frogs": "una charca de {} ranas", "time (s)": "tiempo (s)", "pond": "charca", "calls": "cantos",
         "{} of {} right": "de {}, {} bien", "two": "dos", "one": "uno"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [("a pond of 1,612 frogs", "una charca de 1,612 ranas"), (" pond\n", " charca\n"), ("frog 3", "frog 3"),
     ("3 of 4 right", "de 3, 4 bien")],
)  # fmt: skip
def test_a_text_keeps_its_numbers(text, said):
    assert other_words.say(text, KNOWN) == said


@pytest.mark.parametrize(
    ("text", "has"),
    [("time (s)", True), ("METTIN", False), ("kHz", False), ("0.5", False), ("max_probability", False),
     ("$x^2$", False), ("['a thing']", False), ("train    12", False), ("Pass: pond.1", False)],
)  # fmt: skip
def test_codes_and_units_are_nothing_to_translate(text, has):
    assert other_words.is_sentence(text) is has


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """`kept(figure)`: the file in which a shown figure was kept."""
    monkeypatch.setattr(pylabtools, "print_figure", pylabtools.print_figure)
    other_words.keep_figures(tmp_path)

    def show(figure):
        pylabtools.retina_figure(figure)
        plt.close(figure)
        return next(iter(tmp_path.glob("*.pickle")), None)

    return show


def texts(figure):
    return [text for text, _ in other_words.figure_texts(figure)]


@pytest.mark.filterwarnings("error")
def test_a_figure_is_drawn_again_with_other_words(kept, monkeypatch):
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    left.plot([0, 1], label="calls")
    left.set(xlabel="time (s)", title="a pond of 3 frogs", xticks=[0, 1], xticklabels=["one", "two"])
    left.legend()
    right.bar(["pond", "METTIN"], [1, 2])
    left.set_xlim(0, 0.5)
    path = kept(figure)
    drawn = []

    def savefig(self, out, **_):
        drawn.extend([*texts(self), self.axes[0].get_xlim()])
        out.write(b"x")

    monkeypatch.setattr(Figure, "savefig", savefig)
    assert other_words.redraw(path, KNOWN) == b"x"
    assert {"cantos", "tiempo (s)", "una charca de 3 ranas", "uno", "dos", "charca", "METTIN", (0, 0.5)} <= set(drawn)
    assert other_words.redraw(path, {}) is None


def test_a_figure_that_holds_a_function_stays_english(kept):
    figure, ax = plt.subplots()
    ax.xaxis.set_major_formatter(lambda value, position: "x")
    assert kept(figure) is None


PAGE = """<img src="../_images/{name}.png"><img src="../_images/{other}.png">
<div class="output stream highlight-none"><div class="highlight"><pre><span></span>3 of 4 right
a &lt;b&gt;
Pass: pond.1
</pre></div></div><div class="output text_plain"><pre>3 of 4 right</pre></div>"""


def test_pages_show_the_figures_and_lines_of_their_language(kept, tmp_path):
    figure, ax = plt.subplots()
    ax.set(title="pond")
    name = kept(figure).stem
    site = tmp_path / "es"
    (site / "_images").mkdir(parents=True)
    page = site / "page.html"
    page.write_text(PAGE.format(name=name, other="0" * 64), encoding="utf-8")
    known = KNOWN | {"a <b>": "un <b>", "Pass: {name}": "Bien: {name}"}
    assert other_words.translate_outputs(site, tmp_path, known, "es") == 1
    assert page.read_text(encoding="utf-8") == (
        PAGE.replace("{name}", f"{name}-es").replace("{other}", "0" * 64)
        .replace("3 of 4 right\na &lt;b&gt;\nPass", "de 3, 4 bien\nun &lt;b&gt;\nBien")
    )  # fmt: skip
    assert (site / "_images" / f"{name}-es.png").read_bytes().startswith(b"\x89PNG")
