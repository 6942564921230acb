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
LARGE_TIMES = 50


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


class OneWay:
    """A Pipe with the methods of a Queue."""

    def __init__(self):
        self.reader, self.writer = multiprocessing.Pipe(duplex=False)

    def get(self):
        return self.reader.recv()

    def put(self, item):
        self.writer.send(item)


def start(channel, target, *arguments):
    there, back = channel(), channel()
    multiprocessing.Process(target=target, args=(there, back, *arguments), daemon=True).start()
    return there, back


def trip(channel, iterations):
    there, back = start(channel, echo)
    item = bytes(64)

    def run():
        for _ in range(TRIP_TIMES):
            there.put(item)
            back.get()

    return measure(run, TRIP_TIMES, iterations)


def stream(channel, size, iterations):
    times = STREAM_TIMES if size < 1 << 20 else LARGE_TIMES
    there, back = start(channel, sink, times)
    item = bytes(size)

    def run():
        for _ in range(times):
            there.put(item)
        back.get()

    return measure(run, times, iterations)


def sources_and_sinks(go, done, queue, puts, item, times):
    while True:
        go.acquire()
        for _ in range(times):
            if puts:
                queue.put(item)
            else:
                queue.get()
        done.release()


def two(size, iterations):
    """Two processes put, two get."""
    times = (STREAM_TIMES if size < 1 << 20 else LARGE_TIMES) // 2
    queue, done = multiprocessing.Queue(), multiprocessing.Semaphore(0)
    gos = []
    for puts in (True, False, True, False):
        gos.append(multiprocessing.Semaphore(0))
        arguments = (gos[-1], done, queue, puts, bytes(size), times)
        multiprocessing.Process(target=sources_and_sinks, args=arguments, daemon=True).start()

    def run():
        for go in gos:
            go.release()
        for _ in gos:
            done.acquire()

    return measure(run, 2 * times, iterations)


def main(iterations):
    results = {}
    for name, channel in ("CPython", multiprocessing.Queue), ("CPython Pipe", OneWay):
        results[f"trip/{name}"] = trip(channel, iterations)
        results[f"stream/{name}"] = stream(channel, 64, iterations)
        results[f"stream4K/{name}"] = stream(channel, 4096, iterations)
        results[f"stream1M/{name}"] = stream(channel, 1 << 20, iterations)
    results["two/CPython"] = two(64, iterations)
    results["two4K/CPython"] = two(4096, iterations)
    results["two1M/CPython"] = two(1 << 20, iterations)
    print(json.dumps({"microseconds": results}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
