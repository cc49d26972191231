# SPDX-License-Identifier: MIT
"""The programs that are measured, and the load with the target behind them, each on the cores it is given."""
import os
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = [f"127.0.0.{i}" for i in range(1, 9)]
TICK = os.sysconf("SC_CLK_TCK")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
HAPROXY_KINDS = ("default", "bufsize", "splice")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(cores, command, **more):
    return subprocess.Popen(["taskset", "-c", ",".join(map(str, cores)), *command], **more)


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


class Program:
    """One that carries bytes from its port to the target's; or the target itself, without a process."""

    def __init__(self, name, port, process):
        self.name, self.port, self.process = name, port, process

    def pids(self):
        if self.process is None:
            return []
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as listed:
            return [pid, *(int(child) for child in listed.read().split())]

    def cpu(self):
        """Nanoseconds of all its threads: /proc/PID/stat counts in hundredths of a second."""
        total = 0
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as schedstat:
                    total += int(schedstat.read().split()[0])
        return total

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


class Load:
    def __init__(self, binary, cores):
        self.target = free_port()
        self.process = pinned(cores, [binary, str(self.target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def run(self, port, job, seconds):
        """Units carried, nanoseconds, and what half and 99 of 100 of them took."""
        self.process.stdin.write(f"{port} {job} {seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 4:
            raise SystemExit(f"the load failed at {job}")
        return [int(number) for number in answer]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


def start_peer(name, command, config, directory, target, cores):
    """The configurations name 9000 as the target and 10100 or 10600 as the listener, and one thread."""
    port = free_port()
    with open(os.path.join(HERE, "peers", config)) as text:
        adapted = text.read()
    for given, wanted in ((":9000", f":{target}"), (":10100", f":{port}"), (":10600", f":{port}"),
                          ("nbthread 1\n", f"nbthread {len(cores)}\n"),
                          ("worker_processes 1;", f"worker_processes {len(cores)};")):
        adapted = adapted.replace(given, wanted)
    file = os.path.join(directory, config)
    with open(file, "w") as out:
        out.write(adapted)
    process = pinned(cores, [part.format(file=file, directory=directory) for part in command], stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    return Program(name, port, process)


def start_sockproxy(binary, directory, target, cores):
    port = free_port()
    upstream = ",".join(f"{address}:{target}" for address in TARGETS)
    process = pinned(cores, [binary, "-l", f"127.0.0.1:{port}", "-u", upstream, "-a", f"unix:{directory}/admin",
                             "--workers", str(len(cores)), "--log-conns", "off"], stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    return Program("sockproxy", port, process)


def start_all(binary, directory, target, cores):
    programs = [Program("direct", target, None)]
    haproxy, nginx = shutil.which("haproxy", path=PATH), shutil.which("nginx", path=PATH)
    if haproxy:
        for kind in HAPROXY_KINDS:
            programs.append(start_peer(f"haproxy-{kind}", [haproxy, "-db", "-f", "{file}"], f"haproxy-{kind}.cfg",
                                       directory, target, cores))
    else:
        print("haproxy is not installed: left out", file=sys.stderr)
    if nginx and os.path.exists("/usr/lib/nginx/modules/ngx_stream_module.so"):
        programs.append(start_peer("nginx", [nginx, "-p", "{directory}", "-c", "{file}"], "nginx.conf", directory, target,
                                   cores))
    else:
        print("nginx, or its stream module, is not installed: left out", file=sys.stderr)
    programs.append(start_sockproxy(binary, directory, target, cores))
    return programs


def versions(binary):
    def first_line(command):
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            return None
        return (told.stdout + told.stderr).strip().split("\n")[0]

    haproxy, nginx = shutil.which("haproxy", path=PATH), shutil.which("nginx", path=PATH)
    told = [first_line([binary, "--version"])]
    if haproxy:
        told.append(" ".join(first_line([haproxy, "-v"]).replace(" version", "").split()[:2]))
    if nginx:
        told.append(first_line([nginx, "-v"]).replace("nginx version: ", "").replace("/", " "))
    return [version for version in told if version]
