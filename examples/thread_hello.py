"""Two threads say hello. They share their data, so afterwards there are two greetings."""

import threading

greetings = []


def say_hello():
    greeting = f"hello from thread {threading.current_thread().name}"
    # print() writes the end of the line apart, and another thread may come between: here it is part of the text.
    print(f"{greeting}\n", end="")
    # Needs no lock: in CPython one append is never interleaved with another.
    greetings.append(greeting)


threading.main_thread().name = "main"
other = threading.Thread(target=say_hello, name="other")
other.start()
say_hello()
other.join()
print("greetings that main sees:", len(greetings))
