"""The checks of the exercises, a module a part of the book."""
