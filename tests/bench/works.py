# SPDX-License-Identifier: MIT
"""What the programs are made to do, what is measured of it, and what is hoped for."""
from collections import namedtuple

# job: for the load.  divisor: from what it counts to what is told.
Work = namedtuple("Work", "name job unit divisor")

PING_PONG = [Work(f"ping-pong {n:,}", f"pingpong {n}", "transactions/s", 1) for n in (1, 64, 1000)]
CONNECT = Work("connect", "connect 16", "connections/s", 1)
BULK = [Work(f"bulk {n}", f"bulk {n}", "GB/s", 1e9) for n in (1, 16)]
BESIDE = Work("ping-pong beside bulk", "beside 64", "transactions/s", 1)

IDLE, IDLE_CONNECTIONS = "idle connection", 5000

# cores: how many all share.  equal: all sockets have the same congestion control, reno.
Block = namedtuple("Block", "name title cores equal works idle")
BLOCKS = [
    Block("one-core", "One core for all", 1, False, [*PING_PONG, CONNECT, *BULK, BESIDE], True),
    Block("equal", "One core for all, equal congestion control (reno)", 1, True, BULK, False),
    Block("two-cores", "Two workers, two cores for all", 2, False, [*PING_PONG, CONNECT, *BULK, BESIDE], False),
    Block("two-equal", "Two workers, two cores for all, equal congestion control (reno)", 2, True, BULK, False),
]

# A figure of a work: key, what it is called, factor, decimals, whether more is better, and by block the bar for the ratio
# to the better peer: "at least" for what should be more, "at most" for what should be less.  by: the figure that says which
# peer is the better one, if not this one itself.
Figure = namedtuple("Figure", "key name factor digits more bars by", defaults=(None,))


def figures_of(work):
    if work.name == BESIDE.name:
        return [Figure("p99_us", "p99, us", 1, 0, False, {"one-core": 1.0, "two-cores": 1.0}),
                Figure("p50_us", "p50, us", 1, 0, False, {}),
                Figure("rate", work.unit, 1, 0, True, {})]
    if work in BULK:
        return [Figure("rate", work.unit, 1, 2, True, {"one-core": 1.25, "equal": 1.0, "two-cores": 1.0, "two-equal": 1.0}),
                Figure("cpu_ns", "CPU s/GB", 1e-9, 3, False, {"equal": 0.7, "two-cores": 1.0, "two-equal": 1.0}, "rate")]
    return [Figure("rate", work.unit, 1, 0, True, {"one-core": 1.0, "two-cores": 1.0}),
            Figure("p50_us", "p50, us", 1, 0, False, {}),
            Figure("p99_us", "p99, us", 1, 0, False, {}),
            Figure("cpu_ns", "CPU us each", 1e-3, 2, False, {})]


IDLE_FIGURE = Figure("bytes", "user memory, bytes", 1, 0, False, {"one-core": 1 / 3})
