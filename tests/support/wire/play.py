# SPDX-License-Identifier: MIT
"""
Plays both sides of many connections through the daemon while tcpdump listens.

    play.py SOCKPROXY DIRECTORY SEED CONNECTIONS

A lane is a listener of the daemon and the upstream behind it, with one thread
that plays client and upstream in turn: so the order in which two sides act is
ours to choose.  What each connection does comes from the seed, its number
in its lane, and nothing else.  Leaves wire.pcap, records.json and tcpdump.log.
"""
import atexit
import json
import os
import random
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

LANES = 30
REFUSING = 2  # lanes to a port that nobody listens on
DEAF = 2  # lanes to a listener whose queue is full: no SYN is answered
BETWEEN = 0.06  # seconds between connections of a lane, on average
PATIENCE = 20.0  # for what must come
OPTIONS = """--log-conns off --idle-timeout 700ms --half-close-timeout 600ms --flush-timeout 400ms
    --connect-timeout 500ms --history 100000"""
SENTINEL = b"that was the last packet of this play"
SENTINEL_PORT = 9


class Side:
    """One end of a connection, client or upstream; what it cannot do any more it lets be."""

    def __init__(self, sock):
        self.sock = sock
        sock.setblocking(False)

    def send(self, size):
        view = memoryview(bytes(size))
        while len(view) > 0:
            try:
                view = view[self.sock.send(view):]
            except OSError:
                return size - len(view)
        return size

    def read(self, most=1 << 20):
        """What is there; None at the end."""
        got = 0
        while got < most:
            try:
                piece = self.sock.recv(min(most - got, 1 << 16))
            except BlockingIOError:
                return got
            except OSError:
                return None
            if not piece:
                return None if got == 0 else got
            got += len(piece)
        return got

    def wait_readable(self, seconds):
        return bool(select.select([self.sock], [], [], max(0, seconds))[0])

    def read_to_end(self, seconds=1.0):
        until = time.monotonic() + seconds
        while self.read() is not None and self.wait_readable(until - time.monotonic()):
            continue

    def finish(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Chance(random.Random):
    def size(self):
        kind = self.random()
        if kind < 0.15:
            return 0
        if kind < 0.75:
            return self.randint(1, 2000)
        if kind < 0.95:
            return self.randint(2000, 40000)
        return self.randint(40000, 400000)

    def pause(self):
        kind = self.random()
        if kind < 0.3:
            return
        time.sleep(self.random() * (0.0005 if kind < 0.6 else 0.015))


# How a connection ends.  `a` acts first; who that is, client or upstream, is drawn.


def end_fin_fin(chance, a, b):
    a.read()
    a.finish()
    b.read_to_end()
    chance.pause()
    b.close()
    a.read_to_end()
    a.close()


def end_half_close_and_answer(chance, a, b):
    a.send(chance.size())
    a.finish()
    b.read_to_end()
    chance.pause()
    b.send(chance.size())
    b.close()
    a.read_to_end()
    a.close()


def end_close_before_answer(chance, a, b):
    a.read()
    a.close()
    chance.pause()
    b.send(chance.size())
    chance.pause()
    b.send(chance.size())
    b.read_to_end()
    b.close()


def end_reset(chance, a, b):
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_reset_by_unread(chance, a, b):
    b.send(chance.randint(1, 5000))
    a.wait_readable(0.5)
    a.close()
    chance.pause()
    b.read_to_end()
    b.close()


def end_bytes_then_reset(chance, a, b):
    a.send(chance.size())
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_fin_then_reset(chance, a, b):
    a.send(chance.size())
    a.finish()
    chance.pause()
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_answer_then_reset(chance, a, b):
    a.finish()
    b.read_to_end()
    b.send(chance.size())
    b.reset()
    chance.pause()
    a.read_to_end()
    a.close()


def end_both_at_once(chance, a, b):
    ends = [Side.finish, Side.close, Side.reset]
    first, second = chance.choice(ends), chance.choice(ends)
    a.send(chance.choice([0, 0, chance.size()]))
    b.send(chance.choice([0, 0, chance.size()]))
    first(a)
    second(b)
    chance.pause()
    for side, end in ((a, first), (b, second)):
        if end is Side.finish:
            side.read_to_end()
            side.close()


def end_unread_then(chance, a, b):
    """b stops reading with all buffers full; then one of them ends it somehow."""
    for _ in range(8):
        a.send(1 << 20)
        time.sleep(0.002)
    who = chance.choice([a, b])
    chance.choice([Side.reset, Side.close, Side.finish])(who)
    chance.pause()
    other = b if who is a else a
    if chance.random() < 0.5:
        other.read_to_end()
    chance.choice([Side.reset, Side.close])(other)
    who.close()


def end_silence_after_fin(chance, a, b):
    a.finish()
    chance.pause()
    b.send(chance.size())
    a.read_to_end(2)
    b.read_to_end(2)
    a.close()
    b.close()


def end_silence(chance, a, b):
    a.read_to_end(2)
    b.read_to_end(2)
    a.close()
    b.close()


ENDINGS = (
    (10, end_fin_fin),
    (10, end_half_close_and_answer),
    (8, end_close_before_answer),
    (10, end_reset),
    (10, end_reset_by_unread),
    (10, end_bytes_then_reset),
    (10, end_fin_then_reset),
    (8, end_answer_then_reset),
    (1, end_both_at_once),
    (2, end_unread_then),
    (1, end_silence_after_fin),
    (1, end_silence),
)


def converse(chance, client, upstream):
    for _ in range(chance.randint(0, 3)):
        a, b = chance.sample((client, upstream), 2)
        a.send(chance.size())
        chance.pause()
        if chance.random() < 0.8:
            b.read()


def play(chance, lane):
    client = socket.socket()
    client.connect(lane.proxy)
    client = Side(client)
    hasty = chance.random() < 0.12
    if hasty:  # the daemon may not have accepted it yet, let alone be connected
        client.send(chance.choice([0, 0, chance.randint(1, 3000)]))
        end = chance.choice([Side.reset, Side.close, Side.finish])
        end(client)
        if end is not Side.finish and not lane.upstream_comes(0.1):
            return
    lane.listener.settimeout(PATIENCE)
    upstream = Side(lane.listener.accept()[0])
    if not hasty:
        converse(chance, client, upstream)
    weights, endings = zip(*ENDINGS)
    a, b = chance.sample((client, upstream), 2)
    if hasty:
        a, b = upstream, client
    try:
        chance.choices(endings, weights)[0](chance, a, b)
    finally:
        client.close()
        upstream.close()


def play_failing(chance, lane):
    """The upstream refuses, or is never connected."""
    client = socket.socket()
    try:
        client.connect(lane.proxy)
    except ConnectionResetError:  # connected, and refused before connect returned
        return
    client = Side(client)
    client.send(chance.choice([0, chance.size()]))
    chance.pause()
    chance.choice([Side.reset, Side.finish, Side.read_to_end, Side.read_to_end])(client)
    if client.sock.fileno() != -1:
        client.read_to_end()
    client.close()


class Lane(threading.Thread):
    def __init__(self, number, seed):
        super().__init__(daemon=True)
        self.number, self.seed = number, seed
        self.error = None
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.refuses = LANES - REFUSING - DEAF <= number < LANES - DEAF
        self.deaf = number >= LANES - DEAF
        if self.deaf:
            self.listener.listen(0)
            self.crowd = [socket.socket() for _ in range(2)]
            for one in self.crowd:
                one.setblocking(False)
                one.connect_ex(self.listener.getsockname())
        elif not self.refuses:
            self.listener.listen(64)

    def upstream_comes(self, seconds):
        self.listener.settimeout(seconds)
        try:
            Side(self.listener.accept()[0]).close()
        except OSError:
            return False
        return False

    def prepare(self, proxy, count):
        self.proxy, self.count = proxy, count

    def run(self):
        try:
            for i in range(self.count):
                chance = Chance(f"{self.seed} {self.number} {i}")
                time.sleep(2 * BETWEEN * chance.random())
                (play_failing if self.refuses or self.deaf else play)(chance, self)
        except Exception as error:  # shown by the main thread
            self.error = error
            raise


def wait_until(what, condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"gave up waiting until {what}")
        time.sleep(0.01)


def favour():
    """Runs in the new process: what these two see they should see at once, however busy the machine is."""
    try:
        os.nice(-15)
    except OSError:
        pass


def start(arguments, log):
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=log, preexec_fn=favour)
    atexit.register(process.kill)
    return process


