# SPDX-License-Identifier: MIT
"""The dashboards and rules in the tree, and each query of them with the name by which it is known."""
import json
import pathlib

import yaml

from promql import Query

NAMES = ("overview", "connections", "path", "upstreams")
RULES = ("recording.rules.yml", "alerting.rules.yml")

# What Grafana puts for its own variables, and for ours when all is chosen.
VARIABLES = {"$__rate_interval": "20s", "$__interval": "5s", "$__range": "1m"}


def read_boards(directory):
    return {name: json.loads((pathlib.Path(directory) / f"{name}.json").read_text()) for name in NAMES}


def read_rules(directory):
    for name in RULES:
        for group in yaml.safe_load((pathlib.Path(directory) / name).read_text())["groups"]:
            yield from group["rules"]


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board):
    return [each for each in board["templating"]["list"] if each["type"] == "query"]


def expanded(query, values):
    """The longest names first, so that $job leaves $jobs alone."""
    values = {**VARIABLES, **{"$" + name: value for name, value in values.items()}}
    for name in sorted(values, key=len, reverse=True):
        query = query.replace(name, values[name])
    return query


def chosen_all(board):
    return {each["name"]: each["allValue"] for each in variables(board)}


def label_values(variable):
    """The selector and the label of a variable's `label_values(SELECTOR, LABEL)`."""
    inner = variable["query"].removeprefix("label_values(").removesuffix(")")
    selector, label = inner.rsplit(",", 1)
    return selector.strip(), label.strip()


def queries(boards, rules):
    """(name, query) of all panels and rules."""
    for name, board in boards.items():
        for panel in panels(board):
            for target in panel["targets"]:
                yield f"{name} / {panel['title']} / {target['refId']}", expanded(target["expr"], chosen_all(board))
    for rule in rules:
        yield "rule / " + rule.get("record", rule.get("alert")), rule["expr"]


def metrics(query):
    return [selector.metric for selector in Query(query).selectors]
