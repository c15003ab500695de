"""What the exercises and the classroom of the course need; the catalogues of its languages."""
