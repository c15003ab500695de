"""Helpers of the Anura course: recordings and labels in, windows, splits, models and scores out.

``import anuralib as al`` gives one flat namespace. Each name is loaded with its module when it is first used, so
that the import itself is quick and needs neither torch nor librosa nor matplotlib. Which name is where stands in
``__init__.pyi``.
"""

from importlib import import_module as _import_module

import lazy_loader as _lazy_loader

__version__ = "0.1.0"

# Modules that have a flat name too, such as `al.losses`.
_MODULES = {
    "augment": "learn.augment",
    "calls": "pond.calls",
    "datasets": "data.load",
    "longtail": "learn.longtail",
    "losses": "learn.losses",
    "metrics": "score.metrics",
    "scenes": "pond.scenes",
    "simulate": "pond.simulate",
    "species": "data.species",
    "timetable": "pond.timetable",
    "widgets": "show.widgets",
}
_load, _, _functions = _lazy_loader.attach_stub(__name__, __file__)

__all__ = sorted([*_functions, *_MODULES, "__version__"])


def __getattr__(name):
    return _import_module(f"anuralib.{_MODULES[name]}") if name in _MODULES else _load(name)


def __dir__():
    return sorted({*globals(), *__all__})
