# SPDX-License-Identifier: MIT
"""
A judge who believes everything is none: each kind of lie is told of some records, and has to be noticed.
"""
import copy

TOLD = 40  # of each kind
SHARE_NOTICED = 0.95  # of what is at the edge of a close nobody can be sure
OTHER_SIDE = {"client": "upstream", "upstream": "client"}


def add(record, where, by):
    *path, last = where.split(".")
    for step in path:
        record = record[step]
    if record[last] is None:
        return False
    record[last] += by
    return True


def count(record, leg, field, by):
    """Where all of it was delivered: what else we had read, or handed over, no packet tells."""
    way = leg if field == "bytes_sent" else OTHER_SIDE[leg]
    if record["close"]["undelivered_bytes"]["to_" + way] != 0 or record["legs"][leg][field] + by < 0:
        return False
    return add(record, f"legs.{leg}.{field}", by)


def forget(record, leg, moment):
    known = record["legs"][leg][moment] is not None
    record["legs"][leg][moment] = None
    return known


def invent(record, leg, moment):
    unknown = record["legs"][leg][moment] is None and record["legs"][leg]["tuple"]["protocol"] == "tcp"
    record["legs"][leg][moment] = record["duration_us"]
    return unknown and record["timings_us"]["connect"] is not None


def blame_other(record):
    close = record["close"]
    if close["initiator"] not in OTHER_SIDE:
        return False
    close["initiator"] = OTHER_SIDE[close["initiator"]]
    return True


def turn_order(record):
    close = record["close"]
    if close["order"] in (None, "same_turn"):
        return False
    close["order"] = {"client_first": "upstream_first", "upstream_first": "client_first"}[close["order"]]
    return True


def give_reason(record):
    """Where ends decide and not our timers, which leave no trace."""
    close = record["close"]
    who, _, what = close["reason"].partition("_")
    others = {"fin": "reset", "reset": "abandoned", "abandoned": "reset"}
    if what not in others or close["order"] == "same_turn":
        return False
    close["reason"] = f"{who}_{others[what]}"
    return True


def flip_clean(record):
    record["close"]["clean"] = not record["close"]["clean"]
    return True


def name_other_port(record, leg):
    tuple_ = record["legs"][leg]["tuple"]
    if tuple_["protocol"] != "tcp":
        return False
    tuple_["source_port"] ^= 1
    return True


def try_more(record):
    if isinstance(record["attempts"], int):
        record["attempts"] += 1
    else:
        record["attempts"].append(record["attempts"][-1])
    return True


def lies():
    for leg in OTHER_SIDE:
        yield f"{leg}: another port", lambda record, leg=leg: name_other_port(record, leg)
        for field in ("bytes_received", "bytes_sent"):
            for by in (-1, 1):
                yield f"{leg}: {field} {by:+}", lambda record, leg=leg, field=field, by=by: count(record, leg, field, by)
        yield f"undelivered to {leg} +1", lambda record, leg=leg: add(record, f"close.undelivered_bytes.to_{leg}", 1)
        for moment in ("fin_received_us", "fin_sent_us", "rst_received_us", "rst_sent_us"):
            yield f"{leg}: no {moment}", lambda record, leg=leg, moment=moment: forget(record, leg, moment)
            yield f"{leg}: a {moment}", lambda record, leg=leg, moment=moment: invent(record, leg, moment)
    yield "the other side began", blame_other
    yield "the other way round", turn_order
    yield "another reason", give_reason
    yield "clean or not", flip_clean
    yield "one more attempt", try_more


def tell(cases, judge):
    """`judge` makes a case of a record.  Prints what was believed too often; returns whether nothing was."""
    good, told_of_all, noticed_of_all = True, 0, 0
    for name, lie in lies():
        told = noticed = 0
        for case in cases:
            record = copy.deepcopy(case.record)
            if told < TOLD and not case.faults and lie(record):
                told += 1
                noticed += bool(judge(record).faults)
        if noticed < SHARE_NOTICED * told:
            print(f"a lie is believed: {name}: noticed {noticed} of {told} times")
            good = False
        told_of_all, noticed_of_all = told_of_all + told, noticed_of_all + noticed
    print(f"{told_of_all} lies told of these records, {noticed_of_all} noticed")
    return good
