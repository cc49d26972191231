# SPDX-License-Identifier: MIT
"""
An hour of everything at once, and nothing left behind.

    soak.py SOCKPROXY BYTES PINGPONG [--minutes 60] [--csv FILE] [--seed N] [--rate 40M] [--datapath auto]

BYTES carries random streams whose readers are slow or stall, and compares each byte and each record; beside it
PINGPONG asks 1,000 small questions a second, 100 short connections a second come and go (600 in each fourth half
minute), 10 lists a second are read, and 100 follow the events: 40 of them all events, and of these 10 read nothing
for 25 seconds at a time.

What the process takes is sampled into the CSV.  It must be the same at the end as it was in the middle
(memory is not judged where it was less than ten minutes), all descriptors must be given back when all
have left, and each follower must have seen or been told as lost whatever was published.  Of the slow ones some may be
cut, and others come in their place; no one else may.  Exit status 0: so it is.
"""
import argparse
import atexit
import csv
import http.client
import json
import os
import re
import resource
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

FOLLOWERS_OF_ALL, FOLLOWERS_OF_SOME, SLOW = 40, 60, 10
STALL_S, SLOW_BUFFER = 25, 16384
LISTS_PER_SECOND, CHURN_PER_SECOND, QUESTIONS_PER_SECOND, ASKERS = 10, 100, 1000, 64
BURST_S, BURST_EVERY_S, BURST_PER_SECOND = 30, 120, 600  # more events than are remembered for the slow ones
PATIENCE_S = 60
MEMORY_S = 600  # the followers' buffers are allocated at once, and touched as they fall behind: most of them in the first half
RSS_SHARE, RSS_KIB = 0.01, 512
SOME = ("types=close&format=ndjson&fields=id", "filter=bytes_received+%3E+1M", "types=denied,drain", "interval=5s&fields=id",
        "types=half_close&view=full", "filter=close.reason+==+client_reset&format=ndjson")


class Failure(Exception):
    pass


def wait_for(condition, what, seconds=PATIENCE_S):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Failure(what)
        time.sleep(0.1)


class Admin:
    """One who asks again and again; not for two threads at once."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))
        self.connection = None

    def get(self, target):
        for may_be_idle in (self.connection is not None, False):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
            try:
                self.connection.request("GET", target)
                answer = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionError):  # who was idle is left
                self.leave()
                if not may_be_idle:
                    raise
        body = answer.read()
        if answer.status != 200:
            raise Failure(f"GET {target}: {answer.status} {body[:200]}")
        return json.loads(body)

    def leave(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def published(self, workers):
        """A place is of a boot, how many events each worker has published, and what else changed."""
        numbers = self.get("/conns?limit=1")["cursor"].split(".")[1:]
        return sum(int(number, 16) for number in numbers[:workers])


class Follower:
    def __init__(self, address, query, is_slow):
        self.is_slow, self.rest, self.seen, self.missed, self.losses = is_slow, b"", 0, 0, 0
        self.asleep_until, self.is_late = 0, False  # late: it did not see all events from the start
        self.socket = socket.socket()
        if is_slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
        self.socket.connect(address)
        self.socket.sendall(f"GET /events?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.over, self.chunk, self.frame = False, 0, b""
        answer = self.socket.recv(15, socket.MSG_WAITALL)
        if b" 200 " not in answer:
            raise Failure(f"/events?{query}: {answer} {self.socket.recv(1000)}")
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(1)

    def unpack(self, piece):
        """What is in the chunks; their frames may break anything anywhere."""
        parts, at = [], 0
        while at < len(piece):
            if self.chunk > 0:
                parts.append(piece[at:at + self.chunk])
                at += len(parts[-1])
                self.chunk -= len(parts[-1])
                continue
            end = piece.find(b"\n", at) + 1
            self.frame += piece[at:end or len(piece)]
            at = end or len(piece)
            if end and self.frame != b"\r\n":  # that stands behind each chunk
                self.chunk = int(self.frame, 16)
            if end:
                self.frame = b""
        return b"".join(parts)

    def read(self):
        """As much as is there, and no more than one piece: others wait."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            self.over = True
            return
        whole, newline, self.rest = (self.rest + self.unpack(piece)).rpartition(b"\n")
        whole += newline
        self.seen += whole.count(b'"type":"')
        for lost in re.finditer(rb'"type":"lost"[^\n]*?"missed":(\d+)', whole):
            self.seen -= 1
            self.losses += 1
            self.missed += int(lost[1])


