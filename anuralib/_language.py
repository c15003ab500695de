"""The language in which checks, players and figures speak; English is the key, and what is said without a catalogue.

The catalogues are gettext's .po files, which every translator's tool can edit. They are read as they are: a compiled
.mo beside each would be a second copy that can grow old. Modules import `text` as ``_``, gettext's name, by which
babel finds the sentences (tools/messages.py).
"""

import ast
import os
import re
from functools import lru_cache
from importlib.resources import files

LANGUAGES = ("en", "es", "pt_BR")


def read_catalogue(content):
    """English to translation, from the text of a .po file; what is empty or marked fuzzy is left out.

    Parameters
    ----------
    content : str

    Returns
    -------
    dict of str to str
    """
    messages = {}
    for entry in re.split(r"\n\s*\n", content):
        parts, current, fuzzy = {"msgid": "", "msgstr": ""}, None, False
        for line in map(str.strip, entry.splitlines()):
            fuzzy |= line.startswith("#,") and "fuzzy" in line
            found = re.fullmatch(r'(msgid |msgstr )?(".*")', line)
            if found:
                current = found[1].strip() if found[1] else current
                parts[current] += ast.literal_eval(found[2])
        if parts["msgid"] and parts["msgstr"] and not fuzzy:
            messages[parts["msgid"]] = parts["msgstr"]
    return messages


@lru_cache
def _catalogue(language):
    if language == "en":
        return {}
    return read_catalogue((files("anuralib") / "course" / "locale" / f"{language}.po").read_text(encoding="utf-8"))


def _known(language):
    """The language's own spelling; "pt-br" and "pt" are forgiven."""
    spelling = {name.lower(): name for name in LANGUAGES} | {"pt": "pt_BR"}
    name = spelling.get(str(language).replace("-", "_").lower())
    if name is None:
        raise ValueError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
    return name


def use_language(language):
    """Choose the language of hints, players and figures; what has no translation stays English.

    The environment variable ``ANURALIB_LANGUAGE`` chooses it from outside.

    Parameters
    ----------
    language : {"en", "es", "pt_BR"}
        English, Spanish or Brazilian Portuguese.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    global _current
    _current = _known(language)


def current_language():
    """The language in use.

    Returns
    -------
    str
        One of `LANGUAGES`.
    """
    return _current


def text(english, **values):
    """A sentence in the language in use.

    Parameters
    ----------
    english : str
        The sentence, with a place in braces for each value, as ``"{n} rows"``.
    **values
        For the places. Without any, braces are braces.

    Returns
    -------
    str
        English where there is no translation.
    """
    sentence = _catalogue(_current).get(english, english)
    return sentence.format(**values) if values else sentence


def N_(english):  # gettext's own name for it, which babel and editors look for
    """Mark a sentence for the catalogues where it is said later: at import, the language is not chosen yet.

    Parameters
    ----------
    english : str

    Returns
    -------
    str
        The same; `text` translates it when it is shown.
    """
    return english


try:
    _current = _known(os.environ.get("ANURALIB_LANGUAGE") or "en")
except ValueError as _error:
    raise ValueError(f"environment variable ANURALIB_LANGUAGE: {_error}") from None
