# SPDX-License-Identifier: MIT
"""
Holds each record of the daemons against the packets of both its legs.

    judge.py DIRECTORY

reads what play.py left there.  Exit status 0: they agree; 1: they do not; 75: nothing can be said, because the
capture lacks packets, or because the machine was too busy to be on time.
"""
import bisect
import collections
import datetime
import json
import re
import socket
import struct
import sys

import accounts
import lies
import packets
import story

NEAR_US = 1000
SHARE_NEAR = 0.99
BUSY = 0.30  # of all processors' time: beyond it nobody is held to a time
SHARE_QUIET = 0.6  # of the times must be from when it was less
SHARE_SAME_TURN = 0.02
CROSSING_US = 1000  # what was sent so shortly before our close may be missing in the record: it was handled later
SHARE_CROSSED = 0.02
ONE_TURN_US = 50
SHOWN = 3  # of each kind of disagreement
UNCLEAR = 75
OPPOSITE = {"client": "upstream", "upstream": "client"}


def instant_us(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def place_of(text):
    """(address, port) of a target that is not a Unix socket, else its path."""
    if text.startswith("unix:"):
        return text[len("unix:"):]
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def ends_of(tuple_):
    return ((tuple_["source_ip"], tuple_["source_port"]), (tuple_["destination_ip"], tuple_["destination_port"]))


def header_of(tuple_, version):
    """The PROXY header that the upstream is due (proxy-protocol.txt), from the client's leg."""
    is_unix = tuple_["protocol"] == "unix"
    family = socket.AF_UNIX if is_unix else socket.AF_INET6 if ":" in tuple_["source_ip"] else socket.AF_INET
    if version == "v1":
        words = {socket.AF_UNIX: "UNKNOWN", socket.AF_INET6: "TCP6", socket.AF_INET: "TCP4"}
        fields = [] if is_unix else [tuple_["source_ip"], tuple_["destination_ip"],
                                     str(tuple_["source_port"]), str(tuple_["destination_port"])]
        return " ".join(["PROXY", words[family]] + fields).encode() + b"\r\n"
    if is_unix:
        body = bytes(108) + tuple_["path"].encode().ljust(108, b"\0")
    else:
        body = b"".join(socket.inet_pton(family, tuple_[end + "_ip"]) for end in ("source", "destination"))
        body += struct.pack("!HH", tuple_["source_port"], tuple_["destination_port"])
    kinds = {socket.AF_INET: 0x11, socket.AF_INET6: 0x21, socket.AF_UNIX: 0x31}
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, kinds[family], len(body)) + body


class Evidence:
    """All that was seen, and who lays claim to it: each piece belongs to one record."""

    def __init__(self, play, found):
        self.found = found
        self.options = play["options"]
        self.lanes = {}
        self.claims = collections.Counter()  # of lives, by the id of their list
        self.numbers = {}  # in its lane, by daemon and record
        self.tries = collections.defaultdict(list)  # connects that led to nothing, by daemon and record
        self.targets = {}  # the lane's name and what the target does, by its place
        self.of_lane = collections.defaultdict(list)  # records, oldest first
        for lane in play["lanes"]:
            place = lane["place"]
            self.lanes[place if isinstance(place, str) else tuple(place)] = lane
            for target, manner in zip(lane["targets"], lane["manners"]):
                self.targets[place_of(target)] = lane["name"], manner
        for record in play["records"]:
            record["opened_us"] = instant_us(record["opened_at"])
            self.of_lane[self.lane(record)["name"]].append(record)
        for records in self.of_lane.values():
            records.sort(key=lambda record: record["opened_us"])
            self.numbers.update((self.key(record), number) for number, record in enumerate(records))

    @staticmethod
    def key(record):
        return record["daemon"], record["id"]

    def lane(self, record):
        tuple_ = record["legs"]["client"]["tuple"]
        return self.lanes[tuple_["path"] if tuple_["protocol"] == "unix" else ends_of(tuple_)[1]]

    def life(self, tuple_, opened_us):
        """The packets of a leg: of those who had its tuple in turn, whose SYN is nearest.  None: nobody had it."""
        life = min(self.found.get(ends_of(tuple_), []), key=lambda life: abs(life[0].at - opened_us), default=None)
        if life is not None:
            self.claims[id(life)] += 1
        return life

    def play(self, record):
        lane = self.lane(record)
        tuple_ = record["legs"]["client"]["tuple"]
        if tuple_["protocol"] != "unix":
            return min((play for play in lane["plays"] if play["port"] == tuple_["source_port"]),
                       key=lambda play: abs(play["begun"] - record["opened_us"]), default=None)
        number = self.numbers[self.key(record)]  # a lane plays one after the other
        return lane["plays"][number] if number < len(lane["plays"]) else None

    def sort_out(self):
        """After all claims: complaints about what nobody claimed, or two did."""
        complaints = []
        for (source, destination), lives in self.found.items():
            for life in lives:
                claims = self.claims[id(life)]
                if claims > 1:
                    complaints.append(f"{claims} records claim {source} -> {destination}")
                elif claims == 0 and destination in self.lanes:
                    complaints.append(f"no record is of the client {source} -> {destination}")
                elif claims == 0 and destination in self.targets:
                    self.add_try(destination, life)
        for lane in self.lanes.values():
            records, plays = len(self.of_lane[lane["name"]]), len(lane["plays"])
            if records != plays:
                complaints.append(f"lane {lane['name']}: {plays} connections were played, {records} have a record")
        return complaints

    def add_try(self, destination, life):
        name, manner = self.targets[destination]
        opened = [record["opened_us"] for record in self.of_lane[name]]
        number = bisect.bisect_right(opened, life[0].at) - 1
        if number >= 0:  # before, it was the crowd that keeps a target deaf
            self.tries[self.key(self.of_lane[name][number])].append((manner, destination, life))


