"""Texts of the interface; English is the key."""


def text(english):
    """The English text itself."""
    return english
