# SPDX-License-Identifier: MIT
"""
Plays both sides of many connections through daemons while tcpdump listens.

    play.py SOCKPROXY DIRECTORY SEED CONNECTIONS PACE

A lane is a listener of a daemon and the upstream behind it, with one thread that plays client and upstream
in turn.  What each connection does comes from the seed, its lane and its number there, and nothing else.
PACE stretches the pauses between connections.  Leaves wire.pcap, play.json and tcpdump.log.
"""
import atexit
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import acts
from sides import Side, now_us

BETWEEN = 0.25  # seconds between connections of a lane, on average
PATIENCE = 20.0  # for what must come
OPTIONS = """--log-conns off --idle-timeout 700ms --half-close-timeout 600ms --flush-timeout 400ms
    --connect-timeout 500ms --history 10000"""
DAEMONS = (  # all at once, each with all lanes
    "--workers 1",
    "--workers 2",
    "--workers 1 --proxy-out v1",
    "--workers 2 --proxy-out v2 --source 127.0.0.77,fd77::77",
)
# How clients come, and the targets.  `any` is IPv4 to a listener on all addresses; a target that refuses has a
# port that nobody listens on; a deaf one has a full queue, and its kernel answers no SYN.
LANES = (
    ("4", "4"),
    ("4", "4"),
    ("6", "6"),
    ("6", "4"),
    ("4", "6"),
    ("any", "4"),
    ("unix", "4"),
    ("unix", "6"),
    ("4", "unix"),
    ("6", "unix"),
    ("4", "4 refuses, 4"),
    ("6", "6 refuses, 4 refuses, 6"),
    ("unix", "4 refuses, 4"),
    ("4", "4 refuses"),
    ("unix", "6 refuses, 4 refuses"),
    ("4", "4 deaf"),
    ("6", "4 deaf, 6"),
)
SHARES = {"deaf": 1, "refuses": 2, "": 4}  # how many connections such a lane has, compared with others
NARROW = 4096  # a receive buffer that is soon full
SAMPLED = 0.25  # seconds
QUIET = 0.15  # of all processors' time
QUIET_SECONDS = 60  # that we wait for it
SENTINEL = b"that was the last packet of this play"
SENTINEL_PORT = 9


def wait_until(what, condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"gave up waiting until {what}")
        time.sleep(0.01)


class Target:
    def __init__(self, text, path):
        family, _, self.manner = text.strip().partition(" ")
        if family == "unix":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(path)
            self.text = "unix:" + path
        else:
            self.sock = socket.socket(socket.AF_INET if family == "4" else socket.AF_INET6)
            self.sock.bind(("127.0.0.1" if family == "4" else "::1", 0))
            self.text = ("127.0.0.1:%d" if family == "4" else "[::1]:%d") % self.sock.getsockname()[1]
        if self.manner == "deaf":
            self.sock.listen(0)
            self.crowd = [socket.socket() for _ in range(2)]
            for one in self.crowd:
                one.setblocking(False)
                one.connect_ex(self.sock.getsockname())
        elif self.manner == "":
            self.sock.listen(64)


class Lane(threading.Thread):
    """Its listener is at `place` once the daemon is ready."""

    def __init__(self, name, kind, greets, directory):
        super().__init__(daemon=True, name=name)
        self.client, self.greets = kind[0], greets
        self.listener = {"4": "127.0.0.1:0", "6": "[::1]:0", "any": "0",
                         "unix": f"unix:{directory}/{name}-in"}[self.client]
        self.targets = [Target(text, f"{directory}/{name}-out") for text in kind[1].split(",")]
        self.host = next((target.sock for target in self.targets if target.manner == ""), None)
        self.is_deaf = any(target.manner == "deaf" for target in self.targets)
        self.share = SHARES["deaf" if self.is_deaf else "" if self.host else "refuses"]
        self.place = self.error = None
        self.plays = []  # one for each connection

    def is_narrow(self, chance):
        return self.client != "unix" and chance.random() < 0.15

    def connect(self, chance):
        family = {"6": socket.AF_INET6, "unix": socket.AF_UNIX}.get(self.client, socket.AF_INET)
        client = socket.socket(family)
        if self.is_narrow(chance):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        client.connect(self.place)
        self.plays[-1]["port"] = client.getsockname()[1] if family != socket.AF_UNIX else None
        client = Side(client, "client")
        self.plays[-1]["client"] = client
        return client

    def accept(self, seconds):
        self.host.settimeout(seconds)
        try:
            sock, name = self.host.accept()
        except OSError:
            return None
        upstream = Side(sock, "upstream", self.greets)
        self.plays[-1]["upstream"] = upstream
        self.plays[-1]["upstream_port"] = name[1] if sock.family != socket.AF_UNIX else None
        return upstream

    def play(self, chance):
        if self.host.family != socket.AF_UNIX:
            self.host.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW if chance.random() < 0.15 else 1 << 17)
        client = self.connect(chance)
        hasty = chance.random() < 0.12
        if hasty and not acts.begin_hastily(chance, client):
            self.accept(PATIENCE if self.host.family == socket.AF_UNIX else 1.0 if self.is_deaf else 0.1)
            return
        upstream = self.accept(PATIENCE)
        if upstream is None:
            raise TimeoutError("the daemon does not connect the upstream")
        if hasty:
            acts.draw(chance, acts.ENDINGS)(chance, upstream, client)
        else:
            acts.draw(chance, acts.TALKS)(chance, client, upstream)
            a, b = chance.sample((client, upstream), 2)
            acts.draw(chance, acts.ENDINGS)(chance, a, b)

    def play_one(self, chance):
        self.plays.append({"begun": now_us(), "port": None, "upstream_port": None, "client": None, "upstream": None})
        try:
            if self.host:
                self.play(chance)
            else:
                acts.fail(chance, self.connect(chance))
        except ConnectionResetError:  # connected, and refused before connect returned
            if self.host:
                raise
        finally:
            for side in (self.plays[-1]["client"], self.plays[-1]["upstream"]):
                if side is not None:
                    side.close()

    def run(self):
        try:
            for i in range(self.count):
                chance = acts.Chance(f"{self.seed} {self.name} {i}")
                time.sleep(2 * BETWEEN * self.pace * chance.random())
                self.play_one(chance)
        except BaseException as error:  # the main thread ends the play
            self.error = error
            raise

    def account(self):
        return {"name": self.name, "place": self.place, "greets": self.greets,
                "targets": [target.text for target in self.targets], "manners": [t.manner for t in self.targets],
                "plays": [{key: value.account() if isinstance(value, Side) else value for key, value in play.items()}
                          for play in self.plays]}


