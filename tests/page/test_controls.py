"""Sorting, marks, and a keyboard that reaches everything."""

import pytest

FIRST_TABLE = "#ranking details[open] table.sortable"


def sorted_by(page):
    return page.evaluate(f"""() => Array.from(document.querySelectorAll('{FIRST_TABLE} th[aria-sort]'),
        (head) => [head.textContent, head.getAttribute('aria-sort')])""")


def column(page, head):
    """What its cells are sorted by; None for a cell without a figure."""
    return page.evaluate("""([table, head]) => {
        const heads = Array.from(document.querySelectorAll(table + ' thead th'), (cell) => cell.textContent.trim());
        const at = heads.indexOf(head);
        return Array.from(document.querySelector(table).tBodies[0].rows, (row) => {
            const cell = row.cells[at];
            return cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim() || null;
        });
    }""", [FIRST_TABLE, head])


def test_sorting_by_mouse(fresh):
    page = fresh("quick")
    for button in page.page.locator(f"{FIRST_TABLE} thead th button").all():
        sorts_by(page, button)


def sorts_by(page, button):
    name = button.inner_text()
    before = column(page, name)
    for direction in ["ascending", "descending"]:
        button.click()
        assert sorted_by(page) == [[name, direction]]
        values = column(page, name)
        known = [value for value in values if value is not None]
        assert values[len(known):] == [None] * (len(values) - len(known)), "cells without a figure go last"
        assert sorted(map(str, values)) == sorted(map(str, before)), "no row is lost"
        if known and all(isinstance(value, float | int) for value in known):
            assert known == sorted(known, reverse=direction == "descending")
        elif name == "queue":
            assert known == sorted(known, reverse=direction == "descending", key=str.casefold)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_sorting_by_keyboard(fresh, key):
    page = fresh("verdicts")
    button = page.page.locator(f"{FIRST_TABLE} thead th:nth-child(2) button")
    button.focus()
    page.page.keyboard.press(key)
    assert sorted_by(page) == [["queue", "ascending"]]
    assert page.evaluate("document.activeElement.textContent") == "queue", "the focus stays"
    page.page.keyboard.press(key)
    assert sorted_by(page) == [["queue", "descending"]]


def test_a_second_column_takes_over(fresh):
    page = fresh("verdicts")
    page.page.locator(f"{FIRST_TABLE} thead th:nth-child(2) button").click()
    page.page.locator(f"{FIRST_TABLE} thead th:nth-child(3) button").click()
    assert len(sorted_by(page)) == 1


def states(page, queue):
    """Of everything that stands for the queue: whether it is marked."""
    return set(page.evaluate("""(queue) => Array.from(document.querySelectorAll('[data-q]')).filter((element) => element.dataset.q === queue)
        .map((element) => element.tagName === 'BUTTON' ? element.getAttribute('aria-pressed') === 'true' : element.classList.contains('on'))""", queue))


def test_a_click_marks_everywhere_and_a_second_one_unmarks(fresh):
    page = fresh("verdicts")
    assert states(page, "made-up/b") == {False}
    button = page.page.locator("#ranking button.q[data-q='made-up/b']:visible").first
    button.click()
    assert states(page, "made-up/b") == {True} and states(page, "made-up/a") == {False}
    assert page.page.locator("svg.chart g.line.on[data-q='made-up/b']").count() > 0
    button.click()
    assert states(page, "made-up/b") == {False}


