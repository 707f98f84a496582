"""What the plots show is read back from the axes; the files are written as promised, whatever the names are."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import made_up
import pytest
from matplotlib.text import Text

import gallery
import inputs
import plots
import style
import words
from charts import boundary, cliff, core_to_core, cost, machines, placement, programs, ranking, scaling, sweeps

SCRIPTS = Path(plots.__file__).parent
REPOSITORY = SCRIPTS.parent
LIGHT, DARK = style.THEMES["light"], style.THEMES["dark"]
SYNTHETIC = str(REPOSITORY / "tests/cmd/results/synthetic.jsonl")


def drawn(picture, theme=LIGHT):
    """A picture's figure, laid out."""
    figure = style.compose(picture, theme)
    figure.draw_without_rendering()
    return figure


def data_of(axes) -> dict[str, list[tuple[float, float]]]:
    """Every labelled mark's coordinates."""
    found: dict[str, list[tuple[float, float]]] = {}
    for line in axes.lines:
        found.setdefault(line.get_label(), []).extend(zip(map(float, line.get_xdata()), map(float, line.get_ydata())))
    return found


def texts_of(figure) -> str:
    """All there is to read."""
    figures = [figure, *figure.subfigs]
    found = [text for part in figures for text in part.texts] + [text for axes in figure.axes for text in axes.texts]
    return "\n".join(text.get_text() for text in found)


