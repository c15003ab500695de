"""The colours of figures, players and explorers: one and the same for a species wherever it is shown."""

import zlib
from functools import cache

from anuralib.data.species import ANURASET_CODES
from anuralib.pond.calls import call_types

# Okabe-Ito, told apart by colour-blind readers; a dark red stands for its yellow, which is too pale on white.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#882255", "#000000")
_OF_SPECIES = COLOURS[:-1]  # black is the text's
_DARK = ("#0072B2", "#882255")  # on which text is white


def species_colour(code):
    """The colour that a species has in every figure and player, whatever stands beside it.

    Seven colours are as many as colour-blind readers tell apart, so species share them: where two meet, a name, a lane
    or a marker must tell them apart as well. The pond's call types and AnuraSet's species are spread evenly.

    Parameters
    ----------
    code : str
        A species code, or any other name.

    Returns
    -------
    str
        Such as ``"#0072B2"``.

    Examples
    --------
    >>> import anuralib as al
    >>> al.species_colour("BARWHI"), al.species_colour("HIGPEE")
    ('#0072B2', '#E69F00')
    """
    return _OF_SPECIES[_place(code) % len(_OF_SPECIES)]


def species_pattern(code):
    """0 to 3: which pattern tells a species from another one of the same colour."""
    return _place(code) // len(_OF_SPECIES) % 4


def text_colour(colour):
    """Black or white, whichever is read more easily on a colour of `species_colour`."""
    return "#fff" if colour in _DARK else "#000"


def _place(code):
    # an annotator's own small letters are the same species
    return _places().get(str(code).upper(), zlib.crc32(str(code).encode()))


@cache
def _places():
    # Each table begins with the first colour: the two are never shown together.
    return {code: i for codes in (ANURASET_CODES, call_types()["code"]) for i, code in enumerate(codes)}
