"""The experiment of the AnuraSet paper in one command, `python -m anuralib.paper`."""
