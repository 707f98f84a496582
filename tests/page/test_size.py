"""How large pages are, and how soon there is something to see."""

import time

MEGABYTE = 1_000_000


def test_a_quick_page_is_at_most_a_megabyte(pages):
    print(f"quick: {pages('quick').size / MEGABYTE:.2f} MB")
    assert pages("quick").size <= MEGABYTE


def test_three_machines_are_at_most_three(pages):
    print(f"three machines: {pages('three-machines').size / MEGABYTE:.2f} MB")
    assert pages("three-machines").size <= 3 * MEGABYTE


def test_the_first_figure_is_there_soon(fresh):
    """A bound for a busy machine; the figure itself is printed."""
    begun = time.monotonic()
    page = fresh("quick")
    page.page.locator("#answer table:visible").first.wait_for(state="visible")
    elapsed = time.monotonic() - begun
    painted = page.evaluate("""() => new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
        .observe({ type: 'paint', buffered: true }))""")
    print(f"quick: first figure after {elapsed:.2f} s, first paint {painted:.0f} ms after navigation")
    assert elapsed < 3
