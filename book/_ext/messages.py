"""The sentences to be translated: those of the package are found in its sources, those of the book by Sphinx.

``python book/_ext/messages.py`` brings the catalogues up to date: new English sentences come in empty, changed ones are
marked fuzzy, and what is no longer said moves to the end. Translators edit the .po files with any editor for them.
"""

import argparse
import ast
import io
import tempfile
from pathlib import Path

import translate_book
from anura_languages import LANGUAGES as _ALL
from anura_languages import TRANSLATED_PAGES
from babel.messages import pofile
from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = tuple(language for language in _ALL if language != "en")
SENTENCE = 6  # words: what is shorter may be an answer to be typed
_THROUGH = (ast.IfExp, ast.BoolOp, ast.Dict, ast.DictComp, ast.keyword)


def _is_shown(node, parents):
    """Whether a literal ends up as a hint: returned, raised as Hint, or the value of a dictionary of hints.

    Keys, and members of lists, are words that learners type; those stay English, as code does.
    """
    child, node = node, parents.get(node)
    if isinstance(node, ast.Expr | ast.JoinedStr):
        return False
    if len(child.value.split()) >= SENTENCE:
        return True
    in_dict = False
    while isinstance(node, _THROUGH):
        if isinstance(node, ast.Dict):
            if child not in node.values:
                return False
            in_dict = True
        child, node = node, parents.get(node)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return name == "Hint" or in_dict or isinstance(child, ast.keyword) and child.arg == "empty"
    return isinstance(node, ast.Return) or isinstance(node, ast.Assign) and node.targets[0].id != "right"


def package_messages(source):
    """Sentences of a module that `anuralib.course.language.text` will be asked for, in order.

    Parameters
    ----------
    source : str
        Python.

    Returns
    -------
    list of str
    """
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        parent = parents[node]
        if isinstance(parent, ast.IfExp):
            parent = parents[parent]
        if isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") == "query":
            continue  # pandas' own language
        asked = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "text"
        if asked or (" " in node.value.strip() and _is_shown(node, parents)):
            found.append((node.lineno, node.col_offset, node.value))
    return list(dict.fromkeys(message for *_, message in sorted(found)))


def package_sources():
    """Modules with sentences for learners: the exercises' general ones, those of each chapter, the player's."""
    package = ROOT / "anuralib" / "course"
    users = [p for p in sorted(package.glob("*.py")) if "import text" in p.read_text(encoding="utf-8")]
    return [*users, *sorted((package / "checks").glob("[a-z]*.py"))]


def package_template():
    """The catalogue of all sentences of the package, without translations."""
    template = Catalog(fuzzy=False)
    for path in package_sources():
        for message in package_messages(path.read_text(encoding="utf-8")):
            template.add(message, locations=[(path.relative_to(ROOT).as_posix(), None)])
    return template


def read(path, language=None):
    """A catalogue from a .po or .pot file."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def _update(path, template, language):
    catalogue = read(path, language) if path.is_file() else Catalog(locale=language)
    # Never guess from a sentence that only looks alike: a wrong hint is worse than an English one.
    catalogue.update(template, no_fuzzy_matching=True)
    for message in catalogue:
        message.flags.discard("python-brace-format")
        message.flags.discard("python-format")
    catalogue.fuzzy = False
    out = io.BytesIO()
    pofile.write_po(out, catalogue, width=110, include_lineno=False, omit_header=True, ignore_obsolete=True)
    header = (f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
              '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n')  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + out.getvalue().decode("utf-8").strip() + "\n", encoding="utf-8")


def book_templates(folder):
    """Let Sphinx write the sentences of the pages to be translated; {page: catalogue}.

    No cell runs: their code and output are the same in every language.
    """
    book = Path(folder) / "book"
    translate_book.prepare(book, execute=False)
    translate_book.run_jupyter_book(book, "--builder", "custom", "--custom-builder", "gettext")
    templates = {}
    for page in TRANSLATED_PAGES:
        templates[page] = template = Catalog(fuzzy=False)
        for message in read(book / "_build" / "gettext" / f"{page}.pot"):
            if message.id and not _is_same_everywhere(message.id):
                template.add(message.id)
        for extra in translate_book.extra_messages((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")):
            template.add(extra)
    return templates


def _is_same_everywhere(sentence):
    """Numbers and formulas; Sphinx extracts those of a display, without its dollar signs."""
    return sentence.startswith(" ") or not any(c.isalpha() for c in sentence)


def main():
    """Bring all catalogues up to date."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--package-only", action="store_true", help="leave the book's pages ")
    args = parser.parse_args()
    for language in LANGUAGES:
        _update(ROOT / "anuralib" / "course" / "locale" / f"{language}.po", package_template(), language)
    if not args.package_only:
        with tempfile.TemporaryDirectory() as folder:
            for page, template in book_templates(folder).items():
                for language in LANGUAGES:
                    path = ROOT / "book" / "locale" / language / "LC_MESSAGES" / f"{page}.po"
                    _update(path, template, language)


if __name__ == "__main__":
    main()
