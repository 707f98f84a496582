"""Finds the dead links of a site: workers are fed by a queue and share the set of pages seen."""

import queue
import sys
import threading
import time


def fetch(page):
    """Fetches a page of a made-up site, which takes 5 ms: its links, or None for a page that is not there."""
    time.sleep(0.005)
    return [0, page + 1, page * 7 % 64, page * 13 % 61] if page < 60 else None


def crawl(workers):
    """All pages seen, with those that link to them; and which of them are dead."""
    started = time.monotonic()
    seen, dead, lock, pages = {0: set()}, set(), threading.Lock(), queue.Queue()

    def visit(page):
        links = fetch(page)  # The network is waited for without the lock; what was seen is looked up and noted under one.
        with lock:
            if links is None:
                dead.add(page)
            for link in links or []:
                if link not in seen:
                    pages.put(link)
                seen.setdefault(link, set()).add(page)

    def work():
        while True:
            visit(pages.get())
            pages.task_done()

    pages.put(0)
    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    # Links are put before their page is done, so the count cannot fall to zero while there is more to come.
    pages.join()
    print(f"workers: {workers}, {(time.monotonic() - started) * 1000:.0f} ms", file=sys.stderr)
    return seen, dead


serial, parallel = crawl(1), crawl(8)
assert serial == parallel, "eight workers found something else than one"
seen, dead = parallel
for page in sorted(dead):
    print(f"/{page} is dead, linked from", *(f"/{source}" for source in sorted(seen[page])))
print(f"pages seen: {len(seen)}, dead: {len(dead)}")
