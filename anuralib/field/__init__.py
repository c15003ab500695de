"""A trained network on one's own folder of recordings, and what to make of its answers."""
