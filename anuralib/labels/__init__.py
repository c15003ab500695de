"""Labels of calls: their files, bouts, weak labels, and how far two annotators agree."""
