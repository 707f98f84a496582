"""One Python queue, in the loop one would write by hand, with the check the suite makes. Prints messages per second.

by_hand.py QUEUE threads|processes CONSUMER_CPU PRODUCER_CPU
"""

import gc
import multiprocessing
import os
import queue
import sys
import threading
import time
from collections import deque

CAPACITY = 1024
SETTLE, WINDOW = 0.1, 1.5
END = 2**64 - 1


class Condition:
    """A bounded deque behind one condition."""

    def __init__(self):
        self.items, self.changed = deque(), threading.Condition()

    def put(self, item):
        with self.changed:
            while len(self.items) >= CAPACITY:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify_all()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.changed.notify_all()
            return item


def ends(name):
    """put and get of a queue."""
    if name == "multiprocessing.Pipe":
        reader, writer = multiprocessing.Pipe(False)
        return writer.send, reader.recv
    made = {
        "queue.Queue": lambda: queue.Queue(CAPACITY),
        "deque-condition": Condition,
        "multiprocessing.Queue": lambda: multiprocessing.Queue(CAPACITY),
    }[name]()
    return made.put, made.get


def pin(cpu):
    if cpu != "-":
        os.sched_setaffinity(threading.get_native_id(), {int(cpu)})


def produce(put, cpu):
    pin(cpu)
    gc.disable()
    until = time.monotonic() + SETTLE + WINDOW + 0.05
    sequence = 0
    while time.monotonic() < until:
        for _ in range(256):
            sequence += 1
            put(sequence)
    put(END)


def consume(get):
    clock = time.monotonic_ns
    last = count = total = xor = 0
    start = clock()
    opened = None
    opens, closes = start + int(SETTLE * 1e9), start + int((SETTLE + WINDOW) * 1e9)
    rate = None
    while True:
        for _ in range(256):
            tag = get()
            if tag == END:
                assert total & END == count * (count + 1) // 2 & END
                return rate
            if tag >> 48 or tag <= last:
                raise SystemExit(f"{tag} came out after {last}")
            last = tag
            count += 1
            total += tag
            xor ^= tag
        now = clock()
        if opened is None and now >= opens:
            opened = (now, count)
        elif rate is None and now >= closes:
            rate = (count - opened[1]) * 1e9 / (now - opened[0])


def main():
    name, boundary, consumer_cpu, producer_cpu = sys.argv[1:]
    put, get = ends(name)
    gc.disable()
    if boundary == "threads":
        start = threading.Thread(target=produce, args=(put, producer_cpu))
    else:
        start = multiprocessing.get_context("fork").Process(target=produce, args=(put, producer_cpu))
    start.start()
    pin(consumer_cpu)
    print(consume(get))
    start.join()


if __name__ == "__main__":
    main()
