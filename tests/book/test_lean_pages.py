"""Which styles a page keeps; which scripts: test_extension.py."""

from types import SimpleNamespace

import lean_pages
import pytest
from docutils import nodes
from docutils.utils import new_document


@pytest.mark.parametrize(
    ("style", "name"),
    [("sphinx-design.min.css", "sd-card"), ("mystnb.1f.css", "cell"), ("togglebutton.css", "toggle")],
)
def test_a_style_stays_where_something_has_its_class(style, name):
    page = new_document("page.md")
    assert lean_pages.is_idle(style, page)
    page += nodes.container(classes=["wide", name])
    assert not lean_pages.is_idle(style, page) and not lean_pages.is_idle("anura.css", page)


def test_rules_for_classes_that_no_page_has_are_left_out_and_the_others_stay():
    css = "a{color:red}.used,.idle>b{x:1}.idle{x:2}.idle:not(.used){x:3}@media print{.idle{x:4}.used{x:5}}"
    kept = "a{color:red}.used,.idle>b{x:1}@media print{.used{x:5}}"
    brackets = ".used:not(.idle, :has(.idle)){x:6}:is(.idle, .used) b{x:7}"
    assert lean_pages.without_idle_rules(css + brackets, {"used"}) == kept + brackets


def test_rules_are_dropped_when_all_others_have_given_their_classes():
    when = {}
    lean_pages.setup(SimpleNamespace(connect=lambda event, do, priority=500: when.update({do: priority})))
    assert when[lean_pages.drop_idle_rules] > 500  # mark_figures, for one, comes at 500
