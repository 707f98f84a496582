"""How large pages are, and how soon there is something to see."""

import time

MEGABYTE = 1_000_000


def test_a_quick_page_is_at_most_a_megabyte(pages):
    print(f"quick: {pages('quick').size / MEGABYTE:.2f} MB")
    assert pages("quick").size <= MEGABYTE


def test_three_machines_are_at_most_three(pages):
    print(f"three machines: {pages('three-machines').size / MEGABYTE:.2f} MB")
    assert pages("three-machines").size <= 3 * MEGABYTE


PAINTED = """() => new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
    .observe({ type: 'paint', buffered: true }))"""


def test_the_first_figure_is_there_within_a_second(fresh):
    """The best of some tries: what else this machine does is not the page's fault."""
    tries = []
    for _ in range(8):
        page = fresh("quick")
        page.page.locator("#answer table:visible").first.wait_for(state="visible")
        tries.append(page.evaluate(PAINTED))
        if len(tries) >= 3 and min(tries) < 1000:
            break
        time.sleep(0.2 * len(tries))
    print(f"quick: first paint {min(tries):.0f} ms after navigation, the best of {len(tries)}")
    assert min(tries) < 1000
