# SPDX-License-Identifier: MIT
"""
What a transaction and a short connection cost while more and more connections are open, most of them idle.

    growth.py SOCKPROXY LOAD [--rounds 5] [--open 100,1000,5000,9500] [--svg FILE] [--json FILE]

CPU time of the daemon by the nanosecond, in which cache misses show, too.  Each round goes through all numbers, up and then
down in turn; growth is taken within a round.  The bar is 15 %.
"""
import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from xml.sax.saxutils import escape

import programs
import table

WORKS = {"transaction": "pingpong 64", "short connection": "connect 16"}
BAR = 1.15
SETTLE_SECONDS = 0.5


def measure(load, program, count):
    opened, *_ = load.run(program.port, f"idle {count}", 0)
    if opened != count:
        raise SystemExit(f"only {opened} of {count} connections could be opened")
    time.sleep(SETTLE_SECONDS)
    costs = {}
    for work, job in WORKS.items():
        before = program.cpu()
        units, *_ = load.run(program.port, job, 1)
        costs[work] = (program.cpu() - before) / units / 1000
    return costs


def run(given):
    """A list of rounds: by work and number of open connections, microseconds."""
    rounds = []
    with tempfile.TemporaryDirectory() as directory:
        load = programs.Load(given.load, [sorted(os.sched_getaffinity(0))[0]])
        program = programs.start_sockproxy(given.sockproxy, directory, load.target, [sorted(os.sched_getaffinity(0))[0]])
        try:
            measure(load, program, max(given.open))  # what is touched once is touched before
            for number in range(given.rounds):
                costs = {count: measure(load, program, count) for count in sorted(given.open, reverse=number % 2 == 1)}
                rounds.append({work: {count: costs[count][work] for count in given.open} for work in WORKS})
                print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
        finally:
            program.stop()
            load.stop()
    return rounds


def growths(rounds, work, count, least):
    return table.interval([round_[work][count] / round_[work][least] for round_ in rounds])


def as_svg(rounds, counts, caption):
    left, top, width, height = 70, 40, 480, 240
    low, high = 0.8, 1.3
    place_x = {count: left + width * index / max(len(counts) - 1, 1) for index, count in enumerate(counts)}

    def place_y(ratio):
        return top + height * (high - min(max(ratio, low), high)) / (high - low)

    lines = []
    for kind, work in zip(("first", "second"), WORKS):
        points = [(place_x[count], *growths(rounds, work, count, counts[0])) for count in counts]
        lines.append(f'<path class="{kind}" d="M' + "L".join(f"{x:.1f} {place_y(mean):.1f}" for x, mean, _, _ in points) + '"/>')
        lines += [f'<path class="{kind}" d="M{x:.1f} {place_y(lowest):.1f}V{place_y(highest):.1f}"/>'
                  for x, _, lowest, highest in points]
        lines.append(f'<text class="{kind}" x="{left + 12 + 150 * (kind == "second")}" y="{top - 12}">{escape(work)}</text>')
    grid = "".join(f'<path class="{"bar" if ratio == BAR else "tick"}" d="M{left} {place_y(ratio):.1f}H{left + width}"/>'
                   f'<text x="{left - 8}" y="{place_y(ratio) + 4:.1f}" text-anchor="end">{ratio:.2f} x</text>'
                   for ratio in (0.8, 0.9, 1.0, 1.1, BAR, 1.3))
    ticks = "".join(f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{count:,}</text>'
                    for count, x in place_x.items())
    return f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {top + height + 54}" width="{left + width + 30}" height="{top + height + 54}" role="img" aria-label="{escape(caption, {'"': "&quot;"})}">
<style>
text {{ font: 12px sans-serif; fill: #57606a; }}
path {{ fill: none; stroke-width: 2; }}
.tick {{ stroke: #8c959f; stroke-opacity: .35; stroke-width: 1; }}
.bar {{ stroke: #cf222e; stroke-dasharray: 6 4; stroke-width: 1; }}
path.first {{ stroke: #0969da; }} text.first {{ fill: #0969da; }}
path.second {{ stroke: #bc4c00; }} text.second {{ fill: #bc4c00; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #9198a1; }}
path.first {{ stroke: #58a6ff; }} text.first {{ fill: #58a6ff; }}
path.second {{ stroke: #f0883e; }} text.second {{ fill: #f0883e; }}
}}
</style>
{grid}{ticks}
{"".join(lines)}
<text x="{left}" y="{top + height + 40}">connections open; {escape(caption)}</text>
</svg>
'''


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sockproxy")
    options.add_argument("load")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--open", type=lambda text: [int(count) for count in text.split(",")], default=[100, 1000, 5000, 9500])
    options.add_argument("--svg")
    options.add_argument("--json")
    given = options.parse_args()
    rounds = run(given)
    caption = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {given.rounds} rounds"
    print(caption)
    worst = 0
    for work in WORKS:
        for count in given.open:
            middle = statistics.median(round_[work][count] for round_ in rounds)
            mean, low, high = growths(rounds, work, count, given.open[0])
            worst = max(worst, mean)
            print(f"{work:18} {count:6,} open  {middle:7.2f} us CPU  {mean:.3f} x ({low:.3f} to {high:.3f})")
    print(f"the most is {worst:.3f} x, the bar {BAR}: {'met' if worst <= BAR else 'MISSED'}")
    if given.svg:
        with open(given.svg, "w") as out:
            out.write(as_svg(rounds, given.open, caption))
    if given.json:
        with open(given.json, "w") as out:
            json.dump(rounds, out, indent=1)


main()
