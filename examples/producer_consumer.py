"""Producers put items into a synchronized queue, daemon consumers get them, and none is lost."""

import queue
import threading

items = queue.Queue()
got = []


def produce(start):
    for item in range(start, start + 2500):
        items.put(item)


def consume():
    while True:
        item = items.get()  # Sleeps while there is nothing.
        got.append(item)
        # After the work, not before: else join() might return while an item is still in hand.
        items.task_done()


# Consumers never return by themselves; daemons do not keep the program from ending.
for _ in range(3):
    threading.Thread(target=consume, daemon=True).start()
producers = [threading.Thread(target=produce, args=(nth * 2500,)) for nth in range(4)]
for producer in producers:
    producer.start()
for producer in producers:
    producer.join()
items.join()
print(f"items put: 10000, got: {len(got)}, their sum: {sum(got)}")
