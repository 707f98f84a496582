"""The chooser shows the answers that serve a need, says what was not measured, and the address keeps all of it."""

from itertools import product

import pytest

import figures


def choose(page, **needs):
    for name, value in needs.items():
        page.page.select_option(f"#chooser select[name={name}]", value)


def chosen(page):
    return page.evaluate("() => Object.fromEntries(Array.from(document.querySelectorAll('#chooser select'), (s) => [s.name, s.value]))")


def shown(page):
    """The sentences of the answers a reader sees, without the list of all."""
    return page.evaluate("""() => Array.from(document.querySelectorAll('#answer .answer'))
        .filter((card) => card.checkVisibility()).map((card) => card.querySelector('.lead').textContent)""")


def marked(page):
    return page.evaluate("""() => Array.from(new Set(Array.from(document.querySelectorAll('button.q[aria-pressed=true]'),
        (button) => button.dataset.q)))""")


def notice(page):
    return page.page.locator("#notice").inner_text() if page.page.locator("#notice").is_visible() else ""


def answers_for(summary, producers, consumers, capacity, wait, matter):
    parts = {"producers": producers, "consumers": consumers, "capacity": capacity, "workload": "stream",
             "boundary": "threads", "payload_bytes": 8}
    sections = [section for section in summary["scenarios"] if parts.items() <= section["parts"].items()]
    return [(section, answer) for section in sections for answer in section["answers"]
            if (answer["wait"], answer["matter"]) == (wait, matter)]


def test_two_producers_one_consumer_bounded(fresh, summary):
    page = fresh("quick")
    choose(page, producers="2", consumers="1", room="bounded")
    for wait, (matter, of) in product(["any", "sleeps", "yield"], [("rate", "speed"), ("cpu", "cpu")]):
        choose(page, wait=wait, matter=matter)
        [(section, answer)] = answers_for(summary("quick"), 2, 1, 1024, wait, of)
        assert shown(page) == [figures.lead(section, answer)]
        best = page.page.locator("#answer .answer:visible tr.best").first
        assert answer["best"][0]["queue"] in best.inner_text()


def test_what_was_not_measured_is_said_in_words(fresh):
    page = fresh("quick")
    choose(page, producers="2", consumers="1", room="unbounded")
    assert shown(page) == []
    words = page.page.locator("#serving").inner_text()
    assert "Not measured" in words and "producers 2, consumers 1, room unbounded" in words and "queuebench run" in words
    choose(page, room="bounded")
    assert len(shown(page)) == 1 and "Not measured" not in page.page.locator("#serving").inner_text()


def test_every_choice_leads_to_an_answer_or_to_words(fresh):
    page = fresh("quick")
    options = page.evaluate("""() => Array.from(document.querySelectorAll('#chooser select'),
        (select) => [select.name, Array.from(select.options, (option) => option.value)])""")
    for name, values in options:
        for value in values:
            choose(page, **{name: value})
            assert bool(shown(page)) != ("Not measured" in page.page.locator("#serving").inner_text())


def test_the_page_opens_with_the_answer_of_the_first_scenario(fresh, summary):
    page = fresh("quick")
    section = summary("quick")["scenarios"][0]
    assert shown(page)[0] == figures.lead(section, section["answers"][0])


def test_the_address_keeps_choice_and_marks(fresh):
    page = fresh("quick")
    choose(page, producers="2", consumers="1", matter="cpu")
    page.page.locator("#answer button.q[data-q='crossbeam-channel/mpmc']:visible, #ranking button.q[data-q='crossbeam-channel/mpmc']:visible").first.click()
    page.page.locator("#ranking button.q[data-q='ringbuf/spsc+yield']").first.click()
    address = page.evaluate("location.hash")
    other = fresh("quick", address)
    for again in (page, other):
        if again is page:
            page.page.reload()
        assert chosen(again) | {"producers": "2", "consumers": "1", "matter": "cpu"} == chosen(again)
        assert sorted(marked(again)) == ["crossbeam-channel/mpmc", "ringbuf/spsc+yield"]
        assert notice(again) == ""
    assert shown(page) == shown(other) != []


def test_unknown_ids_and_choices_are_named(fresh):
    page = fresh("quick", "#v=1&producers=77&room=bounded&q=gone/queue,flume/mpmc")
    assert "gone/queue" in notice(page) and "producers 77" in notice(page)
    assert marked(page) == ["flume/mpmc"] and chosen(page)["room"] == "bounded"
    assert page.troubles() == []


def test_names_that_objects_have_do_nothing(fresh):
    names = "__proto__,constructor,toString,hasOwnProperty"
    page = fresh("quick", f"#v=1&__proto__=1&constructor=2&toString=3&producers=__proto__&room=constructor&q={names}")
    assert all(name in notice(page) for name in names.split(","))
    assert marked(page) == [] and page.troubles() == []
    assert page.evaluate("Object.keys(Object.prototype).length === 0 && ({}).producers === undefined")
    choose(page, producers="2", consumers="1")
    assert len(shown(page)) == 1