def start_tcpdump(directory):
    log = open(f"{directory}/tcpdump.log", "w")
    tcpdump = start(
        ["tcpdump", "-i", "lo", "-n", "-s", "128", "-B", "65536", "-U", "-Z", "root", "-w", f"{directory}/wire.pcap",
         "tcp or udp"], log)
    wait_until("tcpdump listens", lambda: "listening on" in open(log.name).read())
    return tcpdump


def stop_tcpdump(directory, tcpdump):
    """Not before it has written all: a packet of our own comes last."""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(SENTINEL, ("127.0.0.1", SENTINEL_PORT))

    def written():
        with open(f"{directory}/wire.pcap", "rb") as capture:
            capture.seek(max(0, os.path.getsize(capture.name) - 4096))
            return SENTINEL in capture.read()
    wait_until("the capture is complete", written)
    tcpdump.send_signal(signal.SIGINT)
    tcpdump.wait(PATIENCE)


def start_proxy(directory, command, lanes):
    arguments = shlex.split(command) + ["-a", "127.0.0.1:0"] + OPTIONS.split()
    for lane in lanes:
        arguments += ["-l", "127.0.0.1:0", "-u", "127.0.0.1:%d" % lane.listener.getsockname()[1]]
    log = open(f"{directory}/proxy.log", "w")
    proxy = start(arguments, log)
    wait_until("the daemon is ready", lambda: "ready: " in open(log.name).read())
    return proxy, log.name


