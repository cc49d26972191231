# SPDX-License-Identifier: MIT
"""
One end of a connection, client or upstream, and what it can do.

A side keeps an account of what it did.  On a Unix leg there are no packets, and that account is the witness.
"""
import fcntl
import random
import select
import socket
import struct
import termios
import time

PERIOD = 1048573  # of what is sent; a prime, so that no buffer's size divides it
PATTERN = memoryview(random.Random(PERIOD).randbytes(PERIOD) * 2)
BEGIN = {"client": 0, "upstream": PERIOD // 2}  # two sides never say the same
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Corrupted(Exception):
    """What arrived is not what was sent."""


def now_us():
    return time.time_ns() // 1000


def stretch(name, position, size):
    """What this side says from this byte on; at most PERIOD bytes."""
    start = (BEGIN[name] + position) % PERIOD
    return PATTERN[start:start + size]


def header_length(head):
    """Of a PROXY header; None: not all of it is here."""
    if head.startswith(V2_SIGNATURE[:len(head)]):
        return 16 + struct.unpack("!H", head[14:16])[0] if len(head) >= 16 else None
    end = head.find(b"\r\n")
    return end + 2 if end != -1 else None


class Side:
    """What it cannot do any more it lets be."""

    def __init__(self, sock, name, header=False):
        self.sock, self.name = sock, name
        self.is_unix = sock.family == socket.AF_UNIX
        self.sent = self.got = 0  # payload
        self.acts = []  # [begun, done, what, how many bytes]
        self.head = b""
        self.headless = not header
        sock.setblocking(False)

    def account(self):
        return {"sent": self.sent, "got": self.got, "head": self.head.hex(), "acts": self.acts}

    def note(self, begun, what, size=0):
        if self.is_unix and (what != "end" or not self.acts or self.acts[-1][2] != what):
            self.acts.append([begun, now_us(), what, size])

    def send(self, size):
        """Returns how much of it."""
        left = size
        while left > 0:
            begun = now_us()
            try:
                sent = self.sock.send(stretch(self.name, self.sent, min(left, PERIOD)))
            except OSError:
                break
            self.note(begun, "send", sent)
            self.sent += sent
            left -= sent
        return size - left

    def check(self, piece):
        if not self.headless:
            self.head += piece
            length = header_length(self.head)
            if length is None:
                return
            self.headless = True
            self.head, piece = self.head[:length], self.head[length:]
        if piece != stretch("upstream" if self.name == "client" else "client", self.got, len(piece)):
            raise Corrupted(f"{self.name} got something else than was sent, after {self.got} bytes")
        self.got += len(piece)

    def read(self, most=1 << 20):
        """What is there; None at the end."""
        got = 0
        while got < most:
            begun = now_us()
            try:
                piece = self.sock.recv(min(most - got, 1 << 16))
            except BlockingIOError:
                return got
            except OSError:
                piece = b""
            if not piece:
                self.note(begun, "end")
                return None if got == 0 else got
            self.check(piece)
            got += len(piece)
        return got

    def wait_readable(self, seconds):
        return bool(select.select([self.sock], [], [], max(0, seconds))[0])

    def read_to_end(self, seconds=1.0):
        until = time.monotonic() + seconds
        while self.read() is not None and self.wait_readable(until - time.monotonic()):
            continue

    def finish(self):
        begun = now_us()
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return
        self.note(begun, "finish")

    def unread(self):
        return struct.unpack("i", fcntl.ioctl(self.sock, termios.FIONREAD, b"\0" * 4))[0]

    def close(self):
        if self.is_closed():
            return
        unread, begun = self.unread(), now_us()
        self.sock.close()
        self.note(begun, "close", unread)

    def reset(self):
        """A Unix socket only closes."""
        if not self.is_closed() and not self.is_unix:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def is_closed(self):
        return self.sock.fileno() == -1