def favour():
    """Runs in the new process: what these see they should see at once, however busy the machine is."""
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


class Daemon:
    def __init__(self, command, number, directory, sockets):
        self.options, self.number = DAEMONS[number], number
        greets = "--proxy-out" in self.options
        self.lanes = [Lane(f"{number}.{i}", kind, greets, sockets) for i, kind in enumerate(LANES)]
        arguments = shlex.split(command) + ["-a", "127.0.0.1:0"] + OPTIONS.split() + self.options.split()
        arguments += ["--datapath", os.environ.get("DATAPATH", "auto")]
        for lane in self.lanes:
            arguments += ["-l", lane.listener, "-u", ",".join(target.text for target in lane.targets)]
        self.log = open(f"{directory}/proxy{number}.log", "w")
        self.process = start(arguments, self.log)
        wait_until("the daemon is ready", lambda: self.ready() is not None)
        places, _, self.admin = self.ready()[len("ready: "):].strip().rpartition(", admin ")
        for lane, pair in zip(self.lanes, places.split("; ")):
            place = pair.split(" -> ")[0]
            if place.startswith("unix:"):
                lane.place = place[len("unix:"):]
            else:
                host, _, port = place.rpartition(":")
                lane.place = ("127.0.0.1" if lane.client == "any" else host.strip("[]"), int(port))

    def ready(self):
        with open(self.log.name) as log:
            return next((line for line in log if line.startswith("ready: ") and line.endswith("\n")), None)

    def ask(self, path):
        with urllib.request.urlopen(self.admin + path, timeout=PATIENCE) as answer:
            return json.load(answer)

    def collect(self):
        played = sum(len(lane.plays) for lane in self.lanes)
        wait_until("every connection is closed", lambda: self.ask("/stats")["totals"]["connections_closed"] >= played)
        ids, after = [], ""
        while after is not None:
            page = self.ask(f"/conns?state=closed&limit=500{after}")
            ids += [conn["id"] for conn in page["conns"]]
            after = page["next"] and f"&after={page['next']}"
        return [self.ask(f"/conns/{id_}") for id_ in ids]

    def stop(self):
        """Returns whether it went as it should."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        with open(self.log.name) as log:
            said = log.read()
        if status == 0 and not re.search("Sanitizer|runtime error:|Assertion", said):
            return True
        print(f"a daemon ended with status {status}:\n{said}")
        return False


def spent():
    """When; busy and all time of all processors till then, in ticks."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return now_us(), sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def spent_by(pid):
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def wait_for_quiet():
    """What others do on this machine makes us late; so it had better be over."""
    for _ in range(QUIET_SECONDS):
        before = spent()
        time.sleep(1)
        after = spent()
        if after[1] - before[1] <= QUIET * (after[2] - before[2]):
            return
    print("others keep this machine busy")


def share_out(lanes, count, seed, pace):
    shares = sum(lane.share for lane in lanes)
    for lane in lanes:
        lane.count, lane.seed, lane.pace = -(-count * lane.share // shares), seed, pace


def run(lanes):
    """Plays all lanes; returns how busy the machine was meanwhile."""
    samples = [spent()]
    for lane in lanes:
        lane.start()
    while any(lane.is_alive() for lane in lanes):
        time.sleep(SAMPLED)
        samples.append(spent())
    return samples


def main():
    command, directory, seed, count, pace = sys.argv[1:]
    sockets = tempfile.mkdtemp()  # paths of Unix sockets are short
    atexit.register(shutil.rmtree, sockets)
    tcpdump = start_tcpdump(directory)
    daemons = [Daemon(command, number, directory, sockets) for number in range(len(DAEMONS))]
    lanes = [lane for daemon in daemons for lane in daemon.lanes]
    share_out(lanes, int(count), seed, float(pace))
    ours = [os.getpid(), tcpdump.pid] + [daemon.process.pid for daemon in daemons]
    wait_for_quiet()
    before = sum(map(spent_by, ours))
    samples = run(lanes)
    own = sum(map(spent_by, ours)) - before
    if any(lane.error for lane in lanes):
        for daemon in daemons:
            daemon.stop()
        return 1
    records = [dict(record, daemon=daemon.number) for daemon in daemons for record in daemon.collect()]
    stop_tcpdump(directory, tcpdump)
    if not all([daemon.stop() for daemon in daemons]):
        return 1
    with open(f"{directory}/play.json", "w") as out:
        json.dump({"options": DAEMONS, "lanes": [lane.account() for lane in lanes], "samples": samples,
                   "own": own / (samples[-1][2] - samples[0][2]), "records": records}, out)
    print(f"{sum(len(lane.plays) for lane in lanes)} connections in {(samples[-1][0] - samples[0][0]) / 1e6:.1f} s")
    return 0


sys.exit(main())
