# SPDX-License-Identifier: MIT
"""
What tracking costs: the worker's instructions for one small question and its answer, in the daemon as it is
and in one built with --disable-tracking.

    measure.py TRACKED UNTRACKED PINGPONG [--kernel VMLINUZ]

User space alone is counted by valgrind, to the last instruction.  With a kernel image a small virtual machine
boots it in an emulator whose clock advances by one nanosecond for each instruction (qemu -icount shift=0), so
that the kernel's own account of the worker's time is the number of all its instructions, the kernel's among them.
"""
import argparse
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

CONNECTIONS = (1, 8, 64)
SHORT, LONG = 2000, 12000  # transactions; what differs between the two runs is the transactions' alone
ROUNDS = 3
PATIENCE = 900


def start(directory, binary, pingpong, tool):
    load = subprocess.Popen([pingpong], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    upstream = load.stdout.readline().strip()
    log = os.path.join(directory, "log")
    with open(log, "w") as stderr:
        proxy = subprocess.Popen(tool + [binary, "-l", "127.0.0.1:0", "-u", f"127.0.0.1:{upstream}", "-a", "127.0.0.1:0",
                                         "--workers", "1", "--log-conns", "off"], stderr=stderr)
    until = time.monotonic() + 60
    while True:
        with open(log) as said:
            ready = re.search(r"ready: 127\.0\.0\.1:(\d+)", said.read())
        if ready:
            return load, proxy, ready[1]
        if time.monotonic() > until or proxy.poll() is not None:
            raise SystemExit("the daemon does not get ready")
        time.sleep(0.05)


def count_user(directory, binary, pingpong, connections, transactions):
    out = os.path.join(directory, "callgrind")
    load, proxy, port = start(directory, binary, pingpong,
                              ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"])
    load.stdin.write(f"{port} {connections} {transactions}\n")
    load.stdin.close()
    load.stdout.readline()
    load.wait()
    proxy.send_signal(signal.SIGTERM)
    proxy.wait()
    with open(out) as counts:
        return int(re.search(r"^(?:summary|totals): (\d+)", counts.read(), re.M)[1])


def measure_user(binaries, pingpong):
    with tempfile.TemporaryDirectory() as directory:
        for connections in CONNECTIONS:
            each = {}
            for name, binary in binaries.items():
                few, many = (count_user(directory, binary, pingpong, connections, n) for n in (SHORT, LONG))
                each[name] = (many - few) / (LONG - SHORT)
            print(f"{connections:4} connections, user space: {each['untracked']:8.1f} without, {each['tracked']:8.1f} with"
                  f" tracking: {each['tracked'] - each['untracked']:+.1f}", flush=True)


INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t devtmpfs dev /dev
ifconfig lo 127.0.0.1 up
cd /tmp
for round in ROUNDS; do for connections in CONNECTIONS; do for name in untracked tracked; do
	mkfifo in out
	pingpong <in >out &
	exec 3>in 4<out
	read -r upstream <&4
	$name -l 127.0.0.1:0 -u 127.0.0.1:$upstream -a 127.0.0.1:0 --workers 1 --log-conns off 2>log &
	proxy=$!
	while ! grep -q ready: log; do sleep 0.05; done
	port=$(sed -n 's/.*ready: 127.0.0.1:\\([0-9]*\\) .*/\\1/p' log)
	for task in /proc/$proxy/task/*; do [ "$(cat $task/comm)" = worker-0 ] && worker=$task; done
	echo "$port $connections SHORT" >&3; read -r answer <&4
	before=$(cut -d' ' -f1 $worker/schedstat)
	echo "$port $connections LONG" >&3; read -r answer <&4
	after=$(cut -d' ' -f1 $worker/schedstat)
	echo "COUNTED $connections $name $(((after - before) / LONG))"
	kill -9 $proxy; exec 3>&- 4<&-; rm -f in out log
done; done; done
poweroff -f
"""


def make_image(directory, binaries, pingpong):
    root = os.path.join(directory, "root")
    for folder in ("bin", "proc", "dev", "tmp", "etc"):
        os.makedirs(os.path.join(root, folder))
    busybox = shutil.which("busybox")
    shutil.copy(busybox, os.path.join(root, "bin"))
    for name in "sh mount ifconfig cat echo sleep mkfifo poweroff grep sed cut kill rm".split():
        os.symlink("busybox", os.path.join(root, "bin", name))
    programs = dict(binaries, pingpong=pingpong)
    for name, program in programs.items():
        shutil.copy(program, os.path.join(root, "bin", name))
        for library in re.findall(r"/\S+", subprocess.run(["ldd", program], capture_output=True, text=True).stdout):
            os.makedirs(root + os.path.dirname(library), exist_ok=True)
            shutil.copy(library, root + library)
    with open(os.path.join(root, "init"), "w") as init:
        init.write(INIT.replace("ROUNDS", " ".join(map(str, range(ROUNDS))))
                   .replace("CONNECTIONS", " ".join(map(str, CONNECTIONS)))
                   .replace("SHORT", str(SHORT)).replace("LONG", str(LONG)))
    os.chmod(os.path.join(root, "init"), 0o755)
    image = os.path.join(directory, "image")
    names = "\n".join(os.path.relpath(path, root) for path in
                      [root] + glob.glob(root + "/**", recursive=True))
    with open(image, "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, input=names.encode(), stdout=out, check=True)
    return image


def measure_all(kernel, binaries, pingpong):
    with tempfile.TemporaryDirectory() as directory:
        image = make_image(directory, binaries, pingpong)
        said = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=0,sleep=off", "-m", "512", "-nographic",
             "-no-reboot", "-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 quiet nokaslr panic=1"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=PATIENCE).stdout
    counted = {}
    for connections, name, count in re.findall(r"COUNTED (\d+) (\w+) (\d+)", said):
        counted.setdefault(int(connections), {}).setdefault(name, []).append(int(count))
    if set(counted) != set(CONNECTIONS):
        raise SystemExit(said[-2000:])
    ratios = []
    for connections, each in counted.items():
        without, tracked = (statistics.median(each[name]) for name in ("untracked", "tracked"))
        ratios += [with_ / without for with_, without in zip(each["tracked"], each["untracked"])]
        print(f"{connections:4} connections, kernel too: {without:8} without, {tracked:8} with tracking:"
              f" {100 * (tracked / without - 1):+.2f} %")
    print(f"together {100 * (statistics.mean(ratios) - 1):+.2f} %")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tracked")
    parser.add_argument("untracked")
    parser.add_argument("pingpong")
    parser.add_argument("--kernel")
    arguments = parser.parse_args()
    binaries = {"tracked": arguments.tracked, "untracked": arguments.untracked}
    measure_user(binaries, arguments.pingpong)
    if arguments.kernel:
        measure_all(arguments.kernel, binaries, arguments.pingpong)


main()
