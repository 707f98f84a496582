"""What a chart hands over to be composed, saved and listed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from matplotlib.figure import Figure

import words
from style import Theme

VALUES = "order-statistic interval of the median over blocks"
RATIOS = "each by itself, signed ranks over rounds"


@dataclass(frozen=True)
class Picture:
    """One image: its name, what is said around it, and how it is drawn."""

    chart: str
    about: str
    machine: str
    title: str
    finding: str
    figures: list[str]
    footer: list[str]
    size: tuple[float, float]
    draw: Callable[[Figure, Theme], None]
    notes: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)

    def alt(self) -> str:
        """The picture in words: the title, the finding, the figures, what they are of."""
        lines = [self.title + ".", self.finding, "Figures:"]
        lines += [f"- {line}" for line in self.figures]
        lines += [*self.notes, *self.footer, *self.aside]
        return "\n".join(words.shown(line, 2000) for line in lines if line) + "\n"

    def short_alt(self) -> str:
        """The picture in a sentence or two, for an `alt` attribute."""
        return words.shown(f"{self.title}. {self.finding}", 1000)


def footer(summary: dict, sections: list[dict], of_values: bool = True, of_ratios: bool = False) -> list[str]:
    """The lines that every image ends with: machine, date, versions, n, what the intervals are."""
    pools = {section["pool"] for section in sections}
    rustc = sorted({run["rustc"].split(" (")[0] for run in summary["runs"] if run["pool"] in pools})
    machines = sorted({section["machine"] for section in sections})
    dates = sorted({section["started"][:10] for section in sections})
    blocks = [row["blocks"] for section in sections for row in section["rows"] if row["blocks"]]
    counts = [words.span(blocks, "blocks a queue and scenario")] if blocks else []
    counts.append(words.span([section["rounds"] for section in sections], "rounds"))
    share = f"{words.significant(summary['confidence'] * 100).rstrip('0').rstrip('.')} %"
    made_of = [" and ".join(machines), ", ".join(dates), f"queuebench {summary['version']}", ", ".join(rustc), "n = " + ", ".join(counts)]
    bars = [f"values: {share} {VALUES}"] * of_values + [f"ratios: {share}, {RATIOS}"] * of_ratios
    return [" · ".join(words.shown(part, 90) for part in made_of), "whiskers, " + "; ".join(bars)]


def versions(summary: dict, sections: list[dict]) -> list[str]:
    """The version of every queue of these scenarios, a line for each machine; for the text only, there are many."""
    told = []
    for machine in summary.get("machines", []):
        queues = {row["queue"] for section in sections if section["machine"] == machine["id"] for row in section["rows"]}
        known = [f"{queue} {version}" for queue, version in machine["versions"].items() if queue in queues]
        if known:
            told.append(f"versions on {machine['id']}: {', '.join(known)}")
    return told


def row_figures(row: dict, unit: str) -> str:
    """A row of a ranking in words."""
    if row["value"] is None:
        return f"{row['queue']}: {row['outcome']}, no figure"
    parts = [words.with_interval(row["value"], row["value_interval"], unit)]
    if row["ranks"]:
        parts.append(f"rank {words.ranks(row)}")
    if row["modes"]:
        speeds = " and ".join(f"{words.figure(mode['value'], unit)} ({mode['blocks']} blocks)" for mode in row["modes"])
        parts.append(f"two speeds: {speeds}")
    if row["failed_blocks"]:
        parts.append(f"{row['failed_blocks']} blocks failed")
    if row["unreliable"]:
        parts.append(f"UNRELIABLE: {row['unreliable']}")
    return f"{row['queue']}{' (a limit, no queue)' if row['limit'] else ''}: {', '.join(parts)}"
