"""What a stranger wrote into a results file is text wherever it is shown, or the file is refused with line and field."""

import base64
import csv
import json
import re

import pytest

import made_up
from conftest import VERDICTS

# The fields that the page shows; the others are only not to do harm.
SHOWN = ["cpu_model", "arch", "kernel", "hypervisor", "clock_source", "governor", "huge_pages", "smt", "version",
         "build", "started", "suite", "profile", "rustc", "target", "opt_level", "rustflags", "allocator",
         "queue-version", "scenario-name", "scenario-tag", "flag", "detail", "skipped-queue", "skip-reason", "skipped-scenario",
         "whole-skip-reason", "ended", "family"]


@pytest.fixture(scope="module")
def shown(read_only):
    page = read_only("hostile")
    page.open_all()
    return page.page.locator("body").inner_text()


@pytest.mark.parametrize("field", SHOWN)
def test_shown_as_text(shown, field):
    words = re.sub(r"\s+", " ", made_up.visible(made_up.hostile_text(field)))
    assert words.strip() in re.sub(r"\s+", " ", shown)


def test_nothing_ran_and_nothing_was_made(read_only, pages):
    page = read_only("hostile")
    page.open_all()
    assert page.evaluate("window.__pwned") is None
    assert page.dialogs == [] and page.troubles() == []
    for selector in ["img", "iframe", "object", "embed", "link:not([rel=icon])", "base"]:
        assert page.page.locator(selector).count() == 0
    for tag in ["script", "style", "meta", "form"]:
        assert page.page.locator(tag).count() == len(re.findall(rf"<{tag}\b", pages("verdicts").text))


def test_links_lead_nowhere_else(read_only, kind):
    links = read_only(kind).evaluate("() => Array.from(document.querySelectorAll('[href]'), (link) => link.getAttribute('href'))")
    assert [link for link in links if not re.match(r"#[a-z0-9-]+$|data:text/(csv|plain);base64,|data:,$", link)] == []


def test_no_hidden_or_control_character_is_left(pages, kind):
    hidden = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
    assert hidden.findall(pages(kind).text) == []


def test_the_download_holds_no_formula(read_only):
    address = read_only("hostile").page.get_attribute("a[download]", "href")
    rows = list(csv.reader(base64.b64decode(address.partition(",")[2]).decode().splitlines()))
    cells = [cell for row in rows for cell in row]
    assert any("HYPERLINK" in cell for cell in cells) and any("+1+2" in cell for cell in cells)
    is_number = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?$")
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number.match(cell)] == []
    assert {len(row) for row in rows} == {len(rows[0])}


def changed(change):
    """The synthetic run with one block's line changed: the third of the file's."""
    lines = [json.dumps(line, separators=(",", ":")) for line in made_up.read_lines(VERDICTS)]
    lines[2] = change(lines[2])
    return "".join(line + "\n" for line in lines)


def with_field(name, value):
    return lambda line: re.sub(rf'"{name}":("[^"]*"|[\d.]+)', lambda _: f'"{name}":{value}', line, count=1)


REFUSED = {
    "a path in a queue's id": (with_field("queue", '"../../etc/passwd"'), "queue"),
    "a path in a scenario's id": (with_field("scenario", '"../../etc/passwd"'), "scenario"),
    "markup in a queue's id": (with_field("queue", '"<script>x</script>"'), "queue"),
    "a control character in a queue's id": (with_field("queue", '"made-up/a\\u001b[31m"'), "queue"),
    "no number": (with_field("messages", "NaN"), "column"),
    "a number too large": (with_field("elapsed_ns", "1e400"), "column"),
    "a negative number": (with_field("messages", "-5"), "column"),
    "a rate that is none": (with_field("messages", str(10**18)), "messages"),
    "an unknown outcome": (with_field("outcome", '"<b>won</b>"'), "outcome|variant"),
    "a scenario that the run has not": (with_field("scenario", '"stream/9p9c/1024/8B/same-l3"'), "scenario"),
    "a round that the run has not": (with_field("round", "77"), "round"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_line_and_field(queuebench, tmp_path, what):
    change, names = REFUSED[what]
    path = tmp_path / "refused.jsonl"
    path.write_text(changed(change))
    said = refused(queuebench, path, tmp_path)
    assert "line 3" in said and re.search(names, said), said


def refused(queuebench, path, folder):
    done = queuebench("report", path, "-o", folder / "refused.html")
    assert done.returncode == 1 and done.stdout == "" and not (folder / "refused.html").exists()
    assert "\x1b" not in done.stderr and "panicked" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("id", ["../../etc", "<b>x</b>", "", "a b", "x" * 101])
def test_a_machines_id_is_one(queuebench, tmp_path, id):
    lines = made_up.read_lines(VERDICTS)
    lines[0]["machine"]["id"] = id
    said = refused(queuebench, made_up.write_lines(tmp_path / "machine.jsonl", lines), tmp_path)
    assert "line 1: machine.id" in said


def test_duplicated_blocks_are_refused(queuebench, tmp_path):
    path = tmp_path / "twice.jsonl"
    lines = VERDICTS.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], lines[3], *lines[5:]]) + "\n")
    said = refused(queuebench, path, tmp_path)
    assert "two blocks for" in said and "round 0" in said and "made-up/a" in said
    assert "line 6" in said


@pytest.mark.parametrize("text, words", [("", "no whole line"), ("\n", "line 1"), ("[]\n", "line 1"), ('{"type":"end"}\n', "line 1")])
def test_what_is_no_results_file_is_refused(queuebench, tmp_path, text, words):
    path = tmp_path / "none.jsonl"
    path.write_text(text)
    assert words in refused(queuebench, path, tmp_path)


def test_more_cells_than_a_page_can_show_are_refused_at_once(queuebench, tmp_path):
    """Before anything is computed of them, which takes the longer the more there are."""
    path = many_cells(tmp_path, scenarios=100, queues=201)
    done = queuebench("report", path, "-o", tmp_path / "many.html", timeout=20)
    assert done.returncode == 1 and "20100 cells" in done.stderr and "-s" in done.stderr and "-q" in done.stderr


def test_more_queues_than_a_run_has_are_refused_at_once(queuebench, tmp_path):
    path = many_cells(tmp_path, scenarios=1, queues=501)
    done = queuebench("report", path, "-o", tmp_path / "many.html", timeout=20)
    assert done.returncode == 1 and "line 502: queue" in done.stderr


def many_cells(folder, scenarios, queues):
    run, block = made_up.read_lines(VERDICTS)[:2]
    ids = [f"stream/1p1c/{room}/8B/same-l3" for room in range(1, scenarios + 1)]
    run["scenarios"] = [run["scenarios"][0] | {"id": id} for id in ids]
    blocks = [block | {"scenario": id, "queue": f"made-up/q{number}"} for id in ids for number in range(queues)]
    return made_up.write_lines(folder / "many.jsonl", [run, *blocks])
