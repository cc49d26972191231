# SPDX-License-Identifier: MIT
"""
The life that a record tells step by step, its attempts, its turns and what it counted of its path, against the
same witnesses as the rest of it.
"""
import packets

NEAR_US = 1000
CROSSING_US = 1000
ONE_TURN_US = 200  # from the first to the last that one turn of a worker's loop sees
SHORT = 30000  # bytes each way: so little is read as soon as it comes
FAR_US = 20000  # so far from each other, speeches cannot overlap, late as we may be
UNCUT = 1000  # bytes that fit in one segment, whatever the window; of a larger one a capture shows the pieces in one
RESULTS = {"refuses": ("refused", "ECONNREFUSED"), "deaf": ("timeout", "ETIMEDOUT")}


def judge_attempts(case, tries):
    """`tries` are the connects that led to nothing, as (what the target does, its place, packets)."""
    attempts = case.record["attempts"]
    if isinstance(attempts, int):  # a count alone
        case.differs("attempts", attempts, len(tries) + 1)
        return
    case.differs("attempts", len(attempts), len(tries) + 1)
    for attempt, (manner, place, life) in zip(attempts[:-1], tries):
        case.differs("attempts: where", (attempt["address"], attempt["port"]), place)
        case.differs("attempts: result", (attempt["result"], attempt["errno"]), RESULTS[manner])
        case.late("attempt: begun", attempt["at_us"], life[0].at)
        if manner == "refuses":
            case.late("attempt: refused", attempt["at_us"] + attempt["duration_us"], life[-1].at)
    judge_last_attempt(case, attempts[-1])


def judge_last_attempt(case, last):
    tuple_ = case.record["legs"]["upstream"]["tuple"]
    connect = case.record["timings_us"]["connect"]
    case.differs("attempts: where at last", (last["address"], last["port"]),
                 (tuple_["destination_ip"], tuple_["destination_port"]))
    case.differs("attempts: connected", last["result"] == "connected", connect is not None)
    if connect is not None:
        case.differs("attempts: until", last["at_us"] + last["duration_us"], connect)
    if "upstream" in case.wire and not case.is_unix("upstream"):
        case.late("attempt: begun", last["at_us"], case.wire["upstream"].begun_at)


def judge_events(case):
    """What its fields say of ends and first bytes its events must say, too, in order, and nothing else."""
    record = case.record
    events = record.get("events")
    if events is None:
        return
    told = {(event["event"], event["leg"]): event["at_us"] for event in events
            if event["event"] in ("connected", "first_byte", "fin_received", "fin_sent", "rst_received", "rst_sent")}
    fields = {("connected", "upstream"): record["timings_us"]["connect"]}
    for leg in ("client", "upstream"):
        fields["first_byte", leg] = record["timings_us"][f"first_{leg}_byte"]
        for end in ("fin_received", "fin_sent", "rst_received", "rst_sent"):
            fields[end, leg] = record["legs"][leg][end + "_us"]
    case.differs("events", told, {key: at for key, at in fields.items() if at is not None})
    case.differs("events: first and last", (events[0]["event"], events[0]["at_us"], events[-1]["event"], events[-1]["at_us"]),
                 ("accept", 0, "close", record["duration_us"]))
    case.differs("events: in order", [event["at_us"] for event in events], sorted(event["at_us"] for event in events))
    connects = sum(event["event"] == "connect" for event in events)
    case.differs("events: connects", connects, len(record["attempts"]))


def speeches(case):
    """Who spoke when, by the witnesses: [side, first byte, last byte], one after the other."""
    spoken = []
    for name, wire in case.wire.items():
        if case.is_unix(name):
            spoken += [(act[0], name) for act in wire.acts("send")]
        else:
            spoken += [(packet.at, name) for packet in wire.packets if packet.size > 0 and packet.source != wire.ours_name]
    connected = case.opened_us + (case.record["timings_us"]["connect"] or 0)
    found = []
    for at, name in sorted(spoken):
        at = max(at, connected)  # before that nobody reads
        if found and found[-1][0] == name:
            found[-1][2] = at
        else:
            found.append([name, at, at])
    return found


def heard_at_once(case):
    firsts = [case.record["timings_us"][f"first_{name}_byte"] for name in ("client", "upstream")]
    nobody = case.record["turns"]["speaks_first"] is None
    return nobody and None not in firsts and abs(firsts[0] - firsts[1]) <= ONE_TURN_US


