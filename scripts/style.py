"""Looks, themes, scales, the frame around every chart, and how it is saved: the same bytes every time."""

import os
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

import words

matplotlib.use("Agg")

MOST_HIGHLIGHTED = 6
MARKERS = {"circle": "o", "square": "s", "up": "^", "down": "v", "diamond": "D", "cross": "X"}
SMALL, PLAIN, LARGE = 8.0, 9.0, 11.0


@dataclass(frozen=True)
class Theme:
    """Light or dark."""

    name: str
    paper: str
    ink: str
    faint: str
    grid: str
    shade: str

    @property
    def suffix(self) -> str:
        """What file names end with."""
        return "" if self.name == "light" else f"--{self.name}"


THEMES = {
    "light": Theme("light", "#ffffff", "#1a1d21", "#5b6168", "#e3e6e9", "#f1f3f5"),
    "dark": Theme("dark", "#14171a", "#e8eaed", "#a5acb4", "#2c3136", "#1f2429"),
}


@dataclass(frozen=True)
class Look:
    """How a queue is drawn."""

    colour: str
    marker: str
    hollow: bool
    dash: tuple[float, ...]

    def line(self) -> dict:
        """What a line of it is drawn with."""
        return {"color": self.colour, "linestyle": (0, self.dash) if self.dash else "-"}

    def dot(self, paper: str) -> dict:
        """What a marker of it is drawn with."""
        face = paper if self.hollow else self.colour
        return {"marker": self.marker, "markerfacecolor": face, "markeredgecolor": self.colour, "markeredgewidth": 1.3 if self.hollow else 0.5, "linestyle": "none"}


def look(summary: dict, queue: str, theme: Theme, quiet: bool = False) -> Look:
    """A queue's look; a quiet one keeps its marker and dash, not its colour."""
    palette, own = summary["palette"], summary["looks"].get(queue)
    grey = palette["quiet"][theme.name == "dark"]
    if own is None:
        return Look(grey, "o", False, ())
    colours = palette["light" if theme.name == "light" else "dark"]
    marker = MARKERS.get(palette["markers"][own["marker"]], "o")
    return Look(grey if quiet else colours[own["colour"]], marker, own["hollow"], tuple(float(part) / 2 for part in own["dash"]))


def settings(theme: Theme) -> dict:
    """matplotlib's settings, whatever the reader's own are."""
    return {
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica", "sans-serif"],
        "font.size": PLAIN,
        # A `$` of a label is a `$`.
        "text.parse_math": False,
        "text.usetex": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "queuebench",
        "figure.dpi": 160,
        "savefig.dpi": 160,
        "figure.facecolor": theme.paper,
        "savefig.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.faint,
        "axes.labelcolor": theme.ink,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": theme.grid,
        "grid.linewidth": 0.7,
        "text.color": theme.ink,
        "xtick.color": theme.faint,
        "ytick.color": theme.faint,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "lines.linewidth": 1.6,
        "lines.markersize": 6.0,
    }


def wrapped(lines: list[str], room: float, size: float, weight: str = "normal") -> list[str]:
    """Lines that are not wider than so many points, broken at spaces, or anywhere in a word that is wider itself."""
    font = FontProperties(family=["DejaVu Sans"], size=size, weight=weight)
    fits = lambda text: text_to_path.get_text_width_height_descent(text, font, False)[0] <= room
    parts = []
    for line in lines:
        current = ""
        for word in words.shown(line, 600).split(" "):
            if fits(f"{current} {word}"):
                current = f"{current} {word}".lstrip()
                continue
            parts += [current] * bool(current)
            while not fits(word):
                cut = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or fits(word[:end]))
                parts.append(word[:cut])
                word = word[cut:]
            current = word
        parts += [current] * bool(current)
    return parts


