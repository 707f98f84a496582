"""Two processes say hello. Nothing is shared, so each sees its own greeting only."""

import multiprocessing
import sys

greetings = []


def say_hello(name):
    greeting = f"hello from process {name}"
    print(f"{greeting}\n", end="", flush=True)
    greetings.append(greeting)
    print(f"greetings that {name} sees: {len(greetings)}\n", end="", flush=True)


# The new process reads this file from the top, too; only the first one may go on to start another.
if __name__ == "__main__":
    # "spawn" is a new interpreter, as Rust's Command is a new program; "fork" would be a copy of this process.
    other = multiprocessing.get_context("spawn").Process(target=say_hello, args=("other",))
    other.start()
    say_hello("main")
    other.join()
    sys.exit(other.exitcode)
