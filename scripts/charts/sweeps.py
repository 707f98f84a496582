"""Capacity and payload: rate against either; the payload also in bytes, which saves the arithmetic."""

from matplotlib.figure import Figure

import style
import words
from charts import over

NEEDS = "scenarios with different capacities or payloads; measure with: queuebench run --suite quick"
SIZE = (8.8, 4.2)
TITLES = {"capacity": "Rate against capacity", "payload": "Rate against payload"}
X_LABELS = {"capacity": "capacity, messages (0: a rendezvous)", "payload": "payload, bytes per message"}


def pictures(summary: dict) -> list:
    """One for each sweep of capacity or payload."""
    return [over.picture("sweeps", summary, series, TITLES[series["swept"]], SIZE, draw) for series in summary["series"] if series["swept"] in TITLES]


def draw(figure: Figure, summary: dict, series: dict, theme: style.Theme) -> None:
    """Lines over the capacity; or over the payload, in messages and in bytes side by side."""
    in_bytes = series["swept"] == "payload" and series["unit"] == "messages/s"
    panels = figure.subplots(1, 2 if in_bytes else 1, squeeze=False)[0]
    ends = over.draw_lines(panels[0], summary, series, theme, series["unit"])
    panels[0].set_ylabel(f"{series['unit']}, {words.direction(series['less_is_better'])}")
    if in_bytes:
        ends = over.draw_lines(panels[1], summary, series, theme, "GiB/s", lambda value, section: value * section["parts"]["payload_bytes"] / 2**30)
        panels[1].set_ylabel("GiB/s, higher is better (the same figures)")
    for axes in panels:
        axes.set_xlabel(X_LABELS[series["swept"]])
    style.end_labels(panels[-1], ends, SIZE[1] - 0.8, theme.ink)
