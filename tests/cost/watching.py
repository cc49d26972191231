# SPDX-License-Identifier: MIT
"""
What watching costs the watched: 500 followers, one more that reads nothing, and 10 lists a second, beside none of them.

    watching.py SOCKPROXY PINGPONG [instructions] [futexes] [latency] [shared] [--pairs 15]

instructions   of the worker, for one small question and its answer (valgrind, user space alone)
futexes        calls of futex in each worker, while all watch (strace)
latency        p99 of transactions at half of what the daemon can do, in pairs of runs, one with watchers and one without;
               worker and load have one core, everything that watches has another
shared         the same where all share all cores, and once more where nobody watches, but a process that has nothing to do with
               the daemon computes for as long as its API's thread did: what a machine without a core to spare adds by itself

Without a word it does all four.
"""
import argparse
import atexit
import glob
import os
import random
import re
import resource
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

FOLLOWERS, LISTS_PER_SECOND, CHURN_PER_SECOND = 500, 10, 10
SHORT, LONG, ROUNDS = 2000, 42000, 3
CONNECTIONS = 64
SECONDS = 2  # of one run for latency
RATE_BEYOND = 1000000  # transactions a second that no daemon can do


class Daemon:
    def __init__(self, directory, binary, pingpong, tool=(), workers=1):
        self.load = subprocess.Popen([pingpong], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        upstream = int(self.load.stdout.readline())
        self.other = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        log = os.path.join(directory, "log")
        with open(log, "w") as stderr:
            self.process = subprocess.Popen(
                [*tool, binary, "-l", "127.0.0.1:0", "-u", f"127.0.0.1:{upstream}", "-l", "127.0.0.1:0",
                 "-u", f"127.0.0.1:{self.other.getsockname()[1]}", "-a", "127.0.0.1:0", "--workers", str(workers), "--log-conns", "off"], stderr=stderr)
        atexit.register(self.process.kill)  # where a measurement breaks off, nothing stays behind
        atexit.register(self.load.kill)
        until = time.monotonic() + 60
        ready = None
        while ready is None:
            with open(log) as said:
                ready = re.search(r"ready: \S+:(\d+) -> .*; \S+:(\d+) -> .* admin http://\S+:(\d+)", said.read())
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit("the daemon does not get ready")
            time.sleep(0.02)
        self.port, self.churn_port, self.admin = int(ready[1]), int(ready[2]), int(ready[3])

    def serve(self):
        while True:
            client, _ = self.other.accept()
            client.recv(1)
            client.close()

    def job(self, connections, count, rate=0):
        self.load.stdin.write(f"{self.port} {connections} {count} {rate}\n")
        self.load.stdin.flush()
        return [int(word) for word in self.load.stdout.readline().split()]

    def threads(self):
        threads = {}
        for task in glob.glob(f"/proc/{self.process.pid}/task/*"):
            with open(task + "/comm") as comm:
                threads[int(os.path.basename(task))] = comm.read().strip()
        return threads

    def cpu_seconds(self, name):
        for tid, its_name in self.threads().items():
            if its_name == name:
                with open(f"/proc/{self.process.pid}/task/{tid}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0

    def stop(self):
        self.load.stdin.close()
        self.load.wait()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Watchers:
    """They read in a thread of this process, but for the one that reads nothing."""

    def __init__(self, admin):
        self.admin, self.over, self.bytes = admin, False, 0
        self.selector = selectors.DefaultSelector()
        self.sockets = []
        for number in range(FOLLOWERS):
            stalls = number == 0
            target = "/events?interval=200ms&view=full" if stalls else "/events?types=close"
            follower = socket.create_connection(("127.0.0.1", admin))
            follower.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            if b" 200 " not in follower.recv(4096 if not stalls else 15):
                raise SystemExit("no follower is let in")
            self.sockets.append(follower)
            if not stalls:
                self.selector.register(follower, selectors.EVENT_READ)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.read, self.list)]
        for thread in self.threads:
            thread.start()

    def read(self):
        while not self.over:
            for key, _ in self.selector.select(0.1):
                self.bytes += len(key.fileobj.recv(1 << 18))

    def list(self):
        while not self.over:
            began = time.monotonic()
            asker = socket.create_connection(("127.0.0.1", self.admin))
            asker.sendall(b"GET /conns?limit=10000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while asker.recv(1 << 18):
                pass
            asker.close()
            time.sleep(max(0, 1 / LISTS_PER_SECOND - (time.monotonic() - began)))

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()
        for follower in self.sockets:
            follower.close()


class Computing:
    """A process of its own that computes for some part of each tenth of a second, as nice as the API's thread."""

    WORK = """
import os, sys, time
os.nice(10)
while True:
    began = time.monotonic()
    while time.monotonic() - began < float(sys.argv[1]) / 10:
        pass
    time.sleep(0.1 * (1 - float(sys.argv[1])))
"""

    def __init__(self, share):
        self.process = subprocess.Popen([sys.executable, "-c", self.WORK, str(share)])
        atexit.register(self.process.kill)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Churn:
    """Connections that come and go, by the daemon's other listener, so that there is something to tell."""

    def __init__(self, port):
        self.port, self.over = port, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over:
            socket.create_connection(("127.0.0.1", self.port)).close()
            time.sleep(1 / CHURN_PER_SECOND)

    def stop(self):
        self.over = True
        self.thread.join()


def worker_instructions(directory):
    """valgrind writes a file for each thread: the worker's is the one that ran the end of its turns."""
    for name in glob.glob(os.path.join(directory, "callgrind*")):
        with open(name) as counts:
            text = counts.read()
        if "conns_after_turn" in text and "thread:" in text:
            return int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1])
    raise SystemExit("no worker was counted")


