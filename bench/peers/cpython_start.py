#!/usr/bin/env python3
"""Start and join of a process that does nothing, by CPython's multiprocessing: one round.

Prints JSON as start_processes does, for bench/run. Argument: how many times each.
"""
import json
import multiprocessing
import sys
import time


def nothing():
    pass


def measure(method, iterations):
    """Microseconds, one entry an iteration."""
    context = multiprocessing.get_context(method)
    times = []
    for i in range(iterations + 1):
        begin = time.perf_counter()
        process = context.Process(target=nothing)
        process.start()
        process.join()
        elapsed = time.perf_counter() - begin
        if i > 0:  # the first one starts the fork server
            times.append(elapsed * 1e6)
    return times


if __name__ == "__main__":
    iterations = int(sys.argv[1])
    print(json.dumps({"microseconds": {f"{method}/CPython": measure(method, iterations)
                                       for method in multiprocessing.get_all_start_methods()}}))