def check_frame(picture, figure) -> None:
    """What every image must have."""
    text = texts_of(figure).replace("\n", " ")
    for wanted in (picture.title, picture.finding, *picture.footer):
        assert re.sub(r"\s", "", words.shown(wanted, 600)) in re.sub(r"\s", "", text), wanted
    box = figure.get_window_extent()
    for part in figure.texts:
        extent = part.get_window_extent()
        assert extent.x0 >= 0 and extent.x1 <= box.width and extent.y0 >= 0 and extent.y1 <= box.height, part.get_text()
    assert any(word in axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes for word in ("lower is better", "higher is better"))
    assert not [axes for axes in figure.axes if axes.patches and axes.get_yscale() == "log" and axes.containers]
    for axes in figure.axes:
        (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
        for name, points in data_of(axes).items():
            # A line over the whole height has no data.
            if not name.startswith("_child"):
                assert all(left <= x <= right and low <= y <= high for x, y in points), name


def test_ranking_shows_every_row(synthetic):
    section = synthetic["scenarios"][0]
    picture = ranking.picture(synthetic, section)
    figure = drawn(picture)
    check_frame(picture, figure)
    axes = figure.axes[0]
    data = data_of(axes)
    for y, row in enumerate(section["rows"]):
        if row["value"] is None:
            assert f"{row['outcome']}: no figure" in texts_of(figure) and row["queue"] not in data
            continue
        assert data[row["queue"]] == [(row["value"], y)]
        if row["value_interval"]:
            assert data[f"{row['queue']} interval"] == [(end, y) for end in row["value_interval"]]
        assert [x for x, _ in data[f"{row['queue']} speeds"]] == [mode["value"] for mode in row["modes"] or []]
    assert "two speeds" in texts_of(figure)
    assert axes.get_xscale() == "log" and "messages/s" in axes.get_xlabel()
    assert [label.get_text() for label in axes.get_yticklabels()] == [row["queue"] for row in section["rows"]]


def test_a_narrow_field_stands_on_an_axis_from_zero(synthetic):
    section = next(section for section in synthetic["scenarios"] if section["unit"] == "messages/s")
    values = [40.0, 50.0]
    narrow = {**section, "rows": [{**section["rows"][0], "queue": f"q{value}", "value": value, "value_interval": [value, value]} for value in values]}
    axes = drawn(ranking.picture(synthetic, narrow)).axes[0]
    assert axes.get_xscale() == "linear" and axes.get_xlim()[0] == 0


@pytest.mark.parametrize("chart, swept", [(cliff, "work"), (scaling, "threads"), (sweeps, "capacity"), (sweeps, "payload")])
def test_lines_are_the_summarys(request, chart, swept):
    summary = request.getfixturevalue("balance" if swept == "work" else "quick")
    series = next(series for series in summary["series"] if series["swept"] == swept)
    picture = next(picture for picture in chart.pictures(summary) if picture.title.endswith(series["fixed"]) and (chart is cliff or swept in picture.about))
    figure = drawn(picture)
    check_frame(picture, figure)
    axes, data = figure.axes[0], data_of(figure.axes[0])
    assert axes.get_yscale() == "log" and series["unit"] in axes.get_ylabel()
    grey = summary["palette"]["quiet"][0]
    coloured = {line.get_label() for line in axes.lines if line.get_marker() not in ("None", "_") and line.get_color() != grey and line.get_markeredgecolor() != grey}
    assert coloured == {line["queue"] for line in series["lines"] if line["highlighted"]} and len(coloured) <= 6
    for line in series["lines"]:
        rows = [(place["at"], next((row for row in summary["scenarios"][place["scenario"]]["rows"] if row["queue"] == line["queue"]), None)) for place in series["places"]]
        rows = [(at, row) for at, row in rows if row and row["value"] is not None]
        assert sorted(data[line["queue"]]) == [(at, row["value"]) for at, row in rows]
        if line["highlighted"] or line["limit"]:
            assert sorted(data.get(f"{line['queue']} interval", [])) == sorted((at, end) for at, row in rows for end in row["value_interval"] or [])
            assert line["queue"] in texts_of(figure)
    if swept == "payload":
        per_byte = data_of(figure.axes[1])
        for queue, points in data.items():
            if " " not in queue:
                sizes = [summary["scenarios"][place["scenario"]]["parts"]["payload_bytes"] for place in series["places"]]
                assert [y for _, y in per_byte[queue]] == pytest.approx([y * sizes[int(x)] / 2**30 for x, y in points])
        assert "GiB/s" in figure.axes[1].get_ylabel()
    if swept == "threads":
        assert f"more threads than cpus ({series['cpus']})" in texts_of(figure)


def test_end_labels_dont_cover_each_other(quick):
    for picture in [*scaling.pictures(quick), *sweeps.pictures(quick)]:
        figure = drawn(picture)
        # An annotation's own extent would take in its arrow.
        labels = [Text.get_window_extent(text) for axes in figure.axes for text in axes.texts if getattr(text, 'arrow_patch', None)]
        assert labels and all(label.x1 <= figure.bbox.width for label in labels)
        labels.sort(key=lambda box: box.y0)
        assert all(below.y1 <= above.y0 + 3 for below, above in zip(labels, labels[1:])), picture.title


def test_placement_has_a_dot_for_each_place(quick):
    picture = placement.pictures(quick)[0]
    figure = drawn(picture)
    check_frame(picture, figure)
    series = next(series for series in quick["series"] if series["swept"] == "placement")
    data = data_of(figure.axes[0])
    for y, line in enumerate(series["lines"]):
        for place in series["places"]:
            row = next((row for row in quick["scenarios"][place["scenario"]]["rows"] if row["queue"] == line["queue"]), None)
            if row and row["value"] is not None:
                assert data[f"{line['queue']} at {place['label']}"] == [(row["value"], y)]


def test_boundary_has_both_sides_and_every_step(crossing):
    (picture,) = boundary.pictures(crossing)
    figure = drawn(picture)
    check_frame(picture, figure)
    absolute, ratios, ladder = (data_of(axes) for axes in figure.axes)
    (told,) = crossing["crossings"]
    # These ratios are no ranking, whose rows hold together.
    assert "ratios: 95 %, each by itself, signed ranks over rounds" in texts_of(figure).replace("\n", " ")
    for entry in told["queues"]:
        for side in ("threads", "processes"):
            assert absolute[f"{entry['queue']} {side}"][0][0] == entry[side]["value"]
        assert ratios[entry["queue"]][0][0] == entry["times_faster"]["estimate"]
        assert [x for x, _ in ratios[f"{entry['queue']} interval"]] == entry["times_faster"]["interval"]
    drawn_steps = {name for name in ladder if name.endswith("interval")}
    assert len(drawn_steps) == len(boundary.steps_of(told)) and len(told["ladder"]) == len(drawn_steps) + len(told["queues"])
    for step in boundary.steps_of(told):
        assert ladder[f"{step['from']} to {step['to']}"][0][0] == step["times_faster"]["estimate"]


def test_cost_leaves_out_and_names_what_is_compared_with_nobody(quick):
    section = json.loads(json.dumps(quick["scenarios"][0]))
    alone = cost.rows_of(section)[0]
    alone["times_slower"], section["runs"] = None, 2
    failed = cost.rows_of(section)[1]
    failed["times_slower"] = failed["value"] = None
    picture = cost.picture(quick, section)
    assert alone["queue"] not in data_of(drawn(picture).axes[0])
    assert f"compared with nobody: {alone['queue']}." in picture.alt()
    assert f"one of the figures is missing: {failed['queue']}." in picture.alt()


def test_cost_has_both_figures(quick):
    picture = cost.picture(quick, quick["scenarios"][0])
    figure = drawn(picture)
    check_frame(picture, figure)
    axes, data = figure.axes[0], data_of(figure.axes[0])
    assert axes.get_xscale() == axes.get_yscale() == "log" and "ns of cpu per message" in axes.get_xlabel()
    for row in cost.rows_of(quick["scenarios"][0]):
        assert data[row["queue"]] == [(row["cpu_ns_per_message"], row["value"])]


@pytest.mark.parametrize("workers", [4, None])
def test_programs_show_speed_ups_where_there_are_any_and_figures_else(synthetic, workers):
    made = made_up.a_program(synthetic, workers)
    (picture,) = programs.pictures(made)
    figure = drawn(picture)
    check_frame(picture, figure)
    axes, data, section = figure.axes[0], data_of(figure.axes[0]), made["scenarios"][0]
    pairs = {pair["of"]: pair["times_faster"] for pair in section.get("speed_up", [])}
    assert len(pairs) == (2 if workers else 0)
    for y, row in enumerate(section["rows"]):
        queue, times = row["queue"], pairs.get(row["queue"])
        value, interval = (times["estimate"], times["interval"]) if times else (row["value"], row["value_interval"])
        if value is None or (workers and not times):
            assert queue not in data and (row["value"] is not None or f"{row['outcome']}: no figure" in texts_of(figure))
            continue
        assert data[queue] == [(value, y)] and data.get(f"{queue} interval", []) == [(end, y) for end in interval or []]
        assert words.figure(row["value"], section["unit"]) in texts_of(figure) and (not times or f"{words.ratio(times)} as fast as made-up/serial" in picture.alt())
    if workers:
        assert {x for x, _ in data["workers"]} == {workers} and "times as fast as one worker" in axes.get_xlabel()
        assert "4 workers" in picture.finding and "whiskers, ratios: 95 %, each by itself" in picture.footer[-1]
    else:
        assert "workers" not in data and section["unit"] in axes.get_xlabel() and "whiskers, values:" in picture.footer[-1]
    assert not programs.pictures(synthetic)


def test_programs_say_what_went_wrong_where_it_is_not_nothing(synthetic):
    made = made_up.a_program(synthetic, None)
    wrong, right = [row for row in made["scenarios"][0]["rows"] if row["value"] is not None][:2]
    wrong["figures"], right["figures"] = {"lost_updates_ppm": [372000, 1, 2], "ending_ns": [2000, 1, 2]}, {"lost_updates_ppm": [0, 0, 0]}
    (picture,) = programs.pictures(made)
    assert "· lost updates 37.2 %" in texts_of(drawn(picture)) and "lost updates 0" not in texts_of(drawn(picture))
    assert "lost updates 37.2 %, ending 2.00 us" in picture.alt() and "lost updates 0 %" in picture.alt()


def test_machines_stand_side_by_side(synthetic):
    made = made_up.two_machines(synthetic)
    (picture,) = machines.pictures(made)
    figure = drawn(picture)
    check_frame(picture, figure)
    *panels, ratios = figure.axes
    assert [axes.get_title() for axes in panels] == made_up.MACHINES
    for y, row in enumerate(made["side_by_side"]["scenarios"][0]["rows"]):
        for axes, on, machine in zip(panels, row["on"], made_up.MACHINES):
            if on:
                assert data_of(axes)[row["queue"]] == [(on["ns"], y)]
                assert data_of(axes)[row["queue"] + " interval"] == [(end, y) for end in on["ns_interval"]]
                assert data_of(ratios)[f"{row['queue']} on {machine}"][0][0] == on["times_reference"]["estimate"]
    assert "ratios: 95 %, each by itself" in texts_of(figure).replace("\n", " ")
    # One scale for all of them: what lies farther to the right is slower, whosever it is.
    assert len({axes.get_xlim() for axes in panels}) == 1 and panels[0].get_xscale() == "log"
    assert "not measured: no figure" in texts_of(figure) and "UNRELIABLE" in texts_of(figure) and "Reversed" in texts_of(figure)


def test_core_map_is_in_the_order_of_the_topology():
    probe = made_up.core_map()
    picture = core_to_core.picture(probe)
    figure = drawn(picture)
    check_frame(picture, figure)
    axes, bar = figure.axes
    order = [int(label.get_text().split()[1]) for label in axes.get_yticklabels()]
    assert order == [cpu["id"] for cpu in sorted(probe["topology"]["cpus"], key=lambda cpu: (cpu["package"], cpu["l3"], cpu["core"], cpu["id"]))]
    cells = axes.images[0].get_array()
    for pair in probe["pairs"]:
        cell = cells[order.index(pair["from"])][order.index(pair["to"])]
        assert cell == pair["round_trip_ns"] if pair["round_trip_ns"] is not None else cells.mask[order.index(pair["from"])][order.index(pair["to"])]
    assert axes.images[0].get_clim()[0] == 0 and axes.images[0].get_cmap().name == "cividis"
    assert "?" in {text.get_text() for text in axes.texts} and "ns" in bar.get_ylabel()
    assert "Not measured, of the pairs: 1" in "".join(picture.notes)


@pytest.mark.parametrize("probe", [made_up.core_map(2, 17), made_up.core_map(sampled=True)])
def test_large_or_sampled_maps_become_a_strip(probe):
    figure = drawn(core_to_core.picture(probe))
    assert not figure.axes[0].images
    shown = sorted(x for points in data_of(figure.axes[0]).values() for x, _ in points)
    assert shown == sorted(pair["round_trip_ns"] for pair in probe["pairs"] if pair["round_trip_ns"] is not None)


def test_two_runs_write_the_same_bytes(tmp_path, monkeypatch):
    for name in ("one", "two"):
        # Neither the reader's settings nor the hash seed matter.
        style.matplotlib.rcParams["font.size"] = 20 if name == "one" else 5
        assert plots.main([SYNTHETIC, "-o", str(tmp_path / name), "--format", "svg,png", "--theme", "light,dark", "--only", "ranking,scaling"]) == 0
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    kinds = {name.rsplit(".", 1)[1] for name in one}
    assert kinds == {"svg", "png", "txt", "md"} and any(name.endswith("--dark.svg") for name in one)
    assert all(re.fullmatch(r"[a-z0-9.+-]+", name) for name in one)
    index = one["index.md"].decode()
    assert all(name in index for name in one if not name.endswith((".txt", ".md"))) and "prefers-color-scheme: dark" in index
    assert b"versions on " in next(data for name, data in one.items() if name.startswith("ranking") and name.endswith(".txt"))
    assert "made-up/reorders: reordered, no figure" in b"".join(data for name, data in one.items() if name.endswith(".txt")).decode()


def test_hostile_names_are_inert(tmp_path, synthetic, capsys):
    made = made_up.renamed(synthetic)
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(made))
    out = tmp_path / "out"
    assert plots.main([str(file), "-o", str(out), "--format", "svg,png"]) == 0
    names = [path.name for path in out.iterdir()]
    assert all(re.fullmatch(r"[a-z0-9+-][a-z0-9.+-]{0,220}", name) for name in names), names
    assert not [path for path in tmp_path.iterdir() if path not in (file, out)]
    svg = next(path for path in sorted(out.glob("ranking*.svg")) if "1p1c" in path.name).read_text()
    ElementTree.fromstring(svg)
    assert "<script" not in svg and "\u202e" not in svg and "&lt;U+202E&gt;" in svg
    assert "_x" in svg and r"$\frac{$" in svg
    index = (out / "index.md").read_text()
    assert "<script" not in index and "\u202e" not in index and "](.." not in index
    for text in out.glob("*.txt"):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text.read_text())


