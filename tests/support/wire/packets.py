# SPDX-License-Identifier: MIT
"""
What a capture of loopback says of each TCP connection, as one of its two kernels saw it.

Loopback shows a packet just before the receiving kernel handles it.  So the file's order is the order of
events on a leg, but for packets of two CPUs, which change places within microseconds.
"""
import collections
import functools
import socket
import struct

FIN, SYN, RST, ACK = 1, 2, 4, 16

Packet = collections.namedtuple("Packet", "at source destination seq ack flags size window")


IP4, IP6 = b"\x08\x00", b"\x86\xdd"
TCP = 6
OVERTAKING_US = 20


@functools.lru_cache(maxsize=None)
def text(address):
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def open_ip(frame):
    """Protocol, source, destination, where the payload begins, and its length."""
    if frame[12:14] == IP4:
        header = (frame[14] & 15) * 4
        return frame[23], frame[26:30], frame[30:34], 14 + header, struct.unpack_from("!H", frame, 16)[0] - header
    if frame[12:14] == IP6:
        return frame[20], frame[22:38], frame[38:54], 54, struct.unpack_from("!H", frame, 18)[0]
    return None, None, None, 0, 0


def read(path):
    """All TCP packets of a pcap file on Ethernet; `at` counts microseconds of the epoch."""
    with open(path, "rb") as file:
        data = file.read()
    magic, link = struct.unpack_from("<I16xI", data)
    assert magic == 0xA1B2C3D4 and link == 1, "a pcap file of this machine, from loopback"
    offset = 24
    while offset + 16 <= len(data):
        seconds, micros, kept, _ = struct.unpack_from("<IIII", data, offset)
        frame = data[offset + 16:offset + 16 + kept]
        offset += 16 + kept
        protocol, source, destination, start, length = open_ip(frame)
        if protocol != TCP:
            continue
        ports = struct.unpack_from("!HH", frame, start)
        seq, ack, header, flags, window = struct.unpack_from("!IIBBH", frame, start + 4)
        yield Packet(
            seconds * 1000000 + micros, (text(source), ports[0]), (text(destination), ports[1]),
            seq, ack, flags, length - (header >> 4) * 4, window)


def connections(packets):
    """{(source, destination): [packets of one connection, …]}, source being who connected, in order of time."""
    found = collections.defaultdict(list)
    for packet in packets:
        there = (packet.source, packet.destination)
        back = (packet.destination, packet.source)
        if packet.flags & (SYN | ACK) == SYN:
            lives = found[there]
            if not lives or lives[-1][0].seq != packet.seq:
                lives.append([])
            lives[-1].append(packet)
        elif there in found:
            found[there][-1].append(packet)
        elif back in found:
            found[back][-1].append(packet)
    return found


def since(number, start):
    return (number - start) & 0xFFFFFFFF


class Half:
    """What one side sent.  Numbers count from its SYN, which is 0: the first byte is 1."""

    def __init__(self):
        self.start = None
        self.payload = 0  # bytes that left it
        self.next = 1  # behind all that left it without a gap
        self.ahead = []  # pieces behind a gap: (number, number behind it)
        self.fin = self.rst = None  # numbers
        self.fin_at = self.rst_at = None
        self.rst_ack = None  # what its RST acknowledges; None: no ACK flag
        self.acked = 0  # what it acknowledges of the other half, not counting a RST: there nobody reads it
        self.acked_late = 0  # the same, behind its RST in the capture, and perhaps before it in truth
        self.rsts = 0
        self.first_at = None  # its first payload

    def extend(self, number, end):
        self.ahead.append((number, end))
        for number, end in sorted(self.ahead):
            if number <= self.next:
                self.next = max(self.next, end)
        self.ahead = [piece for piece in self.ahead if piece[0] > self.next]


