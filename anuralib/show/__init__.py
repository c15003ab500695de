"""Figures, players, annotators and explorers."""
