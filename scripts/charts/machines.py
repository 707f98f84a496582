"""Machines side by side: what a message takes on each, and the ratio to each one's own reference."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import style
import words
from picture import Picture, footer, versions

NEEDS = "results of two machines at least, of the same scenarios; name files of both"


def pictures(summary: dict) -> list:
    """One for each scenario that two machines have."""
    beside = summary.get("side_by_side")
    return [picture(summary, scenario) for scenario in beside["scenarios"]] if beside else []


def picture(summary: dict, scenario: dict) -> Picture:
    """A scenario's picture."""
    ids, figures = summary["side_by_side"]["machines"], []
    for row in scenario["rows"]:
        for machine, on, without in zip(ids, row["on"], row["without"]):
            if on is None:
                figures.append(f"{row['queue']} on {machine}: {no_figure(without)}")
                continue
            times = f", {words.ratio(on['times_reference'])} the reference's rate" if on["times_reference"] else ""
            figures.append(f"{row['queue']} on {machine}: {words.duration(on['ns'])}{times}{', UNRELIABLE' if on['unreliable'] else ''}")
    sections = [summary["scenarios"][at] for at in scenario["sections"] if at is not None]
    notes = [f"Reversed: {entry['one']} is faster on {', '.join(entry['one_faster_on'])}, {entry['other']} on {', '.join(entry['other_faster_on'])}." for entry in scenario["reversals"]]
    size = (3.2 + 2.6 * (len(ids) + 1), 1.5 + 0.15 * len(ids) + 0.24 * len(scenario["rows"]))
    return Picture(
        "machines", scenario["scenario"], "-and-".join(ids), f"Side by side: {scenario['scenario']}", scenario["finding"], figures,
        footer(summary, sections, of_ratios=True), size, lambda figure, theme: draw(figure, summary, scenario, theme), notes, versions(summary, sections),
    )


def no_figure(without: str) -> str:
    """Why there is none: what its blocks ended in, or that it has none."""
    return f"{words.shown(without.replace('-', ' '), 30)}: no figure"


def draw(figure: Figure, summary: dict, scenario: dict, theme: style.Theme) -> None:
    """A panel of absolute figures for each machine, all on one scale, and one of ratios, the marker says whose."""
    ids, rows = summary["side_by_side"]["machines"], scenario["rows"]
    *panels, ratios = figure.subplots(1, len(ids) + 1, sharey=True, squeeze=False)[0]
    coloured = set([row["queue"] for row in rows if not row["limit"]][: style.MOST_HIGHLIGHTED])
    values = []
    for column, (machine, axes) in enumerate(zip(ids, panels)):
        for y, row in enumerate(rows):
            on, drawn = row["on"][column], style.look(summary, row["queue"], theme, quiet=row["queue"] not in coloured)
            if on is None:
                axes.text(0.03, y, no_figure(row["without"][column]), transform=axes.get_yaxis_transform(), va="center", size=style.SMALL, style="italic")
                continue
            style.point(axes, on["ns"], y, drawn, theme, row["queue"], on["ns_interval"])
            if on["unreliable"]:
                axes.annotate("UNRELIABLE", (on["ns"], y), (6, 4), textcoords="offset points", size=6.5)
            values += [on["ns"], *(on["ns_interval"] or [])]
        axes.tick_params(axis="x", labelsize=style.SMALL)
        axes.set_title(words.shown(machine, 30), size=style.PLAIN)
        axes.set_xlabel("ns, lower is better")
    for axes in panels:
        style.scale(axes, "x", values or [1, 2], "ns", log=True)
    shapes = [style.Look((theme.ink, theme.faint)[at % 2], list(style.MARKERS.values())[at % 6], at % 2 == 1, ()) for at in range(len(ids))]
    ends = []
    for y, row in enumerate(rows):
        for column, on in enumerate(row["on"]):
            if on and (times := on["times_reference"]):
                height = y + 0.3 * (column - (len(ids) - 1) / 2) / len(ids)
                style.point(ratios, times["estimate"], height, shapes[column], theme, f"{row['queue']} on {ids[column]}", times["interval"])
                ends += [times["estimate"], *(times["interval"] or [])]
    style.ratio_scale(ratios, ends, None, theme)
    ratios.tick_params(axis="x", labelsize=style.SMALL)
    ratios.set_xlabel("times its own reference's rate,\nhigher is better")
    ratios.set_title(f"to {words.shown(scenario['reference'], 30)}", size=style.PLAIN)
    panels[0].set_yticks(range(len(rows)), [words.shown(row["queue"], 40) + (" (limit)" if row["limit"] else "") for row in rows])
    ratios.set_ylim(len(rows) - 0.4, -0.6)
    handles = [Line2D([], [], **shape.dot(theme.paper)) for shape in shapes]
    ratios.legend(handles, [words.shown(machine, 30) for machine in ids], loc="lower center", bbox_to_anchor=(0.5, 1.07), frameon=False, fontsize=style.SMALL)
