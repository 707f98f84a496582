"""Python's own queues as contenders of queuebench.

The parent starts this text with `python3 -I -S -B -c` and speaks JSON lines with it: commands on stdin, answers on
stdout. This process, the coordinator, only opens queues and reports. Every block gets forked processes of its own,
either one with a thread for each endpoint or one for each endpoint. So the coordinator has no threads, which makes
forking safe, and whatever an endpoint is stuck in ends with its process.
"""

import sys

if sys.version_info < (3, 9):
    raise SystemExit("Python 3.9 or newer is needed, this is " + sys.version.split()[0])

import collections
import gc
import json
import mmap
import os
import signal
import struct
import threading
import time
from array import array
from bisect import bisect
from functools import partial
from itertools import chain, count, islice
from queue import Empty, Full
from time import monotonic_ns as now_ns  # one clock for all processes
from types import SimpleNamespace

SEQUENCE_BITS = 48
SEQUENCE = 2**SEQUENCE_BITS - 1
WORD = END = 2**64 - 1
CHUNK_NS = 2_000_000, 8_000_000  # chunks grow below and shrink above
LARGEST_CHUNK = 4096
LINGER_NS = 5_000_000  # producers go on for so long, so that consumers pass the window's end
DRAIN_S = 5  # consumers of an unbounded queue get so long after the window
BACKLOG_BYTES = 256 << 20
OBJECT_BYTES = 56  # what a message takes beside its payload: the object's header, its place in the queue
PATIENCE_S = 2  # with a process that has nothing left to do but exit


class Fault(Exception):
    """Ends a block with an outcome other than `ok`, and the detail of it."""


