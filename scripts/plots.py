#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["matplotlib==3.11.*"]
# ///
"""Plots of queuebench's results: `plots.py RESULTS... -o DIR`. All figures are the summary's, none is computed here."""

import signal
import sys


def interrupted(*_) -> None:
    """Ctrl-C: a line instead of a traceback, whatever is being done."""
    print("plots.py: interrupted", file=sys.stderr)
    sys.exit(130)


# Before anything else, since what is imported below takes its time.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, interrupted)

import argparse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

try:
    import gallery
    import inputs
    import style
    import words
    from charts import boundary, cliff, core_to_core, cost, machines, placement, programs, ranking, scaling, sweeps
except ModuleNotFoundError as missing:
    sys.exit(f"plots.py: {missing.name} is not installed; type: uv run scripts/plots.py ..., or: pip install -r scripts/requirements.txt")

# In the order of the page.
CHARTS = {
    "machines": machines,
    "ranking": ranking,
    "cliff": cliff,
    "scaling": scaling,
    "sweeps": sweeps,
    "placement": placement,
    "boundary": boundary,
    "programs": programs,
    "core-to-core": core_to_core,
    "cost": cost,
}
FORMATS = ("svg", "png")


def one_of(known: tuple[str, ...], what: str):
    """Reads a list with commas between, of known names only."""

    def parse(text: str) -> list[str]:
        asked = [part.strip() for part in text.split(",") if part.strip()]
        unknown = [name for name in asked if name not in known]
        if unknown or not asked:
            raise argparse.ArgumentTypeError(f"no {what} is called {', '.join(map(repr, unknown)) or repr(text)}; there are: {', '.join(known)}")
        return [name for name in known if name in asked]

    return parse


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="plots.py", description="Plots of queuebench's results, as images with their words beside them.")
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="results files (.jsonl), core-to-core maps, summaries (queuebench rank FILE --format json)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to put the images, their texts and index.md")
    parser.add_argument("--only", type=one_of(tuple(CHARTS), "chart"), metavar="CHARTS", help=f"of {', '.join(CHARTS)}")
    parser.add_argument("--format", type=one_of(FORMATS, "format"), default=["svg"], metavar="FORMATS", help="svg, png, or svg,png; svg where nothing is said")
    parser.add_argument("--theme", type=one_of(tuple(style.THEMES), "theme"), default=["light"], metavar="THEMES", help="light, dark, or light,dark; light where nothing is said")
    parser.add_argument("-q", "--queue", metavar="RE", help="only these queues, as queuebench rank has it")
    parser.add_argument("-s", "--scenario", metavar="RE", help="only these scenarios, as queuebench rank has it")
    parser.add_argument("--queuebench", metavar="PATH", help="the binary; else $QUEUEBENCH, PATH, target/release, target/debug")
    return parser.parse_args(given)


def pictures_of(chart: str, found: inputs.Inputs) -> list:
    """All pictures of one kind."""
    if chart == "core-to-core":
        return core_to_core.pictures(found.maps)
    return [picture for summary in found.summaries for picture in CHARTS[chart].pictures(summary)]


def name_of(picture, taken: set[str]) -> str:
    """A file name that is not taken, compared as file systems without case do."""
    name = stem = f"{picture.chart}--{words.slug(picture.about)}--{words.slug(picture.machine, 60)}"
    count = 1
    while name in taken:
        count += 1
        name = f"{stem}--{count}"
    taken.add(name)
    return name


def write(picture, name: str, options: argparse.Namespace) -> list[str]:
    """One picture in every theme and format, and its text."""
    written = []
    for theme in (style.THEMES[theme] for theme in options.theme):
        figure = style.compose(picture, theme)
        for kind in options.format:
            written.append(f"{name}{theme.suffix}.{kind}")
            style.save(figure, options.output / written[-1], picture.title)
    (options.output / f"{name}.txt").write_text(picture.alt(), encoding="utf-8")
    return written


def run(options: argparse.Namespace) -> None:
    """Loads, draws, lists."""
    filters = [f"{flag}={value}" for flag, value in (("--queue", options.queue), ("--scenario", options.scenario)) if value is not None]
    found = inputs.load(options.results, options.queuebench, filters)
    taken: set[str] = set()
    entries, lacking = [], []
    for chart in options.only or CHARTS:
        try:
            pictures = pictures_of(chart, found)
            if not pictures:
                lacking.append(f"no {chart} here: it takes {CHARTS[chart].NEEDS}")
            elif not entries:
                options.output.mkdir(parents=True, exist_ok=True)
            entries += [(picture, write(picture, name_of(picture, taken), options)) for picture in pictures]
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise inputs.Refused(f"{chart}: the summary is not as queuebench writes it ({type(error).__name__}: {words.shown(error, 120)}); make it anew: queuebench rank FILE --format json") from error
    if not entries:
        raise inputs.Refused("; ".join(lacking) if options.only else "nothing to draw in these files; measure something: queuebench run")
    for why in lacking:
        print(f"plots.py: {why}", file=sys.stderr)
    gallery.write(options.output, entries)
    print(f"{len(entries)} {'picture' if len(entries) == 1 else 'pictures'}: {options.output / 'index.md'}", file=sys.stderr)


def main(given: list[str] | None = None) -> int:
    """Exit code 0, or 1 after one line of what is wrong."""
    options = arguments(given)
    try:
        run(options)
    except inputs.Refused as refused:
        print(f"plots.py: {refused}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"plots.py: cannot write {words.shown(error.filename or options.output)}: {error.strerror}; name another directory: -o DIR", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
