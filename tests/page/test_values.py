"""Every figure on the page is the summary's: as `queuebench rank --format json` has it of the same files."""

import json

import pytest

import figures

# What has figures enough; the others are looked at in test_kinds.py.
WITH_FIGURES = ["quick", "all", "verdicts", "two-machines", "hostile"]

TABLES = """(within) => Array.from(document.querySelectorAll(within), (table) => ({
    scenario: table.closest('[data-scenario]')?.dataset.scenario,
    heads: Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent.trim()),
    rows: Array.from(table.tBodies[0].rows, (row) => ({
        queue: row.dataset.q,
        class: row.className,
        cells: Array.from(row.cells, (cell) => ({ text: cell.textContent.trim(), v: cell.dataset.v, q: cell.dataset.q })),
    })),
}))"""


def column(table, head):
    return next(at for at, words in enumerate(table["heads"]) if words.startswith(head))


def number(cell):
    return None if cell["v"] is None else float(cell["v"])


def one_unit(text):
    low, dash, high = text.partition(" \u2013 ")
    return figures.unit_once(low, high, dash) if dash else text


def figure_words(section, row, words=None):
    words = words or figures.in_unit(section)
    if row["modes"]:
        return [words(mode["value"]) for mode in row["modes"]]
    return words(row["value"])


def with_interval(section, row, scaled=lambda value: value, words=None):
    words = words or figures.in_unit(section)
    if row["modes"]:
        return " or ".join(words(scaled(mode["value"])) for mode in row["modes"])
    value = words(scaled(row["value"]))
    if row["value_interval"] is None:
        return value
    low, high = (words(scaled(end)) for end in row["value_interval"])
    return f"{value} [{low}, {high}]"


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_rankings(read_only, summary, kind):
    tables = read_only(kind).evaluate(TABLES, "#ranking details.scenario > div > .scroll > table")
    sections = summary(kind)["scenarios"]
    assert [table["scenario"] for table in tables] == [section["scenario"] for section in sections]
    for table, section in zip(tables, sections):
        assert [row["queue"] for row in table["rows"]] == [row["queue"] for row in section["rows"]]
        for shown, row in zip(table["rows"], section["rows"]):
            check_ranking_row(table, shown["cells"], section, row)


def check_ranking_row(table, cells, section, row):
    times, ranks = row["times_slower"], row["ranks"]
    rank = cells[column(table, "rank")]["text"]
    if row["limit"]:
        assert rank == "limit"
    else:
        assert rank == ("" if ranks is None else "-".join(map(str, sorted(set(ranks)))))
    check_value(cells[2], section, row)
    interval = row["value_interval"]
    words = [figures.in_unit(section)(end) for end in interval] if interval else None
    assert one_unit(cells[column(table, "its 95 %")]["text"]) == (figures.unit_once(*words, " \u2013 ") if words else "")
    slower = cells[column(table, "times slower [")]
    assert number(slower) == (times and times["estimate"])
    is_sole = times and row["may_be_best"] and row["verdict"] is None
    assert slower["text"] == ("1" if is_sole else figures.ratio(times) if times else "")
    cpu = cells[column(table, "cpu/message")]
    assert number(cpu) == row["cpu_ns_per_message"]
    assert cpu["text"] == ("" if row["cpu_ns_per_message"] is None else figures.duration(row["cpu_ns_per_message"]))
    blocks = cells[column(table, "blocks")]
    assert blocks["text"] == str(row["blocks"]) and number(blocks) == row["blocks"]


def check_value(cell, section, row):
    if row["value"] is None:
        assert cell["v"] is None and row["outcome"] in cell["text"] and "0" not in cell["text"]
        return
    assert number(cell) == row["value"]
    if row["modes"]:
        low, high = (figures.in_unit(section)(mode["value"]) for mode in row["modes"])
        assert cell["text"] == figures.unit_once(low, high, " or ")
    else:
        assert cell["text"] == figures.in_unit(section)(row["value"])


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_overview(read_only, summary, kind):
    [table] = read_only(kind).evaluate(TABLES, "#overview table.heat")
    compared = [section for section in summary(kind)["scenarios"] if section["headline"] and figures.is_of_queues(section)]
    assert [row["cells"][0]["text"] for row in table["rows"]] == [section["scenario"] for section in compared]
    queues = {row["queue"] for section in compared for row in section["rows"] if not row["limit"]}
    assert sorted(table["heads"][1:]) == sorted(queues)
    for shown, section in zip(table["rows"], compared):
        rows = {row["queue"]: row for row in section["rows"]}
        for cell in shown["cells"][1:]:
            check_heat_cell(cell, rows.get(cell["q"]), section)


