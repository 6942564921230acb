#!/usr/bin/env python3
"""Pools of two workers, by CPython's multiprocessing and concurrent.futures: one round.

Prints JSON as pools does, for bench/run. Argument: how many times each.
"""
import concurrent.futures
import json
import multiprocessing
import sys
import time

WORKERS = 2
APPLIES = 50
SMALL_MAP = 1000
LARGE_MAP = 100_000
LARGE_TIMES = 20
LARGE = bytes(1 << 20)


def double(x):
    return 2 * x


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


def repeat(times, function):
    def run():
        for _ in range(times):
            function()
    return run


def begin(method):
    def run():
        with multiprocessing.get_context(method).Pool(WORKERS) as pool:
            pool.map(double, range(WORKERS))
            pool.close()
            pool.join()
    return run


def main(iterations):
    times = {f"begin/CPython Pool, {method}": measure(begin(method), 1, min(iterations, 5))
             for method in ("spawn", "forkserver", "fork")
             if method in multiprocessing.get_all_start_methods()}
    with multiprocessing.Pool(WORKERS) as pool:
        times["apply/CPython Pool"] = measure(
            repeat(APPLIES, lambda: pool.apply(double, (7,))), APPLIES, iterations)
        times["map1/CPython Pool"] = measure(
            lambda: pool.map(double, range(SMALL_MAP), chunksize=1), SMALL_MAP, iterations)
        times["map/CPython Pool"] = measure(
            lambda: pool.map(double, range(LARGE_MAP)), LARGE_MAP, iterations)
        times["large/CPython Pool"] = measure(
            repeat(LARGE_TIMES, lambda: pool.apply(len, (LARGE,))), LARGE_TIMES, iterations)
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        name = "CPython ProcessPoolExecutor"
        times[f"apply/{name}"] = measure(
            repeat(APPLIES, lambda: pool.submit(double, 7).result()), APPLIES, iterations)
        times[f"map1/{name}"] = measure(
            lambda: list(pool.map(double, range(SMALL_MAP))), SMALL_MAP, iterations)
        chunk = -(-LARGE_MAP // (4 * WORKERS))
        times[f"map/{name}"] = measure(
            lambda: list(pool.map(double, range(LARGE_MAP), chunksize=chunk)), LARGE_MAP,
            iterations)
        times[f"large/{name}"] = measure(
            repeat(LARGE_TIMES, lambda: pool.submit(len, LARGE).result()), LARGE_TIMES, iterations)
    print(json.dumps({"microseconds": times}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
