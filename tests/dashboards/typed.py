#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes a program for the TypeScript compiler, which it takes if the dashboards are what Grafana's types say, and if some
that are not are noticed: typed.py TYPES.TS GRAFANA >PROGRAM.TS
"""
import copy
import json
import sys

import boards

STYLE = ("fieldConfig", "defaults", "custom", "drawStyle")
MISTAKES = [
    ("timeseries", STYLE, "lines"),
    ("timeseries", ("options", "legend", "calc"), []),
    ("timeseries", ("fieldConfig", "defaults", "unit"), 1),
    ("timeseries", ("fieldConfig", "defaults", "custom", "lineWith"), 1),
    ("timeseries", ("targets", 0, "exp"), "up"),
    ("timeseries", ("gridPos", "w"), "12"),
    ("timeseries", ("type",), "timeserie"),
    ("stat", ("options", "colorMode"), "loud"),
    ("stat", ("options", "reduceOptions", "calcs"), "last"),
    ("stat", ("descripton",), "none"),
    ("table", ("options", "cellHeight"), "huge"),
    ("state-timeline", ("options", "alignValue"), "up"),
]


def changed(board, way, value):
    board = copy.deepcopy(board)
    each = board
    for step in way[:-1]:
        each = each[step]
    each[way[-1]] = value
    return board


def main(types, directory):
    all_boards = boards.read_boards(directory)
    with open(types) as file:
        print(file.read())
    for name, board in all_boards.items():
        print(f"export const {name}: Dashboard = {json.dumps(board)};")
    board = all_boards["overview"]
    spoiled = [changed(board, ("templating", "list", 1, "refresh"), 7), changed(board, ("graphTooltip",), "1"),
               changed(board, ("titel",), "x")]
    for kind, way, value in MISTAKES:
        place = next(i for i, panel in enumerate(board["panels"]) if panel["type"] == kind)
        spoiled.append(changed(board, ("panels", place, *way), value))
    for i, wrong in enumerate(spoiled):
        print(f"// @ts-expect-error\nexport const spoiled{i}: Dashboard = {json.dumps(wrong)};")


if __name__ == "__main__":
    main(*sys.argv[1:])
