"""The reference pages say what the package says."""

import csv
import inspect
import re
from pathlib import Path

import pytest

import anuralib as al
from anuralib.data.species import ANURASET_CODES

BOOK = Path(__file__).resolve().parents[2] / "book"


def test_the_table_of_species_has_the_codes_in_order_and_names_that_fit():
    text = (BOOK / "reference" / "species.md").read_text(encoding="utf-8")
    row = r"^\| ([A-Z]{6}) \| \[?\*(\w+) (\w+)\*(?:\]\((\S+)\))? \| ([A-Z]\w+)"
    rows = re.findall(row, text, flags=re.MULTILINE)
    assert tuple(code for code, *_ in rows) == ANURASET_CODES
    for code, genus, epithet, link, family in rows:
        entry = {"SCIRIZ": "/Ololygon/Ololygon-rizibilis"}.get(code, f"/{genus}/{genus}-{epithet}")
        assert link == "" or re.fullmatch(rf"https://amphibiansoftheworld\.amnh\.org/[\w/]+{entry}", link), code
        assert code[:3] == genus[:3].upper(), code
        assert code[3:5] == epithet[:2].upper(), code  # the third letter gives way where two would be the same
        assert code[5] in epithet.upper(), code
        assert family.endswith("idae")


def test_the_glossary_is_sorted_and_names_no_term_twice():
    text = (BOOK / "reference" / "glossary.md").read_text(encoding="utf-8")
    body = text.split(":::{glossary}\n")[1].split(":::")[0]
    terms = re.findall(r"^(\S.*)$", body, flags=re.MULTILINE)
    assert len(terms) > 30 and len(set(terms)) == len(terms)
    assert terms == sorted(terms, key=str.lower)


def test_every_term_of_the_glossary_is_there_in_spanish_and_portuguese():
    text = (BOOK / "reference" / "glossary.md").read_text(encoding="utf-8")
    terms = set(re.findall(r"^(\S.*)$", text.split(":::{glossary}\n")[1].split(":::")[0], flags=re.MULTILINE))
    with (BOOK / "reference" / "terms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    named = [row["term"] for row in rows]
    assert terms - set(named) == set()
    assert named == sorted(set(named), key=str.lower)
    assert [row for row in rows if not row["Spanish"].strip() or not row["Portuguese"].strip() or None in row] == []


def functions_shown():
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((BOOK / "reference").glob("api-*.md")))


def test_the_pages_of_functions_have_each_public_name_once():
    text = functions_shown()
    listed = re.findall(r"^```\{functions\} (\S+)", (BOOK / "reference" / "api.md").read_text(encoding="utf-8"), re.M)
    assert sorted(listed) == [path.stem for path in sorted((BOOK / "reference").glob("api-*.md"))]
    shown = re.findall(r"^\.\. auto(?:function|class):: anuralib\.(\w+)(?:\(\))?$", text, flags=re.MULTILINE)
    public = set(al.__all__) - set(al._MODULES) - {"__version__"}
    assert sorted(shown) == sorted(public)


@pytest.mark.parametrize("module", ["losses", "augment", "longtail", "widgets"])
def test_the_pages_of_functions_have_what_is_called_through_a_module(module):
    shown = set(re.findall(rf"^\.\. autofunction:: anuralib\.{module}\.(\w+)", functions_shown(), flags=re.MULTILINE))
    there = getattr(al, module)
    functions = inspect.getmembers(there, inspect.isfunction)
    own = {name for name, function in functions if function.__module__ == there.__name__ and name[0] != "_"}
    assert shown | set(al.__all__) >= own