def check_heat_cell(cell, row, section):
    if row is None:
        kinds = {queue: absent["kind"] for absent in section.get("absent", []) for queue in absent["queues"]}
        words = kinds.get(cell["q"], "not-measured").replace("-", " ")
        assert cell["text"].endswith(words) and cell["v"] is None
    elif row["times_slower"] is None:
        assert cell["v"] is None and cell["text"].endswith(("failed", "not measured"))
    else:
        estimate = row["times_slower"]["estimate"]
        assert number(cell) == estimate
        assert (f"{estimate:.1f}" if estimate < 9.95 else f"{estimate:.0f}") in cell["text"]
        assert ("may be the best" in cell["text"]) == row["may_be_best"]


SWEEPS = {"cliff": ["work"], "scaling": ["threads", "producers", "consumers"], "sweeps": ["capacity", "payload"],
          "placement": ["placement"]}


def panels(summary, part):
    """The pictures of a part: of payloads, messages per second and bytes per second."""
    for series in summary["series"]:
        if series["swept"] in SWEEPS[part]:
            yield series, False
            if series["swept"] == "payload" and not series["less_is_better"]:
                yield series, True


def gibibytes(value):
    return f"{figures.significant(value)} GiB/s"


@pytest.mark.parametrize("kind", WITH_FIGURES)
@pytest.mark.parametrize("part", SWEEPS)
def test_sweeps(read_only, summary, kind, part):
    tables = read_only(kind).evaluate(TABLES, f"#{part} figure details.data table")
    wanted = list(panels(summary(kind), part))
    assert len(tables) == len(wanted)
    for table, (series, in_bytes) in zip(tables, wanted):
        assert table["heads"] == ["queue"] + [place["label"] for place in series["places"]]
        assert [row["queue"] for row in table["rows"]] == [line["queue"] for line in series["lines"]]
        for shown in table["rows"]:
            for cell, place in zip(shown["cells"][1:], series["places"]):
                check_swept_cell(cell, summary(kind)["scenarios"][place["scenario"]], shown["queue"], in_bytes)


def check_swept_cell(cell, section, queue, in_bytes):
    row = next((row for row in section["rows"] if row["queue"] == queue), None)
    if row is None or row["value"] is None:
        assert cell["v"] is None and not any(letter.isdigit() for letter in cell["text"])
        return

    def scaled(value):
        return value * section["parts"]["payload_bytes"] / 2**30 if in_bytes else value

    assert number(cell) == pytest.approx(scaled(row["value"]), rel=1e-12)
    assert cell["text"] == with_interval(section, row, scaled, gibibytes if in_bytes else None)


MARKS = """(within) => Array.from(document.querySelectorAll(within + ' figure svg.chart'), (chart) => ({
    lines: Array.from(chart.querySelectorAll('g.line'), (line) => [line.dataset.q, line.querySelectorAll('use.m').length]),
}))"""


@pytest.mark.parametrize("kind", ["quick", "verdicts"])
def test_bytes_have_a_finding_of_their_own(read_only, summary, kind):
    shown = read_only(kind).evaluate("""() => Array.from(document.querySelectorAll('#sweeps figcaption'),
        (caption) => [caption.querySelector('h3').textContent, caption.querySelector('.finding').textContent])""")
    wanted = list(panels(summary(kind), "sweeps"))
    for (title, finding), (series, in_bytes) in zip(shown, wanted, strict=True):
        assert title.startswith("In bytes: ") == in_bytes and (" GiB/s" in finding) == in_bytes
        assert finding == (series["finding_in_bytes"] if in_bytes else series["finding"])
    assert any(in_bytes for _, in_bytes in wanted)


