"""Features, networks, training and prediction; here torch is needed."""
