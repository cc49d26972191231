#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Asks a Prometheus every query of the dashboards and rules: queries.py PROMETHEUS ADMIN GRAFANA RULES EXPECTED SECONDS.

expected.yml says what each must answer.  It is asked again and again until all is as expected, or so many seconds are over.
Then each query is mistyped in every way, and each time that must be noticed.  ADMIN is the daemon's, which is asked whether it
takes the filters that the alerts name.
"""
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

import boards
from promql import Query


class Prometheus:
    """A moment of it: what was asked once is not asked again."""

    def __init__(self, url):
        self.url, self.told = url, {}

    def get(self, path, **parameters):
        key = (path, tuple(parameters.items()))
        if key not in self.told:
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/{path}?" + urllib.parse.urlencode(parameters), timeout=20) as answer:
                    self.told[key] = json.load(answer)["data"]
            except urllib.error.HTTPError as error:
                self.told[key] = {"error": json.load(error)["error"]}
        return self.told[key]

    def query(self, expr):
        data = self.get("query", query=expr)
        if "error" in data:
            raise ValueError(data["error"])
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def series(self, selector):
        data = self.get("series", **{"match[]": selector, "start": str(time.time() // 600 * 600 - 600)})
        return [] if "error" in data else data


def of_selector(prometheus, text, selector):
    """What is wrong with a selector by itself."""
    known = prometheus.series(selector.metric)
    if not known:
        yield f"there is no {selector.metric}"
        return
    for label, operator, value in selector.matchers:
        values = {series[label] for series in known if label in series}
        if not values:
            yield f"{selector.metric} has no label {label}"
        for word in value.split("|") if "~" in operator else [value]:
            if not any(re.fullmatch(word, each) if "~" in operator else word == each for each in values):
                yield f"no {label} of {selector.metric} is {word}"
    if not prometheus.series(text[selector.start:selector.end]):
        yield f"nothing is {text[selector.start:selector.end]}"


def of_selectors(prometheus, text, unseen):
    query = Query(text)
    labels = {"le"} if any(selector.metric.endswith("_bucket") for selector in query.selectors) else set()
    for selector in query.selectors:
        if selector.metric in unseen:
            continue
        yield from of_selector(prometheus, text, selector)
        for series in prometheus.series(selector.metric):
            labels |= series.keys()
    for label in sorted(query.labels - labels):
        yield f"no series has the label {label}"


def of_answer(answer, expected):
    if not answer:
        if "empty" not in expected:
            yield "no series"
        return
    wanted = set(expected.get("by", ()))
    for labels, _ in answer:
        if labels.keys() - {"__name__"} != wanted:
            yield f"a series has the labels {sorted(labels)}, not {sorted(wanted)}"
            break
    for label, values in expected.get("has", {}).items():
        missing = set(values) - {labels.get(label) for labels, _ in answer}
        if missing:
            yield f"no series is of {label} {', '.join(sorted(missing))}"
    numbers = [value for _, value in answer if math.isfinite(value)]
    if not any(value > 0 for value in numbers) and not (numbers and "zero" in expected) and "empty" not in expected:
        yield f"no series has a value: {[value for _, value in answer][:5]}"


def too_early(prometheus, expected):
    return not all(prometheus.series(metric) for metric in expected.get("maybe", ()))


def complaints_of(prometheus, text, expected):
    """What is wrong with a query, the first thing first."""
    if too_early(prometheus, expected):
        return
    try:
        yield from of_answer(prometheus.query(text), expected)
        yield from of_selectors(prometheus, text, expected.get("unseen", ()))
    except ValueError as error:
        yield str(error)


def of_variables(prometheus, all_boards, expected):
    for name, board in all_boards.items():
        for variable in boards.variables(board):
            selector, label = boards.label_values(variable)
            selector = boards.expanded(selector, boards.chosen_all(board))
            values = {series[label] for series in prometheus.series(selector) if label in series}
            wanted = expected[variable["name"]]
            if len(values) < wanted:
                yield f"{name} / ${variable['name']}: {sorted(values)}, not {wanted}"


def judged(prometheus, queries, all_boards, expected):
    for name, text in queries.items():
        for words in complaints_of(prometheus, text, expected["queries"][name]):
            yield f"{name}: {words}\n    {text}"
    yield from of_variables(prometheus, all_boards, expected["variables"])


def mistyped(text):
    """The query with one mistake, for each that can be made in a name, a label or a word of it."""
    query = Query(text)
    for selector in query.selectors:
        yield text[:selector.start] + selector.metric[:-1] + text[selector.start + len(selector.metric):]
        for label, operator, value in selector.matchers:
            spelled = text[selector.start:selector.end]
            yield text[:selector.start] + re.sub(rf"\b{label}(?={re.escape(operator)})", label + "x", spelled) + text[selector.end:]
            if value != ".+":
                wrong = spelled.replace(f'"{value}"', f'"{value[:-1]}X"')
                yield text[:selector.start] + wrong + text[selector.end:]
    for label in query.labels:
        yield re.sub(rf"(\b(?:by|without|on|ignoring) \([^)]*)\b{label}\b", rf"\1{label}x", text)


def unnoticed(prometheus, queries, expected):
    count = 0
    for name, text in queries.items():
        unseen = expected["queries"][name].get("unseen", ())
        for wrong in mistyped(text):
            count += 1
            if too_early(prometheus, expected["queries"][name]) or any(selector.metric in unseen for selector in Query(text).selectors):
                continue
            if next(complaints_of(prometheus, wrong, expected["queries"][name]), None) is None:
                yield f"{name}: nobody notices what is wrong here:\n    {wrong}"
    print(f"ok: {count} mistyped queries")


def of_filters(admin, rules):
    """Whether the daemon takes each filter that an alert names."""
    count = 0
    for rule in rules:
        words = rule.get("annotations", {})
        if "filter" not in words:
            continue
        count += 1
        text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: {"leg": "client", "initiator": "client"}.get(match[1], "x"),
                      words["filter"])
        parameters = urllib.parse.urlencode({"state": words["state"], "filter": text, "limit": 1})
        try:
            urllib.request.urlopen(f"{admin}/conns?{parameters}", timeout=20).close()
        except urllib.error.HTTPError as error:
            yield f"{rule['alert']}: {text}: {error.read().decode()}"
    print(f"ok: {count} filters of alerts asked")


def of_lists(queries, all_boards, expected, rules):
    """Whether the lists agree with one another: queries, expectations, legends, dashboards that alerts name."""
    for name in sorted(set(queries) ^ set(expected["queries"])):
        yield f"{name} is a query or expected, but not both"
    for name, board in all_boards.items():
        for panel in boards.panels(board):
            for target in panel["targets"]:
                wanted = expected["queries"].get(f"{name} / {panel['title']} / {target['refId']}", {})
                for label in set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - set(wanted.get("by", ())):
                    yield f"{name} / {panel['title']}: its legend names {label}, which it has not"
    uids = {board["uid"] for board in all_boards.values()}
    for rule in rules:
        if "alert" in rule and rule["annotations"].get("dashboard") not in uids:
            yield f"{rule['alert']} names a dashboard that there is not"


def main(url, admin, grafana, rules_directory, expected_file, seconds):
    all_boards, rules = boards.read_boards(grafana), list(boards.read_rules(rules_directory))
    queries = dict(boards.queries(all_boards, rules))
    with open(expected_file) as file:
        expected = yaml.safe_load(file)
    complaints = list(of_lists(queries, all_boards, expected, rules))
    deadline = time.monotonic() + float(seconds)
    while not complaints:
        prometheus = Prometheus(url)
        complaints = list(judged(prometheus, queries, all_boards, expected))
        if not complaints:
            break
        if time.monotonic() < deadline:
            complaints = []
            time.sleep(0.5)
    if not complaints:
        print(f"ok: {len(queries)} queries, and each answers what it should")
        complaints = list(unnoticed(prometheus, queries, expected)) + list(of_filters(admin, rules))
    for words in complaints:
        print("failed:", words)
    return len(complaints) > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
