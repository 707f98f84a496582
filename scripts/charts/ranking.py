"""The ranking of one scenario: dots and whiskers, the places each queue may have, words for what is no figure."""

from matplotlib.figure import Figure

import style
import words
from picture import Picture, footer, row_figures, versions

NEEDS = "a scenario with a row; measure with: queuebench run"


def pictures(summary: dict) -> list:
    """One for each scenario."""
    return [picture(summary, section) for section in summary["scenarios"] if section["rows"]]


def picture(summary: dict, section: dict) -> Picture:
    """A scenario's picture."""
    notes = ["More threads than cpus: some wait for a cpu."] * section["oversubscribed"]
    notes += ["Grey, below the field: limits, no queues but bounds."] * any(row["limit"] for row in section["rows"])
    absent = [(entry["kind"].replace("-", " "), entry) for entry in section.get("absent", [])]
    for kind in sorted({kind for kind, _ in absent}):
        queues = sorted({queue for of, entry in absent if of == kind for queue in entry["queues"]})
        notes.append(f"{kind.capitalize()}: {', '.join(queues) if len(queues) < 5 else f'{len(queues)} queues, named in the text beside this picture'}.")
    figures = [row_figures(row, section["unit"]) for row in section["rows"]]
    figures += [f"{kind}, {entry['reason']}: {', '.join(entry['queues'])}" for kind, entry in absent]
    size = (8.2, 0.75 + 0.235 * len(section["rows"]))
    return Picture(
        "ranking", section["scenario"], section["machine"], f"Ranking: {section['scenario']}", section["headline"] or "Nothing is compared here.",
        figures, footer(summary, [section]), size, lambda figure, theme: draw(figure, summary, section, theme), notes, versions(summary, [section]),
    )


def draw(figure: Figure, summary: dict, section: dict, theme: style.Theme) -> None:
    """A row for each queue, the best first: rank range and name at the left, dot and whisker, the figure in words at the right."""
    axes, rows, unit = figure.subplots(), section["rows"], section["unit"]
    contenders = [row["queue"] for row in rows if not row["limit"] and row["value"] is not None]
    coloured = set(contenders[: style.MOST_HIGHLIGHTED])
    dots = {entry["queue"]: entry["values"] for entry in section.get("dots", [])}
    values = []
    for y, row in enumerate(rows):
        queue, told = row["queue"], []
        drawn = style.look(summary, queue, theme, quiet=queue not in coloured)
        if row["value"] is None:
            axes.text(0.012, y, f"{words.shown(row['outcome'], 30)}: no figure", transform=axes.get_yaxis_transform(), va="center", size=style.SMALL, style="italic")
        else:
            # Without an interval every block is shown instead.
            blocks = [] if row["value_interval"] else dots.get(queue, [])
            axes.plot(blocks, [y] * len(blocks), ".", color=drawn.colour, markersize=3, label=f"{queue} blocks")
            style.point(axes, row["value"], y, drawn, theme, queue, row["value_interval"])
            speeds = [mode["value"] for mode in row["modes"] or []]
            axes.plot(speeds, [y] * len(speeds), ".", color=drawn.colour, markersize=6, label=f"{queue} speeds")
            values += [row["value"], *(row["value_interval"] or []), *speeds, *blocks]
            told.append(words.figure(row["value"], unit))
        told += ["two speeds"] * bool(row["modes"])
        told += [f"{row['failed_blocks']} blocks failed"] * bool(row["failed_blocks"] and row["value"] is not None)
        told += ["UNRELIABLE"] * bool(row["unreliable"])
        axes.text(1.015, y, " · ".join(told), transform=axes.get_yaxis_transform(), va="center", size=style.SMALL, color=theme.faint if row["limit"] else theme.ink)
    axes.set_yticks(range(len(rows)), [words.shown(row["queue"], 40) for row in rows])
    axes.tick_params(axis="y", pad=42)
    for y, (row, label) in enumerate(zip(rows, axes.get_yticklabels())):
        how = {"weight": "bold" if row["may_be_best"] else "normal", "color": theme.faint if row["limit"] else theme.ink}
        label.set(**how)
        axes.annotate(words.ranks(row) or ("limit" if row["limit"] else "-"), (0, y), (-8, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha="right", va="center", **how)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    style.scale(axes, "x", values or [1, 2], unit)
    axes.set_xlabel(f"{unit}, {words.direction(unit.startswith('ns'))}" + ("; small dots: two speeds" if any(row["modes"] for row in rows) else ""))
    axes.annotate("rank", (0, 1), (-8, 2), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom", size=style.SMALL, color=theme.faint)