class Leg:
    """
    One connection, seen from `ours`, the daemon's side; `sent_until` for what it sends, `came_until` for the rest.
    What comes after a RST, or after both FINs and the acknowledgement of ours,
    no socket of ours sees any more.

    A kernel believes a RST in its place only.  Where packets of two CPUs overtook each other, a capture
    does not tell for sure which RST that was: all of them count, or with `strict` those that
    stand where the packets before them end.
    """

    def __init__(self, packets, ours, came_until=None, sent_until=None, strict=False):
        self.packets, self.ours_name, self.strict, self.is_cut = packets, ours, strict, came_until is not None
        self.begun_at = packets[0].at
        self.answered_at = None  # SYN and ACK came back
        self.ours, self.theirs = Half(), Half()
        self.over = False
        for packet in packets:
            until = sent_until if packet.source == ours else came_until
            if until is None or packet.at < until:
                self.see(packet)

    def see(self, packet):
        mine = packet.source == self.ours_name
        half, other = (self.ours, self.theirs) if mine else (self.theirs, self.ours)
        if packet.flags & SYN:
            half.start = packet.seq
            if packet.flags & ACK and self.answered_at is None:
                self.answered_at = packet.at
        if packet.flags & RST:
            half.rsts += 1
            number = since(packet.seq, half.start) if half.start is not None else 0
            in_place = half.start is None or number in (half.next, half.fin)
            believed = mine or in_place or not self.strict
            if self.is_complete() and not (mine and packet.flags & ACK):
                believed = False  # from no socket, or to none; only who aborts acknowledges
            if not self.over and believed:
                half.rst = number
                half.rst_at = packet.at
                if packet.flags & ACK and other.start is not None:
                    half.rst_ack = since(packet.ack, other.start)
                self.over = True
            return
        number = since(packet.seq, half.start)
        if mine and packet.flags & FIN and half.fin is None:  # even if it crossed with their RST
            half.fin, half.fin_at = number + packet.size, packet.at
        if self.over:
            if not mine and self.theirs.rst_at is not None and packet.at - self.theirs.rst_at <= OVERTAKING_US:
                half.acked_late = max(half.acked_late, since(packet.ack, other.start))
            return
        if packet.size > 0 and half.first_at is None:
            half.first_at = packet.at
        if packet.size > 0:
            half.payload = max(half.payload, number + packet.size - 1)
        half.extend(number, number + packet.size + bool(packet.flags & FIN))
        if packet.flags & FIN and half.fin is None:
            half.fin, half.fin_at = number + packet.size, packet.at
        if packet.flags & ACK and other.start is not None:
            half.acked = max(half.acked, since(packet.ack, other.start))

    def is_complete(self):
        return self.theirs.fin is not None and self.ours.fin is not None and self.theirs.acked > self.ours.fin

    # What our kernel has of theirs: RSTs are exact, for one is accepted in its place only, and ours names
    # the place; otherwise it is what we acknowledged.  Right behind a FIN a RST in the FIN's own place is
    # accepted too (tcp_reset_check in the kernel's tcp_input.c).
    def taken(self):
        if self.theirs.rst is not None:
            return max(self.theirs.rst + (self.theirs.fin == self.theirs.rst), self.ours.acked)
        if self.ours.rst_ack is not None:
            return max(self.ours.rst_ack, self.ours.acked)
        return self.ours.acked

    def has(self, fin):
        return fin is not None and self.taken() > fin

    def fin_came(self):
        """Their FIN; cut short, one that is not acknowledged yet, too."""
        return self.has(self.theirs.fin) or (self.is_cut and self.theirs.fin is not None
                                             and self.theirs.next > self.theirs.fin)

    def received(self):
        """Payload that reached our kernel."""
        return max(0, self.taken() - 1 - self.has(self.theirs.fin))

    def acknowledged(self):
        """Payload of ours that the other side's kernel acknowledged."""
        acked = self.theirs.acked
        return max(0, acked - 1 - (self.ours.fin is not None and acked > self.ours.fin))

    def overtaken(self):
        """Payload of ours more, that may have been acknowledged before their RST: it may have overtaken that."""
        return max(0, self.theirs.acked_late - self.theirs.acked)

    def end_at(self):
        """When the other side's end came, FIN or RST, whichever was first; None: never."""
        ends = [self.theirs.fin_at] if self.fin_came() else []
        ends += [self.theirs.rst_at] if self.theirs.rst_at is not None else []
        return min(ends, default=None)

    def show(self, epoch):
        for packet in self.packets:
            mine = packet.source == self.ours_name
            half, other = (self.ours, self.theirs) if mine else (self.theirs, self.ours)
            flags = "".join(letter for bit, letter in ((SYN, "S"), (FIN, "F"), (RST, "R"), (ACK, ".")) if packet.flags & bit)
            number = since(packet.seq, half.start) if half.start is not None else packet.seq
            ack = since(packet.ack, other.start) if packet.flags & ACK and other.start is not None else "-"
            yield "%10d us  %s  %-3s seq %-8s ack %-8s win %-6d size %d" % (
                packet.at - epoch, "ours  " if mine else "theirs", flags, number, ack, packet.window, packet.size)
