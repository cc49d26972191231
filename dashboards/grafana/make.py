#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the dashboards from source/: make.py [DIRECTORY], by default the one where this file is."""
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BOARDS = ("overview", "connections", "path", "upstreams")

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name in BOARDS:
        board = importlib.import_module("source." + name).BOARD
        (directory / f"{name}.json").write_text(json.dumps(board, indent=2, ensure_ascii=False) + "\n")
