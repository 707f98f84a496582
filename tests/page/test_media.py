"""On paper, in the dark, without motion, in forced colours."""

import re
import shutil
import subprocess

import pytest

HEADINGS = ["Which queue?", "Ranking", "The cliff", "Scaling", "Capacity and payload", "Placement", "Threads or processes?", "Whole programs",
            "Core to core", "CPU cost", "Overview", "Quality", "What was not measured", "Machine and versions",
            "Method in brief", "Data"]

UNSEEN = """() => Array.from(document.querySelectorAll('main table, main figure, main h2, main li, main .answer'))
    .filter((element) => !element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) || element.getBoundingClientRect().height === 0)
    .filter((element) => !element.closest('[hidden]'))
    // Of the answers to one need paper has the first.
    .filter((element) => !element.closest('#chosen details, #chosen .answer ~ .answer'))
    .map((element) => element.tagName + ' ' + element.textContent.slice(0, 40))"""


@pytest.mark.parametrize("scripts", [True, False])
def test_a_pdf_has_every_part(fresh, tmp_path, scripts):
    page = fresh("quick", java_script_enabled=scripts)
    path = tmp_path / "page.pdf"
    page.page.pdf(path=path, outline=True, tagged=True)
    assert path.stat().st_size > 50_000
    text = text_of(path)
    assert [heading for heading in HEADINGS if heading not in text] == []


def text_of(path):
    """All text where a program for that is there, else the titles of the outline."""
    if shutil.which("pdftotext"):
        return subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    return " ".join(title.decode("latin-1") for title in re.findall(rb"/Title \((.*?)\)", path.read_bytes()))


@pytest.mark.parametrize("kind", ["quick", "two-machines"])
@pytest.mark.parametrize("scripts", [True, False])
def test_paper_has_no_folds(fresh, kind, scripts):
    page = fresh(kind, java_script_enabled=scripts)
    assert page.evaluate(UNSEEN) != [], "on screen, folds are closed"
    page.page.emulate_media(media="print")
    assert page.evaluate(UNSEEN) == []


def test_paper_has_one_answer_and_says_to_which_needs(fresh):
    page = fresh("all", "#v=1&producers=1&consumers=1&room=bounded")
    assert page.page.locator("#chosen .answer").count() > 5
    page.page.emulate_media(media="print")
    assert page.page.locator("#answer .answer:visible").count() == 1
    assert page.page.locator("#serving").inner_text().startswith("Needs: producers 1, consumers 1, room bounded, ")
    assert page.page.locator("#answer .more-links:visible").count() == 0


def test_paper_is_white_and_has_no_controls(fresh):
    page = fresh("verdicts", color_scheme="dark")
    page.page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in [".tools", "#chooser", "nav", ".skip"]:
        assert not page.page.locator(selector).first.is_visible()


def luminance(page):
    return sum(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")) / 765


def test_light_and_dark_follow_the_system(fresh):
    assert luminance(fresh("verdicts", color_scheme="light")) > 0.9
    assert luminance(fresh("verdicts", color_scheme="dark")) < 0.15
    assert luminance(fresh("verdicts", color_scheme="dark", java_script_enabled=False)) < 0.15


MOVING = """() => document.getAnimations().length + Array.from(document.querySelectorAll('*')).filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0) || style.scrollBehavior === 'smooth';
}).length"""


def test_nothing_moves_where_motion_is_not_wanted(fresh):
    page = fresh("verdicts", reduced_motion="reduce")
    page.open_all()
    assert page.evaluate(MOVING) == 0


def test_forced_colours_keep_what_is_drawn(fresh, tmp_path):
    page = fresh("quick", forced_colors="active")
    path = tmp_path / "forced.png"
    page.page.locator("figure svg.chart").first.screenshot(path=path)
    assert path.stat().st_size > 5_000
    strokes = page.evaluate("""() => new Set(Array.from(document.querySelectorAll('#cost figure .line.loud use.m'),
        (mark) => getComputedStyle(mark).stroke)).size""")
    assert strokes == 6, "marks keep their colours"