def judge_turns(case):
    turns, legs = case.record.get("turns"), case.record["legs"]
    if turns is None:
        return
    read_all = all(legs[name]["bytes_received"] == case.came(name)[1] for name in legs)
    if not read_all or any(leg["bytes_received"] > SHORT for leg in legs.values()):
        return
    found = speeches(case)
    gaps = [later[1] - earlier[2] for earlier, later in zip(found, found[1:])]
    answers = [(later[1], later[1] - earlier[2]) for earlier, later in zip(found, found[1:]) if later[0] == "upstream"]
    if found and found[0][1] < case.closed_us - CROSSING_US and (not gaps or gaps[0] > NEAR_US):
        case.differs("turns: speaks_first", turns["speaks_first"], None if heard_at_once(case) else found[0][0])
    if all(gap > FAR_US for gap in gaps):
        case.differs("turns: overlapped", turns["overlapped"], False)
    if turns["overlapped"] or any(gap < ONE_TURN_US for gap in gaps):  # what comes while it reads is read with the rest
        return
    case.differs("turns: count", turns["count"], len(answers))
    case.differs("turns: spoke_last", turns["spoke_last"], found[-1][0] if found else None)
    if answers and turns["count"] == len(answers):
        lengths = [length for _, length in answers]
        for kind, wire in (("last", lengths[-1]), ("max", max(lengths)), ("mean", sum(lengths) // len(lengths))):
            case.times.append(("turn: " + kind, turns[kind + "_us"] - wire, answers[-1][0]))


def judge_idle(case):
    """How long no payload had come, on either leg, before the FIN or RST that ended it did; of more, some waits for room."""
    close, legs = case.record["close"], case.record["legs"]
    if case.until is not None or close["initiator"] not in case.wire or any(case.is_unix(name) for name in case.wire):
        return
    if any(leg["bytes_received"] > SHORT for leg in legs.values()):
        return
    ender = case.wire[close["initiator"]]
    ended_at = ender.theirs.fin_at if close["how"] == "fin" else case.rst_received_at(close["initiator"])
    if ended_at is None or case.record["timings_us"]["connect"] is None:
        return
    moved = [packet.at for wire in case.wire.values() for packet in wire.packets
             if packet.size > 0 and packet.source != wire.ours_name and packet.at <= ended_at]
    quiet_since = max(moved, default=case.opened_us)
    case.times.append(("idle before the end", close["idle_before_us"] - (ended_at - quiet_since), ended_at))


def again(wire, sent):
    """
    What of these packets of ours had been sent before: how many, how many bytes.  Packets of two CPUs may have
    changed places; who fills a gap is only late.
    """
    count = size = 0
    seen = []  # [number, number behind it], apart from each other
    for packet in sent:
        number = packets.since(packet.seq, wire.ours.start)
        end = number + packet.size + bool(packet.flags & (packets.SYN | packets.FIN))
        if end == number or packet.flags & packets.RST:
            continue
        overlap = sum(max(0, min(end, there) - max(number, here)) for here, there in seen)
        count, size = count + (overlap > 0), size + min(overlap, packet.size)
        near = [piece for piece in seen if piece[0] <= end and number <= piece[1]]
        seen = [piece for piece in seen if piece not in near]
        seen.append([min([number] + [piece[0] for piece in near]), max([end] + [piece[1] for piece in near])])
    return count, size


def judge_segments(case):
    """
    The kernel was asked just before the close: what crossed with that, or came behind a RST, may be counted or not; and
    behind both FINs a socket in TIME_WAIT is another one, which counts nothing.
    """
    for name, wire in case.wire.items():
        tcp = case.record["legs"][name].get("tcp")
        if tcp is None or case.is_unix(name) or tcp["segments_sent"] is None or wire.ours.start is None:
            continue
        for mine, kind in ((True, "segments_sent"), (False, "segments_received")):
            these = [packet for packet in wire.packets if (packet.source == wire.ours_name) == mine]
            is_cut = any(packet.size > UNCUT for packet in these)
            uncounted = mine and name == "client"  # the kernel leaves out the answer to a SYN
            fins = [side.fin_at for side in (wire.ours, wire.theirs)]
            done = max(fins) if None not in fins else case.closed_us
            until = min(case.closed_us - CROSSING_US, wire.theirs.rst_at or case.closed_us, done)
            least = sum(packet.at < until for packet in these) - uncounted
            most = len(these) - uncounted
            case.differs(f"{name}: {kind}", least <= tcp[kind] and (is_cut or tcp[kind] <= most), True)
        sent = [packet for packet in wire.packets if packet.source == wire.ours_name]
        before = [packet for packet in sent if packet.at < case.closed_us - CROSSING_US]
        (least, least_size), (most, most_size) = again(wire, before), again(wire, sent)
        case.differs(f"{name}: retransmits_total", (least > 0) <= (tcp["retransmits_total"] > 0) <= (most > 0), True)
        case.differs(f"{name}: bytes_retransmitted", least_size <= tcp["bytes_retransmitted"] <= most_size, True)
