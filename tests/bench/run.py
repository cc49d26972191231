# SPDX-License-Identifier: MIT
"""
sockproxy beside HAProxy and nginx, each in its best configuration, and beside no proxy at all.

    run.py SOCKPROXY LOAD [--short | --long] [--rounds N] [--seconds N] [--blocks NAME,NAME…] [--works NAME,NAME…]
           [--json FILE] [--markdown FILE] [--svg FILE]

Load, target and program share one core, or two, so that a rate measures all the work that a transaction makes.  The
programs take turns within each round, in an order that changes from round to round, and every ratio is taken within a
round: what the machine does otherwise meets all of them.  A peer that is not installed is left out, and said so; and so
are the blocks with equal congestion control where no network namespace can be made for them.
"""
import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time

import picture
import programs
import table
from works import BLOCKS, IDLE, IDLE_CONNECTIONS


def measure(load, program, work, seconds):
    load.run(program.port, work.job, 1 if seconds > 1 else 0)
    before = program.cpu()
    count, ns, p50, p99 = load.run(program.port, work.job, seconds)
    return {"rate": count / work.divisor / (ns / 1e9), "p50_us": p50 / 1000, "p99_us": p99 / 1000,
            "cpu_ns": (program.cpu() - before) / (count / work.divisor) if program.process else None}


def measure_idle(load, program):
    """What was never used before is touched first: rings that fill once, and the heap."""
    load.run(program.port, "connect 16", 1)
    load.run(load.target, "pingpong 1", 0)
    before = program.memory()
    load.run(program.port, f"idle {IDLE_CONNECTIONS}", 0)
    grown = program.memory() - before
    load.run(load.target, "idle 0", 0)  # lets them go
    return {"bytes": grown / IDLE_CONNECTIONS}


def run_block(block, given):
    """A list of rounds: by program and work, what was measured."""
    cores = sorted(os.sched_getaffinity(0))[:block.cores]
    works = [work for work in block.works if not given.works or work.name in given.works]
    rounds = []
    with tempfile.TemporaryDirectory() as directory:
        load = programs.Load(given.load, cores)
        running = programs.start_all(given.sockproxy, directory, load.target, cores)
        try:
            idle = {}
            if block.idle and (not given.works or IDLE in given.works):
                idle = {program.name: measure_idle(load, program) for program in running if program.process}
            for number in range(given.rounds):
                round_ = {program.name: {} for program in running}
                for work in works:
                    order = running[:]
                    random.Random(f"{number} {work.name}").shuffle(order)
                    for program in order:
                        round_[program.name][work.name] = measure(load, program, work, given.seconds)
                for name, figures in idle.items():
                    round_[name][IDLE] = figures
                rounds.append(round_)
                print(f"{block.name}: round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
        finally:
            for program in running:
                program.stop()
            load.stop()
    return rounds


def run_equal(block, given):
    """Again, in a network namespace of its own whose sockets all begin with the same congestion control."""
    script = ('ip link set lo up && sysctl -q -w net.ipv4.tcp_congestion_control=reno '
              'net.ipv4.ip_local_port_range="1024 65535" && exec "$@"')
    with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
        command = ["unshare", "-n", "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__), given.sockproxy,
                   given.load, "--rounds", str(given.rounds), "--seconds", str(given.seconds), "--inside", block.name,
                   "--json", out.name]
        if given.works:
            command += ["--works", ",".join(given.works)]
        if subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            print(f"{block.name}: no network namespace can be made here: left out", file=sys.stderr)
            return None
        subprocess.run(command, check=True)
        return json.load(out)


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sockproxy")
    options.add_argument("load")
    options.add_argument("--short", action="store_true", help="one round of a second, for trying")
    options.add_argument("--long", action="store_true", help="fifteen rounds of three seconds")
    options.add_argument("--rounds", type=int)
    options.add_argument("--seconds", type=int)
    options.add_argument("--blocks", type=lambda text: text.split(","), default=[block.name for block in BLOCKS])
    options.add_argument("--works", type=lambda text: text.split(","))
    options.add_argument("--json")
    options.add_argument("--markdown")
    options.add_argument("--svg")
    options.add_argument("--inside", help=argparse.SUPPRESS)
    given = options.parse_args()
    given.rounds = given.rounds or (1 if given.short else 15 if given.long else 5)
    given.seconds = given.seconds or (1 if given.short else 3 if given.long else 2)
    return given


def is_wanted(block, given):
    if block.name not in given.blocks or block.cores > len(os.sched_getaffinity(0)):
        return False
    return not given.works or block.idle and IDLE in given.works or any(work.name in given.works for work in block.works)


def main():
    given = arguments()
    if given.inside:
        block = next(block for block in BLOCKS if block.name == given.inside)
        with open(given.json, "w") as out:
            json.dump(run_block(block, given), out)
        return
    results = {}
    for block in BLOCKS:
        rounds = (run_equal if block.equal else run_block)(block, given) if is_wanted(block, given) else None
        if rounds:
            results[block.name] = rounds
    titled = [(block.title, table.rows_of(results[block.name], block)) for block in BLOCKS if block.name in results]
    caption = (f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {', '.join(programs.versions(given.sockproxy))}; "
               f"{given.rounds} rounds of {given.seconds} s")
    print(caption)
    for title, rows in titled:
        print(f"\n{title}\n\n{table.as_text(rows)}")
    if given.json:
        with open(given.json, "w") as out:
            json.dump({"caption": caption, "blocks": results}, out, indent=1)
    if given.markdown:
        with open(given.markdown, "w") as out:
            out.write("\n\n".join([caption, *(f"**{title}**\n\n{table.as_markdown(rows)}" for title, rows in titled)]) + "\n")
    if given.svg:
        with open(given.svg, "w") as out:
            out.write(picture.as_svg(titled, caption))


main()
