"""The cliff: rate against work on either side, one line a queue."""

from matplotlib.figure import Figure

import style
import words
from charts import over

NEEDS = "scenarios with work on either side; measure with: queuebench run --suite balance"
SIZE = (8.6, 4.3)


def pictures(summary: dict) -> list:
    """One for each sweep of work."""
    return [over.picture("cliff", summary, series, "Rate against work per message", SIZE, draw) for series in summary["series"] if series["swept"] == "work"]


def draw(figure: Figure, summary: dict, series: dict, theme: style.Theme) -> None:
    """Lines over the work, the producer's to the left of the middle and the consumer's to the right."""
    axes = figure.subplots()
    ends = over.draw_lines(axes, summary, series, theme, series["unit"])
    style.end_labels(axes, ends, SIZE[1] - 0.8, theme.ink)
    axes.set_ylabel(f"{series['unit']}, {words.direction(series['less_is_better'])}")
    axes.set_xlabel("ns of work per message, producer / consumer")
    balanced = [place["at"] for place in series["places"] if place["label"] == "0/0"]
    for at in balanced:
        axes.axvline(at, color=theme.faint, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.5)
    axes.text(0.01, 1.01, "◀ more work for the producer" if balanced else "", transform=axes.transAxes, size=style.SMALL, color=theme.faint)
    axes.text(0.99, 1.01, "more work for the consumer ▶" if balanced else "", transform=axes.transAxes, size=style.SMALL, color=theme.faint, ha="right")
