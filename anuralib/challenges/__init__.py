"""Methods for the open problems: few labels, weak labels, overlap, calling activity."""
