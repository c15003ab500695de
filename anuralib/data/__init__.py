"""Data sets: the pond, AnuraSet, and one's own folders, read into one form."""
