# SPDX-License-Identifier: MIT
"""As much of PromQL as one must understand to judge a query that Prometheus takes: its selectors, and what stands around them.

Whether a query is right altogether is for promtool to say.
"""
import re

TOKEN = re.compile(r"""
    (?P<space>\s+) |
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`) |
    (?P<duration>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*) |
    (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+) |
    (?P<name>[a-zA-Z_:$][\w:$]*) |
    (?P<operator>=~|!~|!=|==|<=|>=|[-+*/%^=<>(){}\[\],@])
    """, re.VERBOSE)
KEYWORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end"}
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}


class Selector:
    """A metric with its matchers: (label, operator, value); the range in its brackets, or None; the functions around it,
    the innermost first; and where it stands in the query."""

    def __init__(self, metric, start):
        self.metric, self.start, self.end = metric, start, start + len(metric)
        self.matchers, self.range, self.functions = [], None, []

    def matcher(self, label):
        return [(operator, value) for name, operator, value in self.matchers if name == label]


def tokens(query):
    place = 0
    while place < len(query):
        match = TOKEN.match(query, place)
        if match is None:
            raise ValueError(f"{query[place:]!r} in {query!r} is no PromQL")
        if match.lastgroup != "space":
            yield match.lastgroup, match.group(), match.start(), match.end()
        place = match.end()


def unquoted(text):
    return text[1:-1] if text[0] == "`" else re.sub(r"\\(.)", r"\1", text[1:-1])


class Query:
    """All selectors, and all labels that the query groups or matches series by."""

    def __init__(self, text):
        self.text, self.selectors, self.labels = text, [], set()
        self.stream = list(tokens(text))
        self.place, around = 0, []
        while self.place < len(self.stream):
            kind, word, start, _ = self.stream[self.place]
            self.place += 1
            if kind == "name" and word in GROUPING:
                self.labels.update(self.names_in_parentheses())
            elif kind == "name" and self.peek() == "(":
                around.append(word)
                self.place += 1
            elif kind == "name" and self.aggregates():
                pass
            elif kind == "name" and word.lower() not in KEYWORDS:
                self.take_selector(word, start, around)
            elif word == "(":
                around.append(None)
            elif word == ")":
                around.pop()

    def peek(self, ahead=0):
        return self.stream[self.place + ahead][1] if self.place + ahead < len(self.stream) else None

    def aggregates(self):
        """`sum by (…) (…)`: the name is an operator's."""
        return self.peek() in ("by", "without") and self.peek(1) == "("

    def names_in_parentheses(self):
        names = []
        if self.peek() != "(":
            return names
        while self.peek() != ")":
            self.place += 1
            if self.stream[self.place][0] == "name":
                names.append(self.peek())
        self.place += 1
        return names

    def take_selector(self, metric, start, around):
        selector = Selector(metric, start)
        selector.functions = [name for name in reversed(around) if name]
        if self.peek() == "{":
            self.place += 1
            while self.peek() != "}":
                (_, label, *_), (_, operator, *_), (_, value, *_) = self.stream[self.place:self.place + 3]
                selector.matchers.append((label, operator, unquoted(value)))
                self.place += 3
                if self.peek() == ",":
                    self.place += 1
            selector.end = self.stream[self.place][3]
            self.place += 1
        if self.peek() == "[":
            selector.range = self.peek(1)
            self.place += 3
        self.selectors.append(selector)