def count_instructions(binary, pingpong, watched, transactions):
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(directory, binary, pingpong,
                        ["valgrind", "-q", "--tool=callgrind", "--separate-threads=yes",
                         f"--callgrind-out-file={directory}/callgrind"])
        watchers = Watchers(daemon.admin) if watched else None
        daemon.job(CONNECTIONS, transactions)
        if watched:
            watchers.stop()
        daemon.stop()
        return worker_instructions(directory)


def measure_instructions(binary, pingpong):
    each = {False: [], True: []}
    for _ in range(ROUNDS):
        for watched in (False, True):
            few, many = (count_instructions(binary, pingpong, watched, count) for count in (SHORT, LONG))
            each[watched].append((many - few) / (LONG - SHORT))
    without, with_ = statistics.median(each[False]), statistics.median(each[True])
    ratios = sorted(one / without for one in each[True])
    print(f"worker instructions for a transaction: {without:.1f} without, {with_:.1f} with watchers: "
          f"{with_ / without:.4f} x ({ratios[0]:.4f} to {ratios[-1]:.4f})", flush=True)


def measure_futexes(binary, pingpong):
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(directory, binary, pingpong, workers=2)
        threads = daemon.threads()
        out = os.path.join(directory, "calls")
        tracer = subprocess.Popen(["strace", "-f", "-q", "-e", "trace=futex", "-o", out, "-p", str(daemon.process.pid)])
        time.sleep(1)
        watchers, churn = Watchers(daemon.admin), Churn(daemon.churn_port)
        before, began = daemon.cpu_seconds("api"), time.monotonic()
        count, nanoseconds = daemon.job(CONNECTIONS, 50000)
        time.sleep(5)
        used = (daemon.cpu_seconds("api") - before) / (time.monotonic() - began)
        threads.update(daemon.threads())
        churn.stop()
        watchers.stop()
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        daemon.stop()
        calls = {name: 0 for name in threads.values()}
        with open(out) as lines:
            for line in lines:
                tid = int(line.split()[0])
                calls[threads.get(tid, str(tid))] = calls.get(threads.get(tid, str(tid)), 0) + 1
    print("calls of futex while all watch:", ", ".join(f"{name} {calls[name]}" for name in sorted(calls)))
    print(f"the api thread (traced) used {100 * used:.1f} % of a processor", flush=True)


def interval_of(ratios):
    """The median, and the middle 95 % of the medians of samples drawn from the same."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(10000))
    return statistics.median(ratios), medians[250], medians[9749]


def part_cores(daemon):
    """One for worker and load, the others for all who watch: they are threads of ours and of the daemon."""
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise SystemExit("this needs two cores")
    os.sched_setaffinity(daemon.load.pid, {first})
    os.sched_setaffinity(0, others)
    for tid, name in daemon.threads().items():
        os.sched_setaffinity(tid, {first} if name.startswith("worker") else others)


def tell_latency(what, other, each):
    median, low, high = interval_of([with_ / without for with_, without in zip(each[other], each[None])])
    print(f"p99 without: {statistics.median(each[None]):.0f} us (median of the runs), with {what}: "
          f"{statistics.median(each[other]):.0f} us; with / without: {median:.3f} x, 95 % interval {low:.3f} to {high:.3f}")


def measure_latency(binary, pingpong, pairs, apart):
    cores = os.sched_getaffinity(0)
    kinds = [None, Watchers] if apart else [None, Watchers, Computing]
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(directory, binary, pingpong, workers=1)
        if apart:
            part_cores(daemon)
        daemon.job(CONNECTIONS, 20000)
        count, nanoseconds, *_ = daemon.job(CONNECTIONS, 200000, RATE_BEYOND)
        rate = int(count * 1e9 / nanoseconds / 2)
        churn = Churn(daemon.churn_port)
        each, used, runs = {kind: [] for kind in kinds}, 0.04, 0
        for pair in range(pairs):
            for kind in kinds if pair % 2 == 0 else reversed(kinds):
                other = Watchers(daemon.admin) if kind is Watchers else Computing(used) if kind is Computing else None
                time.sleep(0.5)
                before = daemon.cpu_seconds("api")
                _, _, _, p99 = daemon.job(CONNECTIONS, rate * SECONDS, rate)
                if kind is Watchers:
                    runs += 1
                    used += ((daemon.cpu_seconds("api") - before) / SECONDS - used) / runs
                if other:
                    other.stop()
                each[kind].append(p99 / 1000)
                time.sleep(0.3)
        churn.stop()
        daemon.stop()
    os.sched_setaffinity(0, cores)
    print(f"{'cores apart' if apart else 'cores shared'}: {rate} transactions a second, half of what it can do so; {pairs} pairs")
    tell_latency("watchers", Watchers, each)
    if not apart:
        tell_latency("a process that computes", Computing, each)
    _, low, high = interval_of([one / other for one, other in zip(each[None], each[None][1:])])
    print(f"without / without, run after run: {low:.3f} to {high:.3f}; "
          f"the api thread used {100 * used:.1f} % of a processor", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sockproxy")
    parser.add_argument("pingpong")
    parser.add_argument("what", nargs="*")
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    what = arguments.what or ["instructions", "futexes", "latency", "shared"]
    if "instructions" in what:
        measure_instructions(arguments.sockproxy, arguments.pingpong)
    if "futexes" in what:
        measure_futexes(arguments.sockproxy, arguments.pingpong)
    if "latency" in what:
        measure_latency(arguments.sockproxy, arguments.pingpong, arguments.pairs, apart=True)
    if "shared" in what:
        measure_latency(arguments.sockproxy, arguments.pingpong, arguments.pairs, apart=False)


main()
