"""The parts stand in the order of a reader's questions, and each figure says what it is."""

import re

import pytest

PARTS = ["answer", "ranking", "cliff", "scaling", "sweeps", "placement", "boundary", "programs", "cores", "cost", "overview",
         "quality", "not-measured", "machine", "method", "data"]


def test_parts_in_order(read_only, kind):
    ids = read_only(kind).evaluate("() => Array.from(document.querySelectorAll('main > section'), (part) => part.id)")
    assert ids == (["machines"] if kind in ("two-machines", "hostile") else []) + PARTS


def test_the_navigation_leads_to_every_part_in_order(read_only, kind):
    page = read_only(kind)
    targets = page.evaluate("() => Array.from(document.querySelectorAll('nav a'), (link) => link.hash.slice(1))")
    ids = page.evaluate("() => Array.from(document.querySelectorAll('main > section'), (part) => part.id)")
    assert [id for id in ids if id in targets] == targets
    assert set(ids) - set(targets) <= {"method"}


def test_every_part_has_something_to_say(read_only, kind):
    """A part without figures says in words that nothing was measured, and how to measure it."""
    silent = read_only(kind).evaluate("""() => Array.from(document.querySelectorAll('main > section'))
        .filter((part) => !part.querySelector('table, figure, details, ul, pre, .empty')).map((part) => part.id)""")
    assert [part for part in silent if not (part in ("ranking", "quality") and kind == "no-blocks")] == []


FIGURES = """() => Array.from(document.querySelectorAll('figure'), (figure) => ({
    title: figure.querySelector('h3').textContent,
    finding: figure.querySelector('.finding').textContent,
    fine: Array.from(figure.querySelectorAll('.fine'), (line) => line.textContent).join(' '),
    rows: figure.querySelectorAll('details.data tbody tr').length,
    label: figure.querySelector('svg.chart')?.getAttribute('aria-label') ?? '',
    hasPicture: figure.querySelector('svg.chart') !== null,
}))"""


@pytest.mark.parametrize("kind", ["quick", "all", "verdicts", "two-machines", "hostile", "many-cpus"])
def test_every_figure_says_what_it_is(read_only, kind):
    figures = read_only(kind).evaluate(FIGURES)
    assert figures
    for figure in figures:
        assert len(figure["finding"]) > 20, figure
        says_what_its_figures_are(figure["fine"])
        assert figure["rows"] > 0, figure
        assert not figure["hasPicture"] or figure["finding"].strip() in figure["label"], figure


def says_what_its_figures_are(fine):
    assert re.search(r"(higher|lower) is better", fine), fine
    assert re.search(r"n = \d+", fine), fine
    assert re.search(r"95 % .*interval", fine), fine


TABLES = """(part) => Array.from(document.querySelectorAll('#' + part + ' details.scenario'), (scenario) => ({
    finding: scenario.querySelector('summary .finding')?.textContent ?? '',
    fine: Array.from(scenario.querySelectorAll('.fine'), (line) => line.textContent).join(' '),
}))"""


@pytest.mark.parametrize("part, kind", [("ranking", "quick"), ("boundary", "all"), ("machines", "two-machines")])
def test_every_table_with_whiskers_says_what_it_is(read_only, part, kind):
    tables = read_only(kind).evaluate(TABLES, part)
    assert tables
    for table in tables:
        assert len(table["finding"]) > 20
        says_what_its_figures_are(table["fine"])


def test_four_marks_with_four_words(read_only):
    legend = read_only("quick").page.locator("#ranking > .legend").inner_text()
    assert all(words in legend for words in ["not measured", "not supported", "failed", "flagged"])
    shown = read_only("all").evaluate("""() => Array.from(document.querySelectorAll('.mark'),
        (mark) => mark.querySelector('[aria-hidden]').textContent + mark.querySelector('.sr').textContent)""")
    assert len(set(shown)) == len({mark[0] for mark in shown}) == len({mark[1:] for mark in shown}) >= 3
