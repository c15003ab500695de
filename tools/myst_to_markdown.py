"""Write MyST text as the plain Markdown that Jupyter and Colab show.

The text is parsed with the parser the book is built with (markdown-it with MyST's plugins) and never searched
with patterns: what the parser calls code stays as it is. A directive or role that isn't known here
is an error, because to skip it would mean to lose text in silence.
"""

import base64
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.rules_inline import image as image_rule
from markdown_it.rules_inline import link as link_rule
from mdit_py_plugins.myst_role.index import myst_role
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.base import DocutilsRenderer
from myst_parser.parsers.mdit import create_md_parser

# Sphinx's extensions; last, because a copy of the book has its own.
sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from catalogues import TRANSLATED_PAGES, join_authors, write_numbers

# What stands in every notebook besides the words of its page.
WORDS = {
    "es": {
        "Exercise": "Ejercicio", "Solution": "Solución", "See also": "Ver también", "Figure": "Figura", "Note": "Nota",
        "Tip": "Consejo", "Warning": "Advertencia", "Important": "Importante", "Hint": "Pista", "Caution": "Cuidado",
        "Attention": "Atención", "Danger": "Peligro", "see the cells' output": "ver la salida de las celdas",
        "n.d.": "s. f.",
        "Set-up: installs what is missing here (for instance on Colab), and leaves the rest as it is.":
            "Preparación: instala lo que falta aquí (por ejemplo en Colab) y deja lo demás como está.",
        "of the course's own package": "del paquete del curso",
        'The recordings. "pond" is simulated, and the text below speaks of it.':
            'Las grabaciones. "pond" es la charca simulada, de la que habla el texto.',
        'Real ones: the path of a folder with (a part of) AnuraSet, or "anuraset" for':
            'Reales: la ruta de una carpeta con (una parte de) AnuraSet, o "anuraset" para',
        "the one that ANURALIB_ANURASET names. Numbers and pictures are then not those":
            "la que indica ANURALIB_ANURASET. Los números y las figuras ya no son los",
        "of the text, and what needs the pond is skipped.":
            "del texto, y lo que necesita la charca se omite.",
    },
    "pt_BR": {
        "Exercise": "Exercício", "Solution": "Solução", "See also": "Veja também", "Figure": "Figura", "Note": "Nota",
        "Tip": "Dica", "Warning": "Aviso", "Important": "Importante", "Hint": "Pista", "Caution": "Cuidado",
        "Attention": "Atenção", "Danger": "Perigo", "see the cells' output": "ver a saída das células",
        "n.d.": "s.d.",
        "Set-up: installs what is missing here (for instance on Colab), and leaves the rest as it is.":
            "Preparação: instala o que falta aqui (por exemplo no Colab) e deixa o resto como está.",
        "of the course's own package": "do pacote do curso",
        'The recordings. "pond" is simulated, and the text below speaks of it.':
            'As gravações. "pond" é a lagoa simulada, de que fala o texto.',
        'Real ones: the path of a folder with (a part of) AnuraSet, or "anuraset" for':
            'Reais: o caminho de uma pasta com (uma parte do) AnuraSet, ou "anuraset" para',
        "the one that ANURALIB_ANURASET names. Numbers and pictures are then not those":
            "a que ANURALIB_ANURASET indica. Os números e as figuras então não são os",
        "of the text, and what needs the pond is skipped.":
            "do texto, e o que precisa da lagoa é pulado.",
    },
}  # fmt: skip

SOLUTION_STARTS = {"solution", "solution-start"}
ADMONITIONS = {"note", "tip", "warning", "important", "hint", "caution", "attention", "danger"}
DROPPED = {"tableofcontents", "bibliography"}
IMAGE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


class ExportError(ValueError):
    """A chapter holds something that the export can't carry over without losing text."""


