"""Reads the chapters as sentences, to find result numbers that somebody typed."""

import re

import jupytext
from myst_to_markdown import PARSER, directive_name

# Words that say a number is a result of a computation, not a setting or a count of the design.
RESULT = re.compile(
    r"\b(F1|score[sd]?|accura\w+|precision|recall|kappa|jaccard|AP|average precision|AUROC|AUC|macro|micro|"
    r"reach(?:es|ed)?|rises?|rose|falls?|fell|gains?|loses?|lost|improv\w+|better|worse|median|mean[st]?|deviation|share|interval|"
    r"error[s]?|per cent of|agree\w*|found|took|takes)\b",
    re.IGNORECASE,
)
# A decimal, or a percentage; not a version, a time of day, a DOI or a part of a name.
NUMBER = re.compile(r"(?<![\w./:-])[-+]?\d+(?:\.\d+)?\s?%|(?<![\w./:-])[-+]?\d+\.\d+(?![\w.]*\d)")
# What makes a number not a result: settings that the reader can see in the code, or physics.
SETTING = re.compile(
    r"(threshold|steps?|edges?|gap|rate|alpha|beta|gamma|tau|hop|window|length)s?( \w+)? (of|at|is|to|=) [-+]?[\d.]+"
    r"|[-+]?[\d.]+( to [\d.]+)?\s?(s|ms|Hz|kHz|dB|dBFS|m|km|MB|GB|kB|seconds|GHz)\b",
)
SOURCE = re.compile(r"\{(cite(:[pt])?|glue(:\w+)?|numref|eq)\}")
SKIPPED = {"exercise", "dropdown", "solution", "code-block", "math", "glossary"}  # hypothetical numbers, and code


def paragraphs(text):
    """The paragraphs of a chapter's own prose: no code, exercises, solutions or quizzes."""
    in_solution = in_quiz = False
    for cell in jupytext.reads(text, fmt="md:myst").cells:
        if cell.cell_type == "code":
            continue
        tokens = PARSER.parse(cell.source, {})
        for token, before in zip(tokens, [None, *tokens], strict=False):
            name = directive_name(token)
            if name in ("solution-start", "solution-end"):
                in_solution = name == "solution-start"
            elif before is not None and before.type == "heading_open":
                in_quiz = token.content.strip() == "Quiz"
            elif in_solution or in_quiz or name in SKIPPED:
                continue
            elif name is not None:
                yield from paragraphs(token.content)
            elif token.type == "inline":
                yield token.content


def typed_results(text):
    """Sentences with a typed decimal or percentage beside a result word, and neither a citation nor a glued value."""
    found = []
    for paragraph in paragraphs(text):
        if "{cite" in paragraph:
            continue
        for sentence in re.split(r"(?<=[.!?:;])\s+", paragraph):
            bare = re.sub(r"`[^`]*`|\$[^$]*\$", " ", sentence) if not SOURCE.search(sentence) else ""
            bare = SETTING.sub(" ", bare)
            if RESULT.search(bare) and NUMBER.search(bare):
                found.append(sentence)
    return found
