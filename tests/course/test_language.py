"""Hints in Spanish and Portuguese: what is translated stays translated, and the rest is English."""

import ast
import os
import string
import subprocess
import sys
from pathlib import Path

import messages
import pytest
from test_checks import WRONG, pond_read_once  # noqa: F401 (a fixture for all tests here, too)

import anuralib as al
from anuralib.course import exercises
from anuralib.course import language as _language

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "anuralib" / "course" / "locale"
# The least share of each module's sentences that is translated, in either language; it only ever grows.
TRANSLATED = {"exercises.py": 1.0, "agreement.py": 1.0, "annotate.py": 1.0, "listen.py": 1.0, "split.py": 1.0,
              "do_it_yourself.py": 1.0, "frogs.py": 1.0, "design.py": 1.0,
              "first_classifier.py": 1.0}
CHAPTERS = ("pond", "sound", "frogs", "design", "weak-labels", "strong-labels", "first-classifier", "agreement",
            "leakage", "stratify")

each_language = pytest.mark.parametrize("language", messages.LANGUAGES)


@pytest.fixture(autouse=True)
def _english_again():
    yield
    al.use_language("en")


def _fields(sentence):
    return sorted((name, spec, conversion or "") for _, name, spec, conversion in string.Formatter().parse(sentence)
                  if name is not None)  # fmt: skip


@each_language
def test_the_catalogue_is_read_as_babel_reads_it(language):
    path = LOCALE / f"{language}.po"
    expected = {m.id: m.string for m in messages.read(path) if m.id and m.string and not m.fuzzy}
    assert _language.read_catalogue(path.read_text(encoding="utf-8")) == expected


def test_long_entries_are_put_together_and_fuzzy_ones_left_out():
    header, fuzzy = 'msgid ""\nmsgstr "h"\n', '#, fuzzy\nmsgid "e"\nmsgstr "f"\n'
    content = f'{header}\n# note\nmsgid "a "\n"b"\nmsgstr ""\n"c \\"d\\""\n\n{fuzzy}'
    assert _language.read_catalogue(content) == {"a b": 'c "d"'}


@each_language
def test_translations_have_the_places_of_the_english_sentence(language):
    for english, other in _language._catalogue(language).items():
        if "{" in english and "[" not in english:
            assert _fields(other) == _fields(english), english
        assert other.startswith(" ") is english.startswith(" ") and other.startswith(";") is english.startswith(";")


@each_language
def test_no_translation_is_lost(language):
    known, shares = _language._catalogue(language), {}
    for path in messages.package_sources():
        sentences = messages.package_messages(path)
        shares[path.name] = sum(s in known for s in sentences) / len(sentences)
    assert {name: shares[name] for name, least in TRANSLATED.items() if shares[name] < least} == {}, shares


@each_language
def test_catalogues_hold_all_sentences(language):
    there = {m.id for m in messages.read(LOCALE / f"{language}.po")}
    wanted = {m.id for m in messages.package_template()}
    assert wanted - there == set(), "run `make messages`"


each_module = pytest.mark.parametrize("path", messages.package_sources(), ids=lambda p: p.stem)


def _called(node):
    return getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""


@each_module
def test_no_hint_is_an_f_string(path):
    """A sentence with its values already in it can't be looked up."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        shown = isinstance(node, ast.Return) or _called(node) in ("Hint", "print", *messages.MARKS)
        for part in ast.walk(node) if shown else ():
            if isinstance(part, ast.JoinedStr):
                words = "".join(p.value for p in part.values if isinstance(p, ast.Constant)).split()
                assert len(words) < 2, f"{path.name}:{part.lineno} {ast.unparse(part)}"


@pytest.mark.parametrize("path", [p for p in messages.package_sources() if p.stem != "classroom"], ids=lambda p: p.stem)
def test_no_sentence_is_left_unmarked(path):
    """What is shorter than five words may be an answer to be typed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node, parent in parents.items():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) >= 5:
            # a docstring, or pandas' own language
            other = isinstance(parent, ast.Expr) or _called(parent) == "query"
            assert other or _called(parent) in messages.MARKS, f"{path.name}:{node.lineno} {node.value!r}"


@each_module
def test_nothing_is_translated_at_import(path):
    """The language is chosen later: there stands `N_`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            node.body = []
        assert not [part for part in ast.walk(node) if _called(part) == "_"], f"{path.name}:{node.lineno}"


def test_what_babel_finds_is_what_is_marked(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('_("{n} of " "them: {hint}", n=n, hint=_(hint))\nx = [N_("a"), "b", _("a"), text("c"), _(x)]\n')
    assert messages.package_messages(module) == ["{n} of them: {hint}", "a"]


@each_language
def test_a_hint_that_is_looked_up_twice_is_translated_once(language):
    known = _language._catalogue(language)
    assert {other for other in known.values() if known.get(other, other) != other} == set()


@each_language
@pytest.mark.parametrize(("name", "answer", "hint"), [w for w in WRONG if w[0].split(".")[0] in CHAPTERS])
def test_wrong_answers_fail_in_every_language(language, name, answer, hint, capsys):
    capsys.readouterr()
    al.use_language(language)
    assert not al.check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith({"es": "Pista para ", "pt_BR": "Dica para "}[language])
    if "NaN" not in said:
        assert not any(f" {word} " in said for word in ("the", "that", "those", "your")), said


def test_what_is_not_translated_is_said_in_english():
    al.use_language("es")
    assert _language.text("A sentence without a translation.") == "A sentence without a translation."
    assert _language.text("{n} of them", n=3) == "3 of them"
    assert exercises.expect_number(59, 58) == "59 es demasiado alto"


@pytest.mark.parametrize(("given", "language"), [("pt-BR", "pt_BR"), ("PT", "pt_BR"), ("es", "es"), ("en", "en")])
def test_spellings_of_a_language(given, language):
    al.use_language(given)
    assert _language.current_language() == language


@pytest.mark.parametrize("given", ["fr", "", None, "es_es"])
def test_an_unknown_language_is_refused(given):
    with pytest.raises(ValueError, match="there are en, es, pt_BR"):
        al.use_language(given)


@pytest.mark.parametrize(
    ("given", "expected"), [("es", "3 es demasiado alto"), ("", "3 is too high"), ("xx", "ANURALIB_LANGUAGE: no lang")]
)
def test_the_environment_chooses_the_language(given, expected):
    code = "from anuralib.course.exercises import expect_number; print(expect_number(3, 2))"
    environment = os.environ | {"ANURALIB_LANGUAGE": given}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert expected in run.stdout + run.stderr
