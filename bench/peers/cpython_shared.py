#!/usr/bin/env python3
"""Locks and values that processes share, by CPython's multiprocessing: one round.

Prints JSON as shared_objects does, for bench/run. Argument: how many times each.
"""
import json
import multiprocessing
import sys
import time

TIMES = 2000
CONTEST_TIMES = 5000


def use(lock, number, times):
    for _ in range(times):
        with lock:
            number.value += 1


def compete(go, began, ended, lock, number):
    while go.acquire():
        began.release()
        use(lock, number, CONTEST_TIMES)
        ended.release()


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


def main(iterations):
    lock, number = multiprocessing.Lock(), multiprocessing.RawValue("q")
    value = multiprocessing.Value("q")
    signals = [multiprocessing.Semaphore(0) for _ in range(3)]
    go, began, ended = signals
    partner = multiprocessing.Process(target=compete, args=(*signals, lock, number), daemon=True)
    partner.start()

    def contest():
        go.release()
        began.acquire()
        use(lock, number, CONTEST_TIMES)
        ended.acquire()

    def load():
        for _ in range(TIMES):
            value.value

    times = {
        "lock/CPython": measure(lambda: use(lock, number, TIMES), TIMES, iterations),
        "contest/CPython": measure(contest, CONTEST_TIMES, iterations),
        "update/CPython": measure(lambda: use(value.get_lock(), value, TIMES), TIMES, iterations),
        "load/CPython": measure(load, TIMES, iterations),
    }
    partner.terminate()
    partner.join()
    print(json.dumps({"microseconds": times}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