def test_colliding_names_stay_apart():
    class Named:
        chart, about, machine = "ranking", "a/b", "m"

    taken: set[str] = set()
    assert [plots.name_of(Named, taken), plots.name_of(Named, taken)] == ["ranking--a-b--m", "ranking--a-b--m--2"]
    assert words.slug("../..") and "/" not in words.slug("../..") and len(words.slug("x" * 500)) <= 80
    assert words.slug("") and words.slug("x" * 500) != words.slug("x" * 501)


def test_figures_are_written_as_the_tables_write_them():
    assert [words.rate(value) for value in (153e6, 814_000.0, 99_300.0, 2.5e9, 289.4, 12.0)] == ["153 M/s", "0.814 M/s", "99.3 k/s", "2.50 G/s", "289 /s", "12.0 /s"]
    assert [words.duration(value) for value in (13.04, 65_600.0, 2e9)] == ["13.0 ns", "65.6 us", "2.00 s"]


def test_dark_is_dark(synthetic):
    figure = drawn(ranking.picture(synthetic, synthetic["scenarios"][0]), DARK)
    assert style.matplotlib.colors.to_hex(figure.get_facecolor()) == DARK.paper
    colours = {line.get_markerfacecolor() for line in figure.axes[0].lines}
    assert colours & set(synthetic["palette"]["dark"])


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "is empty; measure one: queuebench run"),
        ("not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"type":"else"}', "is no summary"),
        ('{"schema":9,"runs":[],"scenarios":[],"series":[],"crossings":[],"looks":{},"palette":{}}', "has schema 9"),
        ('{"schema":1,"runs":[],"scenarios":[],"series":[],"crossings":[],"looks":{},"palette":{}}', "nothing to draw"),
        ('{"schema":1,"runs":[],"scenarios":[{"rows":[1]}],"series":[],"crossings":[],"looks":{},"palette":{}}', "not as queuebench writes it"),
        ('{"schema":1,"runs":[1e400]}', "is not a finite number"),
        ('{"type":"run","schema":1}', "queuebench rank:"),
        ('{"type":"core-to-core","pairs":[{"from":0}]}', "not as queuebench writes it"),
        ("\udcff", "is not text"),
        ("# Readme", "is not JSON; name results files"),
    ],
)
def test_bad_files_are_refused_in_a_line(tmp_path, capsys, content, said):
    file = tmp_path / "bad.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert plots.main([str(file), "-o", str(tmp_path / "out")]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in last and last.startswith("plots.py: ") and "Traceback" not in last


