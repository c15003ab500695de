"""The front page keeps its promises: ten callers to hear, hours that are the chapters', figures that exist."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from course_settings import SITE_VARIABLE
from front_page import CARD, LENGTH_S, NIGHT, START_S, add_card, fill_thumbnails, write_card
from PIL import Image
from sphinx.errors import ExtensionError

BOOK = Path(__file__).resolve().parents[2] / "book"
INTRO = (BOOK / "intro.md").read_text(encoding="utf-8")


def test_ten_types_call_in_the_eight_seconds(book_pond):
    labels = book_pond.strong_labels[book_pond.strong_labels["recording"] == NIGHT]
    heard = labels[(labels["start_s"] < START_S + LENGTH_S) & (labels["end_s"] > START_S)]
    assert heard["species"].nunique() == 10


def test_hours_are_those_of_the_chapters():
    cards = re.findall(r":link: (\w+/[\w-]+)\n:link-type: doc\n\n(?:(?!:::).*\n)*?:::\{card-footer\}\n(.*)\n", INTRO)
    assert len(cards) == 9
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    parts = [[chapter["file"] for chapter in part["chapters"]] for part in contents["parts"]]
    for first, said in cards:
        files = next(files for files in parts if first in files)
        texts = [(BOOK / f"{file}.md").read_text(encoding="utf-8") for file in files]
        minutes = [int(m[1]) for text in texts if (m := re.search(r"^\*\*Time\*\* (\d+) minutes", text, re.M))]
        if minutes:
            hours = round(sum(minutes) / 30) / 2
            plural = "" if len(minutes) == 1 else "s"
            assert said == f"{len(minutes)} chapter{plural}, {hours:g} hour{'' if hours == 1 else 's'}", first


def test_a_thumbnail_is_the_figure_of_another_page_also_from_a_translation(tmp_path):
    (tmp_path / "split").mkdir()
    (tmp_path / "es").mkdir()
    figure = '<figure class="x" id="fig-a-b">\n<a href="#"><img alt="a" src="../_images/1.png"/></a></figure>'
    (tmp_path / "split" / "leakage.html").write_text(figure, encoding="utf-8")
    empty = '<p><img class="anura-thumbnail" alt="" data-figure="fig-a-b"></p>'
    for folder in (tmp_path, tmp_path / "es"):
        (folder / "intro.html").write_text(empty, encoding="utf-8")
        fill_thumbnails(folder, tmp_path)
    assert 'src="_images/1.png"' in (tmp_path / "intro.html").read_text(encoding="utf-8")
    assert 'src="../_images/1.png"' in (tmp_path / "es" / "intro.html").read_text(encoding="utf-8")
    (tmp_path / "intro.html").write_text(empty.replace("fig-a-b", "fig-none"), encoding="utf-8")
    with pytest.raises(ExtensionError, match="fig-none"):
        fill_thumbnails(tmp_path, tmp_path)


@pytest.mark.parametrize(("address", "n"), [("https://example.org/course", 1), ("", 0)])
def test_a_link_to_the_course_shows_a_card_where_its_address_is_known(monkeypatch, address, n):
    monkeypatch.setenv(SITE_VARIABLE, address)
    app, context = SimpleNamespace(config=SimpleNamespace(anura_repository="")), {"metatags": "<meta>"}
    add_card(app, "intro", "", context, None)
    assert context["metatags"].count('og:image" content="https://example.org/course/_static/card.png"') == n


def test_the_card_has_the_size_it_says_and_few_bytes(book_pond, tmp_path):
    write_card(tmp_path / "card.png")
    with Image.open(tmp_path / "card.png") as card:
        assert card.size == CARD
    assert (tmp_path / "card.png").stat().st_size < 500_000
