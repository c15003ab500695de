"""What is looked up once is what the tools would look up each time."""

import looked_up_once
from myst_parser.mdit_to_docutils import base


def test_a_document_has_settings_of_its_own_as_they_always_are():
    made = looked_up_once.make_document_once(base.make_document)
    first, usual, second = made("a.md"), base.make_document("a.md"), made("b.md")
    plain = [{key: str(value) for key, value in vars(page.settings).items()} for page in (first, usual, second)]
    assert plain[0] == plain[1] == plain[2] and [first["source"], second["source"]] == ["a.md", "b.md"]
    first.settings.halt_level = 1
    first.settings.record_dependencies.add("c.md")
    assert second.settings.halt_level > 1 and second.settings.record_dependencies.list == []
