"""Local Sphinx extension: the menu of languages, and what a translated page needs besides its catalogue.

The English book and each translation are books of their own, since Sphinx knows one language a build. A translation
holds the translated pages only, below the English site: ``es/intro.html``. See tools/translate_book.py.
"""

import posixpath
import re
from pathlib import Path

from catalogues import (
    LANGUAGES,
    TRANSLATED_PAGES,
    has_words,
    join_authors,
    read_page,
    said_in,
    translate_comments,
    write_numbers,
)
from docutils import nodes
from other_words import OUTPUTS, say_formula
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

NOTICE = {
    "es": ("Traducción al español. El código y sus tablas quedan en inglés.", "Esta página en inglés"),
    "pt_BR": ("Tradução para o português. O código e suas tabelas ficam em inglês.", "Esta página em inglês"),
}  # fmt: skip
# The title of a solution as sphinx-exercise has it, as it should be, and how the exercise is written after it.
SOLUTION = {
    "es": ("Solución a", "Solución del", "ejercicio"),
    "pt_BR": ("Solução para", "Solução do", "Exercício"),
}
# What stands on a folded cell, by what of it is folded.
FOLDED = {
    "es": {"input": "el código", "output": "la salida", "all": "el código y la salida"},
    "pt_BR": {"input": "o código", "output": "a saída", "all": "o código e a saída"},
}
# What a page says of the paragraphs that are English yet, and what each of them says.
UNTRANSLATED = {
    "es": ("Los párrafos marcados con EN todavía no están traducidos.", "Este párrafo todavía no está traducido"),
    "pt_BR": ("Os parágrafos marcados com EN ainda não foram traduzidos.", "Este parágrafo ainda não foi traduzido"),
}
_MARKED = re.compile(r'<\w+ [^>]*\bclass="[^"]*\banura-untranslated\b[^"]*"')


def page_addresses(context, pagename, own):
    """Address of the page in each language that has it, from the page itself; empty where it is English only."""
    if pagename not in TRANSLATED_PAGES:
        return {}
    up = "" if own == "en" else "../"
    folders = {language: "" if language == "en" else f"{language}/" for language in LANGUAGES}
    addresses = {key: context["pathto"](f"{up}{folder}{pagename}.html", 1) for key, folder in folders.items()}
    return addresses | {own: posixpath.basename(pagename) + ".html"}  # `pathto` says "#" of the page itself


def add_language_menu(app, pagename, templatename, context, doctree):
    """Put the menu into the page's header, and tell browsers and search engines of the translations.

    The menu's entries call _static/anura_language.js, which finds the translated page by its ``hreflang``.
    """
    buttons = context.get("header_buttons")
    if buttons is None:
        return
    own = app.config.anura_translation or "en"
    if own == "en":  # Jupyter Book links all scripts in _static; this one is fetched where it is needed
        scripts = context.get("script_files", [])
        scripts[:] = [s for s in scripts if "anura_texts" not in str(getattr(s, "filename", s) or "")]
    entries = [
        {"type": "javascript", "javascript": f"anuraLanguage.choose('{key}')", "text": name, "label": f"language-{key}"}
        for key, (_, name) in LANGUAGES.items()
    ]
    menu = {"type": "group", "buttons": entries, "icon": "fas fa-language", "label": "languages"}
    buttons.insert(0, menu | {"tooltip": "Language · Idioma"})
    addresses = page_addresses(context, pagename, own)
    links = [f'<link rel="alternate" hreflang="{LANGUAGES[key][0]}" href="{address}">'
             for key, address in addresses.items()]  # fmt: skip
    context["metatags"] = "\n".join([context.get("metatags", ""), *links])
    if own != "en" and addresses and "body" in context:
        said, link = NOTICE[own]
        body, n = explain_marks(context["body"].replace('href="notebooks/', f'href="../notebooks/{own}/'), own)
        said = f"{said} {UNTRANSLATED[own][0]}" if n else said
        note = f'<p class="anura-translated">{said} <a href="{addresses["en"]}" hreflang="en">{link}</a>.</p>'
        context["body"] = note + body


def explain_marks(body, language):
    """(page, number) with a title on each paragraph that is English yet."""
    return _MARKED.subn(rf'\g<0> title="{UNTRANSLATED[language][1]}"', body)


def link_to_english(app, doctree):
    """Turn a link to a page without translation into one to the English page."""
    own = app.config.anura_translation
    if not own:
        return
    docname = app.env.docname
    for node in list(doctree.findall(addnodes.pending_xref)):
        path, _, anchor = node["reftarget"].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(docname), path))
        if node["reftype"] != "myst" or not (Path(app.config.anura_english_book) / target).is_file():
            continue
        address = "../" * (docname.count("/") + 1) + target.removesuffix(".md") + ".html"
        link = nodes.reference("", "", refuri=address + (f"#{anchor}" if anchor else ""), internal=True)
        link["classes"].append("in-english")
        link += node.children
        node.replace_self(link)


