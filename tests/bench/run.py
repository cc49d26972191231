# SPDX-License-Identifier: MIT
"""
sockproxy beside HAProxy and nginx, each in its best configuration, and beside no proxy at all.

    run.py SOCKPROXY LOAD [--rounds 5] [--seconds 2] [--works NAME,NAME...] [--json FILE]

Everything runs on one core, load and target too, so that a rate measures all the work that a transaction makes.  The
programs take turns within each round, in an order that changes from round to round, and every ratio is taken
within a round: what the machine does otherwise meets all of them.  A peer that is not installed is left out, and said so.
"""
import argparse
import json
import os
import platform
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = 0
TARGETS = [f"127.0.0.{i}" for i in range(1, 9)]
TICK = os.sysconf("SC_CLK_TCK")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

# name, the job for the load, its unit, and what its rate is divided by.
WORKS = {
    "ping-pong-1": ("pingpong 1", "transactions/s", 1),
    "ping-pong-64": ("pingpong 64", "transactions/s", 1),
    "ping-pong-1000": ("pingpong 1000", "transactions/s", 1),
    "connect": ("connect 16", "connections/s", 1),
    "bulk-1": ("bulk 1", "GB/s", 1e9),
    "bulk-16": ("bulk 16", "GB/s", 1e9),
}
IDLE = 2000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(command, **more):
    return subprocess.Popen(["taskset", "-c", str(CORE), *command], **more)


def wait_for_port(port, process):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"{process.args} does not listen")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [int(child) for child in listed.read().split()]


