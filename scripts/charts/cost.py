"""Cost: how fast a queue is, against what a message takes of the cpus."""

from matplotlib.figure import Figure

import style
import words
from picture import Picture, footer, versions

NEEDS = "rows with cpu time; measure with: queuebench run"
SIZE = (7.8, 4.6)


def pictures(summary: dict) -> list:
    """One for each scenario with two queues at least whose cpu time is known."""
    return [picture(summary, section) for section in summary["scenarios"] if len(rows_of(section)) > 1]


def stands_alone(section: dict, row: dict) -> bool:
    """Whether a queue has a figure but no round in common with the others."""
    return section["compares"] and section["runs"] > 1 and row["value"] is not None and row["times_slower"] is None


def compared(section: dict) -> list[dict]:
    """Contenders, but those that are compared with nobody."""
    return [row for row in section["rows"] if not row["limit"] and not stands_alone(section, row)]


def rows_of(section: dict) -> list[dict]:
    """Those with both figures; a log axis has no place for 0."""
    return [row for row in compared(section) if (row["value"] or 0) > 0 and (row["cpu_ns_per_message"] or 0) > 0]


def answer(section: dict, matter: str) -> dict:
    """What the summary says of speed or of cpu, whatever the wait."""
    return next((entry for entry in section.get("answers", []) if entry["wait"] == "any" and entry["matter"] == matter), {"sentence": "", "best": []})


def picture(summary: dict, section: dict) -> Picture:
    """A scenario's picture."""
    rows, unit = rows_of(section), section["unit"]
    figures = [f"{row['queue']}: {words.figure(row['value'], unit)}, {words.with_interval(row['cpu_ns_per_message'], row['cpu_interval'], 'ns')} of cpu per message" for row in rows]
    left = [row["queue"] for row in compared(section) if row not in rows]
    apart = [row["queue"] for row in section["rows"] if not row["limit"] and stands_alone(section, row)]
    notes = [f"Not drawn, one of the figures is missing: {', '.join(left)}."] * bool(left)
    notes += [f"Not drawn, compared with nobody: {', '.join(apart)}."] * bool(apart)
    cheapest = answer(section, "cpu")
    of_all = f"Of {cheapest['queues']} queues: {cheapest['sentence']}" if cheapest["sentence"] else None
    finding = of_all or section["headline"] or "Nothing is compared here."
    return Picture(
        "cost", section["scenario"], section["machine"], f"Speed against CPU cost: {section['scenario']}", finding, figures, footer(summary, [section]),
        SIZE, lambda figure, theme: draw(figure, summary, section, theme), [*notes, "Grey: queues that are neither the cheapest nor among the fastest."], versions(summary, [section]),
    )


def draw(figure: Figure, summary: dict, section: dict, theme: style.Theme) -> None:
    """A dot with two whiskers for each queue, the cheapest and the fastest in colour and named."""
    axes, rows, unit = figure.subplots(), rows_of(section), section["unit"]
    wanted = [best["queue"] for matter in ("cpu", "speed") for best in answer(section, matter)["best"]] + [row["queue"] for row in rows]
    coloured = list(dict.fromkeys(wanted))[: style.MOST_HIGHLIGHTED]
    xs, ys, ends = [], [], []
    for row in sorted(rows, key=lambda row: row["queue"] in coloured):
        named = row["queue"] in coloured
        drawn = style.look(summary, row["queue"], theme, quiet=not named)
        x, y = row["cpu_ns_per_message"], row["value"]
        if row["value_interval"]:
            axes.plot([x, x], row["value_interval"], color=drawn.colour, linewidth=1.2, alpha=1 if named else 0.6, label=f"{row['queue']} interval of speed")
        style.point(axes, x, y, drawn, theme, row["queue"], row["cpu_interval"])
        xs += [x, *(row["cpu_interval"] or [])]
        ys += [y, *(row["value_interval"] or [])]
        if named:
            ends.append((row["queue"], x, y, drawn.colour))
    style.scale(axes, "x", xs, "ns", log=True)
    style.scale(axes, "y", ys, unit, log=True)
    style.end_labels(axes, ends, SIZE[1] - 0.8, theme.ink)
    axes.set_xlabel("ns of cpu per message, lower is better")
    axes.set_ylabel(f"{unit}, {words.direction(unit.startswith('ns'))}")
