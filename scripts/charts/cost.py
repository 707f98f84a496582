"""Cost: what a message takes of the cpus, against how fast it is."""

from matplotlib.figure import Figure

import style
import words
from picture import Picture, footer, versions

NEEDS = "rows with cpu time; measure with: queuebench run"
SIZE = (7.8, 4.6)


def pictures(summary: dict) -> list:
    """One for each scenario with two queues at least whose cpu time is known."""
    return [picture(summary, section) for section in summary["scenarios"] if len(rows_of(section)) > 1]


def rows_of(section: dict) -> list[dict]:
    """Contenders with both figures; a log axis has no place for 0."""
    return [row for row in section["rows"] if not row["limit"] and (row["value"] or 0) > 0 and (row["cpu_ns_per_message"] or 0) > 0]


def answer(section: dict, matter: str) -> dict:
    """What the summary says of speed or of cpu, whatever the wait."""
    return next((entry for entry in section.get("answers", []) if entry["wait"] == "any" and entry["matter"] == matter), {"sentence": "", "best": []})


def picture(summary: dict, section: dict) -> Picture:
    """A scenario's picture."""
    rows, unit = rows_of(section), section["unit"]
    figures = [f"{row['queue']}: {words.figure(row['value'], unit)}, {words.with_interval(row['cpu_ns_per_message'], row['cpu_interval'], 'ns')} of cpu per message" for row in rows]
    left = [row["queue"] for row in section["rows"] if not row["limit"] and row not in rows]
    notes = [f"Not drawn, one of the figures is missing: {', '.join(left)}."] * bool(left)
    cheapest = answer(section, "cpu")
    of_all = f"Of {cheapest['queues']} queues: {cheapest['sentence']}" if cheapest["sentence"] else None
    finding = of_all or section["headline"] or "Nothing is compared here."
    return Picture(
        "cost", section["scenario"], section["machine"], f"Cost against speed: {section['scenario']}", finding, figures, footer(summary, [section]),
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
        x, y = row["value"], row["cpu_ns_per_message"]
        if row["value_interval"]:
            axes.plot(row["value_interval"], [y, y], color=drawn.colour, linewidth=1.2, alpha=1 if named else 0.6, label=f"{row['queue']} interval of speed")
        style.point(axes, x, y, drawn, theme, row["queue"], row["cpu_interval"], upright=True)
        xs += [x, *(row["value_interval"] or [])]
        ys += [y, *(row["cpu_interval"] or [])]
        if named:
            ends.append((row["queue"], x, y, drawn.colour))
    style.scale(axes, "x", xs, unit, log=True)
    style.scale(axes, "y", ys, "ns", log=True)
    style.end_labels(axes, ends, SIZE[1] - 0.8, theme.ink)
    axes.set_xlabel(f"{unit}, {words.direction(unit.startswith('ns'))}")
    axes.set_ylabel("ns of cpu per message, lower is better")
