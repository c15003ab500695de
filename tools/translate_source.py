"""A page's MyST text in another language: what its catalogue knows, and the rest as it is.

The book's pages are translated by Sphinx; this is for the notebooks, which are made from the text.
"""

from myst_to_markdown import PARSER, directive_name

# What is between their fences is no prose.
LITERAL = {"code-cell", "code-block", "code", "math", "glossary", "eval-rst"}


def translate_source(text, known):
    """MyST text with each sentence of `known` replaced; a paragraph of several lines comes out as one.

    Parameters
    ----------
    text : str
    known : dict of str to str
        English to translation, as in the page's catalogue.

    Returns
    -------
    str
    """
    if not known:
        return text
    lines, places = text.split("\n"), {}
    for token in PARSER.parse(text, {}):
        if token.map is None:
            continue
        first, after = token.map
        name = directive_name(token)
        if name is not None:
            lines[first:after] = _fill(_directive(lines[first:after], token, name, known), after - first)
        elif token.type == "inline":
            said = known.get(token.content.replace("\n", " ").strip())
            if said:
                places[first] = _put(lines, (first, after), token.content, said, places.get(first, 0))
    return "\n".join(line for line in lines if line is not None)


def _fill(new, n):
    """The lines of a block in as many places as before, so that the places of those below stay."""
    return ["\n".join(new), *[None] * (n - 1)]


def _put(lines, span, content, said, start):
    """Write a translation where its sentence stands; the place behind it, since a table's row holds several."""
    first, after = span
    if "\n" in content:
        begin, end = content.split("\n")[0].strip(), None
        lines[first + 1 : after] = [None] * (after - first - 1)
    else:
        begin, end = content, 0
    if begin not in lines[first][start:]:  # a bar inside a cell
        begin, said = begin.replace("|", "\\|"), said.replace("|", "\\|")
    at = lines[first].find(begin, start)
    if at < 0:
        raise ValueError(f"can't place the translation of {content!r}")
    rest = "" if end is None else lines[first][at + len(begin) :]
    lines[first] = lines[first][:at] + said + rest
    return at + len(said)


def _directive(block, token, name, known):
    """A directive's lines with its title and its content translated."""
    opening, title = block[0], token.info.partition("}")[2].strip()
    if title in known:
        opening = opening[: opening.rindex(title)] + known[title]
    if name in LITERAL:
        return [opening, *block[1:]]
    body = token.content.removesuffix("\n").split("\n")
    n = next((i for i, line in enumerate(body) if not line.startswith(":") or line.startswith("::")), len(body))
    inside = "\n".join(body[n:])
    new = [*body[:n], *(translate_source(inside, known).split("\n") if inside else [])]
    indent = opening[: len(opening) - len(opening.lstrip())]
    return [opening, *(indent + line if line else line for line in new), block[-1]]
