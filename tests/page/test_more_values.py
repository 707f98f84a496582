"""Figures, words and marks of the parts that test_values.py leaves out: each is the summary's."""

import pytest

import figures
from test_values import TABLES, WITH_FIGURES, number

MEASURED = ["quick", "all", "verdicts"]


def shares(value):
    return "" if value is None else f"{value * 100:.0f} %"


def test_the_ladder(read_only, summary):
    tables = read_only("all").evaluate(TABLES, "#boundary details.scenario > div > .scroll:not(:first-of-type) > table")
    ladders = [crossing["ladder"] for crossing in summary("all")["crossings"]]
    ladders = [ladder for ladder in ladders if any(step["to"].endswith("threads") for step in ladder)]
    assert len(tables) == len(ladders) > 0
    for table, ladder in zip(tables, ladders):
        for shown, step in zip(table["rows"], ladder, strict=True):
            name, to, verdict, times, _, changes = [cell["text"] for cell in shown["cells"]]
            assert name == step["step"] + "*" * bool(step["not_isolated"]) and to == step["to"] and changes == step["changes"]
            assert number(shown["cells"][3]) == (step["times_faster"] and step["times_faster"]["estimate"])
            assert times == (figures.ratio(step["times_faster"]) if step["times_faster"] else "")
            assert verdict.endswith(change_words(step))


def change_words(change):
    if change["times_faster"] is None:
        return "without a figure"
    if change["unreliable"]:
        return "unreliable"
    return WORDS.get(change["verdict"], change["verdict"])


WORDS = {"equivalent-faster": "equivalent+", "equivalent-slower": "equivalent-"}


def test_cpu_and_room_on_both_sides(read_only, summary):
    tables = read_only("all").evaluate(TABLES, "#boundary details.scenario > div > .scroll:first-of-type > table")
    for table, crossing in zip(tables, summary("all")["crossings"], strict=True):
        for shown, queue in zip(table["rows"], crossing["queues"], strict=True):
            cells = shown["cells"]
            assert cells[1]["text"].endswith(change_words(queue))
            for cell, side in zip(cells[6:8], ["threads", "processes"]):
                cost = queue[side]["cpu_ns_per_message"]
                assert number(cell) == cost and cell["text"] == ("" if cost is None else figures.duration(cost))
            holds = queue["threads"]["capacity"]
            wanted = "" if holds is None else f"{holds}" + " !" * (holds != crossing["asked"])
            assert number(cells[8]) == holds and cells[8]["text"] == wanted


def test_threads_or_processes_in_a_sentence(read_only, summary):
    words = read_only("all").page.locator("#boundary > .finding").text_content()
    made = summary("all")
    is_of_queues = lambda crossing: made["scenarios"][crossing["sections"][0]]["parts"]["workload"] not in (*figures.PROGRAMS, "crawl", "spawn")
    all_ = [queue for crossing in made["crossings"] if is_of_queues(crossing) for queue in crossing["queues"]]
    said = [change_words(queue) for queue in all_]
    for verdict, times in [("faster", said.count("faster")), ("slower", said.count("slower")), ("undecided", said.count("undecided")),
                           ("equivalent", sum(word.startswith("equivalent") for word in said))]:
        assert f"{verdict} in {times}" in words
    sure = [queue["times_faster"]["estimate"] for queue, word in zip(all_, said) if word in ("faster", "slower")]
    assert f"Of {len(all_)} pairs" in words and f"processes are {min(sure):.2f} to {max(sure):.2f} times as fast" in words
    assert ("Mostly neither" in words) == (2 * sum(word == "undecided" or word.startswith("equivalent") for word in said) > len(all_))


@pytest.mark.parametrize("kind", MEASURED)
def test_quality(read_only, summary, kind):
    tables = read_only(kind).evaluate(TABLES, "#quality details.scenario > div table")
    noises = read_only(kind).evaluate("""() => Array.from(document.querySelectorAll('#quality details.scenario > div'),
        (part) => Array.from(part.querySelectorAll(':scope > p:not(.fine)'), (words) => words.textContent).join(' '))""")
    for table, noise, section in zip(tables, noises, summary(kind)["scenarios"], strict=True):
        rows = {row["queue"]: row for row in section["rows"]}
        assert [row["queue"] for row in table["rows"]] == [dots["queue"] for dots in section["dots"]]
        for shown in table["rows"]:
            row, [_, _, n, spread, flags] = rows[shown["queue"]], [cell["text"] for cell in shown["cells"]]
            assert n == str(row["blocks"] + row["failed_blocks"]) and spread == shares(row["spread"])
            told = [f"{name} in {blocks}" for name, blocks in {**row["flags"], **row["disturbed"]}.items()]
            told += ["two speeds"] * bool(row["modes"]) + [row["unreliable"]] * bool(row["unreliable"])
            assert all(words in flags for words in told) and bool(flags) == bool(told or row["failed_blocks"])
        for family in section["noise"]:
            assert f"{family['family']} {family['median_difference'] * 100:.0f} % ({family['pairs']} pair" in noise