def test_what_cannot_be_drawn_is_named(tmp_path, capsys):
    assert plots.main([SYNTHETIC, "-o", str(tmp_path / "out"), "--only", "cliff"]) == 1
    assert "no cliff here" in capsys.readouterr().err
    assert plots.main([SYNTHETIC, "-o", str(tmp_path / "out"), "--only", "cliff,cost"]) == 0, "what can be is"
    assert "no cliff here" in capsys.readouterr().err and list((tmp_path / "out").glob("cost--*.svg"))
    assert plots.main([str(tmp_path / "none.jsonl"), "-o", str(tmp_path / "out")]) == 1
    assert "cannot read" in capsys.readouterr().err
    assert plots.main([SYNTHETIC, "-o", str(tmp_path / "out"), "--queuebench", "/nowhere"]) == 1
    assert "--queuebench" in capsys.readouterr().err
    assert plots.main([SYNTHETIC, "-o", "/dev/null/x", "--only", "ranking"]) == 1
    assert "cannot write" in capsys.readouterr().err
    for wrong in (["--only", "pie"], ["--format", "gif"], ["--theme", "pink"]):
        with pytest.raises(SystemExit) as left:
            plots.main([SYNTHETIC, "-o", str(tmp_path), *wrong])
        assert left.value.code == 2 and "there are:" in capsys.readouterr().err


