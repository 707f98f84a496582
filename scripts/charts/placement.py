"""Placement: where the endpoints run, a dot for each place, a row a queue."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import style
import words
from charts import over

NEEDS = "scenarios with different placements; measure with: queuebench run --suite quick"


def pictures(summary: dict) -> list:
    """One for each sweep of placements."""
    wanted = [series for series in summary["series"] if series["swept"] == "placement"]
    return [over.picture("placement", summary, series, "Rate against placement", (7.6, height(series)), draw) for series in wanted]


def height(series: dict) -> float:
    """Room for every row."""
    return 1.0 + 0.26 * len(series["lines"])


def draw(figure: Figure, summary: dict, series: dict, theme: style.Theme) -> None:
    """A row for each queue, in it a dot with its whisker for each placement: the marker says which."""
    axes = figure.subplots()
    lines, places = series["lines"], series["places"]
    markers = list(style.MARKERS.values())
    shapes = {}
    for at, place in enumerate(places):
        # Colours mean queues elsewhere; here shape, filling and shade say which place it is.
        colour = theme.ink if at % 2 == 0 else theme.faint
        shapes[place["label"]] = style.Look(colour, markers[at % len(markers)], at % 2 == 1, ())
    values = []
    for y, line in enumerate(lines):
        points = over.points_of(summary, series, line["queue"])
        axes.plot([row["value"] for *_, row in points], [y] * len(points), color=theme.grid, linewidth=2.5, label=f"{line['queue']} line", zorder=1)
        for place, _, row in points:
            style.point(axes, row["value"], y, shapes[place["label"]], theme, f"{line['queue']} at {place['label']}", row["value_interval"])
            values += [row["value"], *(row["value_interval"] or [])]
    style.scale(axes, "x", values, series["unit"])
    axes.set_yticks(range(len(lines)), [words.shown(line["queue"], 40) + (" (limit)" if line["limit"] else "") for line in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlabel(f"{series['unit']}, {words.direction(series['less_is_better'])}")
    handles = [Line2D([], [], **shapes[place["label"]].dot(theme.paper)) for place in places]
    labels = [words.shown(place["label"], 20) + (" (more threads than cpus)" if place["oversubscribed"] else "") for place in places]
    axes.legend(handles, labels, loc="lower right", bbox_to_anchor=(1, 1), ncols=min(len(places), 3), frameon=False, fontsize=style.SMALL)