class Case:
    """One record, both its legs, and what they disagree about."""

    def __init__(self, record, evidence):
        self.record = record
        self.evidence = evidence
        self.opened_us = record["opened_us"]
        self.closed_us = self.opened_us + record["duration_us"]
        self.lane = evidence.lane(record)
        self.play = evidence.play(record) or {"client": None, "upstream": None}
        self.lives = {name: self.find_life(name) for name in OPPOSITE}
        options = evidence.options[record["daemon"]].split()
        self.version = options[options.index("--proxy-out") + 1] if "--proxy-out" in options else None
        self.crossed = False
        self.judge()

    def is_unix(self, name):
        return self.record["legs"][name]["tuple"]["protocol"] == "unix"

    def find_life(self, name):
        if self.is_unix(name):
            return self.play[name]
        return self.evidence.life(self.record["legs"][name]["tuple"], self.opened_us)

    def moments(self):
        for name, life in self.lives.items():
            if not self.is_unix(name):
                yield from (packet.at for packet in life)

    def judge(self):
        """
        The record is written just before its sockets are closed.  What comes
        later is on the wire and in no record: any moment about then will do
        in which they agree.  What we sent ourselves before we closed, we knew.
        """
        self.compare(None, True)
        if not self.faults or None in self.lives.values():
            return
        moments = sorted({at for at in self.moments() if at >= self.closed_us - CROSSING_US})
        for until, strict in [(None, False)] + [(until, strict) for until in moments for strict in (True, False)]:
            self.compare(until, strict)
            if not self.faults:
                self.crossed = until is not None
                return
        self.compare(None, True)

    def compare(self, until, strict):
        self.faults = []
        self.times = []  # (what, microseconds that the record is later than the wire, when)
        self.until, self.strict = until, strict
        self.wire = {}
        for name, life in self.lives.items():
            if life is None:
                self.faults.append((f"{name}: tuple", "nobody saw such a leg"))
            else:
                self.wire[name] = self.witness(name, until)
        if not self.faults:
            for name in OPPOSITE:
                (self.judge_unix_leg if self.is_unix(name) else self.judge_leg)(name)
            self.judge_payload()
            self.judge_first_bytes()
            self.judge_header()
            self.judge_end()

    def witness(self, name, until):
        leg = self.record["legs"][name]
        if self.is_unix(name):
            return accounts.UnixLeg(self.lives[name], leg, self.opened_us, self.closed_us)
        source, destination = ends_of(leg["tuple"])
        sent_until = until and max(until, self.closed_us - accounts.READING_US)
        return packets.Leg(self.lives[name], destination if name == "client" else source, until, sent_until, self.strict)

    def differs(self, kind, record, wire):
        if record != wire:
            self.faults.append((kind, f"record {record}, wire {wire}"))

    def late(self, kind, offset, at):
        self.times.append((kind, self.opened_us + offset - at, at))

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
                self.late(f"{name}: {kind}", said, at)

    def judge_unix_leg(self, name):
        """Of what we sent the account knows only that it came: an end of file, whatever it was here."""
        leg, wire = self.record["legs"][name], self.wire[name]
        said = leg["fin_received_us"]
        self.differs(f"{name}: fin_received", said is not None, wire.fin_came())
        if said is not None and wire.fin_came():
            self.late("unix: fin_received", said, wire.theirs.fin_at)
        said = leg["rst_received_us"]
        if wire.is_broken or self.was_sent_more(name) or said is None:
            self.differs(f"{name}: rst_received", said is not None, wire.is_broken or self.was_sent_more(name))
        elif wire.closed is None or self.opened_us + said < wire.closed[accounts.BEGUN]:
            self.faults.append((f"{name}: rst_received", f"record {said}, but that side closed only later"))
        if said is not None and wire.is_broken:
            self.late("unix: rst_received", said, wire.theirs.rst_at)
        self.differs(f"{name}: rst_sent", leg["rst_sent_us"], None)
        if wire.ended is not None:
            sent = self.record["duration_us"] if leg["fin_sent_us"] is None else leg["fin_sent_us"]
            read_at = wire.ended[accounts.DONE]  # which may be long after
            self.late("unix: end sent", max(sent, read_at - self.opened_us), read_at)
            self.differs(f"{name}: bytes_sent, as read", leg["bytes_sent"], wire.taken())
        self.differs(f"{name}: bytes_sent, as came", leg["bytes_sent"] >= wire.taken() + wire.left_unread(), True)

    def was_sent_more(self, name):
        """After that side closed, and well before we did, there was more for it: then we have met that it is closed."""
        wire, other = self.wire[name], self.wire[OPPOSITE[name]]
        closed = wire.closed and wire.closed[accounts.DONE] + CROSSING_US
        return wire.closed is not None and any(
            packet.size > 0 and packet.source != other.ours_name and closed < packet.at < self.closed_us - CROSSING_US
            for packet in other.packets)

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
        if self.is_unix(name):
            return wire.least, wire.received()
        if self.until is None:
            return wire.received(), wire.received()
        whole = self.witness(name, None).received()
        more = any(packet.size > 0 and packet.source != wire.ours_name and packet.at >= self.closed_us - CROSSING_US
                   for packet in self.lives[name])
        return (wire.received() if more else whole), whole

    def header_size(self, name):
        """The PROXY header goes first, if anything goes at all."""
        if name == "client" or self.version is None or self.record["legs"]["upstream"]["bytes_sent"] == 0:
            return 0
        return len(header_of(self.record["legs"]["client"]["tuple"], self.version))

    def judge_payload(self):
        reset = self.until is not None or any(wire.ours.rsts or wire.theirs.rsts for wire in self.wire.values())
        for name in ("client", "upstream"):
            leg, wire = self.record["legs"][name], self.wire[name]
            other, header = self.record["legs"][OPPOSITE[name]], self.header_size(name)
            if not reset:
                least, most = self.came(name) if self.is_unix(name) else (wire.received(), wire.received())
                self.differs(f"{name}: bytes_received", least <= leg["bytes_received"] <= most, True)
                if not self.is_unix(name):
                    self.differs(f"{name}: bytes_sent", leg["bytes_sent"], wire.ours.payload)
            # What we read the kernel had; what left we had handed over; what we handed over we had read.
            self.differs(f"{name}: bytes_received, at most", leg["bytes_received"] <= self.came(name)[1], True)
            self.differs(f"{name}: bytes_sent, at least", leg["bytes_sent"] >= wire.ours.payload, True)
            self.differs(f"{name}: bytes_sent, at most", leg["bytes_sent"] - header <= other["bytes_received"], True)
            said = self.record["close"]["undelivered_bytes"]["to_" + name]
            least, most = self.came(OPPOSITE[name])
            least = max(0, least - max(0, wire.acknowledged() + wire.overtaken() - header))
            most = max(0, most - max(0, wire.acknowledged() - header))
            undelivered = said if least <= said <= most else least
            self.differs(f"undelivered_bytes.to_{name}", said, undelivered)

    def judge_first_bytes(self):
        for name in OPPOSITE:
            said = self.record["timings_us"][f"first_{name}_byte"]
            least, most = self.came(name)
            self.differs(f"first_{name}_byte", said is not None, least > 0 or (most > 0 and said is not None))
            at = self.wire[name].theirs.first_at
            if said is not None and at is not None:
                self.late(f"first {name} byte", said, at)

    def judge_header(self):
        """As the upstream read it, so far as it did."""
        account = self.play["upstream"]
        if self.version is None or account is None:
            return
        due, head = header_of(self.record["legs"]["client"]["tuple"], self.version), bytes.fromhex(account["head"])
        self.differs("PROXY header", head, due if account["got"] > 0 else due[:len(head)])

    def judge_end(self):
        close = self.record["close"]
        ends = {name: wire.end_at() for name, wire in self.wire.items()
                if wire.theirs.start is not None or self.same_turn()}  # a refusal has no order but then
        both = [name for name, at in ends.items() if at is not None]
        first = self.first_of(ends, both)
        fins = all(wire.fin_came() for wire in self.wire.values())
        delivered = close["undelivered_bytes"] == {"to_client": 0, "to_upstream": 0}
        if self.record["timings_us"]["connect"] is not None and not self.is_unix("upstream"):
            self.differs("connected", True, self.wire["upstream"].answered_at is not None)
            self.late("connect", self.record["timings_us"]["connect"], self.wire["upstream"].answered_at or 0)
        if not self.same_turn():
            self.differs("order", close["order"], first and first + "_first")
        else:
            self.differs("same_turn", len(both), 2)
        self.differs("clean", close["clean"], close["how"] == "fin" and fins and delivered)
        for name in OPPOSITE if close["clean"] else ():
            leg = self.record["legs"][name]
            self.differs(f"{name}: clean", None in (leg["fin_received_us"], leg["fin_sent_us"]), False)
        who, why = self.expected(first, ends)
        if why is not None:
            self.differs("reason", close["reason"], why)
        if not self.same_turn():
            self.differs("initiator", close["initiator"], who)

    def first_of(self, ends, both):
        """What was done on a Unix leg while a packet was under way may have come before it: there the record may choose."""
        first = min(both, key=ends.get, default=None)
        order = self.record["close"]["order"] or ""
        for name in filter(self.is_unix, both if len(both) == 2 and order.endswith("_first") else ()):
            if self.wire[name].may_meet(ends[OPPOSITE[name]]):
                return order[:-len("_first")]
        return first

    def expected(self, first, ends):
        """Initiator and reason by the packets alone; reason None: cannot be told from them."""
        close = self.record["close"]
        if close["how"] == "timeout" and close["initiator"] == "proxy":
            # A timer of ours leaves no trace but what is not there: no RST came, and ours went.
            came = any(wire.theirs.rst is not None for wire in self.wire.values())
            return ("client or upstream", None) if came else ("proxy", None)
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
        if len(resets) == 2 and self.met_both_resets() and close["initiator"] in resets:
            who = close["initiator"]
        return who, who + ("_abandoned" if self.wire[who].fin_came() else "_reset")

    def met_both_resets(self):
        """In one turn of its loop: the one that it heard first may have come last."""
        said = [leg["rst_received_us"] for leg in self.record["legs"].values()]
        return None not in said and abs(said[0] - said[1]) <= ONE_TURN_US

    def judge_story(self):
        """Once all legs are known: a SYN that led to nothing belongs to whom its lane was playing."""
        tries = sorted(self.evidence.tries[self.evidence.key(self.record)], key=lambda one: one[2][0].at)
        story.judge_attempts(self, tries)
        if len(self.wire) == len(OPPOSITE):
            story.judge_events(self)
            story.judge_turns(self)
            story.judge_segments(self)
            story.judge_idle(self)

    def show(self):
        record, close = self.record, self.record["close"]
        print(f"\nrecord {record['id']} opened {record['opened_at']} for {record['duration_us']} us, lane {self.lane['name']}, "
              f"timings {json.dumps(record['timings_us'])}")
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