def test_shares_of_the_limit(read_only, summary):
    sides = summary("three-machines")["side_by_side"]
    tables = read_only("three-machines").evaluate(TABLES, "#machines details.scenario table")
    seen = 0
    for table, beside in zip(tables, sides["scenarios"], strict=True):
        columns = [table["heads"].index(f"of limit/loop, {letter}") for letter in "ABC"]
        for shown, row in zip(table["rows"], beside["rows"], strict=True):
            for column, side in zip(columns, row["on"]):
                share, cell = (side or {}).get("share_of_limit"), shown["cells"][column]
                assert number(cell) == share and cell["text"] == ("" if share is None else f"{share * 100:.1f} %")
                seen += share is not None
    assert seen > 20


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_verdicts_and_remarks(read_only, summary, kind):
    tables = read_only(kind).evaluate(TABLES, "#ranking details.scenario > div > .scroll > table")
    for table, section in zip(tables, summary(kind)["scenarios"], strict=True):
        verdict_at, remarks_at = table["heads"].index("verdict"), table["heads"].index("remarks")
        for shown, row in zip(table["rows"], section["rows"], strict=True):
            assert shown["cells"][verdict_at]["text"].endswith(verdict_words(row))
            remarks = shown["cells"][remarks_at]["text"]
            assert ("two speeds" in remarks) == bool(row["modes"])
            if row["outcome"] != "ok":
                assert f"in {row['failed_blocks']} of {row['failed_blocks'] + row['blocks']} block" in remarks
            for signal, blocks in row["disturbed"].items():
                assert (f"{signal} in {blocks} of {row['blocks']}" in remarks) == (blocks * 10 > row["blocks"])


def verdict_words(row):
    if row["outcome"] != "ok":
        return row["outcome"]
    if row["unreliable"]:
        return "UNRELIABLE"
    if row["verdict"]:
        return WORDS.get(row["verdict"], row["verdict"])
    return "best" if row["may_be_best"] else "-"


def best_names(answer):
    names = [candidate["queue"] for candidate in answer["best"]]
    more = len(names) - 3
    return " or ".join(names[:3]) + (f" or {more} more" if more > 0 else "")


@pytest.mark.parametrize("kind", WITH_FIGURES)
def test_every_scenario_in_a_line(read_only, summary, kind):
    [table] = read_only(kind).evaluate(TABLES, "#all-answers table")
    wanted = []
    for section in summary(kind)["scenarios"]:
        of = {answer["matter"]: answer for answer in section["answers"] if answer["wait"] == "any"}
        if "speed" in of:
            wanted.append(of)
    for shown, of in zip(table["rows"], wanted, strict=True):
        _, best, following, cheapest, queues = [cell["text"] for cell in shown["cells"]]
        runner_up = of["speed"]["runner_up"]
        times = figures.ratio(runner_up["times_worse"]) if runner_up and runner_up["times_worse"] else ""
        rests_on = of["speed"]["best"] + ([runner_up] if runner_up else [])
        flag = "⚠\ufe0eflagged " if any(candidate["unreliable"] for candidate in rests_on) else ""
        assert best == flag + best_names(of["speed"]) and cheapest == best_names(of["cpu"])
        assert following == (f"{runner_up['queue']} {times}".strip() if runner_up else "")
        assert queues == str(of["speed"]["queues"])


@pytest.mark.parametrize("kind", MEASURED)
def test_the_runs(read_only, summary, kind):
    [table] = read_only(kind).evaluate(TABLES, "#machine .scroll[aria-label=runs] table")
    for shown, run in zip(table["rows"], summary(kind)["runs"], strict=True):
        cells = dict(zip(table["heads"], [cell["text"] for cell in shown["cells"]]))
        for head in ["file", "machine", "started", "suite", "profile", "allocator"]:
            assert cells[head] == run[head]
        assert cells["blocks"] == str(run["blocks"]) and cells["rounds at most"] == str(run["most_rounds"])
        assert cells["seed"] == str(run["seed"]) and cells["method"] == str(run["method"])
        assert cells["flags"] == (run["rustflags"] or "none") and run["rustc"] in cells["compiler"]
        assert cells["ended"] == ("not ended" if run["incomplete"] else run["ended"])
