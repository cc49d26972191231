# SPDX-License-Identifier: MIT
"""What the dashboards are built of.

A query is written as people write it.  In braces stand, for the matchers that the variables stand for:

    @here     job and instance
    @pair     … and listener and upstream
    @up       job, instance and upstream
    @target   … and target

A panel knows how wide it is, of 24; a row puts its panels side by side, and below one another when it is full.
"""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
HERE = 'job=~"$job", instance=~"$instance"'
MATCHERS = {
    "@here": HERE,
    "@pair": HERE + ', listener=~"$listener", upstream=~"$upstream"',
    "@up": HERE + ', upstream=~"$upstream"',
    "@target": HERE + ', upstream=~"$upstream", target=~"$target"',
}
# Of one colour in every panel, and what these labels can be.
COLOURS = {
    "client": "blue", "upstream": "orange", "proxy": "purple", "admin": "gray",
    "to client": "blue", "to upstream": "orange", "from client": "light-blue", "from upstream": "light-orange",
    "established": "green", "client_half_closed": "blue", "upstream_half_closed": "orange", "flushing": "yellow",
    "connecting": "purple", "sniffing": "light-purple", "accepted": "gray",
    "p50": "green", "p90": "yellow", "p99": "orange",
}
WORDS = {
    "leg": ("client", "upstream"), "initiator": ("client", "upstream", "proxy", "admin"),
    "state": ("accepted", "sniffing", "connecting", "established", "client_half_closed", "upstream_half_closed", "flushing"),
}


def spelled(expr):
    for short, matchers in MATCHERS.items():
        expr = expr.replace(short, matchers)
    return " ".join(expr.split())


def targets(queries, **more):
    return [{"datasource": DATASOURCE, "refId": chr(ord("A") + i), "editorMode": "code", "expr": spelled(expr),
             "legendFormat": legend, **more} for i, (expr, legend) in enumerate(queries)]


def panel(kind, title, description, queries, width, height, options, defaults, overrides=(), **more):
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
            "gridPos": {"w": width, "h": height, "x": 0, "y": 0}, "targets": queries, "options": options,
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, **more}


def thresholds(steps):
    """Steps are a colour, and then pairs of a value and the colour from there on."""
    first, *others = steps
    return {"mode": "absolute",
            "steps": [{"value": None, "color": first}] + [{"value": v, "color": c} for v, c in others]}


def stat(title, description, expr, unit, steps=("text",), width=3):
    """One number.  A share of nothing is no number, and shows as a dash if the query leaves it out: `>= 0`."""
    defaults = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": thresholds(steps), "noValue": "–"}
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "auto",
               "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "auto",
               "showPercentChange": False, "wideLayout": True}
    return panel("stat", title, description, targets([(expr, "")]), width, 4, options, defaults)


def painted(queries):
    legends = [legend for _, legend in queries]
    for label, words in WORDS.items():
        legends = [legend.replace("{{%s}}" % label, word) for legend in legends for word in words]
    return [{"matcher": {"id": "byName", "options": name},
             "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": COLOURS[name]}}]}
            for name in COLOURS if name in legends]


def lines(title, description, unit, queries, width=12, stacked=False, top=None, height=8):
    """Lines over time; top is the greatest value there can be."""
    custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "showPoints": "never",
              "fillOpacity": 30 if stacked else 8, "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    defaults = {"unit": unit, "min": 0, "color": {"mode": "palette-classic"}, "custom": custom}
    if top is not None:
        defaults["max"] = top
    options = {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                          "calcs": ["lastNotNull", "max"], "sortBy": "Last *", "sortDesc": True},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, targets(queries), width, height, options, defaults,
                 painted(queries))


def percentiles(title, description, histogram, matchers, by=(), width=12, at=(50, 90, 99)):
    labels = ", ".join((*by, "le"))
    name = " ".join("{{%s}}" % label for label in by)
    return lines(title, description, "s",
                 [(f"histogram_quantile({p / 100}, sum by ({labels}) "
                   f"(rate({histogram}_bucket{{{matchers}}}[$__rate_interval])))",
                   f"p{p} {name}".strip()) for p in at], width)


