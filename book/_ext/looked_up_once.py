"""Looked up once: what the tools look up anew for each sentence and each source, though it never changes.

Sphinx parses the 8,800 sentences of a translation one by one. For each, MyST-Parser has docutils put together the
settings of its command line, which is a third of reading a page. For each citation, pybtex asks all installed packages
for its plugins.
"""

import copy
import functools

from docutils.utils import new_document
from myst_parser.mdit_to_docutils import base
from pybtex import plugin


def make_document_once(make_document):
    """The function with its settings made once; each document has its own copy of them."""

    @functools.cache
    def settings(parser_cls):
        return make_document(parser_cls=parser_cls).settings

    def made(source_path="notset", parser_cls=base.RSTParser):
        return new_document(source_path, settings=copy.deepcopy(settings(parser_cls)))

    return made


def setup(app):
    # could go upstream: MyST-Parser, a document made only where none is given; pybtex, its plugins kept
    if not hasattr(plugin.entry_points, "cache_info"):  # once a process
        plugin.entry_points = functools.cache(plugin.entry_points)
        base.make_document = make_document_once(base.make_document)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
