"""Nothing is drawn outside of its picture's frame, and no word is cut off at its picture's edge."""

OUTSIDE = """() => {
    const found = [];
    const within = (box, frame, slack) => box.x >= frame.x - slack && box.y >= frame.y - slack
        && box.x + box.width <= frame.x + frame.width + slack && box.y + box.height <= frame.y + frame.height + slack;
    const say = (picture, element, box) => found.push([picture.getAttribute('aria-label')?.slice(0, 60) ?? picture.className.baseVal,
        element.className.baseVal, element.textContent.slice(0, 40), [box.x, box.y, box.width, box.height].map(Math.round).join(' ')].join(' | '));
    for (const chart of document.querySelectorAll('svg.chart')) {
        const view = chart.viewBox.baseVal;
        const frame = chart.querySelector('.frame')?.getBBox();
        for (const text of chart.querySelectorAll('text')) if (!within(text.getBBox(), view, 0.5)) say(chart, text, text.getBBox());
        if (!frame) continue;
        for (const mark of chart.querySelectorAll('.line use.m')) {
            const box = { x: mark.x.baseVal.value, y: mark.y.baseVal.value, width: 0, height: 0 };
            if (!within(box, frame, 0)) say(chart, mark, box);
        }
        for (const path of chart.querySelectorAll('.line path[d]:not([d=""]), .mode')) if (!within(path.getBBox(), frame, 0.5)) say(chart, path, path.getBBox());
    }
    for (const strip of document.querySelectorAll('svg.whiskers, svg.blocks')) {
        for (const path of strip.querySelectorAll('use, path[d]:not([d=""])')) if (!within(path.getBBox(), strip.viewBox.baseVal, 0.5)) say(strip, path, path.getBBox());
    }
    return found;
}"""


def test_nothing_is_drawn_outside_of_its_frame(read_only, kind):
    page = read_only(kind)
    page.open_all()
    assert page.evaluate(OUTSIDE) == []


def test_what_is_outside_is_seen(fresh):
    """The test above can fail."""
    page = fresh("verdicts")
    page.open_all()
    before = len(page.evaluate(OUTSIDE))
    page.evaluate("""() => {
        document.querySelector('svg.chart .line use.m').setAttribute('x', '5000');
        document.querySelector('svg.chart text').setAttribute('x', '-5000');
        document.querySelector('svg.whiskers .whisker').setAttribute('d', 'M-9 9H20');
    }""")
    assert len(page.evaluate(OUTSIDE)) == before + 3


def test_axes_without_bars_need_no_zero(read_only, kind):
    """All pictures have logarithmic axes, so none has bars, whose length would mean nothing."""
    bars = read_only(kind).evaluate("""() => Array.from(document.querySelectorAll('svg rect'),
        (rect) => rect.className.baseVal).filter((name) => name !== 'crowd' && !/^k[0-8]$/.test(name))""")
    assert bars == []
