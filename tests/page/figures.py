"""Figures in the words of the page, written apart from the program so that one is held against the other."""

import math


def significant(value):
    """Three significant digits."""
    if value == 0:
        return "0"
    digits = min(max(2 - math.floor(math.log10(abs(value))), 0), 9)
    return f"{value:.{digits}f}"


def rate(value):
    for least, unit, prefix in [(1e9, 1e9, "G"), (1e5, 1e6, "M"), (1e3, 1e3, "k")]:
        if value >= least:
            return f"{significant(value / unit)} {prefix}/s"
    return f"{significant(value)} /s"


def duration(ns):
    for unit, name in [(1e9, "s"), (1e6, "ms"), (1e3, "us")]:
        if ns >= unit:
            return f"{significant(ns / unit)} {name}"
    return f"{significant(ns)} ns"


def ratio(of):
    estimate = of["estimate"]
    digits = 2 if estimate < 10 else 1 if estimate < 100 else 0
    ends = of["interval"] or []

    def hides(digits):
        return any(end != 1 and round(end, digits) == 1 for end in ends)

    while digits < 5 and hides(digits):
        digits += 1
    if hides(digits):
        digits = 2
    words = f"{estimate:.{digits}f}"
    if of["interval"]:
        low, high = of["interval"]
        words += f" [{low:.{digits}f}, {high:.{digits}f}]"
    return words


def unit_once(low, high, between):
    """Two figures; of the same unit, it stands behind the second."""
    return (low.split(" ")[0] if low.split(" ")[1:] == high.split(" ")[1:] else low) + between + high


def is_timed(section):
    return section["parts"]["workload"] in ("pingpong", "wakeup", "spawn", "counter", "lookup", "finish", "recover", "barrier")


PROGRAMS = ("crawl", "counter", "lookup", "finish", "recover", "barrier", "print", "map")


def is_of_queues(section):
    """Whether its rows are queues, as those of a crawl are, and not ways to write a program."""
    return section["parts"]["workload"] not in PROGRAMS[1:]


def in_unit(section):
    return duration if is_timed(section) else rate


def field(section):
    return f"suite {section['suite']}" + (f", {section['runs']} runs" if section["runs"] > 1 else "")


def lead(section, answer):
    """The sentence a card begins with."""
    sentence = answer["sentence"] or "too little is known to say"
    if answer["queues"] < 2:
        return f"{sentence}."
    return f"Of {answer['queues']} queues in {field(section)}: {sentence}."