def ask(admin, path):
    with urllib.request.urlopen(admin + path, timeout=PATIENCE) as answer:
        return json.load(answer)


def collect(admin):
    records, after = [], ""
    while after is not None:
        page = ask(admin, f"/conns?state=closed&view=full&limit=500{after}")
        records += page["conns"]
        after = page["next"] and f"&after={page['next']}"
    return records


def spent():
    """Busy and all time of all processors, in ticks."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def main():
    command, directory, seed, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    lanes = [Lane(i, seed) for i in range(LANES)]
    tcpdump = start_tcpdump(directory)
    proxy, log = start_proxy(directory, command, lanes)
    ready = next(line for line in open(log) if line.startswith("ready: "))
    places = [pair.split(" -> ")[0].split(":") for pair in ready[len("ready: "):].split("; ")]
    admin = ready.strip().split(", admin ")[1]
    begun = time.monotonic()
    for i, lane in enumerate(lanes):
        few = count // (LANES * 4) if lane.deaf else count // (LANES * 2) if lane.refuses else 0
        lane.prepare((places[i][0], int(places[i][1])), few)
    rest = count - sum(lane.count for lane in lanes)
    busy = [lane for lane in lanes if lane.count == 0]
    for i, lane in enumerate(busy):
        lane.count = rest // len(busy) + (i < rest % len(busy))
    before = spent()
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    if any(lane.error for lane in lanes):
        return 1
    wait_until("every connection is closed", lambda: ask(admin, "/stats")["totals"]["connections_closed"] >= count)
    busy, total = (after - then for after, then in zip(spent(), before))
    records = collect(admin)
    stop_tcpdump(directory, tcpdump)
    proxy.send_signal(signal.SIGTERM)
    if proxy.wait(PATIENCE) != 0:
        print(open(log).read())
        return 1
    with open(f"{directory}/records.json", "w") as out:
        json.dump({"opened": count, "busy": busy / total, "records": records}, out)
    print(f"{count} connections in {time.monotonic() - begun:.1f} s")
    return 0


sys.exit(main())
