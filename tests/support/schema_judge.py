# SPDX-License-Identifier: MIT
"""Records beside the schema that the daemon gives for them: schema_judge.py FILE

FILE is {"short": {"schema": …, "records": […]}, "full": …, "single": …}.  Each record must be as its
schema says.  Then each is altered, one place after the other, and the schema has to notice: one that
takes everything is none.
"""
import copy
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker

# Only what the library can check without further packages.
CHECKER = FormatChecker(formats=("ipv4", "ipv6"))


def places(value, path=()):
    """Each member of each object, as a path of keys."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, path + (i,))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield path + (key,)
            yield from places(member, path + (key,))


def altered(record, path, change):
    """A copy of the record, with the object that has this member changed."""
    record = copy.deepcopy(record)
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return record


def drop(inner, key):
    del inner[key]


def falsify(inner, key):
    inner[key] = [] if isinstance(inner[key], dict) else {}


def misspell(inner, key):
    inner[key] = "no such word"


def has_words(root, path):
    schema = root
    for key in path:
        schema = schema.get("items", {}) if isinstance(key, int) else schema.get("properties", {}).get(key, {})
        for name in schema.get("$ref", "#").split("/")[1:]:
            schema = (root if name == "components" else schema)[name]
    return "enum" in schema or "anyOf" in schema or "pattern" in schema


def judge(view, schema, records):
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=CHECKER)
    lies = 0
    for record in records:
        for error in validator.iter_errors(record):
            sys.exit(f"{view}: {error.json_path}: {error.message}\n{json.dumps(record)}")
        if not validator.is_valid({**record, "later": 1}):
            sys.exit(f"{view}: no member may be added")
    for record in records[:3]:
        for path in places(record):
            changes = [drop, falsify] + ([misspell] if has_words(schema, path) else [])
            for change in changes:
                lies += 1
                if validator.is_valid(altered(record, path, change)):
                    sys.exit(f"{view}: {change.__name__} of {path} is not noticed")
    print(f"{view}: {len(records)} records are as the schema says, and {lies} lies are not")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        views = json.load(file)
    for view, part in views.items():
        judge(view, part["schema"], part["records"])


main()