class Load:
    """How busy all processors were, from one sample to the next."""

    def __init__(self, samples):
        self.samples = samples
        self.starts = [at for at, _, _ in samples]

    def is_quiet(self, at):
        i = min(max(bisect.bisect_right(self.starts, at) - 1, 0), len(self.samples) - 2)
        (_, busy, total), (_, busy_then, total_then) = self.samples[i:i + 2]
        return busy_then - busy <= BUSY * (total_then - total)

    def whole(self):
        first, last = self.samples[0], self.samples[-1]
        return (last[1] - first[1]) / (last[2] - first[2])


def near(times):
    return sum(abs(late) <= NEAR_US for _, late, _ in times) / max(1, len(times))


def show_times(times):
    by_kind = collections.defaultdict(list)
    for kind, late, _ in times:
        by_kind[kind].append(late)
        by_kind["~ all"].append(late)
    print("%-24s %6s %12s %10s %10s %10s %10s" % ("microseconds late", "times", "within 1 ms", "median", "99th", "least", "most"))
    for kind, lates in sorted(by_kind.items()):
        lates.sort()
        print("%-24s %6d %10.2f %% %10d %10d %10d %10d" % (
            kind.strip("~ "), len(lates), 100 * sum(abs(late) <= NEAR_US for late in lates) / len(lates),
            lates[len(lates) // 2], lates[len(lates) * 99 // 100], lates[0], lates[-1]))


def are_good(cases, times):
    """Shares that a daemon which waits for a processor cannot keep: it is late, sees two ends at once, crosses more."""
    same = sum(case.same_turn() for case in cases)
    crossed = sum(case.crossed for case in cases)
    return near(times) >= SHARE_NEAR and same <= SHARE_SAME_TURN * len(cases) and crossed <= SHARE_CROSSED * len(cases)


def judge_shares(cases, load, own):
    """0, 1 or UNCLEAR, as the exit status."""
    times = [time for case in cases for time in case.times]
    quiet_times = [time for time in times if load.is_quiet(time[2])]
    quiet_cases = [case for case in cases if load.is_quiet(case.closed_us)]
    show_times(times)
    print(f"\n{sum(case.same_turn() for case in cases)} records say same_turn; "
          f"{sum(case.crossed for case in cases)} lack what crossed with our close")
    print(f"the processors were busy for {100 * load.whole():.0f} % of the time, {100 * own:.0f} % of it with this; "
          f"{len(quiet_times)} of {len(times)} times are from when it was 30 % or less, "
          f"and {100 * near(quiet_times):.2f} % of these within 1 ms")
    if len(quiet_times) >= SHARE_QUIET * len(times):
        good = are_good(quiet_cases, quiet_times)
    else:
        good = are_good(cases, times)
        if not good:
            print("times or shares are not good enough, but so busy a machine says nothing about them")
            return UNCLEAR
    if not good:
        print("times or shares are not good enough")
    return 0 if good else 1


def show_faults(cases):
    kinds = collections.defaultdict(list)
    for case in cases:
        for kind, _ in case.faults:
            kinds[kind].append(case)
    for kind, wrong in sorted(kinds.items()):
        print(f"\n=== {kind}: {len(wrong)} of {len(cases)}")
        for case in wrong[:SHOWN]:
            case.show()
            print("  " + "; ".join(f"{kind}: {text}" for kind, text in case.faults))
    print()


def main():
    directory = sys.argv[1]
    with open(f"{directory}/tcpdump.log") as log:
        dropped = re.search(r"(\d+) packets dropped by kernel", log.read())
    if dropped is None or dropped[1] != "0":
        print("tcpdump: " + (dropped[0] if dropped else "no closing line"))
        return UNCLEAR
    with open(f"{directory}/play.json") as file:
        play = json.load(file)
    evidence = Evidence(play, packets.connections(packets.read(f"{directory}/wire.pcap")))
    cases = [Case(record, evidence) for record in play["records"]]
    complaints = evidence.sort_out()
    for case in cases:
        case.judge_story()

    def judge_again(record):
        case = Case(record, evidence)
        case.judge_story()
        return case
    show_faults(cases)
    status = judge_shares(cases, Load(play["samples"]), play["own"])
    for complaint in complaints:
        print(complaint)
    reasons = collections.Counter(case.record["close"]["reason"] for case in cases)
    print(", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    if not lies.tell(cases, judge_again):
        complaints.append("the judge believes too much")
    bad = sum(bool(case.faults) for case in cases)
    print(f"{len(cases)} records, {bad} disagree with the wire")
    return 1 if bad or complaints else status


sys.exit(main())
