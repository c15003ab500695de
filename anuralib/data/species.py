"""Species codes of AnuraSet: three letters of the genus, three of the epithet."""

import re

_CODE = re.compile(r"[A-Z]{6}")
ANURASET_CODES: tuple[str, ...] = tuple(
    """
    SPHSUR BOABIS SCIPER DENNAH LEPLAT RHIICT BOALEP BOAFAB PHYCUV DENMIN ELABIC BOAPRA DENCRU
    BOALUN BOAALB PHYMAR PITAZU PHYSAU LEPFUS DENNAN PHYALB LEPLAB SCIFUS BOARAN SCIFUV AMEPIC
    LEPPOD ADEDIP ELAMAT PHYNAT LEPELE RHISCI SCINAS LEPNOT ADEMAR BOAALM PHYDIS RHIORN LEPFLA
    SCIRIZ DENELE SCIALT
    """.split()
)
"""The 42 species of AnuraSet in the order of the columns of its `metadata.csv`."""


def is_species_code(code: object) -> bool:
    """Tell whether something is written like a species code: six capital letters A-Z.

    Examples
    --------
    >>> is_species_code("BOALUN"), is_species_code("Boana lundii")
    (True, False)
    """
    return isinstance(code, str) and _CODE.fullmatch(code) is not None


def in_anurasets_order(codes: list[str]) -> list[str]:
    """The codes as they are, or, if they are AnuraSet's 42, in the order of its tables of windows."""
    return list(ANURASET_CODES) if set(codes) == set(ANURASET_CODES) else codes
