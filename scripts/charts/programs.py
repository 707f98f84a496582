"""Whole programs: what each queue, or each way to write one, comes to; how much faster than one worker alone, where that is known."""

from matplotlib.figure import Figure

import style
import words
from picture import Picture, footer, row_figures, versions

NEEDS = "a whole program; measure with: queuebench run --suite apps"
# What should be 0 and shows a way to go wrong where it is not.
FAULTS = ("lost_updates_ppm", "torn_lines_ppm", "duplicate_fetches")
PROGRAMS = ("crawl", "counter", "lookup", "finish", "recover", "barrier", "print", "map")


def pictures(summary: dict) -> list:
    """One for each program with a row."""
    return [picture(summary, section) for section in summary["scenarios"] if section["rows"] and section.get("parts", {}).get("workload") in PROGRAMS]


def speed_ups(section: dict) -> dict[str, dict]:
    """The comparison of each queue with one worker, where there is one."""
    return {pair["of"]: pair for pair in section.get("speed_up", []) if pair["times_faster"]}


def faults(row: dict) -> str:
    """What went wrong in a row, which may be what it is there to show."""
    return "".join(f" · {words.counted(name, row['figures'][name][0])}" for name in FAULTS if row.get("figures", {}).get(name, [0])[0] > 0)


def picture(summary: dict, section: dict) -> Picture:
    """A program's picture."""
    pairs, workers = speed_ups(section), words.span([section["parts"]["producers"]], "workers").replace("1 workers", "1 worker")
    told = {queue: f"{words.ratio(pair['times_faster'])} as fast as {pair['to']}{', UNRELIABLE' if pair['unreliable'] else ''}" for queue, pair in pairs.items()}
    counted = [", ".join(["", *(words.counted(name, value[0]) for name, value in row.get("figures", {}).items())]) for row in section["rows"]]
    figures = [row_figures(row, section["unit"]) + (f", {told[row['queue']]}" if row["queue"] in told else "") + more for row, more in zip(section["rows"], counted)]
    first = next((f" {row['queue']} with {workers} is {told[row['queue']]}." for row in section["rows"] if row["queue"] in told), "")
    notes = ["More threads than cpus: some wait for a cpu."] * section["oversubscribed"]
    notes += [f"Line: {workers}, as many times as fast as one. Compared with one alone: {', '.join(sorted({pair['to'] for pair in pairs.values()}))}."] * bool(pairs)
    notes += ["Grey, below the field: what may come to a wrong result."] * any(row["limit"] for row in section["rows"])
    return Picture(
        "programs", section["scenario"], section["machine"], f"Whole program: {section['scenario']}", f"{section['headline'] or 'Nothing is compared here'}.{first}", figures,
        footer(summary, [section], of_values=not pairs, of_ratios=bool(pairs)), (8.2, 0.75 + 0.235 * len(section["rows"])),
        lambda figure, theme: draw(figure, summary, section, theme), notes, versions(summary, [section]),
    )


def draw(figure: Figure, summary: dict, section: dict, theme: style.Theme) -> None:
    """A row for each, in the order of the ranking: speed-up, or else its figure, with a whisker; in words at the right."""
    axes, rows, unit, pairs = figure.subplots(), section["rows"], section["unit"], speed_ups(section)
    coloured = [row["queue"] for row in rows if not row["limit"] and row["value"] is not None][: style.MOST_HIGHLIGHTED]
    ends = []
    for y, row in enumerate(rows):
        times, told = pairs.get(row["queue"], {}).get("times_faster"), f"{words.shown(row['outcome'], 30)}: no figure"
        value, whisker = (row["value"], row["value_interval"]) if not pairs else (times["estimate"], times["interval"]) if times else (None, None)
        if row["value"] is not None:
            told = words.figure(row["value"], unit) + (f" · {words.significant(value)}x" if times else "")
        if value is not None:
            style.point(axes, value, y, style.look(summary, row["queue"], theme, quiet=row["queue"] not in coloured), theme, row["queue"], whisker)
            ends += [value, *(whisker or [])]
        told += faults(row) + " · UNRELIABLE" * bool(row["unreliable"])
        axes.text(1.015, y, told, transform=axes.get_yaxis_transform(), va="center", size=style.SMALL, color=theme.faint if row["limit"] else theme.ink)
    if pairs:
        style.ratio_scale(axes, [*ends, section["parts"]["producers"]], section["margin"], theme)
        axes.axvline(section["parts"]["producers"], color=theme.faint, linewidth=1, linestyle=(0, (4, 2)), label="workers")
    else:
        style.scale(axes, "x", ends or [1, 2], unit)
    axes.set_xlabel("times as fast as one worker alone, higher is better" if pairs else f"{unit}, {words.direction(unit.startswith('ns'))}")
    axes.set_yticks(range(len(rows)), [words.shown(row["queue"], 40) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