def test_the_search_box_marks_what_it_knows(fresh):
    page = fresh("verdicts")
    page.page.fill("#mark", "made-up/c")
    page.page.keyboard.press("Enter")
    assert states(page, "made-up/c") == {True}
    page.page.fill("#mark", "nobody/knows")
    page.page.keyboard.press("Enter")
    assert "nobody/knows" in page.page.locator("#notice").inner_text()
    page.page.fill("#mark", "__proto__")
    page.page.keyboard.press("Enter")
    assert "__proto__" in page.page.locator("#notice").inner_text() and page.troubles() == []


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_marks_are_cleared(fresh, way):
    page = fresh("verdicts", "#v=1&q=made-up/a,made-up/b")
    assert states(page, "made-up/a") == states(page, "made-up/b") == {True}
    page.page.keyboard.press("Escape") if way == "Escape" else page.page.click("#clear")
    assert states(page, "made-up/a") == states(page, "made-up/b") == {False}
    assert "q=" not in page.evaluate("location.hash")


def test_queues_with_names_that_objects_have_can_be_marked(fresh):
    page = fresh("hostile")
    for queue in ["__proto__", "constructor", "toString"]:
        page.page.locator(f"#ranking button.q[data-q='{queue}']:visible").first.click()
        assert states(page, queue) == {True}
    again = fresh("hostile", page.evaluate("location.hash"))
    assert states(again, "__proto__") == states(again, "constructor") == {True} and again.troubles() == []


FOCUSED = """() => {
    const element = document.activeElement;
    if (element.matches('.skip')) return 'skip';
    if (element.matches('nav a')) return 'nav';
    if (element.matches('#chooser select')) return 'chooser ' + element.name;
    if (element.matches('#chooser button')) return 'copy';
    if (element.matches('summary')) return 'summary';
    if (element.matches('.scroll')) return 'scroll';
    if (element.matches('button.q')) return 'queue';
    if (element.matches('thead button')) return 'sort';
    if (element.matches('#mark, #clear, #theme')) return element.id;
    if (element.matches('a[download]')) return 'download';
    return element.tagName;
}"""


def test_tab_reaches_everything(fresh):
    page = fresh("one-block")
    seen = []
    for _ in range(400):
        page.page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1] == "BODY":
            break
    assert seen[0] == "skip" and seen[-1] == "BODY", seen
    choices = {"chooser " + name for name in ["producers", "consumers", "room", "wait", "payload", "boundary", "matter"]}
    assert {"mark", "clear", "theme", "nav", "copy", "summary", "scroll", "queue", "sort", "download"} | choices <= set(seen)


def test_the_skip_link_goes_past_the_navigation(fresh):
    page = fresh("verdicts")
    page.page.keyboard.press("Tab")
    assert page.page.locator(".skip").is_visible()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('section')?.id") == "answer"


def test_what_has_the_focus_is_seen(fresh):
    page = fresh("verdicts")
    for selector in ["nav a", "#chooser select", "#ranking summary", "#ranking .scroll", "#ranking button.q", "#theme"]:
        page.page.locator(selector).first.focus()
        page.page.keyboard.press("Shift+Tab")
        page.page.keyboard.press("Tab")
        outline = page.evaluate("() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]; }")
        assert outline[0] != "none" and outline[1] >= 2, selector


ROLES = {"button", "link", "combobox", "searchbox", "DisclosureTriangle", "region", "navigation", "form", "table", "textbox", "image"}


@pytest.mark.parametrize("kind", ["verdicts", "two-machines", "hostile", "many-cpus"])
def test_every_control_and_region_has_a_name(read_only, kind):
    page = read_only(kind)
    page.open_all()
    session = page.context.new_cdp_session(page.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    named = [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes if not node["ignored"]]
    named = [(role, name) for role, name in named if role in ROLES - {"table"}]
    assert len(named) > 30
    assert [role for role, name in named if not name] == []


def test_the_theme_button(fresh):
    page = fresh("verdicts", color_scheme="light")
    light = "getComputedStyle(document.body).backgroundColor"
    colours = [page.evaluate(light)]
    for _ in range(3):
        page.page.click("#theme")
        colours.append(page.evaluate(light))
    assert colours[0] == colours[1] == colours[3] != colours[2]
    page.page.click("#theme"), page.page.click("#theme")
    page.page.reload()
    assert page.evaluate(light) == colours[2], "it is kept"