class Program:
    """One that carries bytes from its port to the target's."""

    def __init__(self, name, port, process):
        self.name, self.port, self.process = name, port, process

    def pids(self):
        if self.process is None:
            return []
        return [self.process.pid, *children(self.process.pid)]

    def cpu(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))
        return total * 1024

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_peer(name, command, config, directory, target):
    """The configurations name 9000 as the target and 10100 or 10600 as the listener."""
    port = free_port()
    with open(os.path.join(HERE, "peers", config)) as text:
        adapted = text.read().replace(":9000", f":{target}").replace(":10100", f":{port}").replace(":10600", f":{port}")
    file = os.path.join(directory, config)
    with open(file, "w") as out:
        out.write(adapted)
    process = pinned([part.format(file=file, directory=directory) for part in command], stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    return Program(name, port, process)


def start_sockproxy(binary, directory, target):
    port = free_port()
    upstream = ",".join(f"{address}:{target}" for address in TARGETS)
    process = pinned([binary, "-l", f"127.0.0.1:{port}", "-u", upstream, "-a", f"unix:{directory}/admin", "--workers", "1",
                      "--log-conns", "off"], stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    return Program("sockproxy", port, process)


def start_all(binary, directory, target):
    programs = [Program("direct", target, None)]
    if shutil.which("haproxy", path=PATH):
        for kind in ("default", "bufsize", "splice"):
            programs.append(start_peer(f"haproxy-{kind}", [shutil.which("haproxy", path=PATH), "-db", "-f", "{file}"],
                                       f"haproxy-{kind}.cfg", directory, target))
    else:
        print("haproxy is not installed: left out", file=sys.stderr)
    if shutil.which("nginx", path=PATH) and os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
        programs.append(start_peer("nginx", [shutil.which("nginx", path=PATH), "-p", "{directory}", "-c", "{file}"],
                                   "nginx.conf", directory, target))
    else:
        print("nginx, or its stream module, is not installed: left out", file=sys.stderr)
    programs.append(start_sockproxy(binary, directory, target))
    return programs


class Load:
    def __init__(self, binary):
        self.target = free_port()
        self.process = pinned([binary, str(self.target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def run(self, port, job, seconds):
        self.process.stdin.write(f"{port} {job} {seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 4:
            raise SystemExit(f"the load failed at {job}")
        return [int(number) for number in answer]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


def measure(load, program, work, seconds):
    job, _, divisor = WORKS[work]
    before = program.cpu()
    count, ns, p50, p99 = load.run(program.port, job, seconds)
    return {
        "rate": count / divisor / (ns / 1e9),
        "p50_us": p50 / 1000,
        "p99_us": p99 / 1000,
        "cpu_per_unit": (program.cpu() - before) / (count / divisor) if count else None,
    }


def measure_idle(load, program):
    before = program.memory()
    load.run(program.port, f"idle {IDLE}", 0)
    time.sleep(0.5)
    grown = program.memory() - before
    load.run(load.target, "pingpong 1", 1)  # lets them go
    return {"bytes_per_connection": grown / IDLE}


def interval(values, resamples=4000):
    """Of the mean, 95 %, by resampling."""
    chance = random.Random(1)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(resamples))
    return means[int(resamples * 0.025)], means[int(resamples * 0.975)]


def ratios(results, work, key, of, to):
    return [round_[of][work][key] / round_[to][work][key] for round_ in results
            if round_[of][work][key] and round_[to][work][key]]


def best_peer(results, work, key, most):
    peers = [name for name in results[0] if name not in ("direct", "sockproxy")]
    middle = {name: statistics.median(round_[name][work][key] or (0 if most else float("inf")) for round_ in results)
              for name in peers}
    return (max if most else min)(middle, key=middle.get) if middle else None


def show(results, works):
    def line(what, work, key, most, form):
        peer = best_peer(results, work, key, most)
        ours = statistics.median(round_["sockproxy"][work][key] for round_ in results)
        text = f"{what:34} {form(ours):>12}"
        if peer is not None:
            theirs = statistics.median(round_[peer][work][key] for round_ in results)
            values = ratios(results, work, key, "sockproxy", peer)
            low, high = interval(values)
            text += f"  {form(theirs):>12} {peer:16} {statistics.fmean(values):6.3f} ({low:.3f} to {high:.3f})"
        if results[0]["direct"].get(work, {}).get(key):
            direct = ratios(results, work, key, "sockproxy", "direct")
            text += f"  direct {statistics.fmean(direct):.3f}"
        print(text)

    print(f"{'':34} {'sockproxy':>12}  {'better peer':>29}   ratio (95 % of the mean)")
    for work in works:
        unit = WORKS[work][1]
        line(f"{work}, {unit}", work, "rate", True, lambda value: f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
        if not work.startswith("bulk"):
            line(f"{work}, p99 us", work, "p99_us", False, lambda value: f"{value:,.0f}")
        scale, what = (1, "s/GB") if work.startswith("bulk") else (1e6, "us each")
        line(f"{work}, CPU {what}", work, "cpu_per_unit", False, lambda value: f"{value * scale:,.3f}")
    line("memory of an idle connection, bytes", "idle", "bytes_per_connection", False, lambda value: f"{value:,.0f}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sockproxy")
    options.add_argument("load")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--works", default=",".join(WORKS))
    options.add_argument("--json")
    given = options.parse_args()
    works = given.works.split(",")
    results = []
    with tempfile.TemporaryDirectory() as directory:
        load = Load(given.load)
        programs = start_all(given.sockproxy, directory, load.target)
        try:
            for number in range(given.rounds):
                round_ = {program.name: {} for program in programs}
                for work in works:
                    order = programs[:]
                    random.Random(number).shuffle(order)
                    for program in order:
                        round_[program.name][work] = measure(load, program, work, given.seconds)
                results.append(round_)
                print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
            for program in programs:
                idle = measure_idle(load, program) if program.process is not None else {"bytes_per_connection": None}
                for round_ in results:
                    round_[program.name]["idle"] = idle
        finally:
            for program in programs:
                program.stop()
            load.stop()
    print(f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, one core, {given.rounds} rounds of {given.seconds} s")
    show(results, works)
    if given.json:
        with open(given.json, "w") as out:
            json.dump(results, out, indent=1)


main()
