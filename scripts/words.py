"""How figures, labels, file names and sentences are written: nothing is computed from the figures but their unit."""

import hashlib
import math
import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown(text: object, most: int = 200) -> str:
    """Text of a file as it may be drawn: what cannot be seen or turns text around is named, what is too long ends in an ellipsis."""
    visible = "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in _HIDDEN else c for c in str(text)[: most + 1])
    return visible if len(visible) <= most else visible[: most - 1] + "…"


def slug(text: str, most: int = 80) -> str:
    """A part of a file name, whatever the text is: `[a-z0-9.+-]`, not empty, no `--`, no dot in front."""
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9.+-]", "-", text.lower())).strip(".-")
    if plain and len(plain) <= most:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: most - 9]}-{digest}".strip(".-")


def significant(value: float) -> str:
    """Three digits that mean something, as the tables print them."""
    if value == 0:
        return "0"
    return f"{value:.{min(max(2 - math.floor(math.log10(abs(value))), 0), 9)}f}"


def rate(value: float) -> str:
    """A rate per second: `38.4 M/s`."""
    for least, scale, prefix in ((1e9, 1e9, "G"), (1e5, 1e6, "M"), (1e3, 1e3, "k")):
        if value >= least:
            return f"{significant(value / scale)} {prefix}/s"
    return f"{significant(value)} /s"


def duration(ns: float) -> str:
    """Nanoseconds in the unit nearest to them: `65.6 us`."""
    for least, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= least:
            return f"{significant(ns / least)} {unit}"
    return f"{significant(ns)} ns"


def figure(value: float, unit: str) -> str:
    """A figure with its unit."""
    if unit.startswith("ns"):
        return duration(value)
    return f"{significant(value)} GiB/s" if unit == "GiB/s" else rate(value)


def counted(name: str, value: float) -> str:
    """What a program counted besides, whose name ends in its unit: `lost updates 37.2 %`."""
    bare, _, unit = name.rpartition("_")
    told = {"ppm": lambda: f"{significant(value / 1e4)} %", "ns": lambda: duration(value), "bytes": lambda: f"{significant(value / 1024)} KiB"}.get(unit)
    return f"{(bare if told else name).replace('_', ' ')} {told() if told else f'{value:g}'}"


def tick(value: float, unit: str) -> str:
    """A figure on an axis: without needless zeros."""
    if value == 0:
        return "0"
    number, _, suffix = figure(value, unit).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {suffix}"


def with_interval(value: float, interval: list[float] | None, unit: str) -> str:
    """A figure and what it may be."""
    if not interval:
        return figure(value, unit)
    return f"{figure(value, unit)} [{figure(interval[0], unit)}, {figure(interval[1], unit)}]"


def ratio(times: dict) -> str:
    """A ratio and what it may be, with as many digits as show that an end is not 1."""
    interval = times.get("interval") or []
    digits = next((digits for digits in range(2, 5) if not any(end != 1 and float(f"{end:.{digits}f}") == 1 for end in interval)), 2)
    told = [significant(value) if digits == 2 else f"{value:.{digits}f}" for value in (times["estimate"], *interval)]
    return f"{told[0]}x" + (f" [{told[1]}, {told[2]}]" if interval else "")


def ranks(row: dict) -> str:
    """The places a row may have: `1-3`."""
    lowest, highest = row["ranks"] or (None, None)
    if lowest is None:
        return ""
    return str(lowest) if lowest == highest else f"{lowest}-{highest}"


def direction(less_is_better: bool) -> str:
    """Which way is better."""
    return "lower is better" if less_is_better else "higher is better"


def span(numbers: list[int], noun: str) -> str:
    """`8 blocks`, `8 to 20 blocks`."""
    least, most = min(numbers), max(numbers)
    return f"{least} {noun}" if least == most else f"{least} to {most} {noun}"
