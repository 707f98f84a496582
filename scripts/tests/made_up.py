"""Summaries and maps that were never measured: synthetic, for tests only."""

import copy

HOSTILE = [r"$\frac{$", "_x", "<script>alert(1)</script>", "../../../etc/passwd", "\u202egnp.exe\u2066", "bell\x07\x1b[31m\x00", "a" * 300, "\ud800", "&amp;\"'", "%s{0}"]
MACHINES = ["synthetic-one", "synthetic-two"]


def two_machines(summary: dict) -> dict:
    """A synthetic summary of two machines: one's figures, and the same made slower by hand."""
    made = copy.deepcopy(summary)
    section = made["scenarios"][0]
    other = copy.deepcopy(section)
    section["machine"], other["machine"] = MACHINES
    made["scenarios"] = [section, other]
    made["series"] = made["crossings"] = []
    rows = []
    for row in section["rows"]:
        on = []
        for factor in (1, 3):
            times = {"estimate": 2.0 * factor, "interval": [1.8 * factor, 2.5 * factor], "rounds": 9}
            figures = {"ns": 1e9 / row["value"] * factor, "ns_interval": [9e8 / row["value"] * factor, 1.2e9 / row["value"] * factor], "times_reference": times, "share_of_limit": None, "ranks": row["ranks"], "may_be_best": False, "unreliable": None} if row["value"] else None
            on.append(figures)
        rows.append({"queue": row["queue"], "limit": row["limit"], "on": on, "without": [None if figures else row["outcome"] for figures in on]})
    rows[0]["on"][1], rows[0]["without"][1] = None, "not-measured"
    rows[0]["on"][0]["unreliable"] = "made up"
    beside = {
        "scenario": section["scenario"], "reference": section["reference"], "sections": [0, 1], "rows": rows, "agreements": 1, "open": 1,
        "reversals": [{"one": rows[0]["queue"], "other": rows[1]["queue"], "one_faster_on": MACHINES[:1], "other_faster_on": MACHINES[1:]}],
        "finding": "SYNTHETIC, made up for a test.",
    }
    made["side_by_side"] = {"machines": MACHINES, "scenarios": [beside], "left_out": []}
    return made


def a_program(summary: dict, workers: int | None) -> dict:
    """A synthetic summary of one program; with speed-ups of its first two rows, if it has workers."""
    made = copy.deepcopy(summary)
    section = made["scenarios"][0]
    made["scenarios"], made["series"], made["crossings"] = [section], [], []
    section["parts"].update(workload="map", producers=workers or 2, consumers=workers or 2)
    if workers:
        times = [{"estimate": 3.5 - at, "interval": [3.2 - at, 3.9 - at], "rounds": 9} for at in range(2)]
        section["speed_up"] = [{"of": row["queue"], "to": "made-up/serial", "times_faster": ratio, "verdict": "faster", "unreliable": False} for row, ratio in zip(section["rows"], times)]
    return made


def renamed(summary: dict) -> dict:
    """A synthetic summary whose queues, machine and scenarios have the worst names there are."""
    made = copy.deepcopy(summary)
    names: dict[str, str] = {}

    def name(queue: str) -> str:
        return names.setdefault(queue, HOSTILE[len(names)] if len(names) < len(HOSTILE) else queue)

    for section in made["scenarios"]:
        for row in section["rows"]:
            row["queue"] = name(row["queue"])
            row["unreliable"] = row["unreliable"] and HOSTILE[0]
        section.update(scenario=section["scenario"] + "/".join(HOSTILE[2:5]), machine="../" + HOSTILE[2], headline=" ".join(HOSTILE))
        for dots in section.get("dots", []):
            dots["queue"] = name(dots["queue"])
    for series in made["series"]:
        series.update(fixed=series["fixed"] + HOSTILE[0], machine="../" + HOSTILE[2], finding=" ".join(HOSTILE))
        for line in series["lines"]:
            line["queue"] = name(line["queue"])
    for run in made["runs"]:
        run["rustc"] = HOSTILE[0]
    made["looks"] = {name(queue): look for queue, look in made["looks"].items()}
    return made


def core_map(packages: int = 2, per_l3: int = 2, sampled: bool = False) -> dict:
    """A synthetic core-to-core map; cpus are numbered across packages, as many machines have it."""
    count = packages * 2 * per_l3
    cpus = [{"id": at, "package": at % packages, "core": at // packages, "l3": at % (packages * 2)} for at in range(count)]
    pairs = []
    for one in cpus:
        for other in cpus:
            if one is not other:
                kind = "cross-node" if one["package"] != other["package"] else "same-l3" if one["l3"] == other["l3"] else "cross-l3"
                ns = {"same-l3": 40, "cross-l3": 90, "cross-node": 210}[kind] + one["id"]
                pairs.append({"from": one["id"], "to": other["id"], "class": kind, "round_trip_ns": ns, "low_ns": ns - 3, "high_ns": ns + 5})
    pairs[0].update(round_trip_ns=None, low_ns=None, high_ns=None)
    return {"type": "core-to-core", "schema": 1, "started": "2026-01-02T03:04:05Z", "machine": {"id": "synthetic-map"}, "topology": {"cpus": cpus}, "sampled": sampled, "pairs": pairs}
