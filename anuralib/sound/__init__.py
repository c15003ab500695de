"""Sound files in and out, what their names say, and the band-pass filter."""
