"""Train, validation and test, and what a split has shown of one to the other."""