class Followers:
    """All in one thread."""

    def __init__(self, address):
        everything = "format=ndjson&fields=id"
        self.all = [Follower(address, everything, number < SLOW) for number in range(FOLLOWERS_OF_ALL)]
        self.some = [Follower(address, SOME[number % len(SOME)], False) for number in range(FOLLOWERS_OF_SOME)]
        self.stalls, self.over = True, False
        self.selector = selectors.DefaultSelector()
        self.address, self.everything, self.cut, self.strays = address, everything, [], []
        for number, follower in enumerate(self.all + self.some):
            self.selector.register(follower.socket, selectors.EVENT_READ, follower)
            follower.asleep_until = time.monotonic() + number % SLOW * STALL_S / SLOW if follower.is_slow else 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        last = 0
        while not self.over:
            now = time.monotonic()
            ready = self.selector.select(0.05)
            for key, _ in ready:
                follower = key.data
                follower.read()
                if follower.over:
                    self.lose(follower, now)
            if now - last > 1:
                last = now
                self.take_turns(now)

    def lose(self, follower, now):
        """Who stays behind for too long is cut, by contract: another comes in its place."""
        self.selector.unregister(follower.socket)
        follower.socket.close()
        if not follower.is_slow:
            self.strays.append(follower)
            return
        self.cut.append(follower)
        self.all.remove(follower)
        next_one = Follower(self.address, self.everything, True)
        next_one.is_late = True
        next_one.asleep_until = now + STALL_S
        self.selector.register(next_one.socket, selectors.EVENT_READ, next_one)
        self.all.append(next_one)

    def take_turns(self, now):
        """Who is slow reads for some seconds, and then not at all."""
        for follower in self.all:
            if not follower.is_slow or follower.over:
                continue
            watched = follower.socket in self.selector.get_map()
            if now < follower.asleep_until and watched and self.stalls:
                self.selector.unregister(follower.socket)
            elif (now >= follower.asleep_until or not self.stalls) and not watched:
                self.selector.register(follower.socket, selectors.EVENT_READ, follower)
                follower.asleep_until = now + STALL_S + 5
            elif watched and now >= follower.asleep_until - STALL_S and self.stalls:
                self.selector.unregister(follower.socket)

    def leave(self):
        self.over = True
        self.thread.join()
        for follower in self.all + self.some:
            follower.socket.close()


class Lister:
    def __init__(self, admin):
        self.admin, self.over, self.count, self.failure = admin, False, 0, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        targets = ("/conns?state=all&limit=200", "/conns?limit=1000", "/conns?sort=-bytes_received&limit=20", "/stats")
        try:
            while not self.over:
                began = time.monotonic()
                self.admin.get(targets[self.count % len(targets)])
                self.count += 1
                time.sleep(max(0, 1 / LISTS_PER_SECOND - (time.monotonic() - began)))
        except (Failure, OSError, http.client.HTTPException, ValueError) as failure:
            self.failure = failure

    def leave(self):
        self.over = True
        self.thread.join()
        self.admin.leave()