def test_another_program_is_no_queuebench(tmp_path, capsys):
    assert plots.main([SYNTHETIC, "-o", str(tmp_path / "out"), "--queuebench", "/bin/true"]) == 1
    assert "/bin/true printed no summary" in capsys.readouterr().err


def test_an_interrupt_is_a_line(tmp_path):
    """Whatever it is doing: here it waits for a binary that never answers."""
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho started >&2\nexec sleep 60\n")
    slow.chmod(0o755)
    command = [sys.executable, str(SCRIPTS / "plots.py"), SYNTHETIC, "-o", str(tmp_path / "out"), "--queuebench", str(slow)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while not any("sleep" in (Path("/proc") / child / "cmdline").read_text() for child in children_of(running.pid)):
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=30)[1]
    assert running.returncode == 130 and said == "plots.py: interrupted\n"


def children_of(pid: int) -> list[str]:
    """The processes it has started."""
    return (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()


def test_pictures_are_asked_for_by_name():
    def asked(*words):
        return subprocess.run([SCRIPTS / "pictures", *words], capture_output=True, text=True)

    assert "there are: boundary cliff ranking" in asked("--show", "pie").stderr
    unknown = asked("--draw")
    assert unknown.returncode == 2 and "scripts/pictures --check" in unknown.stderr


def test_charts_come_in_the_order_of_the_page():
    parts = re.findall(r'\("([a-z-]+)", "', (REPOSITORY / "src/report/mod.rs").read_text().partition("const PARTS")[2].partition("];")[0])
    order = [{"core-to-core": "cores"}.get(chart, chart) for chart in plots.CHARTS]
    assert order == [part for part in parts if part in order] and len(order) == 10


def test_without_a_binary_it_says_what_to_type(monkeypatch):
    monkeypatch.delenv("QUEUEBENCH")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(inputs, "REPOSITORY", Path("/nowhere"))
    with pytest.raises(inputs.Refused, match="cargo build --release"):
        inputs.find_binary(None)


def test_requirements_are_the_headers():
    block = re.search(r"^# /// script\n(.*?)^# ///$", (SCRIPTS / "plots.py").read_text(), re.M | re.S)[1]
    header = tomllib.loads("\n".join(line.removeprefix("# ") for line in block.splitlines()))
    assert header["dependencies"] == (SCRIPTS / "requirements.txt").read_text().split()
    assert os.access(SCRIPTS / "plots.py", os.X_OK)
