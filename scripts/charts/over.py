"""Lines over what differs between scenarios: what the cliff, scaling and the sweeps have in common."""

from collections.abc import Callable

from matplotlib.axes import Axes

import style
import words
from picture import Picture, footer, versions


# With more lines than these, the grey ones are named in the text only.
MOST_LABELLED = 14


def sections_of(summary: dict, series: dict) -> list[dict]:
    """The scenarios of a series, in its order."""
    return [summary["scenarios"][place["scenario"]] for place in series["places"]]


def row_of(section: dict, queue: str) -> dict | None:
    """A queue's row in a scenario."""
    return next((row for row in section["rows"] if row["queue"] == queue), None)


def points_of(summary: dict, series: dict, queue: str) -> list[tuple[dict, dict, dict]]:
    """The places, scenarios and rows where a queue has a figure."""
    found = [(place, section, row_of(section, queue)) for place, section in zip(series["places"], sections_of(summary, series))]
    return [(place, section, row) for place, section, row in found if row and row["value"] is not None]


def prominent(series: dict) -> set[str]:
    """The queues in colour: never more than can be told apart."""
    return set([line["queue"] for line in series["lines"] if line["highlighted"]][: style.MOST_HIGHLIGHTED])


def draw_lines(axes: Axes, summary: dict, series: dict, theme: style.Theme, unit: str, convert: Callable[[float, dict], float] = lambda value, _: value) -> list:
    """Every queue of a series over its places; gives back where the named ones end."""
    order = {place["label"]: at for at, place in enumerate(series["places"])}
    coloured, ends = prominent(series), []
    values = []
    for line in sorted(series["lines"], key=lambda line: line["queue"] in coloured):
        named = line["queue"] in coloured or line["limit"]
        drawn = style.look(summary, line["queue"], theme, quiet=line["queue"] not in coloured)
        points = points_of(summary, series, line["queue"])
        for (one, before, first), (other, after, second) in zip(points, points[1:]):
            # A place between them without a figure leaves a gap.
            if order[other["label"]] - order[one["label"]] == 1:
                ys = [convert(first["value"], before), convert(second["value"], after)]
                how = {"color": drawn.colour, "linestyle": (0, (1, 3))} if line["limit"] else drawn.line()
                axes.plot([one["at"], other["at"]], ys, **how, linewidth=1.7 if named else 0.8, alpha=1 if named else 0.6, label=f"{line['queue']} line", zorder=2 if named else 1)
        for place, section, row in points:
            whisker = [convert(end, section) for end in row["value_interval"]] if named and row["value_interval"] else None
            value = convert(row["value"], section)
            values += [value, *(whisker or [])]
            if line["limit"]:
                # A bound is a line, no contender's dot.
                axes.plot([place["at"]], [value], linestyle="none", marker="None", label=line["queue"])
                axes.plot([place["at"]] * len(whisker or []), whisker or [], color=drawn.colour, linewidth=1, label=f"{line['queue']} interval")
            elif named:
                style.point(axes, place["at"], value, drawn, theme, line["queue"], whisker, upright=True)
            else:
                axes.plot([place["at"]], [value], **drawn.dot(theme.paper), label=line["queue"], markersize=3, alpha=0.6, zorder=1.5)
        if points and (named or len(series["lines"]) <= MOST_LABELLED):
            place, section, row = points[-1]
            name = f"{line['queue']} (limit)" if line["limit"] else line["queue"]
            ends.append((name, place["at"], convert(row["value"], section), drawn.colour))
    style.scale(axes, "y", values or [1, 2], unit, log=True)
    ats = [place["at"] for place in series["places"]]
    axes.set_xlim(min(ats) - 0.35, max(ats) + 0.35)
    axes.set_xticks(ats, [words.shown(place["label"], 20) for place in series["places"]])
    return ends


def notes_of(summary: dict, series: dict) -> list[str]:
    """What the lines don't say: who is grey, who failed, whose figure is unreliable."""
    coloured = prominent(series)
    # Placement has a row for each, and no colours.
    grey = [] if series["swept"] == "placement" else [line["queue"] for line in series["lines"] if not line["limit"] and line["queue"] not in coloured]
    notes = [f"Grey: {', '.join(grey)}." if len(grey) <= 4 else f"Grey: {len(grey)} more queues, named in the text beside this picture."] * bool(grey)
    named = coloured | {line["queue"] for line in series["lines"] if line["limit"]}
    drawn = {line["queue"] for line in series["lines"]}
    for word, wanted in (
        ("No figure", lambda row: row["value"] is None and row["outcome"]),
        ("Two speeds, the middle drawn", lambda row: row["queue"] in named and row["modes"] and "seen"),
        ("UNRELIABLE", lambda row: row["queue"] in drawn and row["value"] is not None and row["unreliable"] and "seen"),
    ):
        told: dict[str, list[str]] = {}
        for place, section in zip(series["places"], sections_of(summary, series)):
            for row in section["rows"]:
                if why := wanted(row):
                    reason = "" if why == "seen" else f" ({why})"
                    told.setdefault(row["queue"] + reason, []).append(place["label"])
        if told:
            notes.append(f"{word}: " + "; ".join(f"{who} at {', '.join(where)}" for who, where in told.items()) + ".")
    return notes


def remarks(row: dict) -> str:
    """What is to be known of a figure."""
    return " (two speeds)" * bool(row["modes"]) + (f" (UNRELIABLE: {row['unreliable']})" if row["unreliable"] else "")


def figures_of(summary: dict, series: dict) -> list[str]:
    """Every figure of a series in words."""
    told = []
    for line in series["lines"]:
        points = points_of(summary, series, line["queue"])
        told.append(f"{line['queue']}{' (a limit, no queue)' if line['limit'] else ''}: " + ", ".join(f"{place['label']} {words.with_interval(row['value'], row['value_interval'], series['unit'])}{remarks(row)}" for place, _, row in points))
    return told


def picture(chart: str, summary: dict, series: dict, title: str, size: tuple[float, float], draw) -> Picture:
    """A picture of a series."""
    sections = sections_of(summary, series)
    machine = series["machine"]
    return Picture(
        chart, f"{series['swept']}-{series['fixed']}" if chart in ("scaling", "sweeps") else series["fixed"], machine, f"{title}: {series['fixed']}",
        " In bytes: ".join(filter(None, [series["finding"], series.get("finding_in_bytes")])), figures_of(summary, series), footer(summary, sections), size,
        lambda figure, theme: draw(figure, summary, series, theme), notes_of(summary, series), versions(summary, sections),
    )