@pytest.mark.parametrize("kind", WITH_FIGURES)
@pytest.mark.parametrize("part", SWEEPS)
def test_a_sweep_has_a_mark_for_every_figure(read_only, summary, kind, part):
    charts = read_only(kind).evaluate(MARKS, f"#{part}")
    wanted = list(panels(summary(kind), part))
    assert len(charts) == len(wanted)
    for chart, (series, _) in zip(charts, wanted):
        sections = [summary(kind)["scenarios"][place["scenario"]] for place in series["places"]]
        for line in series["lines"]:
            rows = [row for section in sections for row in section["rows"] if row["queue"] == line["queue"]]
            count = 0 if line["limit"] else sum(row["value"] is not None for row in rows)
            assert [line["queue"], count] in chart["lines"]
        assert len(chart["lines"]) == len(series["lines"])


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_every_row_with_a_ratio_has_its_mark(read_only, summary, kind):
    counts = read_only(kind).evaluate("""() => Array.from(document.querySelectorAll('#ranking details.scenario'),
        (scenario) => scenario.querySelectorAll('td.strip use.m').length)""")
    sections = summary(kind)["scenarios"]
    assert counts == [sum(row["times_slower"] is not None for row in section["rows"]) for section in sections]


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_cost(read_only, summary, kind):
    tables = read_only(kind).evaluate(TABLES, "#cost figure details.data table")
    charts = read_only(kind).evaluate(MARKS, "#cost")
    with_cost = [[(section, row) for row in section["rows"]
                  if row["cpu_ns_per_message"] is not None and row["value"] is not None]
                 for section in summary(kind)["scenarios"]]
    with_cost = [rows for rows in with_cost if len(rows) > 1]
    assert len(tables) == len(charts) == len(with_cost)
    for table, chart, rows in zip(tables, charts, with_cost):
        assert chart["lines"] == [[row["queue"], 1] for _, row in rows]
        for shown, (section, row) in zip(table["rows"], rows, strict=True):
            assert shown["queue"] == row["queue"]
            assert number(shown["cells"][1]) == row["cpu_ns_per_message"]
            assert shown["cells"][1]["text"].startswith(figures.duration(row["cpu_ns_per_message"]))
            check_value(shown["cells"][2], section, row)


ANSWERS = """() => {
    const cards = document.querySelector('#cards');
    return Array.from(cards ? cards.content.querySelectorAll('.answer') : []).map((card) => ({ ...card.dataset, sentence: card.querySelector('.lead').textContent,
        best: Array.from(card.querySelectorAll('tr.best'), (row) => row.dataset.q),
        rows: Array.from(card.querySelectorAll('tbody tr'), (row) => [row.dataset.q, row.cells[row.cells.length - 2].textContent, row.cells[1].textContent]) }));
}"""


def key_of(section, answer):
    """What the chooser finds an answer by."""
    matter = "cpu" if answer["matter"] == "cpu" else "time" if figures.is_timed(section) else "rate"
    return section["machine"], section["parts"]["workload"], answer["wait"], matter


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_answers(read_only, summary, kind):
    shown = read_only(kind).evaluate(ANSWERS)
    sections = [section for section in summary(kind)["scenarios"] if section["parts"]["workload"] not in figures.PROGRAMS]
    wanted = [(section, answer) for section in sections for answer in section["answers"] if answer["queues"]]
    assert len(shown) == len(wanted)
    for card, (section, answer) in zip(shown, wanted):
        assert (card["machine"], card["workload"], card["wait"], card["matter"]) == key_of(section, answer)
        check_answer(card, section, answer)


def check_answer(card, section, answer):
    assert card["sentence"] == figures.lead(section, answer)
    best = [candidate["queue"] for candidate in answer["best"]][:8]
    assert card["best"] == best
    runner_up = [answer["runner_up"]] if answer["runner_up"] else []
    words = figures.duration if answer["matter"] == "cpu" else figures.in_unit(section)
    for (queue, value, worse), candidate in zip(card["rows"], answer["best"][:8] + runner_up, strict=True):
        assert queue == candidate["queue"]
        assert value == (with_interval(section, candidate, words=words) if candidate["value"] is not None else "")
        is_sole = len(answer["best"]) == 1 and candidate is answer["best"][0]
        assert worse == ("1" if is_sole else figures.ratio(candidate["times_worse"]) if candidate["times_worse"] else "")