def heat(title, description, histogram, matchers, width=12):
    """How many fell into each bucket, per second."""
    expr = f"sum by (le) (rate({histogram}_bucket{{{matchers}}}[$__rate_interval]))"
    options = {"calculate": False, "cellGap": 1, "showValue": "never",
               "color": {"mode": "scheme", "scheme": "Oranges", "exponent": 0.5, "fill": "dark-orange", "scale": "exponential",
                         "reverse": False, "steps": 64},
               "cellValues": {"unit": "cps"}, "filterValues": {"le": 1e-9}, "exemplars": {"color": "rgba(255,0,255,0.7)"},
               "legend": {"show": True}, "rowsFrame": {"layout": "auto"},
               "tooltip": {"mode": "single", "yHistogram": True}, "yAxis": {"axisPlacement": "left", "unit": "s"}}
    return panel("heatmap", title, description, targets([(expr, "{{le}}")], format="heatmap"), width, 8, options,
                 {"custom": {"scaleDistribution": {"type": "linear"}}})


def table(title, description, unit, expr, hidden=(), names=None, width=12, height=8):
    """What is so at the end of the time that is shown, one series a row, largest first."""
    options = {"frameIndex": 0, "showHeader": True, "cellHeight": "sm",
               "sortBy": [{"displayName": (names or {}).get("Value", "Value"), "desc": True}]}
    shown = {"id": "organize", "options": {"excludeByName": dict.fromkeys(("Time", "__name__", *hidden), True),
                                           "renameByName": names or {}}}
    return panel("table", title, description, targets([(expr, "")], format="table", instant=True, range=False), width,
                 height, options, {"unit": unit, "custom": {"filterable": True}}, transformations=[shown])


def timeline(title, description, expr, legend, words, width=12):
    """What was so when: words are value, text and colour."""
    mappings = [{"type": "value", "options": {str(value): {"text": text, "color": colour, "index": i}}}
                for i, (value, text, colour) in enumerate(words)]
    options = {"showValue": "auto", "rowHeight": 0.9, "mergeValues": True, "alignValue": "left",
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
               "tooltip": {"mode": "single", "sort": "none"}}
    defaults = {"unit": "none", "mappings": mappings, "color": {"mode": "thresholds"},
                "custom": {"fillOpacity": 80, "lineWidth": 0}}
    return panel("state-timeline", title, description, targets([(expr, legend)]), width, 8, options, defaults)


def row(title, *panels):
    return title, panels


def variable(name, label, query, description):
    return {"type": "query", "name": name, "label": label, "description": description, "datasource": DATASOURCE,
            "query": spelled(query), "refresh": 2, "regex": "", "sort": 1, "multi": True, "includeAll": True,
            "allValue": ".+", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "options": [],
            "hide": 0, "skipUrlSync": False}


VARIABLES = {
    "job": ("Job", "label_values(sockproxy_build_info, job)", "What Prometheus calls the daemons together."),
    "instance": ("Instance", 'label_values(sockproxy_build_info{job=~"$job"}, instance)', "One daemon, by its admin address."),
    "listener": ("Listener", "label_values(sockproxy_connections_accepted_total{@here}, listener)", "Where clients come in, as -l names it."),
    "upstream": ("Upstream", "label_values(sockproxy_connections_accepted_total{@here}, upstream)", "Where they are sent, as -u names it."),
    "target": ("Target", "label_values(sockproxy_upstream_target_addresses{@up}, target)", "One of an upstream's targets."),
}


def laid_out(rows):
    """Panels and rows with their places and ids."""
    placed, y = [], 0
    for title, panels in rows:
        placed.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        x, y, height = 0, y + 1, 0
        for each in panels:
            place = each["gridPos"]
            if x + place["w"] > 24:
                x, y, height = 0, y + height, 0
            place["x"], place["y"] = x, y
            x, height = x + place["w"], max(height, place["h"])
            placed.append(each)
        y += height
    return [{"id": i, **each} for i, each in enumerate(placed, 1)]


def board(name, title, description, variables, rows):
    chosen = [{"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "",
               "description": "The Prometheus that scrapes the daemons.", "refresh": 1, "multi": False, "includeAll": False,
               "options": [], "hide": 0, "skipUrlSync": False}]
    chosen += [variable(each, *VARIABLES[each]) for each in ("job", "instance", *variables)]
    links = [{"type": "dashboards", "title": "sockproxy", "tags": ["sockproxy"], "asDropdown": False, "icon": "external link",
              "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": "The other dashboards of sockproxy",
              "url": ""}]
    return {"uid": "sockproxy-" + name, "title": "sockproxy / " + title, "description": description,
            "tags": ["sockproxy"], "schemaVersion": 39, "version": 1, "editable": False, "graphTooltip": 1,
            "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timezone": "browser", "links": links,
            "templating": {"list": chosen}, "annotations": {"list": []}, "panels": laid_out(rows)}
