"""Results files made for these tests: parts of recorded and synthetic ones, changed so that they say they are made up."""

import copy
import json
import random

SYNTHETIC_NOTE = "synthetic: made up for tests"


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def of_type(lines, wanted):
    return [line for line in lines if line["type"] == wanted]


def with_blocks(lines, blocks):
    """The same run with these blocks only, and an end line that counts them."""
    others = [line for line in lines if line["type"] in ("run", "skip")]
    ends = [{**end, "blocks": len(blocks)} for end in of_type(lines, "end")]
    return copy.deepcopy(others + blocks + ends)


def on_machine(lines, machine, factors, seed=2):
    """The run on another machine that does not exist; its queues are as many times faster as `factors` says."""
    lines = copy.deepcopy(lines)
    run = lines[0]
    run["machine"] |= {"id": machine, "cpu_model": "no cpu: " + SYNTHETIC_NOTE}
    run["topology"]["notes"] = [SYNTHETIC_NOTE]
    run["seed"] = seed
    for block in of_type(lines, "block"):
        factor = factors.get(block["queue"], factors[None])
        block["messages"] = max(1, int(block["messages"] * factor))
        block["slices"] = [[int(messages * factor), ns] for messages, ns in block.get("slices", [])]
        block["round_trips"] = [[int(ns / factor), count] for ns, count in block.get("round_trips", [])]
    return lines


def without_blocks(lines):
    return [lines[0]]


def nothing_ok(lines):
    blocks = of_type(lines, "block")
    for queue in {block["queue"] for block in blocks}:
        blocks = failing(blocks, queue)
    return with_blocks(lines, blocks)


def failing(lines, queue):
    failed = {"outcome": "hung", "detail": "made up: nothing came out", "messages": 0, "elapsed_ns": 0}
    return [line | failed if line.get("queue") == queue and line["type"] == "block" else line for line in lines]


def one_queue(lines, queue):
    return with_blocks(lines, [block for block in of_type(lines, "block") if block["queue"] == queue])


def one_block(lines):
    return with_blocks(lines, of_type(lines, "block")[:1])


def many_cpus(lines, cpus=256):
    """The run on two packages of `cpus` cpus in all, two threads a core, eight cores an L3."""
    lines = on_machine(lines, f"synthetic-{cpus}-cpus", {None: 1.0})
    lines[0]["machine"] |= {"packages": 2, "cores": cpus // 2, "cpus": cpus}
    lines[0]["topology"]["cpus"] = [cpu_of_many(number, cpus) for number in range(cpus)]
    return lines


def cpu_of_many(number, cpus):
    core = number % (cpus // 2)
    package = core * 2 // (cpus // 2)
    place = {"package": package, "node": package, "core": core, "l2": core, "l3": core // 8}
    sizes = {"l1d_bytes": 32768, "l2_bytes": 524288, "l3_bytes": 33554432}
    return {"id": number, "online": True, "usable": True, "kind": None, **place, **sizes}


def sampled_map(run, pairs=1200):
    """A core-to-core map of the run's machine, a sample of its pairs."""
    cpus = run["topology"]["cpus"]
    drawn = random.Random(1)
    every = [(one, other) for one in cpus for other in cpus if one is not other]
    return {
        "type": "core-to-core", "schema": 1, "program": "queuebench", "version": "0.1.0",
        "started": "2026-01-02T03:04:05Z", "seed": 1, "machine": run["machine"], "topology": run["topology"],
        "sampled": True, "repetitions": 15,
        "pairs": [pair_of(one, other) for one, other in drawn.sample(every, pairs)],
    }


def pair_of(one, other):
    kinds = [("core", "smt", 20), ("l3", "same-l3", 80), ("node", "cross-l3", 200)]
    name, ns = next(((kind, ns) for key, kind, ns in kinds if one[key] == other[key]), ("cross-node", 400))
    ns += (one["id"] * 7 + other["id"] * 3) % 20
    return {"from": one["id"], "to": other["id"], "class": name, "round_trip_ns": ns, "low_ns": ns - 5, "high_ns": ns + 5}


# What a stranger may write into any text. A formula works only at the beginning, so it stands there.
PAYLOADS = [
    "=HYPERLINK(1)",
    "<script>window.__pwned=1</script>",
    '"><img src=x onerror="window.__pwned=2">',
    "</style><script>window.__pwned=3</script>",
    "</script><script>window.__pwned=4</script>",
    "<!--",
    "javascript:window.__pwned=5",
    "$\\frac{$",
    "__proto__",
    "\u202ereversed\u2066\u200b\u061c\ufeff\x1b[31m\x07\x00\u2028",
]
HIDDEN_CHARACTERS = "\u202e\u2066\u200b\u061c\ufeff\x1b\x07\x00\u2028"


def hostile_text(field):
    return PAYLOADS[0] + " " + field + " " + " ".join(PAYLOADS[1:])


def visible(text):
    return "".join(letter for letter in text if letter not in HIDDEN_CHARACTERS)


RUN_TEXTS = ["program", "version", "build", "started", "suite", "profile"]
MACHINE_TEXTS = ["cpu_model", "arch", "kernel", "hypervisor", "clock_source", "governor", "huge_pages", "smt"]
TOOL_TEXTS = ["rustc", "target", "opt_level", "rustflags", "allocator"]
# Queue ids may hold letters, digits and / + - _ . @ : enough for names that scripts and spreadsheets know.
QUEUE_IDS = {"made-up/a": "__proto__", "made-up/b": "constructor", "made-up/c": "+1+2", "made-up/d": "@SUM",
             "made-up/wobbly": "-2+3", "made-up/disturbed": "toString", "made-up/a@base": "valueOf@base"}


def hostile(lines):
    """Every text a stranger chooses is hostile, and queues are called what objects have of themselves."""
    lines = copy.deepcopy(lines)
    run = lines[0]
    for group, names in [(run, RUN_TEXTS), (run["machine"], MACHINE_TEXTS), (run["toolchain"], TOOL_TEXTS)]:
        group.update({name: hostile_text(name) for name in names})
    # Names of machines may hold as little as those of queues.
    run["machine"]["id"] = "__proto__"
    run["workers"] = {"base": hostile_text("worker"), "__proto__": hostile_text("worker")}
    run["versions"] = {QUEUE_IDS[queue]: hostile_text("queue-version") for queue in run["versions"]}
    run["families"] = {QUEUE_IDS[queue]: hostile_text("family") for queue in run["families"]}
    run["topology"]["notes"] = [hostile_text("note")]
    run["selection"] |= {"queue": hostile_text("filter"), "scenario": hostile_text("filter")}
    for scenario in run["scenarios"]:
        scenario |= {"reference": QUEUE_IDS[scenario["reference"]], "name": hostile_text("scenario-name"),
                     "tags": [hostile_text("scenario-tag")]}
    for block in of_type(lines, "block"):
        block |= {"queue": QUEUE_IDS[block["queue"]], "flags": [hostile_text("flag")]}
        if block["queue"] == "toString":
            block |= {"outcome": "hung", "detail": hostile_text("detail")}
    id = run["scenarios"][0]["id"]
    skips = [(id, hostile_text("skipped-queue"), hostile_text("skip-reason")),
             (hostile_text("skipped-scenario"), None, hostile_text("whole-skip-reason"))]
    lines[1:1] = [{"type": "skip", "scenario": scenario, "queue": queue, "reason": reason} for scenario, queue, reason in skips]
    lines[-1]["ended"] = hostile_text("ended")
    return lines