def test_machines_side_by_side(read_only, summary):
    tables = read_only("two-machines").evaluate(TABLES, "#machines details.scenario table")
    sides = summary("two-machines")["side_by_side"]
    assert len(sides["scenarios"]) == len(tables) == 2 and sides["machines"][1] == "synthetic-second"
    for table, beside in zip(tables, sides["scenarios"]):
        for shown, row in zip(table["rows"], beside["rows"], strict=True):
            cells, on = shown["cells"], row["on"]
            assert shown["queue"] == row["queue"]
            of_each = {head: [cells[column(table, f"{head}, {letter}")] for letter in "AB"]
                       for head in ["ns/message", "times the reference [95 %]", "rank"]}
            assert [number(cell) for cell in of_each["ns/message"]] == [side and side["ns"] for side in on]
            for cell, side, without in zip(of_each["ns/message"], on, row["without"]):
                assert (side is None) == (without is not None)
                if without == "hung":
                    assert "failed" in cell["text"] and "hung" in cell["text"]
                elif without:
                    assert without.replace("-", " ") in cell["text"]
            assert [cell["text"] for cell in of_each["rank"]] == [rank_words(side) for side in on]
            ratios = [(side or {}).get("times_reference") for side in on]
            ratios = [ratio and ratio["estimate"] for ratio in ratios]
            assert [number(cell) for cell in of_each["times the reference [95 %]"]] == ratios
        agreed = {(pairs["faster"], slower) for pairs in beside["agreed"] for slower in pairs["than"]}
        assert len(agreed) == beside["agreements"] and ("made-up/b", "made-up/c") not in agreed
    assert any(beside["reversals"] for beside in sides["scenarios"])
    assert any(beside["agreements"] for beside in sides["scenarios"])
    failed = [row["without"] for beside in sides["scenarios"] for row in beside["rows"] if row["queue"] == "made-up/d"]
    assert failed == [[None, "hung"]]


def rank_words(side):
    return "-".join(map(str, sorted(set(side["ranks"])))) if side and side["ranks"] else ""


def test_threads_and_processes(read_only, summary):
    tables = read_only("all").evaluate(TABLES, "#boundary details.scenario > div > .scroll:first-of-type > table")
    crossings = summary("all")["crossings"]
    assert len(tables) == len(crossings) > 10
    for table, crossing in zip(tables, crossings):
        for shown, queue in zip(table["rows"], crossing["queues"], strict=True):
            cells = shown["cells"]
            assert shown["queue"] == queue["queue"]
            sides = [queue["threads"], queue["processes"]]
            of_sides = [cells[table["heads"].index(name)] for name in ["threads", "processes"]]
            assert [number(cell) for cell in of_sides] == [side["value"] for side in sides]
            times = queue["times_faster"]
            assert number(cells[2]) == (times and times["estimate"])
            assert cells[2]["text"] == (figures.ratio(times) if times else "")


def test_core_to_core(read_only, pages):
    measured = json.loads(pages("all").maps[0].read_text())
    [table] = read_only("all").evaluate(TABLES, "#cores figure details.data table")
    for shown, pair in zip(table["rows"], measured["pairs"], strict=True):
        texts = [cell["text"] for cell in shown["cells"]]
        assert texts[:3] == [str(pair["from"]), str(pair["to"]), pair["class"]]
        if pair["round_trip_ns"] is None:
            assert "failed" in texts[3] and pair["why"] in texts[3]
        else:
            assert texts[3] == str(pair["round_trip_ns"])
            assert texts[4] == f"{pair['low_ns']} \u2013 {pair['high_ns']}"


def test_the_download_has_every_row(read_only, summary):
    import base64
    import csv

    address = read_only("quick").page.get_attribute("a[download]", "href")
    rows = list(csv.DictReader(base64.b64decode(address.partition(",")[2]).decode().splitlines()))
    wanted = [(section["scenario"], row) for section in summary("quick")["scenarios"] for row in section["rows"]]
    assert len(rows) == len(wanted)
    for cells, (scenario, row) in zip(rows, wanted):
        assert (cells["scenario"], cells["queue"], int(cells["blocks"])) == (scenario, row["queue"], row["blocks"])
        value = row["value"] if row["modes"] is None else None
        assert (float(cells["value"]) if cells["value"] else None) == value
