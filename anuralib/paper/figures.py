"""The paper's Figures 5 and 6 from our tables, drawn alike."""

import numpy as np

from anuralib._files import atomic_path


def _save(figure, path):
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, metadata={"Software": None})


def _new(**options):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(**options)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.085, right=0.99, top=0.91, bottom=0.19)  # in a tenth of the time of "constrained"
    return figure


def draw_figure5(table, path):
    """Windows of each species that has some, train and test; table from `windows_by_species`."""
    table = table[table["windows"] > 0].reset_index(drop=True)
    figure = _new(figsize=(10, 4))
    axes, place = figure.subplots(), np.arange(len(table))
    learnt = table["train"] + table["valid"]
    axes.bar(place, learnt, color="#0072B2", label="train" + (" and validation" if table["valid"].any() else ""))
    axes.bar(place, table["test"], bottom=learnt, color="#E69F00", label="test")
    for group in table["group"].unique():
        first = int(np.flatnonzero(table["group"] == group)[0])
        axes.axvline(first - 0.5, color="#888888", linewidth=0.8)
        axes.text(first - 0.4, 0.98, group, transform=axes.get_xaxis_transform(), va="top", rotation=90, zorder=3)
    axes.set_xticks(place, table["species"], rotation=90, fontsize=7)
    axes.set(ylabel="windows", xlim=(-0.6, len(table) - 0.4), ylim=(0, 1.3 * max(table["windows"].max(), 1)))
    axes.legend()
    _save(figure, path)


def draw_figure6(table, network, path):
    """F1 of each species against its windows, a panel a site; table from `f1_by_site`."""
    table = table[(table["network"] == network) & table["f1"].notna()]
    sites = sorted(table["site"].unique())
    figure = _new(figsize=(3 * max(len(sites), 1), 3.4))
    panels = figure.subplots(1, max(len(sites), 1), sharey=True, sharex=True, squeeze=False)[0]
    for axes, site in zip(panels, sites, strict=False):
        here = table[table["site"] == site]
        axes.scatter(here["windows"], here["f1"], color="#0072B2", s=18)
        for row in here.itertuples():
            axes.annotate(row.species, (row.windows, row.f1), fontsize=6, xytext=(2, 2), textcoords="offset points")
        axes.set(xscale="log", ylim=(-3, 103), title=site, xlabel="windows")
        axes.xaxis.set_minor_formatter("")
    panels[0].set_xlim(0.7, 2 * max(table["windows"].max(), 5) if len(table) else 10)
    panels[0].set_ylabel(f"F1 of {network} (%)")
    _save(figure, path)
