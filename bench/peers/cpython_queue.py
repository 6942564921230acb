#!/usr/bin/env python3
"""Messages between processes, by CPython's multiprocessing: one round.

Prints JSON as queues does, for bench/run. Argument: how many times each.
"""
import json
import multiprocessing
import sys
import time

TRIP_TIMES = 200
STREAM_TIMES = 5000


def echo(there, back):
    while True:
        back.put(there.get())


def sink(there, back, times):
    while True:
        for _ in range(times):
            there.get()
        back.put(None)


def measure(function, times, iterations):
    """Microseconds for one of `times`, one entry an iteration."""
    result = []
    for i in range(iterations + 1):
        begin = time.perf_counter()
        function()
        elapsed = time.perf_counter() - begin
        if i > 0:
            result.append(elapsed * 1e6 / times)
    return result


def start(target, *arguments):
    there, back = multiprocessing.Queue(), multiprocessing.Queue()
    multiprocessing.Process(target=target, args=(there, back, *arguments), daemon=True).start()
    return there, back


def trip(iterations):
    there, back = start(echo)
    item = bytes(64)

    def run():
        for _ in range(TRIP_TIMES):
            there.put(item)
            back.get()

    return measure(run, TRIP_TIMES, iterations)


def stream(size, iterations):
    there, back = start(sink, STREAM_TIMES)
    item = bytes(size)

    def run():
        for _ in range(STREAM_TIMES):
            there.put(item)
        back.get()

    return measure(run, STREAM_TIMES, iterations)


def main(iterations):
    print(json.dumps({"microseconds": {
        "trip/CPython": trip(iterations),
        "stream/CPython": stream(64, iterations),
        "stream4K/CPython": stream(4096, iterations),
    }}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
