"""Scaling: rate against threads, the limits dotted, a border where threads outnumber cpus."""

from matplotlib.figure import Figure

import style
import words
from charts import over

NEEDS = "scenarios with different numbers of producers or consumers; measure with: queuebench run --suite quick"
SIZE = (8.2, 4.2)
TITLES = {
    "threads": "Rate against threads, as many producers as consumers",
    "producers": "Rate against producers, beside one consumer",
    "consumers": "Rate against consumers, beside one producer",
}


def pictures(summary: dict) -> list:
    """One for each sweep of threads, producers or consumers."""
    return [over.picture("scaling", summary, series, TITLES[series["swept"]], SIZE, draw) for series in summary["series"] if series["swept"] in TITLES]


def draw(figure: Figure, summary: dict, series: dict, theme: style.Theme) -> None:
    """Lines over the number of threads; what lies right of the cpus is shaded."""
    axes = figure.subplots()
    ends = over.draw_lines(axes, summary, series, theme, series["unit"])
    style.end_labels(axes, ends, SIZE[1] - 0.8, theme.ink)
    axes.set_ylabel(f"{series['unit']}, {words.direction(series['less_is_better'])}")
    axes.set_xlabel("producers (p) and consumers (c)")
    places = series["places"]
    more = [at for at, place in enumerate(places) if place["oversubscribed"]]
    if more:
        left, right = axes.get_xlim()
        border = (places[more[0] - 1]["at"] + places[more[0]]["at"]) / 2 if more[0] else left
        axes.axvspan(border, right, color=theme.shade, zorder=0, linewidth=0)
        axes.axvline(border, color=theme.faint, linewidth=1)
        axes.set_xlim(left, right)
        axes.text((border + right) / 2, 1.01, f"more threads than cpus ({series['cpus']})", transform=axes.get_xaxis_transform(), ha="center", size=style.SMALL, color=theme.faint)
