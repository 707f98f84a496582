"""Files that hold next to nothing make sensible pages."""

import base64
import json

import pytest

import figures


def text_of(page, part):
    return page.page.locator(f"#{part}").inner_text()


def test_a_run_without_blocks_says_so_and_how_to_measure(read_only):
    answer = text_of(read_only("no-blocks"), "answer")
    assert "No block was measured" in answer and "queuebench run" in answer


def test_a_run_without_any_figure_names_no_queue_as_best(read_only):
    page = read_only("nothing-ok")
    page.open_all()
    assert "No queue has a figure" in text_of(page, "answer")
    rows = page.page.locator("#ranking tbody tr")
    assert rows.count() > 0
    assert all("failed" in words and "hung" in words for words in rows.locator("td:nth-child(3)").all_text_contents())
    assert page.page.locator("tr.best").count() == 0


def test_programs_alone_have_their_part_and_no_chooser(read_only, summary):
    page = read_only("programs")
    page.open_all()
    assert page.page.locator("#chooser").count() == 0 and page.page.locator("#first-answer").is_visible()
    sections = summary("programs")["scenarios"]
    headings = page.page.locator("#programs details.scenario summary code").all_text_contents()
    kinds = [heading.split("/")[0] for heading in headings]
    assert len(headings) == len(sections) and kinds[0] == "crawl"
    assert len(set(kinds)) == 1 + sum(one != other for one, other in zip(kinds, kinds[1:])), "each kind in one place"
    words = text_of(page, "programs")
    assert "which costs" not in words and "times one alone" in words and "of its updates" in words
    (crawl,) = [section for section in sections if section["scenario"].startswith("crawl/16p16c")]
    for pair in crawl["speed_up"]:
        row = page.page.locator(f"#programs [data-q='{pair['of']}']", has_text=figures.ratio(pair["times_faster"]))
        assert row.count() >= 1, pair
    assert page.page.locator("#overview [data-q='counter/mutex']").count() == 0


def test_one_queue_is_no_comparison(read_only):
    page = read_only("one-queue")
    assert "fastest of" not in page.page.locator("main").inner_text()
    assert page.page.locator("#ranking tbody tr[data-q='made-up/a']").count() == 2


def test_one_block_has_no_interval(read_only):
    page = read_only("one-block")
    page.open_all()
    cells = page.page.locator("#ranking tbody tr td:nth-child(4)").all_text_contents()
    assert cells == [""]
    assert "n = 1 block" in text_of(page, "ranking")


def test_many_cpus_are_shown_by_what_they_share(read_only, pages):
    page = read_only("many-cpus")
    page.open_all()
    assert "256 cpus" in text_of(page, "machine")
    cores = text_of(page, "cores")
    assert "a sample of all pairs" in cores
    assert all(words in cores for words in ["smt", "same-l3", "cross-l3", "cross-node"])
    link = page.page.locator("#cores a[download='core-to-core.csv']").get_attribute("href")
    lines = base64.b64decode(link.partition(",")[2]).decode().splitlines()
    pair = json.loads(pages("many-cpus").maps[0].read_text())["pairs"][0]
    assert len(lines) == 1201 and lines[0] == "from,to,class,median_ns,low_ns,high_ns"
    assert lines[1].split(",") == [str(pair[name]) for name in ["from", "to", "class", "round_trip_ns", "low_ns", "high_ns"]]


@pytest.mark.parametrize("kind", ["no-blocks", "nothing-ok", "one-queue", "one-block", "many-cpus"])
def test_no_figure_is_made_of_nothing(read_only, kind):
    page = read_only(kind)
    page.open_all()
    words = page.page.locator("main").inner_text()
    assert not any(nonsense in words for nonsense in ["NaN", "undefined", "null", "Infinity"])
