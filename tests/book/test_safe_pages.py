"""The policy of a page, and its links to other sites; what a browser makes of them: tests/site/test_reader.py."""

from types import SimpleNamespace

import pytest
import safe_pages
from bs4 import BeautifulSoup

PAGE = '''<!DOCTYPE html>
<html><head><meta charset="utf-8"><script src="a.js"></script></head><body>
<a class="reference external" href="https://a.example/?b=c&amp;d#e">x</a><a href="//a.example" target="_blank">x</a>
<a rel="license" href="https://a.example/">x</a><a href="https://a.example" rel="noopener nofollow">x</a>
<a href="b.html">x</a><a href="#c">x</a><a id="d">x</a><abbr title="https://a.example">x</abbr></body></html>'''
EVAL = '''  addTranslations: (catalog) => {
    Documentation.PLURAL_EXPR = new Function(
      "n",
      `return (${catalog.plural_expr})`
    );
'''


def test_the_policy_comes_first_and_links_to_others_are_apart():
    page = BeautifulSoup(safe_pages.secure(PAGE), "html.parser")
    first = page.head.find(True)
    assert first["http-equiv"] == "Content-Security-Policy" and first["content"] == safe_pages.POLICY
    rels = [link.get("rel") for link in page.find_all("a")]
    assert rels == [["noopener"], ["noopener"], ["license", "noopener"], ["noopener", "nofollow"], None, None, None]
    before = [dict(link.attrs, rel=None) for link in BeautifulSoup(PAGE, "html.parser").find_all("a")]
    assert [dict(link.attrs, rel=None) for link in page.find_all("a")] == before


def test_a_second_time_nothing_changes_and_an_older_policy_is_replaced():
    once = safe_pages.secure(PAGE)
    assert safe_pages.secure(once) == once
    assert safe_pages.secure(once.replace("object-src", "worker-src")) == once


def test_rules_of_plurals_are_functions():
    assert safe_pages.without_eval(EVAL).splitlines()[1:] == ["    Documentation.PLURAL_EXPR = catalog.plural_expr;"]
    rule = '    "plural_expr": "(n == 0 || n == 1) ? 0 : 1"\n});'
    assert safe_pages.without_eval(rule) == '    "plural_expr": (n) => ((n == 0 || n == 1) ? 0 : 1)\n});'


@pytest.mark.parametrize("exception", [None, ValueError("a build that failed")])
def test_all_pages_of_a_build_that_succeeded_are_secured(tmp_path, exception):
    for name in ("a.html", "es/b.html", "_static/macros.html", "_static/doctools.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(EVAL if name.endswith(".js") else PAGE, encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    safe_pages.secure_pages(app, exception)
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.*")}
    assert texts["macros.html"] == PAGE and len(texts) == 4
    secured = {name for name in texts if texts[name] not in (PAGE, EVAL)}
    assert secured == (set() if exception else {"a.html", "b.html", "doctools.js"})
