# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One contender of a comparison in a process of its own: whatever ends that, the others go on."""
import multiprocessing
import signal
import time
from collections.abc import Callable

PROCESSES = multiprocessing.get_context("fork")  # builders are closures


def shortest(function: Callable, runs: int, seconds: float) -> float:
    """The shortest of so many runs, or of those that begin within the time, in ms."""
    best, end = float("inf"), time.perf_counter() + seconds
    for run in range(runs):
        start = time.perf_counter()
        function()
        now = time.perf_counter()
        best = min(best, (now - start) * 1e3)
        if now > end and run > 1:
            break
    return best


def serve(connection, build: Callable, tasks: dict) -> None:
    """The process: builds, then does the tasks that it is asked for; answers (result, error)."""
    built = None
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        try:
            if built is None:
                built = build()
            connection.send((tasks[name](built, *arguments), None))
        except Exception as error:  # noqa: BLE001: whatever a peer cannot do is its result
            connection.send((None, (str(error).strip() or type(error).__name__).splitlines()[0]))


class Contender:
    """`build` gives a function from a feed to its results, by which `score` scores it. The process inherits both."""

    def __init__(self, build: Callable, score: Callable | None = None) -> None:
        tasks = {"run": lambda predict, feed: predict(feed), "score": score,
                 "time": lambda predict, feed, runs, seconds: shortest(lambda: predict(feed), runs, seconds)}
        self.connection, other = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=serve, args=(other, build, tasks), daemon=True)
        self.process.start()
        other.close()

    def do(self, task: str, *arguments):
        """"run" a feed, "score", or "time" a feed: the shortest of so many runs or seconds in ms. A RuntimeError says what
        went wrong."""
        try:
            self.connection.send((task, arguments))
            result, error = self.connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            name = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
            raise RuntimeError(f"its process ended with {name}") from None
        if error:
            raise RuntimeError(error)
        return result

    def close(self) -> None:
        self.connection.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