def test_an_address_from_a_stranger_is_text(fresh):
    page = fresh("quick", "#v=1&q=%3Cscript%3Ewindow.__pwned%3D1%3C/script%3E&producers=%3Cimg src=x onerror=alert(1)%3E")
    assert "<script>" in notice(page) and page.evaluate("window.__pwned") is None
    assert page.page.locator("#notice *").count() == 0 and page.troubles() == []


@pytest.mark.parametrize("address", ["#", "#=", "#ranking", "#nowhere", "#v=1", "#q=", "#%E0%A4%A", "#v=1&q=%E0%A4%A", "#a=b=c&&&"])
def test_any_address_opens(fresh, address):
    page = fresh("verdicts", address)
    assert len(shown(page)) == 1 and page.troubles() == []


def test_back_and_forward(fresh):
    page = fresh("quick", "#v=1&producers=2&consumers=1&q=flume/mpmc")
    first = shown(page)
    page.evaluate("() => { location.hash = '#v=1&producers=1&consumers=1&q=std/mpsc'; }")
    page.page.wait_for_timeout(100)
    second = shown(page)
    assert first != second and marked(page) == ["std/mpsc"]
    page.page.go_back()
    page.page.wait_for_timeout(100)
    assert shown(page) == first and marked(page) == ["flume/mpmc"] and chosen(page)["producers"] == "2"
    page.page.go_forward()
    page.page.wait_for_timeout(100)
    assert shown(page) == second and marked(page) == ["std/mpsc"]


def test_a_link_to_a_part_leaves_choice_and_marks(fresh):
    page = fresh("quick", "#v=1&producers=2&consumers=1&q=flume/mpmc")
    before = shown(page)
    page.page.click("#ranking table.sortable thead button >> nth=1")
    order = first_column(page)
    page.page.click("nav a[href='#cost']")
    page.page.wait_for_timeout(100)
    for _ in range(2):
        assert shown(page) == before and marked(page) == ["flume/mpmc"] and first_column(page) == order
        assert -2 < top_of(page, "#cost") < 100
        page.page.reload()
        page.page.wait_for_timeout(100)
    page.page.go_back()
    page.page.wait_for_timeout(100)
    assert "sec=" not in page.evaluate("location.hash") and marked(page) == ["flume/mpmc"]


def first_column(page):
    return page.page.locator("#ranking table.sortable").first.locator("tbody tr th").all_text_contents()


def top_of(page, selector):
    return page.evaluate("(selector) => document.querySelector(selector).getBoundingClientRect().top", selector)


def test_a_link_to_a_folded_part_opens_it_and_shows_its_head(fresh):
    page = fresh("quick")
    choose(page, producers="2", consumers="1")
    link = page.page.locator("#answer .answer:visible a[href^='#ranking-']").first
    part = link.get_attribute("href")
    link.click()
    page.page.wait_for_timeout(100)
    head = page.page.locator(f"details:has(> {part}) > summary")
    assert page.page.locator(part).is_visible() and -2 < head.bounding_box()["y"] < 100


def test_two_runs_of_one_scenario_name_each_other(read_only, summary):
    told = summary("all")["scenarios"]
    [quick, boundary] = [at for at, section in enumerate(told)
                         if section["scenario"] == "stream/2p1c/1024/8B/same-l3"]
    assert told[quick]["twins"] == [boundary] and told[boundary]["twins"] == [quick]
    notes = read_only("all").evaluate("""(at) => [document.querySelector(`#ranking-${at}`).parentElement.querySelector('.twin').textContent,
        Array.from(document.querySelector('#cards').content.querySelectorAll('.answer'))
            .find((card) => card.querySelector(`a[href='#ranking-${at}']`) && card.dataset.wait === 'any' && card.dataset.matter === 'rate'
                && !card.querySelector(`.twin a[href='#ranking-${at}']`))
            .querySelector('.twin').textContent]""", quick)
    best = told[boundary]["answers"][0]["best"][0]["queue"]
    assert "suite boundary" in notes[0] and "suite boundary" in notes[1] and best in notes[1]


def test_two_machines_have_answers_of_their_own(fresh, summary):
    page = fresh("two-machines")
    sentences = {}
    for machine in [machine["id"] for machine in summary("two-machines")["machines"]]:
        choose(page, machine=machine, payload="8")
        sentences[machine] = shown(page)
        [section] = [section for section in summary("two-machines")["scenarios"]
                     if section["machine"] == machine and section["parts"]["payload_bytes"] == 8]
        assert sentences[machine] == [figures.lead(section, section["answers"][0])]
    assert len(set(map(tuple, sentences.values()))) == 2
