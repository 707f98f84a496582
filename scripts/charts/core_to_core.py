"""The core-to-core map: what a line takes to and fro between two cpus."""

from matplotlib import colormaps
from matplotlib.figure import Figure

import style
import words
from picture import Picture

NEEDS = "a core-to-core map; measure with: queuebench machine --probe -o core-to-core.json"
MOST_CELLS, MOST_NUMBERED = 64, 16


def pictures(maps: list[dict]) -> list:
    """One for each map."""
    return [picture(probe) for probe in maps]


def in_order(probe: dict) -> list[dict]:
    """The cpus that were probed, neighbours beside each other."""
    probed = {end for pair in probe["pairs"] for end in (pair["from"], pair["to"])}
    key = lambda cpu: [-1 if cpu.get(part) is None else cpu[part] for part in ("package", "l3", "core", "id")]
    return sorted((cpu for cpu in probe["topology"]["cpus"] if cpu["id"] in probed), key=key)


def classes_of(probe: dict) -> dict[str, list[dict]]:
    """The measured pairs of each class, in the order they first occur."""
    found: dict[str, list[dict]] = {}
    for pair in probe["pairs"]:
        if pair["round_trip_ns"] is not None:
            found.setdefault(pair["class"], []).append(pair)
    return found


def picture(probe: dict) -> Picture:
    """A map's picture."""
    classes, cpus = classes_of(probe), in_order(probe)
    ranges = [f"{name} {words.span(sorted({pair['round_trip_ns'] for pair in pairs}), 'ns')}" for name, pairs in classes.items()]
    missing = [f"{pair['from']} to {pair['to']}" for pair in probe["pairs"] if pair["round_trip_ns"] is None]
    finding = ("Least to most of each class of pairs: " + "; ".join(ranges) + ".") if ranges else "No pair has a figure."
    figures = [f"cpu {pair['from']} to cpu {pair['to']} ({pair['class']}): {pair['round_trip_ns']} ns [{pair['low_ns']}, {pair['high_ns']}]" for pair in probe["pairs"][:400] if pair["round_trip_ns"] is not None]
    if len(probe["pairs"]) > 400:
        figures = ranges
    notes = [f"Not measured, of the pairs: {len(missing)}" + (f" ({', '.join(missing)})." if len(missing) <= 6 else ".")] * bool(missing)
    notes += ["A sample of the pairs."] * bool(probe["sampled"])
    as_strip = probe["sampled"] or len(cpus) > MOST_CELLS
    side = 2.6 + 0.42 * min(len(cpus), 12)
    version = f"queuebench {probe['version']}" if probe.get("version") else ""
    made_of = [probe["machine"]["id"], probe["started"][:10], version, f"n = {len(probe['pairs'])} pairs of {len(cpus)} cpus"]
    return Picture(
        "core-to-core", "map", probe["machine"]["id"], "Core to core: round trip of a cache line", finding, figures,
        [" · ".join(words.shown(part, 90) for part in made_of if part), "intervals: the pair's low and high figures as recorded"],
        (7.6, 1.2 + 0.5 * len(classes)) if as_strip else (max(6.0, side), side), lambda figure, theme: (draw_strip if as_strip else draw)(figure, probe, theme), notes,
    )


def draw(figure: Figure, probe: dict, theme: style.Theme) -> None:
    """A heat map in the order of the topology, borders around packages and L3 caches, numbers where there is room."""
    axes, cpus = figure.subplots(), in_order(probe)
    at = {cpu["id"]: place for place, cpu in enumerate(cpus)}
    cells = [[float("nan")] * len(cpus) for _ in cpus]
    for pair in probe["pairs"]:
        if pair["round_trip_ns"] is not None:
            cells[at[pair["from"]]][at[pair["to"]]] = pair["round_trip_ns"]
    most = max((pair["round_trip_ns"] for pair in probe["pairs"] if pair["round_trip_ns"] is not None), default=1)
    colours = colormaps["cividis"].with_extremes(bad=theme.shade)
    image = axes.imshow(cells, cmap=colours, vmin=0, vmax=most, interpolation="nearest")
    if len(cpus) <= MOST_NUMBERED:
        for pair in probe["pairs"]:
            value = pair["round_trip_ns"]
            colour = theme.ink if value is None else "white" if value < most / 2 else "black"
            axes.text(at[pair["to"]], at[pair["from"]], "?" if value is None else f"{value}", ha="center", va="center", size=style.SMALL, color=colour)
    names = [f"cpu {cpu['id']}" for cpu in cpus]
    step = 1 if len(cpus) <= 32 else 4
    axes.set_yticks(range(0, len(cpus), step), names[::step], size=style.SMALL)
    axes.set_xticks(range(0, len(cpus), step), names[::step], size=style.SMALL, rotation=90 if len(cpus) > 8 else 0)
    for place, (before, after) in enumerate(zip(cpus, cpus[1:])):
        if before.get("package") != after.get("package") or before.get("l3") != after.get("l3"):
            width = 2.4 if before.get("package") != after.get("package") else 1.2
            axes.axhline(place + 0.5, color=theme.paper, linewidth=width)
            axes.axvline(place + 0.5, color=theme.paper, linewidth=width)
    axes.grid(False)
    axes.set_ylabel("from, ordered by package, L3, core")
    axes.set_xlabel("to" + ("; lines: borders of L3 caches and packages" if len({(cpu.get("package"), cpu.get("l3")) for cpu in cpus}) > 1 else ""))
    figure.colorbar(image, ax=axes, label="ns to and fro, lower is better", shrink=0.85)


def draw_strip(figure: Figure, probe: dict, theme: style.Theme) -> None:
    """Every measured pair as a dot, a row for each class: too many cpus for cells, or a sample only."""
    axes, classes = figure.subplots(), classes_of(probe)
    for y, (name, pairs) in enumerate(classes.items()):
        # Spread by order, so that dots of one figure don't hide each other.
        heights = [y + 0.3 * ((place % 7) - 3) / 3 for place in range(len(pairs))]
        axes.plot([pair["round_trip_ns"] for pair in pairs], heights, "o", markersize=2.5, color=theme.ink, alpha=0.5, label=name)
    axes.set_yticks(range(len(classes)), [f"{words.shown(name, 30)} ({len(pairs)} pairs)" for name, pairs in classes.items()])
    axes.set_ylim(len(classes) - 0.4, -0.6)
    style.scale(axes, "x", [pair["round_trip_ns"] for pairs in classes.values() for pair in pairs] or [1], "ns")
    axes.set_xlabel("ns to and fro, lower is better")
