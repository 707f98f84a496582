"""Pages of every kind of results files, made once, and a browser to look at them."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import made_up
from opened import OpenedPage

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# What was measured here meanwhile is nobody's contribution.
RECORDED = sorted(path for path in ROOT.glob("results/*/*.jsonl") if path.parent.name != "local")
APPS = next(path for path in RECORDED if path.name.endswith("apps-default.jsonl"))
QUICK = next(path for path in RECORDED if path.name.endswith("quick-default.jsonl"))
VERDICTS = ROOT / "tests/cmd/results/synthetic-verdicts.jsonl"
SYNTHETIC_MAP = HERE / "synthetic-core-to-core.json"

KINDS = [
    "quick", "all", "verdicts", "two-machines", "hostile", "no-blocks", "nothing-ok", "one-queue", "one-block", "many-cpus",
    "programs",
]


@dataclass
class Made:
    """A page with what it was made of."""

    path: Path
    files: list
    maps: list
    command: list

    @property
    def text(self):
        return self.path.read_text()

    @property
    def size(self):
        return self.path.stat().st_size


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames and not any(
        "kind" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")
    ):
        metafunc.parametrize("kind", KINDS)


@pytest.fixture(scope="session")
def queuebench():
    binary = Path(os.environ.get("QUEUEBENCH", ROOT / "target/debug/queuebench"))
    if not binary.exists():
        pytest.exit(f"{binary} is missing; build it with: cargo build, or set QUEUEBENCH", 2)

    def run(*words, timeout=120):
        return subprocess.run([binary, *map(str, words)], capture_output=True, text=True, timeout=timeout)

    return run


def sources(folder):
    """The files of each kind: results files, and core-to-core maps."""
    verdicts = made_up.read_lines(VERDICTS)
    quick = made_up.read_lines(QUICK)

    def made(name, lines):
        return made_up.write_lines(folder / f"{name}.jsonl", lines)

    second = made_up.on_machine(verdicts, "synthetic-second", {"made-up/b": 3.0, "made-up/c": 0.3, None: 1.7})
    second = made_up.failing(second, "made-up/d")
    hostile = made_up.hostile(verdicts)
    hostile_second = made_up.on_machine(hostile, "constructor", {None: 2.0})
    many = made_up.many_cpus(verdicts)
    many_map = folder / "many-cpus.json"
    many_map.write_text(json.dumps(made_up.sampled_map(many[0])) + "\n")
    return {
        "quick": ([QUICK], []),
        "all": (RECORDED, [SYNTHETIC_MAP]),
        "verdicts": ([VERDICTS], []),
        "two-machines": ([VERDICTS, made("second", second)], []),
        "hostile": ([made("hostile", hostile), made("hostile-second", hostile_second)], []),
        "no-blocks": ([made("no-blocks", made_up.without_blocks(verdicts))], []),
        "nothing-ok": ([made("nothing-ok", made_up.nothing_ok(verdicts))], []),
        "one-queue": ([made("one-queue", made_up.one_queue(verdicts, "made-up/a"))], []),
        "one-block": ([made("one-block", made_up.one_block(verdicts))], []),
        "programs": ([APPS], []),
        "many-cpus": ([made("many-cpus", many)], [many_map]),
        "three-machines": ([QUICK, *(
            made(f"synthetic-{number}", made_up.on_machine(quick, f"synthetic-{number}", {None: factor}, seed=number))
            for number, factor in [(2, 0.5), (3, 1.5)]
        )], []),
    }


@pytest.fixture(scope="session")
def pages(queuebench, tmp_path_factory):
    """Gives the page of a kind. All are begun at once, two at a time."""
    folder = tmp_path_factory.mktemp("pages")

    def make(kind, files, maps):
        path = folder / f"{kind}.html"
        command = ["report", *files, *maps, "-o", path]
        done = queuebench(*command)
        assert done.returncode == 0, done.stderr
        return Made(path, files, maps, command)

    with ThreadPoolExecutor(2) as pool:
        begun = {kind: pool.submit(make, kind, *of) for kind, of in sources(folder).items()}
        yield lambda kind: begun[kind].result()
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def summary(pages, queuebench):
    """Gives what the program says of a kind's files."""
    known = {}

    def of(kind):
        if kind not in known:
            done = queuebench("rank", "--format", "json", *pages(kind).files)
            # 3: some queue has no figure, which files of some kinds are made for.
            assert done.returncode in (0, 3), done.stderr
            known[kind] = json.loads(done.stdout)
        return known[kind]

    return of


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def read_only(browser, pages):
    """Gives the opened page of a kind, shared by tests that leave it as it is but for its folds."""
    opened = {}

    def of(kind):
        if kind not in opened:
            opened[kind] = OpenedPage(browser, pages(kind).path)
        return opened[kind]

    yield of
    for page in opened.values():
        page.close()


@pytest.fixture
def fresh(browser, pages):
    """Gives a page of its own to a test that changes it; options are those of a browser context."""
    opened = []

    def of(kind, address="", **options):
        opened.append(OpenedPage(browser, pages(kind).path, address, **options))
        return opened[-1]

    yield of
    for page in opened:
        page.close()
