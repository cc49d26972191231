# SPDX-License-Identifier: MIT
"""
How long lists take while thousands of connections are open and carry bytes.

    listing.py SOCKPROXY [--connections N] [--closed N] [--rate N]

Clients and upstream are processes of their own, so that each has descriptors enough.  `rate` questions of 64 bytes
a second go round among the connections meanwhile, each answered by 512 bytes.  Times are curl's, from the request
to the last byte of the answer, after a warm-up.  Then as many connections are closed, and all that the history has
of them is read page by page, with an eye on the daemon's memory; and all that are open are ended by one request.
"""
import argparse
import json
import os
import re
import resource
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

QUESTION, ANSWER = b"q" * 64, b"a" * 512
WARM_UP, ROUNDS = 5, 30
PATIENCE_S = 120


def upstream():
    """Answers each question; a line tells the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poll, sockets = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                accept_all(listener, poll, sockets)
                continue
            try:
                asked = sockets[fd].recv(65536)
                if asked:
                    sockets[fd].send(ANSWER)
            except OSError:
                asked = b""
            if not asked:
                sockets.pop(fd).close()


def accept_all(listener, poll, sockets):
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        sockets[client.fileno()] = client
        poll.register(client, select.EPOLLIN)


def connect(port):
    client = socket.socket()
    client.connect(("127.0.0.1", port))
    return client


def clients(port, count, rate):
    """Opens that many, says so, and asks on until its input ends."""
    opened = []
    for i in range(count):
        opened.append(connect(port))
        opened[i].setblocking(False)
        opened[i].send(QUESTION)
    print("open", flush=True)
    turn, begun, asked = 0, time.monotonic(), 0
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        due = int((time.monotonic() - begun) * rate) - asked
        for _ in range(min(due, count)):
            try:
                opened[turn].recv(65536)
                opened[turn].send(QUESTION)
            except OSError:  # it has not answered, or was ended
                pass
            turn = (turn + 1) % count
        asked += due


def close_many(port, count):
    """Each carries a question, and is reset: nothing is left in TIME_WAIT."""
    for i in range(count):
        client = connect(port)
        client.send(QUESTION)
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


class Daemon:
    def __init__(self, binary, directory, target, history):
        self.log = os.path.join(directory, "log")
        with open(self.log, "w") as stderr:
            self.process = subprocess.Popen([*binary.split(), "-l", "127.0.0.1:0", "-u", f"127.0.0.1:{target}",
                                             "-a", "127.0.0.1:0", "--admin-write", "--log-conns", "off",
                                             "--history", str(history)], stderr=stderr)
        self.port, self.admin = self.wait_until_ready()

    def wait_until_ready(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with open(self.log) as said:
                ready = re.search(r"ready: 127\.0\.0\.1:(\d+) .*(http://\S+)", said.read())
            if ready:
                return int(ready[1]), ready[2]
            time.sleep(0.05)
        raise SystemExit("the daemon does not get ready")

    def ask(self, path, *options):
        """(seconds, bytes, body)"""
        done = subprocess.run(["curl", "-sS", "-w", "\n%{time_total} %{size_download} %{http_code}", *options,
                               self.admin + path], capture_output=True, check=True)
        body, figures = done.stdout.rsplit(b"\n", 1)
        seconds, size, status = figures.split()
        if not status.startswith(b"2"):
            raise SystemExit(f"{path}: {status} {body[:300]}")
        return float(seconds), int(size), body

    def document(self, path):
        return json.loads(self.ask(path)[2])

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"^RssAnon:\s+(\d+)", status.read(), re.M)[1])

    def wait_for(self, what, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition(self.document("/stats")):
            if time.monotonic() > until:
                raise SystemExit(f"in vain waited for {what}")
            time.sleep(0.02)


def measure(daemon, what, path, bar_ms):
    for _ in range(WARM_UP):
        daemon.ask(path, "-o", "/dev/null")
    taken = [daemon.ask(path, "-o", "/dev/null") for _ in range(ROUNDS)]
    times = sorted(1000 * seconds for seconds, _, _ in taken)
    megabytes = taken[0][1] / 1e6
    bar = "" if bar_ms is None else f", bar {bar_ms} ms: {'kept' if statistics.median(times) <= bar_ms else 'MISSED'}"
    print(f"{what:46} {megabytes:6.2f} MB  median {statistics.median(times):6.2f} ms "
          f"(least {times[0]:.2f}, most {times[-1]:.2f}){bar}", flush=True)


def measure_live(daemon, count):
    measure(daemon, f"short list of all {count}", "/conns?limit=10000", 20)
    measure(daemon, f"full list of all {count}", "/conns?limit=10000&view=full", 60)
    measure(daemon, "top 20 by bytes", "/conns?sort=-bytes_received&limit=20", 10)
    measure(daemon, "all sorted by idle time", "/conns?sort=-idle&limit=10000", None)
    measure(daemon, "metrics", "/metrics", 10)
    measure(daemon, "stats", "/stats", None)
    measure(daemon, "upstreams", "/upstreams", None)
    measure(daemon, "three fields of all", "/conns?limit=10000&fields=id,age,rtt", None)
    measure(daemon, "table of all", "/conns?limit=10000&format=table", None)
    text = 'client.address in 10.0.0.0/8 and idle > 5m and not upstream == "db"'
    measure(daemon, "a filter that none matches", "/conns?" + urllib.parse.urlencode({"filter": text}), None)
    text = "state == established and age >= 0ms and not client in 10.0.0.0/8"
    measure(daemon, "a filter that all match, counted", "/conns?limit=1&count=1&" + urllib.parse.urlencode({"filter": text}), None)


def measure_closed(daemon, count):
    before, most, records, size, begun = daemon.memory_kib(), 0, 0, 0, time.monotonic()
    oldest, path = None, "/conns?state=closed&view=full&limit=10000&format=ndjson"
    after, pages = "", 0
    while after is not None:
        _, page_size, body = daemon.ask(path + (f"&after={after}" if after else ""))
        lines = body.rstrip(b"\n").split(b"\n")
        told = json.loads(lines[-1])
        after = told.get("next") if "id" not in told else None
        records += len(lines) - ("id" not in told)
        size += page_size
        pages += 1
        if "id" in json.loads(lines[0]):
            oldest = json.loads(lines[-2 if "id" not in told else -1])["id"]
        most = max(most, daemon.memory_kib())
    taken = time.monotonic() - begun
    print(f"{records} closed ones in full: {pages} pages, {size / 1e6:.0f} MB in {taken:.2f} s; memory {before} KiB "
          f"before, {most} KiB at most: {most - before:+} KiB", flush=True)
    measure(daemon, "one closed one, the oldest", f"/conns/{oldest}", None)
    measure(daemon, "a filter over all closed ones", "/conns?state=closed&count=1&filter=reason==shutdown", None)
    measure(daemon, "top 20 of all closed ones", "/conns?state=closed&sort=-age&limit=20", None)


def measure_kill(daemon, count):
    begun = time.monotonic()
    seconds, _, body = daemon.ask("/conns?filter=" + urllib.parse.quote("state != closed"), "-X", "DELETE")
    answer = json.loads(body)
    daemon.wait_for("all to be ended", lambda stats: stats["connections_active"] == 0)
    print(f"ended: {answer['posted']} of {answer['matched']} ordered in {1000 * seconds:.0f} ms ({answer['detail']}), "
          f"all gone after {1000 * (time.monotonic() - begun):.0f} ms", flush=True)


def start(*arguments):
    return subprocess.Popen([sys.executable, __file__, *map(str, arguments)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def main():
    if sys.argv[1] == "upstream":
        upstream()
    if sys.argv[1] == "clients":
        clients(*map(int, sys.argv[2:]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sockproxy")
    parser.add_argument("--connections", type=int, default=8500)
    parser.add_argument("--closed", type=int, default=100000)
    parser.add_argument("--rate", type=int, default=2000)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    target = start("upstream")
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(options.sockproxy, directory, target.stdout.readline().strip(), options.closed)
        load = start("clients", daemon.port, options.connections, options.rate)
        try:
            load.stdout.readline()
            daemon.wait_for("all to be connected", lambda stats: stats["connections_by_state"]["established"] >=
                            options.connections)
            measure_live(daemon, options.connections)
            close_many(daemon.port, options.closed)
            daemon.wait_for("all to be closed", lambda stats: stats["totals"]["connections_closed"] >= options.closed)
            measure_closed(daemon, options.closed)
            measure_kill(daemon, options.connections)
        finally:
            for process in (load, target):
                process.kill()
            daemon.process.send_signal(signal.SIGTERM)
            daemon.process.wait()


main()
