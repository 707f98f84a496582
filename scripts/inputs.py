"""What the plots are made from: summaries by the binary, summaries made before, core-to-core maps."""

import json
import math
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import words

SCHEMA = 1
MOST_BYTES = 256 << 20
REPOSITORY = Path(__file__).resolve().parent.parent


class Refused(Exception):
    """What is wrong, in one line, and what to type."""


@dataclass
class Inputs:
    """Everything there is to draw."""

    summaries: list[dict] = field(default_factory=list)
    maps: list[dict] = field(default_factory=list)


def parse(text: str, name: str) -> object:
    """JSON with finite numbers only."""

    def finite(number: str) -> float:
        value = float(number)
        if not math.isfinite(value):
            raise Refused(f"{name}: {words.shown(number, 30)} is not a finite number")
        return value

    try:
        return json.loads(text, parse_constant=finite, parse_float=finite)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON; name results files (.jsonl) or a summary: queuebench rank FILE --format json > summary.json") from None


def read(path: Path) -> str:
    """A file's text, if it is one."""
    name = words.shown(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"{name} is larger than {MOST_BYTES >> 20} MiB; fewer rows: queuebench rank FILE -s SCENARIO --format json > summary.json")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{name} is not text; name results files (.jsonl) or a summary (.json)") from None
    except OSError as error:
        raise Refused(f"cannot read {name}: {error.strerror}; results are under results/, as: results/*/*.jsonl") from None
    if not text.strip():
        raise Refused(f"{name} is empty; measure one: queuebench run -o {name}")
    return text


def find_binary(asked: str | None) -> str:
    """The command that sums up results files."""
    named = asked or os.environ.get("QUEUEBENCH")
    if named:
        found = shutil.which(named)
        if not found:
            raise Refused(f"{words.shown(named)} is no program; give the path of the binary: --queuebench target/release/queuebench")
        return found
    built = [REPOSITORY / "target" / kind / "queuebench" for kind in ("release", "debug")]
    found = shutil.which("queuebench") or next((str(path) for path in built if os.access(path, os.X_OK)), None)
    if not found:
        raise Refused("queuebench is not on PATH and not built here; build it: cargo build --release, or name it: --queuebench PATH")
    return found


def summary_of(files: list[Path], asked: str | None, filters: list[str]) -> dict:
    """What the binary says of results files."""
    # A name that begins with a dash is a name.
    names = [str(path) if not str(path).startswith("-") else f"./{path}" for path in files]
    command = [find_binary(asked), "rank", *names, "--format", "json", *filters]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise Refused(f"cannot run {words.shown(command[0])}: {error.strerror}; name the binary: --queuebench PATH") from None
    # 3: a queue failed somewhere; the summary is whole.
    if done.returncode not in (0, 3):
        said = " ".join(done.stderr.split()) or f"exit {done.returncode}"
        raise Refused(f"queuebench rank: {words.shown(said.removeprefix('error: '), 600)}")
    if not done.stdout.lstrip().startswith("{"):
        raise Refused(f"{words.shown(command[0])} printed no summary, so it is no queuebench, or another version of it; name the binary: --queuebench PATH")
    return checked(parse(done.stdout, "what queuebench rank printed"), "what queuebench rank printed")


def checked(summary: object, name: str) -> dict:
    """A summary of a schema that is read here."""
    wanted = {"runs": list, "scenarios": list, "series": list, "crossings": list, "looks": dict, "palette": dict}
    missing = [key for key, kind in wanted.items() if not isinstance(summary, dict) or not isinstance(summary.get(key), kind)]
    if missing:
        raise Refused(f"{name} is no summary, it lacks {', '.join(missing)}; make one: queuebench rank FILE --format json > summary.json")
    if summary.get("schema") != SCHEMA:
        raise Refused(f"{name} has schema {words.shown(summary.get('schema'), 20)}, these scripts read {SCHEMA}; take scripts and queuebench of one version")
    return summary


def load(paths: list[Path], asked: str | None, filters: list[str]) -> Inputs:
    """Sorts files by what is in them; all results files together make one summary."""
    inputs, raw = Inputs(), []
    for path in dict.fromkeys(paths):
        text, name = read(path), words.shown(path)
        first_line = text.lstrip().split("\n", 1)[0].rstrip()
        try:
            first = json.loads(first_line)
        except (ValueError, RecursionError):
            # A summary may be spread over lines.
            first = None
        kind = first.get("type") if isinstance(first, dict) else None
        if kind == "run":
            raw.append(path)
        elif kind == "core-to-core":
            inputs.maps.append(parse(first_line, name))
        elif filters:
            raise Refused(f"-q and -s choose from results files, {name} is none; choose when summing up: queuebench rank FILE -s SCENARIO --format json")
        else:
            inputs.summaries.append(checked(parse(text, name), name))
    if raw:
        inputs.summaries.insert(0, summary_of(raw, asked, filters))
    return inputs
