def text(english):
    """The sentence in the reader's language; only English for now."""
    return english