def translate_rest(app, doctree):
    """Translate what Sphinx leaves out: titles of exercises, captions and alternative texts of figures, comments."""
    # could go upstream: sphinx-exercise, titles as translatable nodes; MyST-NB, captions and alt texts likewise
    if not app.config.anura_translation:
        return
    known = read_page(Path(app.srcdir) / "locale", app.config.anura_translation, app.env.docname)
    for node in doctree.findall(nodes.image):
        node["alt"] = said_in(known, node.get("alt", "")) or node.get("alt")
    for node in doctree.findall(lambda n: isinstance(n, nodes.caption | nodes.title)):
        for part in list(node.findall(nodes.Text)):
            if said := said_in(known, part.astext()):
                part.parent.replace(part, nodes.Text(said))
    words = read_page(Path(app.srcdir) / "locale", app.config.anura_translation, OUTPUTS)
    for node in doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)):
        node.children = [nodes.Text(say_formula(node.astext(), words))]
    for node in doctree.findall(lambda n: isinstance(n, nodes.container) and "prompt_show" in n):
        what = FOLDED[app.config.anura_translation][node["hide_mode"]]
        for key, verb in (("prompt_show", "Mostrar"), ("prompt_hide", "Ocultar")):
            node[key] = known.get(node[key], f"{verb} {what}")
    for node in doctree.findall(nodes.literal_block):
        said = translate_comments(node.astext(), known)
        if said != node.astext() and not set(node.parent.get("classes", [])) & {"cell_output"}:
            node.rawsource, node.children = said, []
            node += nodes.Text(said)


def leave_no_other_document(app, doctree):
    """Let all nodes be of their page.

    Sphinx parses a translated sentence as a document of its own, which holds the whole environment and would be written
    with each page: 28 MB, read again and again.
    """
    # could go upstream: Sphinx, transforms/i18n.py
    if app.config.anura_translation:
        for node in doctree.findall():
            node.document = doctree


def mark_untranslated(app, doctree):
    """Mark the paragraphs that are English yet, for eyes and for screen readers.

    Sphinx's own mark is also on what has nothing to translate.
    """
    if not app.config.anura_translation:
        return
    known = read_page(Path(app.srcdir) / "locale", app.config.anura_translation, app.env.docname)
    for node in doctree.findall(lambda n: isinstance(n, nodes.TextElement) and n.get("translated") is False):
        if isinstance(node, nodes.FixedTextElement | nodes.math_block):
            continue
        message = node.rawsource.replace("\n", " ").strip()
        if message not in known and has_words(message):
            node["classes"] += ["anura-untranslated", "language-en"]  # docutils makes a lang of the second


def translate_solutions(app, doctree, docname):
    """Give the title of a solution the translated title of its exercise, which sphinx-exercise noted in English."""
    # could go upstream: sphinx-exercise, the title taken from the exercise when the page is written
    if not app.config.anura_translation:
        return
    known = read_page(Path(app.srcdir) / "locale", app.config.anura_translation, docname)
    for part in [t for title in doctree.findall(nodes.title) for t in title.findall(nodes.Text)]:
        if said := said_in(known, part.astext()):
            part.parent.replace(part, nodes.Text(said))
    for title in doctree.findall(nodes.title):
        mend_solution_title(title, app.config.anura_translation)


def mend_solution_title(title, language):
    """Write "Solution to Exercise 1" with the article that Spanish and Portuguese need between."""
    # could go upstream: sphinx-exercise, its Spanish and Portuguese catalogues
    before, after, exercise = SOLUTION[language]
    if not title.astext().startswith(before):
        return
    for part in list(title.findall(nodes.Text)):
        said = re.sub(rf"^{before}(?=\s*$)", after, part)
        part.parent.replace(part, nodes.Text(re.sub(r"^(\s*)(Ejercicio|Exercício)", rf"\1{exercise}", said)))


def write_as_the_language_does(app, doctree, docname):
    """Two authors joined in the page's language, and results in its sentences with a decimal comma.

    Both come from elsewhere: authors from sphinxcontrib-bibtex, numbers from the cells.
    """
    # could go upstream: sphinxcontrib-bibtex, the word between names as a setting
    language = app.config.anura_translation
    for inline in doctree.findall(nodes.inline):
        if "bibtex-citation" in inline["classes"]:
            for part in list(inline.findall(nodes.Text)):
                part.parent.replace(part, nodes.Text(join_authors(part, language)))
        elif "pasted-text" in inline["classes"] and language:
            for part in [n for n in inline.children if isinstance(n, nodes.Text)]:
                inline.replace(part, nodes.Text(write_numbers(part, language)))


class SourceOfCells(SphinxTransform):
    """Say where cells of tables in directives come from: Sphinx translates nothing that has no source."""

    # could go upstream: MyST-Parser, the source of the paragraphs in a table's cells
    default_priority = 5  # before Sphinx looks for what is to be translated

    def apply(self, **kwargs):
        for entry in self.document.findall(nodes.entry):
            for part in entry.findall(nodes.paragraph):
                part.source, part.line = part.source or self.document["source"], part.line or 0


def know_translated_pages(app, config):
    """Once a page gets its catalogues, the English pages are written again, with links to the translations."""
    config.anura_translated_pages = list(TRANSLATED_PAGES)


def setup(app):
    app.add_config_value("anura_translated_pages", [], "html", [list])
    app.connect("config-inited", know_translated_pages)
    app.add_config_value("anura_translation", "", "env", [str])
    app.add_config_value("anura_english_book", "", "env", [str])
    app.add_transform(SourceOfCells)
    app.connect("doctree-read", link_to_english)
    app.connect("doctree-read", translate_rest)
    app.connect("doctree-read", mark_untranslated)
    app.connect("doctree-read", leave_no_other_document, priority=900)
    app.connect("doctree-resolved", translate_solutions, priority=900)
    app.connect("doctree-resolved", write_as_the_language_does, priority=900)
    app.connect("html-page-context", add_language_menu, priority=610)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