def compose(picture, theme: Theme) -> Figure:
    """A picture's figure: title and finding above, the chart, notes and footer below."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(settings(theme))
    width, height = picture.size
    # Hinting and other fonts make text a little wider than it is measured.
    room = (width - 0.24) * 72 * 0.96
    title, finding = wrapped([picture.title], room, LARGE, "bold"), wrapped([picture.finding], room, PLAIN)
    below = wrapped([*picture.notes, *picture.footer], room, SMALL)
    above = 0.12 + 0.21 * len(title) + 0.165 * len(finding) + 0.08
    under = 0.1 + 0.15 * len(below)
    total = height + above + under
    figure = Figure(figsize=(width, total), layout="constrained")
    figure.get_layout_engine().set(rect=(0.005, under / total, 0.99, height / total), h_pad=0.04, w_pad=0.06)

    def write(lines: list[str], top: float, step: float, **how) -> None:
        for at, line in enumerate(lines):
            figure.text(0.12 / width, 1 - (top + at * step) / total, line, va="top", **how).set_in_layout(False)

    write(title, 0.12, 0.21, size=LARGE, weight="bold")
    write(finding, 0.15 + 0.21 * len(title), 0.165, size=PLAIN)
    write(below, above + height + 0.04, 0.15, size=SMALL, color=theme.faint)
    picture.draw(figure, theme)
    return figure


def save(figure: Figure, path: Path, title: str) -> None:
    """The figure as a file, written whole or not at all."""
    metadata = {"Date": None, "Creator": None, "Title": words.shown(title)} if path.suffix == ".svg" else {"Software": None}
    partial = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(partial, format=path.suffix[1:], metadata=metadata)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def scale(axes: Axes, axis: str, values: list[float], unit: str, log: bool | None = None) -> None:
    """An axis that holds all values: a log one where they differ more than tenfold (or as told), else one from zero."""
    least, most = min(values), max(values)
    on = axes.xaxis if axis == "x" else axes.yaxis
    limits = axes.set_xlim if axis == "x" else axes.set_ylim
    if least > 0 and (most / least > 10 if log is None else log):
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        room = (most / least) ** 0.06 * 1.06
        limits(least / room, most * room)
        decades = most / least
        on.set_major_locator(LogLocator(subs=(1,) if decades > 2e3 else (1, 3) if decades > 60 else (1, 2, 5)))
        on.set_minor_locator(NullLocator())
    else:
        limits(min(0.0, least * 1.05), most * 1.06 or 1.0)
        on.set_major_locator(MaxNLocator(5))
    on.set_major_formatter(FuncFormatter(lambda value, _: words.tick(value, unit)))


def ratio_scale(axes: Axes, values: list[float], margin: float | None, theme: Theme) -> None:
    """A log x axis of ratios around 1, with the margin within which they are equivalent."""
    least, most = min([*values, 0.9]), max([*values, 1.1])
    room = (most / least) ** 0.05
    axes.set_xscale("log")
    axes.set_xlim(least / room, most * room)
    steps = (1,) if most / least > 100 else (1, 2, 5) if most / least > 4 else (1, 1.2, 1.5, 2, 3, 5, 7, 8, 9) if most / least > 1.6 else (1, 1.1, 1.2, 1.3, 7, 8, 9)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.axvline(1, color=theme.faint, linewidth=1)
    if margin:
        axes.axvspan(1 / (1 + margin), 1 + margin, color=theme.shade, zorder=0, linewidth=0)


def point(axes: Axes, x: float, y: float, drawn: Look, theme: Theme, name: str, whisker: list[float] | None, upright: bool = False) -> None:
    """A dot with its whisker; both carry the name, so that they can be read back."""
    if whisker:
        ends = ([x, x], whisker) if upright else (whisker, [y, y])
        caps = "_" if upright else "|"
        axes.plot(*ends, color=drawn.colour, linewidth=1.3, marker=caps, markersize=5, markeredgewidth=1.1, label=f"{name} interval", zorder=2.5)
    axes.plot([x], [y], **drawn.dot(theme.paper), label=name, zorder=3)


def end_labels(axes: Axes, ends: list[tuple[str, float, float, str]], height: float, ink: str) -> None:
    """Names at the right of the axes, beside where their lines end, moved apart so that none covers another."""
    step = 0.165 / height
    to_share = axes.transData + axes.transAxes.inverted()
    placed = sorted((float(to_share.transform((x, y))[1]), name, x, y, colour) for name, x, y, colour in ends)
    heights = [share for share, *_ in placed]
    for _ in range(200):
        for at in range(len(heights) - 1):
            missing = step - (heights[at + 1] - heights[at])
            if missing > 1e-9:
                heights[at] -= missing / 2
                heights[at + 1] += missing / 2
        if heights:
            heights = [share + max(0.0, -heights[0]) - max(0.0, heights[-1] - 1.0) * (len(heights) * step < 1) for share in heights]
    for share, (_, name, x, y, colour) in zip(heights, placed):
        axes.annotate(
            words.shown(name, 40), (x, y), (1.035, share), textcoords="axes fraction", va="center", size=PLAIN, color=ink,
            annotation_clip=False, arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.7, "shrinkA": 2, "shrinkB": 4, "relpos": (0, 0.5)},
        )
