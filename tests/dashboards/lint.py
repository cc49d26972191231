#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the dashboards against the rules that Grafana's dashboard-linter publishes, which it names, and some of ours:
lint.py DASHBOARDS [PROMTOOL].

Each rule is shown a dashboard that breaks it, too: a rule that finds nothing there is none.
"""
import copy
import json
import re
import subprocess
import sys
import tempfile

import boards
from promql import Query

# Of Grafana's list, those that suit what is measured here.
UNITS = {"none", "short", "percentunit", "bytes", "Bps", "s", "cps", "pps"}
DATASOURCES = ("$datasource", "${datasource}")
VARIABLES_WANTED = ("job", "instance")


def datasource_variables(board):
    return [each for each in board["templating"]["list"] if each["type"] == "datasource"]


def targets(board):
    for panel in boards.panels(board):
        for target in panel.get("targets", ()):
            yield f"{panel['title']} / {target.get('refId')}", target


def selectors(board):
    for name, target in targets(board):
        for selector in Query(target["expr"]).selectors:
            yield name, selector


def template_datasource_rule(board):
    found = datasource_variables(board)
    if len(found) != 1:
        yield f"{len(found)} data source variables instead of one"
    for each in found:
        if (each["name"], each.get("label"), each.get("query")) != ("datasource", "Data source", "prometheus"):
            yield f"the data source variable is {each['name']}, {each.get('label')!r}, of {each.get('query')}"


def template_rule(name):
    def rule(board):
        found = [each for each in board["templating"]["list"] if each["name"] == name]
        if not found:
            yield f"there is no variable {name}"
        for each in found:
            wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+", "includeAll": True}
            for key, value in wanted.items():
                if each.get(key) != value:
                    yield f"{name}: {key} is {each.get(key)!r}, not {value!r}"
            if each.get("datasource", {}).get("uid") not in DATASOURCES:
                yield f"{name} is not asked of the data source variable"

    return rule


def template_label_promql_rule(board):
    for each in boards.variables(board):
        if not re.fullmatch(r"label_values\(.+, *[a-z_]+\)", each["query"]):
            yield f"{each['name']}: {each['query']!r} is no label_values(…, …)"


def template_on_time_change_reload_rule(board):
    for each in boards.variables(board):
        if each.get("refresh") != 2:
            yield f"{each['name']} is not asked again when the time changes"


def panel_datasource_rule(board):
    for panel in boards.panels(board):
        for each in (panel, *panel.get("targets", ())):
            if each.get("datasource") not in [{"type": "prometheus", "uid": uid} for uid in DATASOURCES]:
                yield f"{panel['title']}: its data source is {each.get('datasource')}"


def panel_title_description_rule(board):
    for panel in boards.panels(board):
        if not panel.get("title") or not panel.get("description"):
            yield f"panel {panel['id']} lacks a title or a description"


def panel_units_rule(board):
    for panel in boards.panels(board):
        unit = (panel["options"]["yAxis"] if panel["type"] == "heatmap" else panel["fieldConfig"]["defaults"]).get("unit")
        if unit not in UNITS:
            yield f"{panel['title']}: its unit is {unit}"


def panel_no_targets_rule(board):
    for panel in boards.panels(board):
        if not panel.get("targets"):
            yield f"{panel['title']} asks nothing"


def target_rate_interval_rule(board):
    for name, selector in selectors(board):
        if selector.functions[:1] in (["rate"], ["irate"]) and selector.range != "$__rate_interval":
            yield f"{name}: {selector.metric} is not over $__rate_interval"


def target_matcher_rule(label):
    def rule(board):
        for name, selector in selectors(board):
            if ("=~", "$" + label) not in selector.matcher(label):
                yield f'{name}: {selector.metric} lacks {label}=~"${label}"'

    return rule


def target_counter_agg_rule(board):
    for name, selector in selectors(board):
        counts = selector.metric.endswith(("_total", "_bucket", "_count", "_sum"))
        if counts and (selector.range is None or selector.functions[:1][0] not in ("rate", "irate", "increase")):
            yield f"{name}: {selector.metric} is counted, and neither rate nor increase"
        if not counts and selector.range is not None:
            yield f"{name}: {selector.metric} is no counter, but has a range"


def uneditable_dashboard(board):
    if board.get("editable") is not False:
        yield "it can be edited"


def ours_places(board):
    """No panel lies on another or beside the grid, and no id or title is there twice."""
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        if cells & taken or place["x"] + place["w"] > 24:
            yield f"{panel['title']} has no place of its own"
        taken |= cells
    for key, all_panels in (("id", board["panels"]), ("title", boards.panels(board))):
        if len({panel.get(key) for panel in all_panels}) != len(all_panels):
            yield f"two panels have the same {key}"


def ours_variables_used(board):
    text = json.dumps([target["expr"] for _, target in targets(board)])
    known = {each["name"] for each in board["templating"]["list"]}
    used = {name for name in re.findall(r"\$(\w+)", text) if not name.startswith("__")}
    for name in sorted(used ^ (known - {"datasource"})):
        yield f"${name} is used or known, but not both"


def ours_links(board):
    wanted = [link for link in board["links"] if link["type"] == "dashboards" and set(link["tags"]) <= set(board["tags"])]
    if not wanted or not all(link["includeVars"] and link["keepTime"] for link in wanted):
        yield "no link to the other dashboards that keeps variables and time"


def ours_schema(board):
    if board.get("schemaVersion", 0) < 39 or not board.get("uid", "").startswith("sockproxy-") or "id" in board:
        yield "it is no dashboard of Grafana 10 with a uid of ours, and without an id"


def spoil(path, value):
    """A change of the dashboard: what stands at the path becomes the value, or goes."""
    def change(board):
        *way, last = path
        for step in way:
            board = board[step]
        if value is None:
            del board[last]
        else:
            board[last] = value

    return change


def spoil_exprs(pattern, replacement):
    def change(board):
        for _, target in targets(board):
            target["expr"] = re.sub(pattern, replacement, target["expr"])

    return change


FIRST = ("panels", 1)  # 0 is a row
RULES = {
    "template-datasource-rule": (template_datasource_rule, spoil(("templating", "list", 0, "name"), "ds")),
    "template-job-rule": (template_rule("job"), spoil(("templating", "list", 1, "multi"), False)),
    "template-instance-rule": (template_rule("instance"), spoil(("templating", "list", 2), None)),
    "template-label-promql-rule": (template_label_promql_rule, spoil(("templating", "list", 1, "query"), "up")),
    "template-on-time-change-reload-rule":
        (template_on_time_change_reload_rule, spoil(("templating", "list", 1, "refresh"), 1)),
    "panel-datasource-rule": (panel_datasource_rule, spoil((*FIRST, "datasource", "uid"), "prometheus")),
    "panel-title-description-rule": (panel_title_description_rule, spoil((*FIRST, "description"), "")),
    "panel-units-rule": (panel_units_rule, spoil((*FIRST, "fieldConfig", "defaults", "unit"), "furlongs")),
    "panel-no-targets-rule": (panel_no_targets_rule, spoil((*FIRST, "targets"), [])),
    "target-rate-interval-rule": (target_rate_interval_rule, spoil_exprs(r"\[\$__rate_interval\]", "[5m]")),
    "target-job-rule": (target_matcher_rule("job"), spoil_exprs(r'job=~"\$job"', 'job="$job"')),
    "target-instance-rule": (target_matcher_rule("instance"), spoil_exprs(r', instance=~"\$instance"', "")),
    "target-counter-agg-rule": (target_counter_agg_rule, spoil_exprs(r"\brate\((.*?)\[.*?\]\)", r"(\1)")),
    "uneditable-dashboard": (uneditable_dashboard, spoil(("editable",), True)),
    "ours-places": (ours_places, spoil(("panels", 2, "gridPos", "x"), 0)),
    "ours-variables-used": (ours_variables_used, spoil_exprs(r"\$upstream", "$upstrem")),
    "ours-links": (ours_links, spoil(("links", 0, "tags"), ["other"])),
    "ours-schema": (ours_schema, spoil(("uid",), "x")),
}


def parsed_by(promtool, exprs):
    """Whether promtool takes all of these, as one file of rules; and what it says."""
    rules = [{"record": f"q{i}", "expr": expr} for i, expr in enumerate(exprs)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def target_promql_rule(promtool, all_boards):
    exprs = [query for _, query in boards.queries(all_boards, ())]
    exprs += [boards.label_values(each)[0].replace("$", "") for board in all_boards.values() for each in boards.variables(board)]
    taken, words = parsed_by(promtool, exprs)
    if not taken:
        yield f"promtool does not take a query: {words}"
    if parsed_by(promtool, [exprs[0] + ")"])[0]:
        yield "promtool takes anything"
    print(f"ok: promtool takes {len(exprs)} queries")


def main(directory, promtool=None):
    all_boards = boards.read_boards(directory)
    complaints = [f"{name}: {rule}: {words}" for name, board in all_boards.items()
                  for rule, (check, _) in RULES.items() for words in check(board)]
    for rule, (check, change) in RULES.items():
        spoiled = copy.deepcopy(all_boards["overview"])
        change(spoiled)
        if not list(check(spoiled)):
            complaints.append(f"{rule} finds nothing where it is broken")
    if len({board["uid"] for board in all_boards.values()}) != len(all_boards):
        complaints.append("two dashboards have the same uid")
    if promtool:
        complaints += target_promql_rule(promtool, all_boards)
    for words in complaints:
        print("failed:", words)
    if not complaints:
        print(f"ok: {len(all_boards)} dashboards, {len(RULES)} rules, and each finds what breaks it")
    return len(complaints) > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
