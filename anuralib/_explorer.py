"""How an explorer stands in a page: its pictures, controls and script."""

import base64
import html
import io
import itertools
import json
from importlib.resources import files

import numpy as np

from anuralib._language import text

_DPI = 90


class Explorer:
    """What `widgets.explore` returns; notebooks and pages show it by `_repr_html_`."""

    def __init__(self, draw, options, title):
        self._draw, self._options, self._title = draw, options, title

    def _repr_html_(self):
        return _page(self._draw, self._options, self._title)

    def __repr__(self):
        return f"<Explorer: {self._title}, {', '.join(self._options)}>"

    def live(self):
        """The same with ipywidgets: every picture is drawn when it is asked for. Needs a running kernel."""
        import ipywidgets
        from IPython.display import display

        def show(**settings):
            figure, said = self._draw(**settings)
            display(figure)
            print(said)
            _close(figure)

        sliders = {
            name: ipywidgets.SelectionSlider(options=values, value=start, description=_with_unit(name),
                                             style={"description_width": "initial"}, continuous_update=False)
            for name, (values, start) in self._options.items()
        }  # fmt: skip
        return ipywidgets.interactive(show, **sliders)


def _close(figure):
    import matplotlib.pyplot as plt

    plt.close(figure)


def _png(figure):
    """A small PNG: 64 colours are enough for lines, and for one colour map."""
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=_DPI, format="png")
    _close(figure)
    image = Image.open(buffer).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}", image.size


def _page(draw, options, title):
    pictures, size = {}, (0, 0)
    for places in itertools.product(*(range(len(values)) for values, _ in options.values())):
        settings = {name: values[i] for (name, (values, _)), i in zip(options.items(), places, strict=True)}
        figure, said = draw(**settings)
        source, size = _png(figure)
        pictures[",".join(map(str, places))] = [source, said]
    first = ",".join(str(values.index(start)) for values, start in options.values())
    source, said = pictures[first]
    folder = files("anuralib")
    style, script = (folder.joinpath(f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    controls = "".join(_control(name, values, values.index(start)) for name, (values, start) in options.items())
    data = json.dumps(pictures).replace("<", "\\u003c")
    css = base64.b64encode(style.encode()).decode()
    return (
        f'<div class="anura-explorer" role="group" aria-label="{html.escape(title)}">'
        f'<link rel="stylesheet" href="data:text/css;base64,{css}">'
        f"<p><strong>{html.escape(title)}</strong></p>{controls}"
        f'<img class="dark-light" alt="{html.escape(said)}" width="{size[0]}" height="{size[1]}" src="{source}">'
        f'<p class="anura-said" role="status">{html.escape(said)}</p>'
        f'<noscript><p>{text("Without JavaScript the first picture is all that can be shown.")}</p></noscript>'
        f'<script type="application/json">{data}</script><script>{script}</script></div>'
    )


def _with_unit(name):
    """window_s as "window (s)"."""
    for ending, unit in (("_s", " (s)"), ("_hz", " (Hz)")):
        name = name.removesuffix(ending) + unit if name.endswith(ending) else name
    return name.replace("_", " ")


def _control(name, values, start):
    label = html.escape(_with_unit(name))
    if len(values) > 1 and all(isinstance(value, int | float | np.number) for value in values):
        shown = html.escape(json.dumps([f"{value:g}" for value in values]))
        return (f'<label>{label} <input type="range" min="0" max="{len(values) - 1}" step="1" value="{start}" disabled '
                f'data-shown="{shown}" aria-valuetext="{values[start]:g}"> '
                f"<output>{values[start]:g}</output></label>")  # fmt: skip
    listed = "".join(f'<option value="{i}"{" selected" if i == start else ""}>{html.escape(str(value))}</option>'
                     for i, value in enumerate(values))  # fmt: skip
    return f"<label>{label} <select disabled>{listed}</select></label>"