@dataclass
class Context:
    """What is known about the chapter and the book while one chapter is written."""

    docname: str  # "preprocess/windows"
    book: Path
    view: str = "learner"
    site_url: str = ""  # where the built site is; "" where that isn't known
    citations: dict = field(default_factory=dict)  # key -> ("Author et al.", "year", url)
    glued: dict = field(default_factory=dict)  # glue name -> value or text
    labels: dict = field(default_factory=dict)  # label -> (title, docname)
    titles: dict = field(default_factory=dict)  # docname -> title
    figures: dict = field(default_factory=dict)  # figure label -> number
    equations: dict = field(default_factory=dict)  # equation label -> number
    in_solution: bool = False
    language: str = ""  # "" for English
    known: dict = field(default_factory=dict)  # sentence -> translation of this page

    def fail(self, what):
        raise ExportError(f"{self.docname}.md: {what}")

    def url(self, docname, anchor=""):
        if not self.site_url:
            return ""
        folder = f"{self.language}/" if self.language and docname in TRANSLATED_PAGES else ""
        return f"{self.site_url.rstrip('/')}/{folder}{docname}.html" + (f"#{anchor}" if anchor else "")

    def say(self, word):
        return WORDS.get(self.language, {}).get(word, word)


def _with_span(rule):
    """Wrap one of markdown-it's inline rules so that its last token remembers where it stood."""

    def wrapped(state, silent):
        start = state.pos
        label_end = -1
        if rule is not myst_role and not silent:
            bracket = start + (rule is image_rule)
            if state.src[bracket : bracket + 1] == "[":
                label_end = state.md.helpers.parseLinkLabel(state, bracket)
        found = rule(state, silent)
        if found and not silent:
            state.tokens[-1].meta["span"] = (start, label_end, state.pos)
        return found

    return wrapped


def make_parser():
    """The book's own Markdown parser, with positions on roles, links and images."""
    extensions = {"colon_fence", "dollarmath", "deflist"}
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), DocutilsRenderer)
    parser.inline.ruler.at("myst_role", _with_span(myst_role))
    parser.inline.ruler.at("link", _with_span(link_rule))
    parser.inline.ruler.at("image", _with_span(image_rule))
    return parser


PARSER = make_parser()


def render(text, context):
    """Plain Markdown for a piece of MyST text; solutions are left out in the learner's view."""
    lines = text.split("\n")
    edits = []  # (first line, line after the last, new text)
    inline_edits = {}  # (first, after) -> [inline tokens of that block]
    skip_from = 0 if _hidden(context) else None

    for token in PARSER.parse(text, {}):
        if token.map is None:
            continue
        first, after = token.map
        name = directive_name(token)
        if name in ("solution-start", "solution-end"):
            if token.level:
                context.fail(f"{{{name}}} must stand at the top level")
            heading = _gate(name, directive_parts(token, context)[0], context)
            if name == "solution-start" and _hidden(context):
                skip_from = first
            elif name == "solution-end" and skip_from is not None:
                edits.append((skip_from, after, ""))
                skip_from = None
            else:
                edits.append((first, after, heading))
        elif skip_from is not None:
            continue
        elif name is not None:
            edits.append((first, after, _directive(name, token, context)))
        elif token.type in ("myst_target", "myst_line_comment", "myst_block_break"):
            edits.append((first, after, ""))
        elif token.type == "math_block_label":
            number = context.equations.get(token.info, len(context.equations) + 1)
            context.equations[token.info] = number
            edits.append((first, after, f"$${token.content}\\tag{{{number}}}$$"))
        elif token.type == "inline":
            inline_edits.setdefault((first, after), []).append(token)
    if skip_from is not None:
        edits.append((skip_from, len(lines), ""))

    for (first, after), tokens in inline_edits.items():
        region = "\n".join(lines[first : max(after, first + 1)])
        changed = _render_inline(region, tokens, context)
        if changed != region:
            edits.append((first, max(after, first + 1), changed))
    for first, after, new in sorted(edits, reverse=True):
        lines[first:after] = _indented(new, lines[first], context)
    return "\n".join(lines).strip("\n")


def directive_name(token):
    """The name of the directive that a block token opens, or None."""
    if token.type in ("fence", "colon_fence") and token.info.startswith("{"):
        return token.info[1:].partition("}")[0]
    return None