def described(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


# --- Queues: how to open each. ---

# A queue as its endpoints see it, with a bound method for each of them. `flush` returns when others can get all that
# this process has put; `transfers` is false for what hands nothing over. `at_once` has put and get that do not wait, for
# who may hold both ends.
Line = collections.namedtuple("Line", "puts gets capacity flush transfers at_once", defaults=[None])


def line(plan, capacity, put, get, at_once=None, flush=lambda: None):
    return Line([put] * plan.producers, [get] * plan.consumers, capacity, flush, True, at_once)


def forking():
    import multiprocessing  # late, as everything slow, so that hello is fast

    return multiprocessing.get_context("fork")


def open_queue(plan):
    import queue

    opened = queue.Queue(plan.capacity or 0)
    return [line(plan, plan.capacity, opened.put, opened.get, (opened.put_nowait, opened.get_nowait))]


def open_simple_queue(plan):
    import queue

    opened = queue.SimpleQueue()
    return [line(plan, None, opened.put, opened.get, (opened.put_nowait, opened.get_nowait))]


class DequeCondition:
    """The textbook's queue: a deque, and one condition for both sides."""

    def __init__(self, capacity):
        self.items = collections.deque()
        self.capacity = capacity or float("inf")
        self.changed = threading.Condition()

    def put(self, item, block=True):
        with self.changed:
            while len(self.items) >= self.capacity:
                if not block:
                    raise Full
                self.changed.wait()
            self.items.append(item)
            # Not notify(): it might wake one who waits for the other change, and then everybody sleeps for ever.
            self.changed.notify_all()

    def get(self, block=True):
        with self.changed:
            while not self.items:
                if not block:
                    raise Empty
                self.changed.wait()
            item = self.items.popleft()
            self.changed.notify_all()
            return item


def open_deque_condition(plan):
    opened = DequeCondition(plan.capacity)
    at_once = partial(opened.put, block=False), partial(opened.get, block=False)
    return [line(plan, plan.capacity, opened.put, opened.get, at_once)]


def open_mp_queue(plan, joinable=False):
    opened = (forking().JoinableQueue if joinable else forking().Queue)(plan.capacity or 0)

    def get_and_tell(block=True):
        item = opened.get(block)
        if joinable:
            opened.task_done()
        return item

    def flush():
        # A put only hands the message to this process's feeder thread; another process's end mark could overtake it.
        if plan.boundary == "processes":
            opened.close()
            opened.join_thread()

    at_once = opened.put_nowait, partial(get_and_tell, block=False)
    return [line(plan, plan.capacity, opened.put, get_and_tell if joinable else opened.get, at_once, flush)]


def open_mp_simple_queue(plan):
    opened, spare = forking().SimpleQueue(), forking().SimpleQueue()

    def get_at_once():
        # It has no such call: this is what multiprocessing.Queue's does.
        if not opened._rlock.acquire(block=False):
            raise Empty
        try:
            if not opened._reader.poll():
                raise Empty
            return opened._reader.recv()
        finally:
            opened._rlock.release()

    capacity = sized(opened._writer, spare._writer, plan)
    if plan.workload == "crawl":
        # Nor can it be asked for room: a pipe that does not wait takes a message whole, or says that it would wait.
        os.set_blocking(opened._writer.fileno(), False)
    return [line(plan, capacity, opened.put, opened.get, (opened.put, get_at_once))]


def open_pipe(plan):
    (reader, writer), (_spare, like_it) = forking().Pipe(duplex=False), forking().Pipe(duplex=False)
    return [line(plan, sized(writer, like_it, plan), writer.send, reader.recv)]


def open_duplex_pipe(plan):
    (near, far), (_spare, like_it) = forking().Pipe(), forking().Pipe()
    capacity = room(like_it, plan)
    return [line(plan, capacity, near.send, far.recv), line(plan, capacity, far.send, near.recv)]


def sized(writer, spare, plan):
    """Makes a pipe's buffer, whose sizes are powers of two, as near as it gets to the capacity asked for; tells what
    it then is, for which it fills another like it."""
    import fcntl
    from multiprocessing.reduction import ForkingPickler

    wanted = plan.capacity * (4 + len(ForkingPickler.dumps(plan.sample)))
    nearest = min((4096 << power for power in range(9)), key=lambda size: abs(size - wanted))
    for either in writer, spare:
        try:
            fcntl.fcntl(either.fileno(), 1031, nearest)  # F_SETPIPE_SZ, which the module names since 3.10
        except OSError:
            pass  # The system grants no more.
    return room(spare, plan)


def room(writer, plan):
    """How many messages a connection that nobody reads takes; it is spoilt by that."""
    os.set_blocking(writer.fileno(), False)
    for sent in count():
        try:
            writer.send(plan.sample)
        except BlockingIOError:
            return sent


def open_null(plan):
    """No queue: puts drop, and every consumer makes the tags it gets. What was sent is what the consumers made."""

    def tags(consumer):
        mine = range(consumer, plan.producers, plan.consumers) or [consumer % plan.producers]
        made = chain.from_iterable(zip(*(count((producer << SEQUENCE_BITS) + 1) for producer in mine)))
        return map(plan.pack, made) if plan.pack else made

    puts = [collections.deque(maxlen=0).append for _ in range(plan.producers)]
    return [Line(puts, [tags(consumer).__next__ for consumer in range(plan.consumers)], None, lambda: None, False)]


QUEUES = {
    "python/queue.Queue": open_queue,
    "python/queue.SimpleQueue": open_simple_queue,
    "python/deque-condition": open_deque_condition,
    "python/multiprocessing.Queue": open_mp_queue,
    "python/multiprocessing.SimpleQueue": open_mp_simple_queue,
    "python/multiprocessing.JoinableQueue": partial(open_mp_queue, joinable=True),
    "python/multiprocessing.Pipe": open_pipe,
    "python/multiprocessing.Pipe-duplex": open_duplex_pipe,
    "python/null": open_null,
}
# What starts threads or processes, and multiprocessing's name for how.
STARTERS = {
    "python/threading.Thread": None,
    "python/multiprocessing.Process-fork": "fork",
    "python/multiprocessing.Process-spawn": "spawn",
    "python/multiprocessing.Process-forkserver": "forkserver",
}


# Ways to compute parts that have nothing in common, and whether as many share them as are asked for.
MAPS = {"python/map": True, "python/map-serial": False}
PARTS, STEPS = 128, 1000

CRAWL_ALONE = "python/crawl-serial"
# How the workers of a crawl may know what was seen: behind one lock, or by asking its owner.
SEEN = {"threads": ("mutex", "owner"), "processes": ("owner",)}


class Plan:
    """What `prepare` asks for."""

    FIELDS = "queue workload boundary producers consumers capacity payload_bytes boxed cpus work_ns".split()

    def __init__(self, asked):
        vars(self).update({field: asked[field] for field in self.FIELDS})
        self.site = asked.get("site")
        self.seen = next((part[5:] for part in asked["scenario"].split("/") if part.startswith("seen=")), None)
        self.opener = QUEUES.get(self.queue)
        why = self.refusal() or (self.opener and self.queue_refusal())
        if why:
            raise Fault("refused", f"{self.queue} {why}")
        # A message is its tag, or a tag and zeros; unpack() takes no other length.
        layout = struct.Struct(f"<Q{self.payload_bytes - 8}x") if self.payload_bytes > 8 else None
        self.pack, self.unpack = (layout.pack, layout.unpack) if layout else (None, None)
        self.end, self.sample = (layout.pack(tag) if layout else tag for tag in (END, 1 << 20))

    def refusal(self):
        is_starter, is_map, alone = self.queue in STARTERS, self.queue in MAPS, self.queue == CRAWL_ALONE
        crawls = self.workload == "crawl"
        started = "processes" if STARTERS.get(self.queue) else "threads"
        reasons = [
            (not (self.opener or is_starter or is_map or alone), "is no queue of this worker"),
            (self.workload not in ("stream", "pingpong", "spawn", "map", "crawl"), f"knows no workload {self.workload}"),
            (is_starter != (self.workload == "spawn"), f"has no workload {self.workload}"),
            (is_map != (self.workload == "map"), f"has no workload {self.workload}"),
            (alone and not crawls, f"has no workload {self.workload}"),
            (self.boundary not in ("threads", "processes"), f"knows no boundary {self.boundary}"),
            (is_starter and self.boundary != started, f"starts {started}"),
            (is_starter and (self.producers, self.consumers) != (1, 1), "starts one at a time: ask for 1p1c"),
            (
                (is_map or crawls) and not self.producers == self.consumers == len(self.cpus) > 0,
                "needs a cpu, or null, a worker",
            ),
            (crawls and not str(self.site).startswith("http://"), "was not told where the site is"),
            (any(self.work_ns), "does no work beside its queue"),
            (self.boxed, "has no boxed messages: all of Python's are objects"),
        ]
        return next((why for applies, why in reasons if applies), None)

    def queue_refusal(self):
        ends, size, bounded = (self.producers, self.consumers), self.payload_bytes, self.capacity is not None
        inside = self.opener in (open_queue, open_simple_queue, open_deque_condition)
        two_ended = self.opener in (open_pipe, open_duplex_pipe)
        crawls = self.workload == "crawl"
        reasons = [
            (min(ends) < 1, "needs a producer and a consumer"),
            (crawls and (two_ended or self.opener is open_null), "is no queue of which every worker holds both ends"),
            (not crawls and len(self.cpus) != sum(ends), f"needs a cpu, or null, for each of {sum(ends)} endpoints"),
            (inside and self.boundary == "processes", "lives in one interpreter"),
            (two_ended and ends != (1, 1), "has one producer and one consumer"),
            (self.workload == "pingpong" and ends != (1, 1), "plays ping-pong with one endpoint a side"),
            (bounded and self.capacity < 1, "is no rendezvous"),
            (self.opener is open_simple_queue and bounded, "has no bound"),
            ((two_ended or self.opener is open_mp_simple_queue) and not bounded, "has the system's bound"),
            (size < 8, f"has no messages of {size} bytes"),
            (
                crawls and self.seen not in SEEN.get(self.boundary, ()),
                f"does not know what was seen by {self.seen} between {self.boundary}",
            ),
        ]
        return next((why for applies, why in reasons if applies), None)

    def open(self):
        """The endpoints, consumers first: cpus, what to do in a slice, what to do to verify. And the queue."""
        if self.workload == "spawn":
            # What is started inherits the cpus, so the one endpoint has them all.
            return [(self.cpus, partial(start_again_and_again, STARTERS[self.queue]), None)], None
        if self.workload == "map":
            # Likewise: its workers have all cpus between them.
            return [(self.cpus, partial(map_again_and_again, self, share(0, 1)), None)], None
        if self.workload == "crawl":
            return self.open_crawl()
        there, *others = self.opener(self)
        if self.workload == "pingpong":
            (back,) = others or self.opener(self)
            both = partial(consume, self, there, 0, reply=back.puts[0]), partial(initiate, self, there, back)
            runs = [(run, None) for run in both]
        else:
            done = forking().Semaphore(0)
            runs = [(partial(consume, self, there, n), partial(collect, self, there, n)) for n in range(self.consumers)]
            runs += [(partial(produce, self, there, n, done),) * 2 for n in range(self.producers)]
        return [([cpu], run, verify) for cpu, (run, verify) in zip(self.cpus, runs)], there

    def open_crawl(self):
        """A worker for each cpu, or one that has them all; and who keeps what was seen, if that is another."""
        site = Site(self.site)
        if not self.opener:
            return [(self.cpus, Crawler(site, None, Known(site.first), 0, self).run, None)], None
        (there,) = self.opener(self)
        known, ledgers, owner = Known(site.first), [], []
        if self.seen == "owner":
            pipes = [forking().Pipe() for _ in self.cpus]
            ledgers = [Asking(far) for _, far in pipes]
            owner = [([], partial(own, known, [near for near, _ in pipes]), None)]
        crawlers = [Crawler(site, there, ledger, n, self) for n, ledger in enumerate(ledgers or [known] * len(self.cpus))]
        return [([cpu], crawler.run, None) for cpu, crawler in zip(self.cpus, crawlers)] + owner, there


# --- Endpoints: the same functions in threads and in processes. ---


class Pace:
    """Cuts an endpoint's work into chunks of some milliseconds and keeps a note at the end of each."""

    def __init__(self, command, counts, slot, usage):
        opens_ns = command["start_ns"] + command["settle_ns"]
        self.window = opens_ns, opens_ns + command["window_ns"]
        self.counts, self.slot, self.usage = counts, slot, usage
        self.chunk = 16
        self.notes = [(now_ns(), 0, *usage())]

    def note(self, moved):
        """Notes what was moved so far; false when the slice is over."""
        now, last = now_ns(), self.notes[-1][0]
        self.notes.append((now, moved, *self.usage()))
        self.counts[self.slot] = moved
        if now - last < CHUNK_NS[0] and self.chunk < LARGEST_CHUNK:
            self.chunk *= 2
        elif now - last > CHUNK_NS[1] and self.chunk > 1:
            self.chunk //= 2
        return now < self.window[1] + LINGER_NS

    def at(self, edge_ns):
        """Count and usage at a moment, on the line between the notes around it."""
        after = bisect([note[0] for note in self.notes], edge_ns)
        if not 0 < after < len(self.notes):
            return self.notes[after and -1][1:]
        (left_ns, *left), (right_ns, *right) = self.notes[after - 1 : after + 1]
        part = (edge_ns - left_ns) / (right_ns - left_ns)
        return [old + part * (new - old) for old, new in zip(left, right)]

    def share(self):
        """What of the endpoint fell into the window."""
        moved, *usage = (closed - opened for opened, closed in zip(*map(self.at, self.window)))
        return {"moved": moved, "usage": usage}

    def used(self):
        """What was used since the start."""
        return [now - then for then, now in zip(self.notes[0][2:], self.usage())]

    def buckets(self, durations):
        """The durations of what fell into the window, to three digits, with how often they came."""
        opened, closed = (round(self.at(edge)[0]) for edge in self.window)
        buckets = collections.Counter()
        for ns, times in collections.Counter(durations[opened:closed]).items():
            buckets[int(float(f"{ns:.2e}"))] += times
        return sorted(map(list, buckets.items()))


def process_usage():
    """Cpu time, context switches and page faults of this process, feeder threads and joined children included."""
    import resource

    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (
        sum(use.ru_utime + use.ru_stime for use in both) * 1e9,
        sum(use.ru_nvcsw for use in both),
        sum(use.ru_nivcsw for use in both),
        sum(use.ru_minflt + use.ru_majflt for use in both),
    )


def received(messages, total, xor):
    return [{"count": messages, "sum": total & WORD, "xor": xor}]


def produce(plan, queue, number, done, pace):
    put, pack = queue.puts[number], plan.pack
    first = tag = (number << SEQUENCE_BITS) + 1
    more = True
    while more:
        tags = range(tag, tag + pace.chunk)
        for item in map(pack, tags) if pack else tags:
            put(item)
        tag = tags.stop
        more = pace.note(tag - first)
        check_backlog(plan, queue)
    end_stream(plan, queue, number, done)
    return {"sent": [[number, tag - first]] if queue.transfers else [], **pace.share()}


def check_backlog(plan, queue):
    if queue.capacity is None and queue.transfers:
        limit = BACKLOG_BYTES // (plan.payload_bytes + OBJECT_BYTES)
        if sum(plan.counts[plan.consumers :]) - sum(plan.counts[: plan.consumers]) > limit:
            raise Fault("refused", f"refused (backlog): producers outran consumers by {limit} messages")


def end_stream(plan, queue, number, done):
    """The last producer ends the stream when the others have put, and flushed, all they had."""
    if number < plan.producers - 1:
        queue.flush()
        done.release()
        return
    for _ in range(plan.producers - 1):
        done.acquire()
    for _ in range(plan.consumers):
        queue.puts[number](plan.end)


def consume(plan, queue, number, pace, reply=None):
    arriving, unpack = iter(queue.gets[number], plan.end), plan.unpack
    bits, mask, last = SEQUENCE_BITS, SEQUENCE, [0] * plan.producers
    messages = total = xor = 0
    more = True
    while more:
        whole = messages + pace.chunk
        try:
            for item in islice(arriving, pace.chunk):
                if reply:
                    reply(item)
                if unpack:
                    (item,) = unpack(item)
                producer = item >> bits
                sequence = item & mask
                if sequence <= last[producer]:
                    raise Fault("reordered", f"producer {producer}'s message {sequence} came after {last[producer]}")
                last[producer] = sequence
                messages += 1
                total += item
                xor ^= item
        except (IndexError, struct.error) as error:
            raise Fault("corrupted", f"message {messages + 1} came as {item!r:.50} ({described(error)})")
        total &= WORD
        in_time = pace.note(messages)
        more = messages == whole and (in_time or queue.transfers)
    sent = [] if queue.transfers and not reply else [[made, n] for made, n in enumerate(last) if n]
    return {"sent": sent, "received": received(messages, total, xor), **pace.share()}


def collect(plan, queue, number):
    """A consumer that only keeps what it gets."""
    arriving, unpack = iter(queue.gets[number], plan.end), plan.unpack
    return {"tags": [[unpack(item)[0] for item in arriving] if unpack else list(arriving)]}


def initiate(plan, there, back, pace):
    put, get, pack, unpack, clock = there.puts[0], back.gets[0], plan.pack, plan.unpack, now_ns
    durations = array("Q")
    record = durations.append
    trips = total = xor = 0
    more = True
    while more:
        for tag in range(trips + 1, trips + 1 + pace.chunk):
            item = pack(tag) if pack else tag
            started = clock()
            put(item)
            reply = get()
            record(clock() - started)
            if unpack:
                (reply,) = unpack(reply)
            if reply != tag:
                raise Fault("corrupted", f"message {tag} came back as {reply!r:.50}")
            total += reply
            xor ^= reply
        trips = tag
        more = pace.note(trips)
    put(plan.end)
    moved = {"sent": [[0, trips]], "received": received(trips, total, xor)}
    return {**moved, "round_trips": pace.buckets(durations), **pace.share()}


def start_thread():
    """Starts and joins one; tells when it was at its first instruction and when it was joined."""
    firsts = []
    thread = threading.Thread(target=lambda: firsts.append(now_ns()))
    thread.start()
    thread.join()
    return firsts[0], now_ns()


def process_starter(method):
    """As `start_thread`, for processes."""
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        raise Fault("refused", f"there is no {method} on this system")
    context = multiprocessing.get_context(method)
    reader, writer = context.Pipe(duplex=False)
    # Another interpreter cannot import this text, but it knows exec, and needs no more than a line.
    act = "import time; writer.send_bytes(time.monotonic_ns().to_bytes(8, 'little'))"
    act = compile(act, "<child>", "exec") if method == "fork" else act

    def start_process():
        process = context.Process(target=exec, args=(act, {"writer": writer}))
        process.start()
        process.join()
        joined = now_ns()
        if process.exitcode:
            raise Fault("crashed", f"a started process {how_it_ended(process)}")
        process.close()
        return int.from_bytes(reader.recv_bytes(), "little"), joined

    return start_process


def start_again_and_again(method, pace):
    start_one = process_starter(method) if method else start_thread
    to_first, to_joined = [], []
    while pace.note(len(to_joined)):
        asked = now_ns()
        first, joined = start_one()
        to_first.append(first - asked)
        to_joined.append(joined - asked)
    return {"round_trips": pace.buckets(to_joined), "first": pace.buckets(to_first), **pace.share()}


def part(number):
    """The result of a part: a hash of words that follow from its number, in which each step needs the one before."""
    word, hashed = number, 0xCBF29CE484222325
    for _ in range(STEPS):
        word = (word * 6364136223846793005 + 1442695040888963407) & WORD
        hashed = ((hashed ^ word >> 32) * 0x100000001B3) & WORD
    return hashed


def share(worker, workers):
    return sum(map(part, range(worker, PARTS, workers))) & WORD


def map_in_threads(workers):
    sums = []
    threads = [threading.Thread(target=lambda of=of: sums.append(share(of, workers))) for of in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sums


def map_in_processes(workers):
    reader, writer = forking().Pipe(duplex=False)

    def compute(worker, parent):
        die_with(parent)
        writer.send_bytes(share(worker, workers).to_bytes(8, "little"))

    processes = [forking().Process(target=compute, args=(of, os.getpid())) for of in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise Fault("crashed", f"a worker {how_it_ended(process)}")
        process.close()
    sums = [int.from_bytes(reader.recv_bytes(), "little") for _ in processes]
    reader.close()
    writer.close()
    return sums


def map_again_and_again(plan, expected, pace):
    """Starts workers, lets each compute its share, and adds up: a run. The window counts parts."""
    run = map_in_threads if plan.boundary == "threads" else map_in_processes
    workers = plan.producers if MAPS[plan.queue] else 1
    computed = 0
    while pace.note(computed):
        came = sum(run(workers)) & WORD
        if came != expected:
            raise Fault("corrupted", f"{PARTS} parts came to {came:#x}, one by one they are {expected:#x}")
        computed += PARTS
    return pace.share()


# --- A crawl: what src/crawler/ does, with Python's own means. ---

MOST_HOPS = 10  # redirects in a row that lead somewhere
MOST_FOLLOWED = 1000  # that are followed, whoever comes to one first
STOP = "*"  # stands where a path would, in the mark that ends a crawl
ANSWER_S = 10  # what an answer may take
IN_PATHS = "!$%&'()*+,/:;=?@[]~"  # what stays as it is spelled, beside letters and digits
LINKING = dict.fromkeys("a area link base".split(), "href")
LINKING.update(dict.fromkeys("img script iframe frame source embed audio video".split(), "src"))
TEXT_ONLY = "title", "textarea", "iframe", "noembed", "noframes", "xmp"  # Not every Python knows of these.


class Site:
    """Where a crawl goes."""

    def __init__(self, start):
        import html.parser  # noqa: F401: now, and not in what is timed
        from urllib.parse import urlsplit

        self.host, self.origin = urlsplit(start).netloc, origin(start)
        self.root = f"http://{self.host}/"
        (self.first,) = self.own_paths(start, start)

    def own_paths(self, target, base):
        """The path, with its query, of what is called `target` at `base`; none of what is elsewhere or nowhere."""
        from urllib.parse import quote, urljoin, urlsplit, urlunsplit

        address = joined_address(target, base)
        if not address or origin(address) != self.origin:
            return []
        parts = urlsplit(address)
        # Once more, because in an address that is whole the dots are left as they are.
        parts = urlsplit(urljoin(self.root, urlunsplit(("", "", parts.path, parts.query, ""))))
        return [quote(parts.path or "/", IN_PATHS) + ("?" + quote(parts.query, IN_PATHS) if parts.query else "")]


def joined_address(target, base):
    """The address that `target` means at `base`, as browsers read it; None of what has no host."""
    from urllib.parse import urljoin, urlsplit

    target = target.strip(" \t\n\f\r").translate(dict.fromkeys(b"\t\n\r")).replace("\\", "/")
    try:
        said = urlsplit(target)
        return None if said.scheme and not said.netloc else urljoin(base, target)
    except ValueError:
        return None


def origin(address):
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def links(text, address, site):
    """The paths on the site that a page at `address` links to, each once."""
    from html.parser import HTMLParser

    base, inside, paths = None, None, {}

    def starts(tag, attributes):
        nonlocal base, inside
        told = dict(reversed(attributes))  # Of an attribute that is there twice the first counts.
        target = told.get(LINKING.get(tag))
        if target and not inside and tag == "base":
            base = base or joined_address(target, address)
        elif target and not inside and told.get("rel") not in ("preconnect", "dns-prefetch"):
            paths.update(dict.fromkeys(site.own_paths(target, base or address)))
        inside = inside or (tag if tag in TEXT_ONLY else None)

    def ends(tag):
        nonlocal inside
        inside = None if tag == inside else inside

    parser = HTMLParser()
    parser.handle_starttag, parser.handle_endtag = starts, ends
    parser.feed(text)
    parser.close()
    return list(paths)


class Known:
    """What is known of a site, and how much of it is unfinished."""

    def __init__(self, first):
        self.paths, self.unfinished, self.lock = {first}, 1, threading.Lock()

    def fresh(self, paths):
        """Of these the new ones, which from now on count as unfinished."""
        with self.lock:
            new = [path for path in paths if path not in self.paths]
            self.paths.update(new)
            self.unfinished += len(new)
            return new

    def done(self):
        """One more is finished; whether it was the last."""
        with self.lock:
            self.unfinished -= 1
            return not self.unfinished


class Asking:
    """The same, kept by an owner who is asked by message."""

    def __init__(self, pipe):
        self.pipe = pipe

    def fresh(self, paths):
        self.pipe.send(paths)
        return self.pipe.recv()

    def done(self):
        return self.fresh(None)


def own(known, pipes, pace):
    """The owner's life, until there is nothing left to ask about."""
    from multiprocessing.connection import wait

    while known.unfinished:
        for pipe in wait(pipes):
            paths = pipe.recv()
            pipe.send(known.done() if paths is None else known.fresh(paths))
    return {"moved": 0, "usage": pace.used()}


class Crawler:
    """A worker of a crawl. It never waits to put: what a full queue does not take it keeps, and works on that before it
    waits for the queue. So when all wait nothing is unfinished, whatever the capacity. Without a queue it keeps all."""

    def __init__(self, site, line, ledger, number, plan):
        from http.client import HTTPConnection

        self.site, self.line, self.ledger = site, line, ledger
        self.others, self.bytes = plan.producers - 1, plan.payload_bytes
        self.kept = [] if number else [(site.first, 0)]
        self.connection = HTTPConnection(site.host, timeout=ANSWER_S)
        self.queue_ns = self.page_ns = 0
        self.fetched, self.linked, self.failed, self.redirects = [], {site.first}, set(), {}

    def run(self, pace):
        while link := self.next():
            paths, hops = self.visit(*link)
            for path in self.ledger.fresh(paths) if paths else ():
                if not self.put(path, hops):
                    self.kept.append((path, hops))
            self.page_ns = now_ns()
            if self.ledger.done():
                self.pass_on(self.others)
                break
        ended_ns = now_ns()
        told = {name: getattr(self, name) for name in "fetched linked failed redirects queue_ns page_ns".split()}
        return {"moved": len(self.fetched), "usage": pace.used(), "ended_ns": ended_ns, **told}

    def next(self):
        """What to fetch next: of its own, after it has offered to others what the queue has room for by now."""
        if self.kept:
            link = self.kept.pop()
            while self.kept and self.put(*self.kept[-1]):
                self.kept.pop()
            return link
        since = now_ns()
        try:
            message = self.line.at_once[1]()
            self.queue_ns += now_ns() - since
        except Empty:
            # It waits for others to find one; no queue could have it sooner.
            message = self.line.gets[0]()
        path, number = message.split()
        if path != STOP:
            return path, int(number)
        self.pass_on(int(number) - 1)
        return None

    def put(self, path, hops):
        """Whether there was room for it, in the queue and in a message."""
        message = f"{path} {hops}".ljust(self.bytes)
        if not self.line or len(message) > self.bytes:
            return False
        since = now_ns()
        try:
            self.line.at_once[0](message)
            return True
        except (Full, BlockingIOError):
            return False
        finally:
            self.queue_ns += now_ns() - since

    def pass_on(self, still_to_reach):
        """Sends the end's mark on its way, unless all have seen it. The queue is empty, so there is room for it."""
        if self.line and still_to_reach:
            self.line.puts[0](f"{STOP} {still_to_reach}".ljust(self.bytes))

    def visit(self, path, hops):
        """Fetches an address: the paths it leads to, and how many redirects led there."""
        from http.client import HTTPException

        try:
            self.connection.request("GET", path, headers={"User-Agent": "queuebench-python"})
            answer = self.connection.getresponse()
            body = answer.read()
        except (HTTPException, OSError) as error:
            # The site has links that it answers with an error; that it does not answer is another matter.
            raise Fault("crashed", f"{path}: {described(error)}")
        self.fetched.append(path)
        address, location = self.site.root[:-1] + path, answer.getheader("Location")
        if 300 <= answer.status < 400 and location:
            target = self.site.own_paths(location, address)
            self.redirects.update((path, to) for to in target)
            return target if hops < MOST_FOLLOWED else [], hops + 1
        if not 200 <= answer.status < 300:
            self.failed.add(path)
        elif answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            paths = links(body.decode("utf-8", "replace"), address, self.site)
            self.linked.update(paths)
            return paths, 0
        return [], 0


def fnv1a(text):
    hashed = 0xCBF29CE484222325
    for byte in text.encode():
        hashed = ((hashed ^ byte) * 0x100000001B3) & WORD
    return hashed


def found(told, since_ns):
    """What a crawl found and how it went, from what its workers tell."""
    requests, fetched = sum(answer["moved"] for answer in told), set().union(*(answer["fetched"] for answer in told))
    linked, failed = (set().union(*(answer[name] for answer in told)) for name in ("linked", "failed"))
    redirects = dict(chain.from_iterable(answer["redirects"].items() for answer in told))
    ended_ns = max(answer["ended_ns"] for answer in told)

    def leads_nowhere(path):
        for _ in range(MOST_HOPS + 1):
            if path not in redirects:
                return path in failed
            path = redirects[path]
        return True

    return {
        "messages": len(fetched),
        "elapsed_ns": ended_ns - since_ns,
        "settle_ns": 0,
        "endpoints": [answer["moved"] for answer in told],
        "figures": {
            "paths_sum": sum(map(fnv1a, fetched)) & WORD,
            # What is only reached by a redirect is none: nobody wrote that link.
            "dead_links": sum(map(leads_nowhere, linked & (failed | redirects.keys()))),
            "duplicate_fetches": requests - len(fetched),
            "ending_ns": ended_ns - max(answer["page_ns"] for answer in told),
            "queue_share_ppm": sum(answer["queue_ns"] for answer in told) * 10**6 // ((ended_ns - since_ns) * len(told)),
        },
    }


def live(endpoint, slot, counts, pipe, usage):
    """An endpoint's life: pinned, ready, told what to do, done."""
    cpus, run, verify = endpoint
    try:
        pin({cpu for cpu in cpus if cpu is not None})
        pipe.send("ready")
        command = pipe.recv()
        if command["type"] == "slice":
            answer = run(Pace(command, counts, slot, usage))
        elif slot in command["shares"]:
            # A producer's pace is then one chunk, however long it takes.
            answer = verify(SimpleNamespace(chunk=command["shares"][slot], note=lambda moved: False, share=dict))
        else:
            answer = verify()
    except Fault as fault:
        answer = fault
    except BaseException as error:
        answer = Fault("crashed", described(error))
    pipe.send(answer)


def pin(cpus):
    """Pins the calling thread, which is what 0 means to Linux."""
    try:
        if cpus:
            os.sched_setaffinity(0, cpus)
    except (OSError, ValueError, OverflowError) as error:
        raise Fault("refused", f"cannot run on cpu {min(cpus)}: {described(error)}")


# --- Blocks: endpoints in their processes, from `prepare` to the report. ---


def live_in_process(endpoints, counts, coordinator):
    """A process's whole life: that of one endpoint, or of several in a thread each."""
    die_with(coordinator)
    gc.collect()
    gc.freeze()
    gc.disable()
    # One endpoint speaks for all of the process, because the queue's own threads belong to no endpoint.
    usages = chain([process_usage], (lambda: (0, 0, 0, 0) for _ in endpoints))
    lives = [partial(live, endpoint, slot, counts, pipe, next(usages)) for slot, endpoint, pipe in endpoints]
    if len(lives) == 1:
        return lives[0]()
    threads = [threading.Thread(target=one) for one in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def die_with(parent):
    """Has the kernel kill this process when its parent ends, however it ends."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    except (ImportError, OSError, AttributeError):
        pass  # Then only an orderly end ends all.
    if os.getppid() != parent:
        os._exit(1)


def how_it_ended(process):
    code = process.exitcode
    return f"was killed by {signal.Signals(-code).name}" if code and code < 0 else f"exited with {code}"


class Block:
    """A queue with its endpoints, waiting for their command."""

    def __init__(self, asked):
        self.plan = Plan(asked)
        self.endpoints, self.queue = self.plan.open()
        self.capacity = self.queue and self.queue.capacity
        # What each endpoint has moved, as of its last chunk; anonymous, so that no file can be left behind.
        self.plan.counts = memoryview(mmap.mmap(-1, 8 * len(self.endpoints))).cast("Q")
        self.processes, self.pipes = [], {}

    def start(self):
        endpoints = list(enumerate(self.endpoints))
        for group in [endpoints] if self.plan.boundary == "threads" else [[one] for one in endpoints]:
            self.start_process(group)
        self.hear()

    def start_process(self, group):
        # Only its own process keeps a pipe's far end, so that its death is the pipe's end.
        pipes = [forking().Pipe() for _ in group]
        members = [(slot, endpoint, far) for (slot, endpoint), (_, far) in zip(group, pipes)]
        process = forking().Process(target=live_in_process, args=(members, self.plan.counts, os.getpid()))
        process.daemon = self.plan.workload not in ("spawn", "map")  # a daemon may not start processes
        process.start()
        self.processes.append(process)
        for near, far in pipes:
            far.close()
            self.pipes[near] = process

    def ask(self, command, timeout=None):
        for pipe in self.pipes:
            try:
                pipe.send(command)
            except OSError:
                pass  # It is gone, as hear() will tell.
        return self.hear(timeout)

    def hear(self, timeout=None):
        """One answer of each endpoint, unless one is a fault."""
        from multiprocessing.connection import wait

        answers, since = {}, time.monotonic()
        while len(answers) < len(self.pipes):
            left = timeout and max(0, since + timeout - time.monotonic())
            heard = wait([pipe for pipe in self.pipes if pipe not in answers], left)
            if not heard:
                raise Fault("refused", f"refused (backlog): consumers were behind {DRAIN_S} s after the window")
            for pipe in heard:
                answers[pipe] = self.answer(pipe)
        return [answers[pipe] for pipe in self.pipes]

    def answer(self, pipe):
        try:
            answer = pipe.recv()
        except (EOFError, OSError):
            process = self.pipes[pipe]
            process.join(PATIENCE_S)
            answer = Fault("crashed", f"an endpoint's process {how_it_ended(process)}")
        if isinstance(answer, Fault):
            raise answer
        return answer

    def end(self, patience):
        for process in self.processes:
            process.join(patience)
            process.kill()
            process.join()
            process.close()
        for pipe in self.pipes:
            pipe.close()

    def slice(self, command):
        settle_ns, window_ns = int(command["settle_ns"]), int(command["window_ns"])
        if settle_ns < 0 or window_ns <= 0:
            raise Fault("refused", "a slice needs a window")
        may_fill = self.queue and self.capacity is None and self.plan.workload != "crawl"
        order = {"type": "slice", "start_ns": now_ns(), "settle_ns": settle_ns, "window_ns": window_ns}
        answers = self.ask(order, (settle_ns + window_ns) / 1e9 + DRAIN_S if may_fill else None)
        usage = [round(sum(parts)) for parts in zip(*(answer["usage"] for answer in answers))]
        report = {
            "type": "report",
            "outcome": "ok",
            "messages": self.messages(answers),
            "elapsed_ns": window_ns,
            "settle_ns": settle_ns,
            **{name: joined(answers, name) for name in ("sent", "received", "round_trips", "first")},
            "endpoints": [round(answer["moved"]) for answer in answers],
            **dict(zip(["cpu_ns", "voluntary_switches", "involuntary_switches", "page_faults"], usage)),
            "capacity": self.capacity,
        }
        if self.plan.workload == "crawl":
            report.update(found([answer for answer in answers if "fetched" in answer], order["start_ns"]))
        return report

    def messages(self, answers):
        if self.plan.workload == "map":
            return round(answers[0]["moved"])
        if self.plan.workload != "stream":
            return sum(times for _, times in joined(answers, "round_trips"))
        moved, consumers = [answer["moved"] for answer in answers], self.plan.consumers
        popped, pushed = sum(moved[:consumers]), sum(moved[consumers:])
        # Where nothing is handed over, the slower side decides.
        return round(popped if self.queue.transfers else min(popped, pushed))

    def verify(self, command):
        plan, messages = self.plan, int(command["messages"])
        if plan.workload != "stream" or not self.queue.transfers:
            raise Fault("refused", f"{plan.queue} has nothing to verify in {plan.workload}")
        shares = {plan.consumers + n: (messages - n - 1) // plan.producers + 1 for n in range(plan.producers)}
        answers = self.ask({"type": "verify", "shares": shares})
        return {"type": "verified", "sent": joined(answers, "sent"), "tags": joined(answers, "tags")}


def joined(answers, name):
    return list(chain.from_iterable(answer.get(name, []) for answer in answers))


# --- The conversation. ---


class Conversation:
    block = None

    def answer(self, line):
        """The answer to a command; none to `bye`."""
        try:
            command = json.loads(line)
            kind = command["type"]
            if kind == "prepare":
                self.drop()
                self.block = Block(command)
                self.block.start()
                return {"type": "ready", "capacity": self.block.capacity}
            if kind == "bye":
                return None
            if kind not in ("slice", "verify"):
                raise Fault("refused", f"there is no command {kind}")
            if not self.block:
                raise Fault("refused", f"nothing is prepared for {kind}")
            answer = getattr(self.block, kind)(command)
            self.drop(PATIENCE_S)
            return answer
        except Fault as fault:
            outcome, detail = fault.args
        except (LookupError, TypeError, ValueError, ImportError, OSError) as error:
            outcome, detail = "refused", f"that cannot be done: {described(error)}"
        except Exception as error:
            outcome, detail = "crashed", described(error)
        self.drop()
        return {"type": "report", "outcome": outcome, "detail": detail}

    def drop(self, patience=0):
        """Ends what is left of a block."""
        if self.block:
            self.block.end(patience)
        self.block = None


def hello():
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
    version = f"{name} {sys.version.split()[0]}"
    if hasattr(sys, "_is_gil_enabled"):
        import sysconfig

        if sysconfig.get_config_var("Py_GIL_DISABLED"):
            version += f" free-threaded, GIL {'on' if sys._is_gil_enabled() else 'off'}"
    lengths = {"slices": 3, "settle_ns": 100_000_000, "window_ns": 500_000_000}
    about = {"type": "hello", "protocol": 3, "program": "queuebench-python", "version": version}
    return {**about, **lengths, "verifies": True, "queues": [*QUEUES, *STARTERS, *MAPS, CRAWL_ALONE]}


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer.
    parent, conversation = os.getppid(), Conversation()
    try:
        print(json.dumps(hello()), flush=True)
        die_with(parent)
        for line in sys.stdin.buffer:
            answer = conversation.answer(line)
            if not answer:
                break
            print(json.dumps(answer), flush=True)
    except BrokenPipeError:
        conversation.drop()
        os._exit(0)  # The parent is gone; an orderly exit would fail at the same pipe.
    finally:
        conversation.drop()


if __name__ == "__main__":
    main()
