"""Figures and printed lines of a translation: kept as they were drawn, said in other words, nothing executed."""

import json
import re
import threading

import other_words
import pytest
from IPython.core import pylabtools
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from anuralib.show import widgets

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


def test_a_figure_with_functions_is_kept_and_one_with_a_lock_stays_english(kept):
    figure, ax = plt.subplots()
    figure.lock = threading.Lock()
    assert kept(figure) is None
    figure, ax = plt.subplots()
    ax.secondary_xaxis("top", functions=(lambda hours: 0.16 * hours, lambda gb: gb / 0.16)).set_xlabel("size (GB)")
    assert "size (GB)" in other_words.kept_texts(kept(figure))


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


WIDGETS = """<div class="anura-explorer" role="group" aria-label="two"><p><strong>two</strong></p><label>calls <output>1
</output></label><img alt="3 of 4 right" src="a.png"><script type="application/json">{"0": ["a.png", "3 of 4 right"],
"1": ["b.png", "0 of 4 right"]}</script></div>
<div class="anura-player" role="group" aria-label="two"><p><strong>two</strong></p>
<audio aria-label="two"></audio></div>
<a class="headerlink" title="Link to this heading">two</a>"""


def test_what_explorers_players_and_the_theme_say_is_in_the_language_of_the_page(tmp_path):
    said = list(other_words.widget_texts(WIDGETS))
    assert said.count("two") == 3 and {"calls ", "3 of 4 right", "0 of 4 right"} <= set(said)
    page = tmp_path / "page.html"
    page.write_text(WIDGETS, encoding="utf-8")
    other_words.translate_outputs(tmp_path, tmp_path, KNOWN, "es")
    text = page.read_text(encoding="utf-8")
    assert text.count("dos") == 5 and text.count('"two"') == 0 and "<label>cantos <output>" in text
    assert text.count("de 3, 4 bien") == 2 and '["b.png", "de 0, 4 bien"]' in text
    assert '<a class="headerlink" title="Enlace a este título">two</a>' in text


def test_the_pictures_of_an_explorer_are_drawn_again(tmp_path, monkeypatch):
    for owner, name in ((pylabtools, "print_figure"), (widgets, "_png")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    other_words.keep_figures(tmp_path)

    def draw(calls):
        figure = Figure(figsize=(2, 2), layout="constrained")
        figure.subplots().set_xlabel(["pond", "METTIN"][calls])
        return figure, f"{calls} of 4 right"

    page = tmp_path / "page.html"
    page.write_text(widgets.explore(draw, "two", calls=[0, 1])._repr_html_(), encoding="utf-8")
    before = json.loads(re.search("json\">(.*?)</script>", page.read_text(encoding="utf-8"))[1])
    other_words.translate_outputs(tmp_path, tmp_path, KNOWN, "es")
    text = page.read_text(encoding="utf-8")
    after = json.loads(re.search("json\">(.*?)</script>", text)[1])
    assert after["0"][0] != before["0"][0] and f'src="{after["0"][0]}"' in text and before["0"][0] not in text
    assert after["1"] == [before["1"][0], "de 1, 4 bien"]  # no word in it changes


def test_words_of_a_formula_are_translated_and_its_signs_stay():
    formula = r"a = \text{ and }b, \text{dB} \; \text{one}"
    assert other_words.words_of_formulas(formula) == ["and", "one"]
    assert other_words.say_formula(formula, {"and": "y", "one": "uno"}) == r"a = \text{ y }b, \text{dB} \; \text{uno}"