def directive_parts(token, context):
    """(argument, options, body) of a directive: `:key: value` lines first, as the chapters write them."""
    argument = token.info.partition("}")[2].strip()
    options, body = {}, token.content.split("\n")
    while body and body[0].startswith(":") and ":" in body[0][1:]:
        key, _, value = body.pop(0)[1:].partition(":")
        options[key.strip()] = value.strip()
    if body and body[0].strip() == "---":
        context.fail(f"{{{directive_name(token)}}}: write options as `:key: value` lines")
    return argument, options, "\n".join(body).strip("\n")


def _hidden(context):
    return context.in_solution and context.view == "learner"


def _gate(name, label, context):
    if (name == "solution-start") == context.in_solution:
        context.fail(f"{{{name}}} {label} without its counterpart")
    context.in_solution = name == "solution-start"
    if name == "solution-end":
        return ""
    return f"**{context.say('Solution')}: {_label_title(label, context)}**"


def _indented(new, first_line, context):
    """The new text as lines, each behind the indentation of the block that it replaces."""
    if new == "":
        return [""]
    indent = first_line[: len(first_line) - len(first_line.lstrip())]
    new_lines = new.split("\n")
    if new_lines[0].startswith(indent):
        return new_lines  # an inline edit: the source's own indentation is still there
    if first_line.lstrip().startswith(">"):
        context.fail("a directive inside a quotation; take it out of the quotation")
    return [indent + line if line.strip() else line for line in new_lines]


def _quote(title, body):
    lines = [f"**{title}**", "", *body.split("\n")] if title else body.split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _directive(name, token, context):
    argument, options, body = directive_parts(token, context)
    if name in ADMONITIONS:
        return _quote(context.say(name.capitalize()), render("\n".join(filter(None, [argument, body])), context))
    if name == "admonition":
        return _quote(_text(argument, context), render(body, context))
    if name == "seealso":
        return _quote(context.say("See also"), render("\n".join(filter(None, [argument, body])), context))
    if name == "exercise":
        title = _text(argument, context) or options.get("label", "")
        return f"### {context.say('Exercise')}: {title}\n\n{render(body, context)}"
    if name == "solution":
        if context.view == "learner":
            return ""
        return f"**{context.say('Solution')}: {_label_title(argument, context)}**\n\n{render(body, context)}"
    if name == "dropdown":
        summary = MarkdownIt().renderInline(_text(argument, context))
        return f"<details>\n<summary>{summary}</summary>\n\n{render(body, context)}\n\n</details>"
    if name == "math":
        return f"$$\n{body}\n$$"
    if name in ("code-block", "code"):
        return f"```{argument}\n{body}\n```"
    if name in ("figure", "image"):
        picture = f"![{options.get('alt', '')}]({_image(argument, context)})"
        return f"{picture}\n\n*{render(body, context)}*" if body else picture
    if name == "glossary":
        return render(body, context)
    if name in DROPPED:
        return ""
    return context.fail(f"the directive {{{name}}} is not known to the notebook export")


def _render_inline(region, tokens, context):
    """One block's source with its roles, links between chapters and images replaced."""
    found = []  # (start in region, end, new text)
    base = 0
    for token in tokens:
        content = token.content

        def place(start, end, new, content=content, base=base):
            raw = content[start:end]
            at = base - 1
            for _ in range(content.count(raw, 0, start) + 1 if raw else 0):
                at = region.find(raw, at + 1)
                if at < 0:
                    context.fail(f"can't place {raw!r}; put it on one line")
            found.append((at, at + len(raw), new))

        for child in token.children or []:
            if child.type == "myst_role":
                start, _, end = child.meta["span"]
                place(start, end, _role(child.meta["name"], child.content, context))
            elif child.type == "image":
                _, label_end, end = child.meta["span"]
                place(label_end, end, f"]({_image(child.attrs['src'], context)})")
            elif child.type == "link_close" and "span" in child.meta:
                start, label_end, end = child.meta["span"]
                _place_link(content, (start, label_end, end), place, context)
        base = max([base, *(end for _, end, _ in found)])
    for start, end, new in sorted(found, reverse=True):
        region = region[:start] + new + region[end:]
    return region


