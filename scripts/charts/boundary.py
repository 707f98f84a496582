"""Threads or processes: each transport on both sides, and the ladder of steps between them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import style
import words
from picture import Picture, footer, versions

NEEDS = "scenarios between threads and between processes; measure with: queuebench run --suite boundary"
STEP = 0.25


def pictures(summary: dict) -> list:
    """One for each scenario that was measured on both sides."""
    return [picture(summary, crossing) for crossing in summary["crossings"] if crossing["queues"]]


def sides(summary: dict, crossing: dict) -> list[dict]:
    """The crossing's two scenarios: threads, processes."""
    return [summary["scenarios"][at] for at in crossing["sections"]]


def steps_of(crossing: dict) -> list[dict]:
    """The ladder's steps but those that are a queue's own row already."""
    own = {(f"{entry['queue']} threads", f"{entry['queue']} processes") for entry in crossing["queues"]}
    return [step for step in crossing["ladder"] if (step["from"], step["to"]) not in own]


def step_words(step: dict) -> str:
    """A step of the ladder: what changes, in which queue."""
    return f"{step['step']}  {step['to'].removesuffix(' threads')}: {step['changes'].split(',')[0]}"


def picture(summary: dict, crossing: dict) -> Picture:
    """A crossing's picture."""
    unit, figures, sections = crossing["unit"], [], sides(summary, crossing)
    for entry in crossing["queues"]:
        both = [f"{words.figure(entry[side]['value'], unit)} between {side}" if entry[side] and entry[side]["value"] is not None else f"no figure between {side}" for side in ("threads", "processes")]
        across = f"{words.ratio(entry['times_faster'])} as fast across, {entry['verdict']}" if entry["times_faster"] else "no ratio"
        figures.append(f"{entry['queue']}: {', '.join(both)}, {across}{', UNRELIABLE' if entry['unreliable'] else ''}")
    for step in steps_of(crossing):
        ratio = f"{words.ratio(step['times_faster'])}, {step['verdict']}" if step["times_faster"] else "no ratio"
        figures.append(f"step {step['step']}, {step['changes']}, {step['from']} to {step['to']}: {ratio}{', ' + step['not_isolated'] if step['not_isolated'] else ''}")
    finding = f"{crossing['finding']} Equivalent means within {words.significant(crossing['margin'] * 100).rstrip('0').rstrip('.')} %."
    rows = len(crossing["queues"]) + (len(steps_of(crossing)) + 4 if steps_of(crossing) else 0)
    return Picture(
        "boundary", crossing["threads"], crossing["machine"], f"Threads or processes: {crossing['threads']}", finding, figures,
        footer(summary, sections, of_ratios=True), (9.2, 1.35 + STEP * rows), lambda figure, theme: draw(figure, summary, crossing, theme),
        ["At the left hollow: between threads, filled: between processes. At the right, of ratios, hollow: undecided; shaded: equivalent."],
        versions(summary, sections),
    )


def draw_ratios(axes: Axes, entries: list[dict], names: list[str], crossing: dict, theme: style.Theme) -> None:
    """Ratios around 1, a row each."""
    ends = []
    for y, (entry, name) in enumerate(zip(entries, names)):
        times = entry["times_faster"]
        if times:
            drawn = style.Look(theme.ink if entry["verdict"] in ("faster", "slower") else theme.faint, "o", entry["verdict"] == "undecided", ())
            style.point(axes, times["estimate"], y, drawn, theme, name, times["interval"])
            ends += [times["estimate"], *(times["interval"] or [])]
        told = (entry["verdict"] or "no ratio") + (", UNRELIABLE" if entry["unreliable"] else "") + (" (nothing changes)" if entry.get("not_isolated") else "")
        axes.text(1.02, y, told, transform=axes.get_yaxis_transform(), va="center", size=style.SMALL)
    style.ratio_scale(axes, ends, crossing["margin"], theme)
    axes.set_ylim(len(entries) - 0.4, -0.6)


def draw(figure: Figure, summary: dict, crossing: dict, theme: style.Theme) -> None:
    """Above, the transports: figures on both sides and the ratio across; below, the ratio of each step of the ladder."""
    queues, steps, unit = crossing["queues"], steps_of(crossing), crossing["unit"]
    # Parts of their own, so that the ladder's long names don't narrow the panels above.
    upper, *lower = figure.subfigures(2, 1, height_ratios=[len(queues) + 3, len(steps) + 3]) if steps else [figure]
    absolute, ratios = upper.subplots(1, 2, width_ratios=[1.25, 1])
    values = []
    for y, entry in enumerate(queues):
        drawn = style.look(summary, entry["queue"], theme, quiet=y >= style.MOST_HIGHLIGHTED)
        for side, hollow, section, shift in zip(("threads", "processes"), (True, False), sides(summary, crossing), (-0.14, 0.14)):
            value = (entry[side] or {}).get("value")
            if value is not None:
                whisker = next((row["value_interval"] for row in section["rows"] if row["queue"] == entry["queue"]), None)
                style.point(absolute, value, y + shift, style.Look(drawn.colour, drawn.marker, hollow, ()), theme, f"{entry['queue']} {side}", whisker)
                values += [value, *(whisker or [])]
    style.scale(absolute, "x", values or [1, 2], unit)
    absolute.set_yticks(range(len(queues)), [words.shown(entry["queue"], 40) for entry in queues])
    absolute.set_ylim(len(queues) - 0.4, -0.6)
    absolute.set_xlabel(f"{unit}, {words.direction(crossing['is_timed'])}")
    draw_ratios(ratios, queues, [entry["queue"] for entry in queues], crossing, theme)
    ratios.set_yticks(range(len(queues)), [""] * len(queues))
    ratios.set_xlabel("times faster between processes, higher is better")
    if steps:
        ladder = lower[0].subplots()
        draw_ratios(ladder, steps, [f"{step['from']} to {step['to']}" for step in steps], crossing, theme)
        ladder.set_yticks(range(len(steps)), [words.shown(step_words(step), 60) for step in steps])
        ladder.set_xlabel("the ladder from the heap: times faster than the step before, higher is better")
