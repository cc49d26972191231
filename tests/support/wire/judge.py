# SPDX-License-Identifier: MIT
"""
Holds each record of the daemon against the packets of both its legs.

    judge.py DIRECTORY

reads what play.py left there.  Exit status 0: they agree; 1: they do not; 75: the capture lacks packets.
"""
import collections
import datetime
import json
import re
import sys

import packets

NEAR_US = 1000
SHARE_NEAR = 0.99
BUSY = 0.4  # of all processors' time
SHARE_SAME_TURN = 0.02
CROSSING_US = 100  # what came so shortly before our close may be missing in the record
SHARE_CROSSED = 0.02
SHOWN = 3  # of each kind of disagreement
OPPOSITE = {"client": "upstream", "upstream": "client"}


def instant_us(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def find_life(found, tuple_, opened_us):
    """The packets of a leg: of those who had its tuple in turn, whose SYN is nearest.  None: nobody had it."""
    source = (tuple_["source_ip"], tuple_["source_port"])
    destination = (tuple_["destination_ip"], tuple_["destination_port"])
    lives = found.get((source, destination), [])
    return min(lives, key=lambda life: abs(life[0].at - opened_us), default=None)


class Case:
    """One record, both its legs, and what they disagree about."""

    def __init__(self, record, found):
        self.record = record
        self.opened_us = instant_us(record["opened_at"])
        self.closed_us = self.opened_us + record["duration_us"]
        self.lives = {name: find_life(found, record["legs"][name]["tuple"], self.opened_us) for name in OPPOSITE}
        self.crossed = False
        self.judge()

    def judge(self):
        """
        The record is written just before its sockets are closed.  What comes
        later is on the wire and in no record: any moment about then will do
        in which they agree.
        """
        self.compare(None, True)
        if not self.faults or None in self.lives.values():
            return
        moments = sorted({packet.at for life in self.lives.values() for packet in life
                          if packet.at >= self.closed_us - CROSSING_US})
        for until, strict in [(None, False)] + [(until, strict) for until in moments for strict in (True, False)]:
            self.compare(until, strict)
            if not self.faults:
                self.crossed = until is not None
                return
        self.compare(None, True)

    def compare(self, until, strict):
        self.faults = []
        self.times = []  # (what, microseconds that the record is later than the wire)
        self.wire = {}
        self.until = until
        for name, life in self.lives.items():
            tuple_ = self.record["legs"][name]["tuple"]
            end = "destination" if name == "client" else "source"
            if life is None:
                self.faults.append((f"{name}: tuple", "no such packets"))
            else:
                self.wire[name] = packets.Leg(life, (tuple_[end + "_ip"], tuple_[end + "_port"]), until, strict)
        if not self.faults:
            for name in OPPOSITE:
                self.judge_leg(name)
            self.judge_payload()
            self.judge_end()

    def differs(self, kind, record, wire):
        if record != wire:
            self.faults.append((kind, f"record {record}, wire {wire}"))

    def same_turn(self):
        return self.record["close"]["order"] == "same_turn"

    def judge_leg(self, name):
        leg, wire = self.record["legs"][name], self.wire[name]
        for kind, at in (("fin_received", wire.theirs.fin_at if wire.fin_came() else None),
                         ("fin_sent", wire.ours.fin_at),
                         ("rst_received", self.rst_received_at(name)),
                         ("rst_sent", wire.ours.rst_at)):
            said = leg[kind + "_us"]
            if kind == "rst_sent" and self.until is not None:
                at = self.reset_after(name, said is not None)
            self.differs(f"{name}: {kind}", said is not None, at is not None)
            if said is not None and at is not None and not (kind == "fin_sent" and self.queues_at(name, said)):
                self.times.append((f"{name}: {kind}", self.opened_us + said - at))

    def rst_received_at(self, name):
        """A refused SYN counts for none: the kernel says ECONNREFUSED, and that may have come by ICMP as well."""
        wire = self.wire[name]
        return wire.theirs.rst_at if wire.theirs.start is not None else None

    def reset_after(self, name, said):
        """When our RST went, after the moment looked at; an end of theirs that comes between makes it needless."""
        mine, theirs = [], []
        for packet in self.lives[name]:
            if packet.at >= self.until:
                (mine if packet.source == self.wire[name].ours_name else theirs).append(packet)
        went = [packet.at for packet in mine if packet.flags & packets.RST]
        needless = [packet.at for packet in theirs if packet.flags & (packets.RST | packets.FIN)]
        if self.wire[name].ours.rst_at is not None:
            return self.wire[name].ours.rst_at
        return min(went if went or not said else needless, default=None)

    def queues_at(self, name, offset):
        """Payload of ours left only later: behind it a FIN waits, too, which the record calls sent."""
        ours = self.wire[name].ours_name
        return any(packet.source == ours and packet.size > 0 and packet.at > self.opened_us + offset
                   for packet in self.lives[name])

    def came(self, name):
        """Payload that reached our kernel on this leg, at least and at most: a range only while more came at our close."""
        wire = self.wire[name]
        if self.until is None:
            return wire.received(), wire.received()
        whole = packets.Leg(self.lives[name], wire.ours_name, None, wire.strict).received()
        more = any(packet.size > 0 and packet.source != wire.ours_name and packet.at >= self.closed_us - CROSSING_US
                   for packet in self.lives[name])
        return (wire.received() if more else whole), whole

    def judge_payload(self):
        reset = any(wire.ours.rsts or wire.theirs.rsts for wire in self.wire.values())
        for name in ("client", "upstream"):
            leg, wire = self.record["legs"][name], self.wire[name]
            other = self.record["legs"][OPPOSITE[name]]
            if not reset:
                self.differs(f"{name}: bytes_received", leg["bytes_received"], wire.received())
                self.differs(f"{name}: bytes_sent", leg["bytes_sent"], wire.ours.payload)
            # What we read the kernel had; what left we had handed over; what we handed over we had read.
            self.differs(f"{name}: bytes_received, at most", leg["bytes_received"] <= self.came(name)[1], True)
            self.differs(f"{name}: bytes_sent, at least", leg["bytes_sent"] >= wire.ours.payload, True)
            self.differs(f"{name}: bytes_sent, at most", leg["bytes_sent"] <= other["bytes_received"], True)
            said = self.record["close"]["undelivered_bytes"]["to_" + name]
            least, most = (max(0, came - wire.acknowledged()) for came in self.came(OPPOSITE[name]))
            undelivered = said if least <= said <= most else least
            self.differs(f"undelivered_bytes.to_{name}", said, undelivered)

    def judge_end(self):
        close = self.record["close"]
        ends = {name: wire.end_at() for name, wire in self.wire.items()
                if wire.theirs.start is not None or self.same_turn()}  # a refusal has no order but then
        both = [name for name, at in ends.items() if at is not None]
        first = min(both, key=ends.get, default=None)
        fins = all(wire.fin_came() for wire in self.wire.values())
        delivered = close["undelivered_bytes"] == {"to_client": 0, "to_upstream": 0}
        if self.record["timings_us"]["connect"] is not None:
            self.times.append(("connect", self.opened_us + self.record["timings_us"]["connect"]
                               - (self.wire["upstream"].answered_at or 0)))
            self.differs("connected", True, self.wire["upstream"].answered_at is not None)
        if not self.same_turn():
            self.differs("order", close["order"], first and first + "_first")
        else:
            self.differs("same_turn", len(both), 2)
        self.differs("clean", close["clean"], close["how"] == "fin" and fins and delivered)
        who, why = self.expected(first, ends)
        if why is not None:
            self.differs("reason", close["reason"], why)
        if not self.same_turn():
            self.differs("initiator", close["initiator"], who)

    def expected(self, first, ends):
        """Initiator and reason by the packets alone; reason None: cannot be told from them."""
        close = self.record["close"]
        if close["how"] == "timeout" and close["initiator"] == "proxy":
            # A timer of ours leaves no trace but what is not there: no RST came, and ours went.
            came = any(wire.theirs.rst is not None for wire in self.wire.values())
            return ("client or upstream", None) if came and not self.raced() else ("proxy", None)
        resets = {name: wire.theirs.rst_at for name, wire in self.wire.items() if wire.theirs.rst_at is not None}
        if resets and self.same_turn():
            return None, None
        if resets and self.record["timings_us"]["connect"] is None:
            who = min(resets, key=resets.get)
            return who, {"client": "client_abort_connecting", "upstream": "upstream_refused"}[who]
        if not resets:
            if self.same_turn():
                return None, close["reason"] if close["how"] == "fin" else "client_fin or upstream_fin"
            return first, first and first + "_fin"
        who = min(resets, key=resets.get)
        return who, who + ("_abandoned" if self.wire[who].fin_came() else "_reset")

    def raced(self):
        return False

    def show(self):
        record, close = self.record, self.record["close"]
        print(f"\nrecord {record['id']} opened {record['opened_at']} for {record['duration_us']} us, state "
              f"{record['state']}, connect {record['timings_us']['connect']}")
        print("  close " + json.dumps({k: v for k, v in close.items() if k != "detail"}))
        for name in ("client", "upstream"):
            leg = record["legs"][name]
            print(f"  {name} " + json.dumps({k: leg[k] for k in leg if k.endswith("_us") or k in
                                             ("bytes_received", "bytes_sent", "errno")}))
            if name in self.wire:
                lines = list(self.wire[name].show(self.opened_us))
                if len(lines) > 60:
                    lines[30:-30] = [f"    … {len(lines) - 60} more …"]
                print("\n".join("    " + line for line in lines))


def judge_times(cases):
    """Shares of times that are near, by kind; the share of all of them together."""
    by_kind = collections.defaultdict(list)
    for case in cases:
        for kind, late in case.times:
            by_kind[kind].append(late)
    everything = [late for lates in by_kind.values() for late in lates]
    print("%-24s %6s %12s %10s %10s %10s %10s" % ("microseconds late", "times", "within 1 ms", "median", "99th", "least", "most"))
    for kind, lates in sorted(by_kind.items()) + [("all", everything)]:
        lates.sort()
        print("%-24s %6d %10.2f %% %10d %10d %10d %10d" % (
            kind, len(lates), 100 * near(lates), lates[len(lates) // 2], lates[len(lates) * 99 // 100], lates[0], lates[-1]))
    return near(everything)


def near(lates):
    return sum(abs(late) <= NEAR_US for late in lates) / len(lates)


def judge_shares(cases, busy):
    """
    What a daemon that waits for a processor cannot help: being late, seeing two
    ends at once, and more that crosses with its close.  Judged on a machine that had time for it.
    """
    count = len(cases)
    good = judge_times(cases) >= SHARE_NEAR
    same = sum(case.same_turn() for case in cases)
    crossed = sum(case.crossed for case in cases)
    print(f"\n{same} records say same_turn; {crossed} lack what crossed with our close")
    good = good and same <= SHARE_SAME_TURN * count and crossed <= SHARE_CROSSED * count
    print(f"the processors were busy for {100 * busy:.0f} % of the time")
    if not good and busy > BUSY:
        print("times and shares are not good enough, but so busy a machine says nothing about them")
        return True
    if not good:
        print("times or shares are not good enough")
    return good


def main():
    directory = sys.argv[1]
    with open(f"{directory}/tcpdump.log") as log:
        dropped = re.search(r"(\d+) packets dropped by kernel", log.read())
    if dropped is None or dropped[1] != "0":
        print("tcpdump: " + (dropped[0] if dropped else "no closing line"))
        return 75
    with open(f"{directory}/records.json") as file:
        play = json.load(file)
    found = packets.connections(packets.read(f"{directory}/wire.pcap"))
    cases = [Case(record, found) for record in play["records"]]
    good = True
    kinds = collections.defaultdict(list)
    for case in cases:
        for kind, _ in case.faults:
            kinds[kind].append(case)
    for kind, wrong in sorted(kinds.items()):
        good = False
        print(f"\n=== {kind}: {len(wrong)} of {len(cases)}")
        for case in wrong[:SHOWN]:
            case.show()
            print("  " + "; ".join(f"{kind}: {text}" for kind, text in case.faults))
    print()
    good = judge_shares(cases, play["busy"]) and good
    if len(cases) != play["opened"]:
        print(f"{play['opened']} connections were opened")
        good = False
    reasons = collections.Counter(case.record["close"]["reason"] for case in cases)
    print(", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    bad = sum(bool(case.faults) for case in cases)
    print(f"{len(cases)} records, {bad} disagree with the wire")
    return 0 if good else 1


sys.exit(main())