def _place_link(content, span, place, context):
    start, label_end, end = span
    tail = content[label_end + 2 : end - 1].strip()
    href = tail.split(" ")[0].strip("<>")
    if "://" in href or href.startswith("mailto:"):
        return
    docname, title = _target(href, context)
    filler = title if label_end == start + 1 else ""
    url = context.url(docname, href.partition("#")[2])
    if url:
        place(label_end, end, f"{filler}]({url})")
    else:
        place(start, start + 1, "")
        place(label_end, end, filler)


def _target(href, context):
    """(docname, title) of what a link inside the book points to."""
    path, _, anchor = href.partition("#")
    if not path:
        if anchor in context.labels:
            return context.labels[anchor][1], context.labels[anchor][0]
        return context.docname, anchor
    parts = []
    for part in (*PurePosixPath(context.docname).parent.parts, *PurePosixPath(path).parts):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    docname = "/".join(parts).removesuffix(".md")
    if docname not in context.titles:
        context.fail(f"the link {href} leads to no chapter")
    return docname, context.titles[docname]


def _text(text, context):
    """Inline MyST as inline Markdown."""
    return render(text, context) if text else ""


def _image(source, context):
    if "://" in source:
        return source
    path = (context.book / context.docname).parent / source
    if path.suffix not in IMAGE_TYPES or not path.is_file():
        context.fail(f"the image {source} does not exist or is no PNG, JPEG or SVG")
    data = base64.b64encode(path.read_bytes()).decode()
    return f"data:{IMAGE_TYPES[path.suffix]};base64,{data}"


def _label_title(label, context):
    if label not in context.labels:
        context.fail(f"the label {label} is defined nowhere in the book")
    return context.labels[label][0]


def _role(name, content, context):
    text, _, target = content.partition("<")
    text, target = text.strip(), target.rstrip("> ").strip()
    if name in ("cite", "cite:p", "cite:t"):
        return _cite(name, content, context)
    if name == "glue:text":
        return _glue(content, context)
    if name == "math":
        return f"${content}$"
    if name == "term":
        return text
    if name in ("abbr", "kbd", "sub", "sup"):
        return content if name == "abbr" else f"<{name}>{content}</{name}>"
    if name == "eq" and content in context.equations:
        return f"({context.equations[content]})"
    if name == "numref":
        label = target or text
        if label not in context.figures:
            context.fail(f"{{numref}}`{content}`: no figure of that name in the chapter")
        return f"{context.say('Figure')} {context.figures[label]}"
    if name == "ref":
        title, docname = context.labels.get(target or text, ("", ""))
        if not docname:
            context.fail(f"{{ref}}`{content}`: the label is defined nowhere in the book")
        url = context.url(docname, target or text) if docname != context.docname else ""
        return f"[{text if target else title}]({url})" if url else (text if target else title)
    if name == "doc":
        docname, title = _target((target or text) + ".md", context)
        shown = text if target else title
        return f"[{shown}]({context.url(docname)})" if context.site_url else shown
    return context.fail(f"the role {{{name}}} is not known to the notebook export")


def _cite(name, content, context):
    pieces = []
    for key in (part.strip() for part in content.split(",")):
        if key not in context.citations:
            context.fail(f"the citation key {key} is not in references.bib")
        authors, year, url = context.citations[key]
        authors = join_authors(authors, context.language)
        year = context.say(year)
        linked = f"[{year}]({url})" if url else year
        pieces.append(f"{authors} ({linked})" if name == "cite:t" else f"{authors}, {linked}")
    joined = "; ".join(pieces)
    return joined if name == "cite:t" else f"({joined})"


def _glue(content, context):
    name, _, spec = content.partition(":")
    if name not in context.glued:
        return "*(" + context.say("see the cells' output") + ")*"
    value = context.glued[name]
    try:
        said = format(float(value), spec) if spec else str(value)
    except ValueError:
        said = str(value)
    return write_numbers(said, context.language)
