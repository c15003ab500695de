"""The reference pages say what the package says."""

import re
from pathlib import Path

from anuralib.species import ANURASET_CODES

BOOK = Path(__file__).resolve().parents[1] / "book"


def test_the_table_of_species_has_the_codes_in_order_and_names_that_fit():
    text = (BOOK / "reference" / "species.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]{6}) \| \*(\w+) (\w+)\* \| ([A-Z]\w+)", text, flags=re.MULTILINE)
    assert tuple(code for code, *_ in rows) == ANURASET_CODES
    for code, genus, epithet, family in rows:
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
