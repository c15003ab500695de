"""What the exercises, the classroom and the languages of the course need."""
