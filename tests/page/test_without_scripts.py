"""Without scripts every figure and every answer is there, and nothing that does nothing."""

import pytest


def count(page, selector):
    return page.page.locator(selector).count()


@pytest.mark.parametrize("kind", ["quick", "all", "two-machines", "hostile", "many-cpus"])
def test_tables_pictures_and_answers_are_there(fresh, read_only, summary, kind):
    page = fresh(kind, java_script_enabled=False)
    with_scripts = read_only(kind)
    for selector in ["table:not(.answer table)", "svg.chart", "svg.whiskers", "svg.blocks", "#all-answers tbody tr", "nav a"]:
        there = page.page.locator(selector)
        assert there.count() == count(with_scripts, selector) > 0
    answered = [section for section in summary(kind)["scenarios"] if section["answers"]]
    lines = page.page.locator("#all-answers tbody tr")
    assert lines.count() == len(answered)
    for line, section in enumerate(answered):
        best = section["answers"][0]["best"]
        assert all(candidate["queue"] in lines.nth(line).inner_text() for candidate in best[:3])
    assert page.page.locator("#first-answer").is_visible()


@pytest.mark.parametrize("kind", ["quick", "two-machines", "hostile", "no-blocks", "nothing-ok"])
def test_what_does_nothing_is_not_shown(fresh, kind):
    page = fresh(kind, java_script_enabled=False)
    page.open_all()
    visible = page.evaluate("""() => Array.from(document.querySelectorAll('button, input, select, [role=button]'))
        .filter((element) => element.checkVisibility() && !element.disabled)
        .map((element) => element.outerHTML.slice(0, 80))""")
    assert visible == []
    assert "Click" not in page.page.locator("body").inner_text()


def test_folds_open_without_scripts(fresh):
    page = fresh("verdicts", java_script_enabled=False)
    second = page.page.locator("#ranking details.scenario").nth(1)
    second.locator("summary").first.click()
    assert second.locator("table").first.is_visible()