class Churn:
    """Short connections: one message there and back."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port, self.over, self.count, self.failure = self.server.getsockname()[1], False, 0, None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.server.accept()
            client.settimeout(PATIENCE_S)
            client.sendall(client.recv(64))
            client.close()

    def begin(self, address):
        self.address = address
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        began = due = time.monotonic()
        try:
            while not self.over:
                with socket.create_connection(self.address, PATIENCE_S) as client:
                    message = b"%020d" % self.count
                    client.sendall(message)
                    if client.recv(64) != message or client.recv(64) != b"":
                        raise Failure("a short connection has another answer")
                self.count += 1
                now = time.monotonic()
                bursts = (now - began) % BURST_EVERY_S > BURST_EVERY_S - BURST_S
                due = max(due, now - 1) + 1 / (BURST_PER_SECOND if bursts else CHURN_PER_SECOND)
                time.sleep(max(0, due - now))
        except (Failure, OSError) as failure:
            self.failure = failure

    def leave(self):
        self.over = True
        self.thread.join()


class PingPong:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.port, self.over, self.count, self.failure = int(self.process.stdout.readline()), False, 0, None

    def begin(self, port):
        self.target = port
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over:
            self.process.stdin.write(f"{self.target} {ASKERS} {5 * QUESTIONS_PER_SECOND} {QUESTIONS_PER_SECOND}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().split()
            if len(answer) != 4:
                self.failure = Failure("the questions broke off")
                return
            self.count += int(answer[0])

    def leave(self):
        self.over = True
        self.thread.join()
        self.process.stdin.close()
        self.process.wait()


def descriptors(pid):
    kinds = {"sockets": 0, "pipes": 0, "other": 0}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        kinds["sockets" if target.startswith("socket:") else "pipes" if target.startswith("pipe:") else "other"] += 1
    return kinds


def status_of(pid):
    with open(f"/proc/{pid}/status") as lines:
        return dict(line.split(":", 1) for line in lines)


class Samples:
    COLUMNS = ("seconds", "rss_kib", "sockets", "pipes", "other", "threads", "pipes_open", "connections_active", "closed",
               "loans_lent", "followers", "events_missed", "spliced_bytes", "questions", "short_connections", "lists")

    def __init__(self, pid, admin, path):
        self.pid, self.admin, self.rows, self.began = pid, admin, [], time.monotonic()
        self.file = open(path, "w", newline="")
        self.writer = csv.writer(self.file)
        self.writer.writerow(self.COLUMNS)

    def take(self, counts):
        stats = self.admin.get("/stats")
        status = status_of(self.pid)
        kinds = descriptors(self.pid)
        totals = stats["totals"]
        row = (round(time.monotonic() - self.began, 1), int(status["VmRSS"].split()[0]), kinds["sockets"], kinds["pipes"],
               kinds["other"], int(status["Threads"]), totals.get("pipes_open", 0), stats["connections_active"],
               totals["connections_closed"], totals["loans_lent"], stats["followers"], stats["events_missed"],
               totals.get("spliced_bytes", 0), *counts)
        self.rows.append(row)
        self.writer.writerow(row)
        self.file.flush()
        return dict(zip(self.COLUMNS, row))

    def medians(self, column):
        """Of the tenth in the middle, when all has been used once, and of the last tenth."""
        at = self.COLUMNS.index(column)
        over = self.rows[-1][0]
        return [statistics.median(row[at] for row in self.rows if begin <= row[0] <= begin + 0.1 * over)
                for begin in (0.45 * over, 0.9 * over)]


def start_bytes(arguments, beside):
    command = [arguments.bytes, "--seconds", str(round(arguments.minutes * 60)), "--bytes", "1000G", "--rate", arguments.rate,
               "--largest", "32M", "--at-once", "40", "--seed", str(arguments.seed), "--datapath", arguments.datapath,
               "--beside", beside]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, SOCKPROXY=arguments.sockproxy))
    atexit.register(process.kill)
    for line in process.stdout:
        if line.startswith("ready "):
            return process, line.split()
    raise SystemExit("the daemon does not get ready")


def watch(samples, loads, lister, followers, bytes_process, minutes):
    """Until `bytes` is through; what it says then."""
    said = []
    reader = threading.Thread(target=lambda: said.extend(iter(bytes_process.stdout.readline, "")), daemon=True)
    reader.start()
    interval = min(10, minutes * 60 / 60)
    while not any("no mismatch" in line for line in said):
        samples.take([load.count for load in loads] + [lister.count])
        until = time.monotonic() + interval
        while time.monotonic() < until and not any("no mismatch" in line for line in said):
            time.sleep(0.1)
            if bytes_process.poll() is not None:
                time.sleep(0.5)
                raise Failure("bytes: " + "".join(said))
        for part in (*loads, lister):
            if part.failure is not None:
                raise Failure(f"{type(part).__name__}: {part.failure!r}")
        if followers.strays:
            raise Failure("a follower that reads was cut")
        if not followers.thread.is_alive():
            raise Failure("the followers failed")
    return said


def settle_followers(followers, admin, workers, before):
    """All have left.  What each of them saw, and was told it did not see, is what was published."""
    followers.stalls = False
    published = admin.published(workers) - before

    def is_complete(follower):
        return follower.seen + follower.missed == published

    judged = [follower for follower in followers.all if not follower.is_late]
    try:
        wait_for(lambda: all(map(is_complete, judged)), "", 2 * PATIENCE_S)
    except Failure:
        pass
    faults = [f"follower {number}: saw {follower.seen}, was told of {follower.missed} lost: {follower.seen + follower.missed} of {published}"
              for number, follower in enumerate(judged) if not is_complete(follower)]
    cut = admin.get("/stats")["followers_cut"]
    if cut != len(followers.cut):
        faults.append(f"{cut} followers were cut, says the daemon; {len(followers.cut)} were")
    slow = [follower for follower in followers.all if follower.is_slow]
    print(f"{published} events; {len(judged)} followers of all of them, {cut} slow ones were cut; {sum(follower.losses for follower in followers.all)}"
          f" times {sum(follower.missed for follower in followers.all)} lost, {sum(follower.missed for follower in slow)} of them by"
          f" the {len(slow)} slow ones", flush=True)
    return faults


def compare(samples, first, last):
    faults = []
    for column, share, least in (("rss_kib", RSS_SHARE, RSS_KIB), ("threads", 0, 0)):
        middle, late = samples.medians(column)
        print(f"{column}: {middle:g} in the middle tenth, {late:g} in the last, {last[column]} when all had left", flush=True)
        if samples.rows[-1][0] < MEMORY_S and column == "rss_kib":
            print("too short a time to judge memory by", flush=True)
        elif late > middle + max(share * middle, least):
            faults.append(f"{column} has grown from {middle:g} to {late:g}")
    for column in ("sockets", "pipes", "other"):
        print(f"{column}: {first[column]} at the start, {last[column]} at the end", flush=True)
        if last[column] != first[column]:
            faults.append(f"{column}: {first[column]} at the start, {last[column]} at the end")
    return faults


def soak(arguments):
    pingpong, churn = PingPong(arguments.pingpong), Churn()
    beside = " ".join(f"-l 127.0.0.1:0 -u 127.0.0.1:{load.port}" for load in (pingpong, churn)) + f" --history {arguments.history}"
    bytes_process, ready = start_bytes(arguments, beside)
    pid, address, ports = int(ready[1]), ready[2], [int(place.rpartition(":")[2]) for place in ready[3:]]
    admin = Admin(address)
    workers = len([name for name in (open(f"/proc/{pid}/task/{task}/comm").read() for task in os.listdir(f"/proc/{pid}/task"))
                   if name.startswith("worker")])
    samples = Samples(pid, admin, arguments.csv)
    first = samples.take([0, 0, 0])
    before = admin.published(workers)
    followers = Followers(admin.address)
    wait_for(lambda: admin.get("/stats")["followers"] == FOLLOWERS_OF_ALL + FOLLOWERS_OF_SOME, "not all followers are let in")
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes, {workers} workers, samples in {arguments.csv}", flush=True)
    bytes_process.stdin.write("begin\n")
    bytes_process.stdin.flush()
    pingpong.begin(ports[0])
    churn.begin(("127.0.0.1", ports[1]))
    lister = Lister(Admin(address))
    said = watch(samples, (pingpong, churn), lister, followers, bytes_process, arguments.minutes)
    print("".join(line for line in said if "no mismatch" in line).strip(), flush=True)
    for part in (pingpong, churn, lister):
        part.leave()
    print(f"{pingpong.count} questions, {churn.count} short connections, {lister.count} lists", flush=True)
    wait_for(lambda: admin.get("/stats")["connections_active"] == 0, "some connections do not end")
    faults = settle_followers(followers, admin, workers, before)
    followers.leave()

    def is_as_before():
        admin.get("/version")  # whose own connection was there before, too
        now = descriptors(pid)
        return all(now[kind] == first[kind] for kind in now)

    try:
        wait_for(is_as_before, "")
    except Failure:
        pass
    last = samples.take([pingpong.count, churn.count, lister.count])
    samples.rows.pop()  # it is of nobody's time
    faults += compare(samples, first, last)
    admin.leave()
    bytes_process.stdin.write("end\n")
    bytes_process.stdin.flush()
    bytes_process.wait(PATIENCE_S)
    if bytes_process.returncode != 0:
        faults.append("bytes: " + "".join(said))
    return faults


def main():
    parser = argparse.ArgumentParser()
    for name in ("sockproxy", "bytes", "pingpong"):
        parser.add_argument(name)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--csv", default="soak.csv")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--rate", default="40M", help="bytes a second")
    parser.add_argument("--datapath", default="auto")
    parser.add_argument("--history", type=int, default=4096)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        faults = soak(arguments)
    except Failure as failure:
        faults = [str(failure)]
    for fault in faults:
        print("FAILED:", fault)
    print("nothing is left behind" if not faults else f"{len(faults)} faults")
    sys.exit(bool(faults))


main()
