# SPDX-License-Identifier: MIT
"""Rows out of rounds: medians, ratios within each round, their interval, and whether the bar is met."""
import random
import statistics
from collections import namedtuple

from works import IDLE, IDLE_FIGURE, figures_of

# ratio: ours to the better peer's, (mean, low, high); direct: to no proxy at all.  met: None where nothing was promised.
Row = namedtuple("Row", "work figure ours peer theirs ratio direct bar met")


def interval(values, resamples=4000):
    """Of the mean, 95 %, by resampling."""
    chance = random.Random(1)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(resamples))
    return statistics.fmean(values), means[int(resamples * 0.025)], means[int(resamples * 0.975)]


def of_rounds(rounds, program, work, key):
    return [round_[program][work][key] for round_ in rounds if round_[program].get(work)]


def ratio_to(rounds, other, work, key):
    """Pairs of one round: what the machine did otherwise met both of them."""
    values = [ours / theirs for ours, theirs in zip(of_rounds(rounds, "sockproxy", work, key),
                                                    of_rounds(rounds, other, work, key)) if theirs]
    return interval(values) if values else None


def better_peer(rounds, work, figure):
    key, more = (figure.by, True) if figure.by else (figure.key, figure.more)
    middles = {}
    for name in rounds[0]:
        values = of_rounds(rounds, name, work, key)
        if name not in ("direct", "sockproxy") and values:
            middles[name] = statistics.median(values)
    return (max if more else min)(middles, key=middles.get) if middles else None


def row_of(rounds, block, work, figure):
    ours = statistics.median(of_rounds(rounds, "sockproxy", work, figure.key))
    peer, bar = better_peer(rounds, work, figure), figure.bars.get(block)
    ratio = ratio_to(rounds, peer, work, figure.key) if peer else None
    direct = ratio_to(rounds, "direct", work, figure.key)
    met = None
    if ratio and bar is not None:
        met = ratio[1] >= bar if figure.more else ratio[2] <= bar
    theirs = statistics.median(of_rounds(rounds, peer, work, figure.key)) if peer else None
    return Row(work, figure, ours, peer, theirs, ratio, direct[0] if direct else None, bar, met)


def rows_of(rounds, block):
    rows = []
    if any(IDLE in round_["sockproxy"] for round_ in rounds):
        rows.append(row_of(rounds, block.name, IDLE, IDLE_FIGURE))
    for work in block.works:
        if work.name in rounds[0]["sockproxy"]:
            rows += [row_of(rounds, block.name, work.name, figure) for figure in figures_of(work)]
    return rows


def number(value, figure):
    return "-" if value is None else f"{value * figure.factor:,.{figure.digits}f}"


def cells_of(row):
    ratio = "-" if row.ratio is None else "{:.3f} ({:.3f} to {:.3f})".format(*row.ratio)
    direct = "-" if row.direct is None else f"{row.direct:.3f}"
    bar = "" if row.bar is None else f"{'≥' if row.figure.more else '≤'} {row.bar:.2f} {'met' if row.met else 'MISSED'}"
    return [row.work, row.figure.name, number(row.ours, row.figure), number(row.theirs, row.figure), row.peer or "-",
            ratio, direct, bar]


HEAD = ["work", "measure", "sockproxy", "better peer", "which", "ratio (95 %)", "to direct", "bar"]
RIGHT = (2, 3, 5, 6)


def as_text(rows):
    cells = [HEAD, *(cells_of(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.rjust(width) if column in RIGHT else cell.ljust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in cells)


def as_markdown(rows):
    lines = ["| " + " | ".join(HEAD) + " |",
             "|" + "|".join("-:" if column in RIGHT else "-" for column in range(len(HEAD))) + "|"]
    lines += ["| " + " | ".join(cells_of(row)) + " |" for row in rows]
    return "\n".join(lines)
