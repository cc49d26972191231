# SPDX-License-Identifier: MIT
"""The ratios as a picture: how many times as good as the better peer, with the interval as a whisker."""
import math
from xml.sax.saxutils import escape

LABEL, PLOT, ROW, HEAD = 280, 430, 22, 30
LEAST, MOST = 0.5, 4.0


def goodness(row):
    """Above 1 is better, also where less is."""
    mean, low, high = row.ratio
    return (mean, low, high) if row.figure.more else (1 / mean, 1 / high, 1 / low)


def place(ratio):
    return LABEL + PLOT * math.log(min(max(ratio, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)


def bar(row, y):
    mean, low, high = goodness(row)
    one, end = place(1), place(mean)
    kind = "ahead" if low >= 1 else "behind" if high < 1 else "level"
    return (f'<text class="label" x="{LABEL - 8}" y="{y + 14}">{escape(row.work)}, {escape(row.figure.name)}</text>'
            f'<rect class="{kind}" x="{min(one, end):.1f}" y="{y + 4}" width="{max(abs(end - one), 1):.1f}" height="{ROW - 8}"/>'
            f'<path class="whisker" d="M{place(low):.1f} {y + ROW / 2}H{place(high):.1f}"/>'
            f'<text class="value" x="{max(place(high), end) + 6:.1f}" y="{y + 14}">{mean:.2f}</text>')


def as_svg(blocks, caption):
    """blocks: (title, rows) in their order."""
    body, y = [], HEAD
    for title, rows in blocks:
        shown = [row for row in rows if row.ratio and (row.bar is not None or row.figure.key == "rate")]
        if not shown:
            continue
        body.append(f'<text class="title" x="8" y="{y + 18}">{escape(title)}</text>')
        y += HEAD
        for row in shown:
            body.append(bar(row, y))
            y += ROW
        y += 8
    ticks = "".join(f'<path class="tick{" one" if tick == 1 else ""}" d="M{place(tick):.1f} {HEAD}V{y}"/>'
                    f'<text class="scale" x="{place(tick):.1f}" y="{HEAD - 8}">{tick:g} x</text>'
                    for tick in (0.5, 1, 1.5, 2, 3, 4))
    width, height = LABEL + PLOT + 70, y + 26
    return f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{escape(caption, {'"': "&quot;"})}">
<style>
text {{ font: 12px sans-serif; fill: #24292f; }}
.title {{ font-weight: bold; font-size: 13px; }}
.label {{ text-anchor: end; }}
.scale {{ text-anchor: middle; fill: #6e7781; }}
.caption {{ fill: #6e7781; }}
.tick {{ stroke: #8c959f; stroke-opacity: .35; }}
.one {{ stroke-opacity: 1; }}
.whisker {{ stroke: #24292f; stroke-width: 1.5; }}
.ahead {{ fill: #2da44e; }}
.level {{ fill: #8c959f; }}
.behind {{ fill: #cf222e; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3; }}
.scale, .caption {{ fill: #9198a1; }}
.whisker {{ stroke: #e6edf3; }}
}}
</style>
{ticks}
{"".join(body)}
<text class="caption" x="8" y="{y + 18}">{escape(caption)}</text>
</svg>
'''
