"""No page is wider than the window; only tables and pictures scroll within themselves."""

import pytest

from conftest import KINDS

TOO_WIDE = """() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) found.push('page ' + root.scrollWidth);
    for (const element of document.querySelectorAll('main > section, header, footer, figure, details, .answer, form')) {
        if (element.closest('[hidden]') || element.closest('.scroll')) continue;
        const right = element.getBoundingClientRect().right;
        if (right > innerWidth + 0.5 || element.scrollWidth > element.clientWidth + 1) {
            found.push([element.tagName, element.id, element.className, element.scrollWidth, element.clientWidth].join(' '));
        }
    }
    return found.slice(0, 5);
}"""


# The page of all files differs from the quick one in length only, and takes its time.
CASES = [(kind, width) for kind in KINDS for width in (320, 768, 1440) if kind != "all" or width == 320]


@pytest.mark.parametrize("kind, width", CASES)
def test_no_sideways_scrolling(read_only, kind, width):
    page = read_only(kind)
    page.page.set_viewport_size({"width": width, "height": 900})
    page.close_all()
    assert page.evaluate(TOO_WIDE) == [], "closed"
    page.open_all()
    assert page.evaluate(TOO_WIDE) == [], "opened"
    page.page.set_viewport_size({"width": 1280, "height": 900})


def test_what_is_too_wide_is_seen(fresh):
    """The test above can fail."""
    page = fresh("no-blocks", viewport={"width": 320, "height": 900})
    page.evaluate("() => { const wide = document.createElement('pre'); wide.style.width = '900px'; document.querySelector('main section').append(wide); }")
    assert page.evaluate(TOO_WIDE) != []
