# SPDX-License-Identifier: MIT
"""
What a connection does between its sides, drawn by chance: how much is said, with which pauses, and how it ends.

One thread plays both sides in turn, so the order in which they act is ours to choose.
"""
import random
import select
import time

from sides import Side


class Chance(random.Random):
    def size(self):
        kind = self.random()
        if kind < 0.15:
            return 0
        if kind < 0.75:
            return self.randint(1, 2000)
        if kind < 0.95:
            return self.randint(2000, 40000)
        return self.randint(40000, 400000)

    def pause(self):
        kind = self.random()
        if kind < 0.3:
            return
        time.sleep(self.random() * (0.0005 if kind < 0.6 else 0.015))


# What is said before the end.


def say_little(chance, client, upstream):
    for _ in range(chance.randint(0, 3)):
        a, b = chance.sample((client, upstream), 2)
        a.send(chance.size())
        chance.pause()
        if chance.random() < 0.8:
            b.read()


def pour(sides, sizes, seconds, sip=1 << 20, nap=0.0):
    """Both send and read at once, until all has arrived, one of them is at its end, or time is up."""
    left = dict(zip(sides, sizes))
    a, b = sides
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for side in sides:
            left[side] -= side.send(min(left[side], 1 << 18))
            if side.read(sip) is None:
                return
        if not any(left.values()) and a.got == b.sent and b.got == a.sent:
            return
        select.select([a.sock, b.sock], [side.sock for side in sides if left[side] > 0], [], 0.02)
        time.sleep(nap)


def say_much(chance, client, upstream):
    pour((client, upstream), [chance.choice([0, chance.randint(100000, 3000000)]) for _ in range(2)], 2)


def read_slowly(chance, client, upstream):
    """The reader takes sips, with naps between them."""
    sizes = [chance.randint(20000, 200000), chance.choice([0, chance.size()])]
    sides = chance.sample((client, upstream), 2)
    pour(sides, sizes, 0.5, chance.randint(1000, 20000), chance.random() * 0.004)


TALKS = (
    (90, say_little),
    (5, say_much),
    (5, read_slowly),
)


# How a connection ends.  `a` acts first; who that is, client or upstream, is drawn.


def end_fin_fin(chance, a, b):
    a.read()
    a.finish()
    b.read_to_end()
    chance.pause()
    b.close()
    a.read_to_end()
    a.close()


def end_half_close_and_answer(chance, a, b):
    a.send(chance.size())
    a.finish()
    b.read_to_end()
    chance.pause()
    b.send(chance.size())
    b.close()
    a.read_to_end()
    a.close()


def end_half_close_both_ways(chance, a, b):
    """What a said last and what b goes on to say cross each other."""
    pour((a, b), (chance.size(), chance.size()), 0.01)
    a.send(chance.randint(1, 400000))
    a.finish()
    pour((a, b), (0, chance.randint(1, 1000000)), 1)
    b.finish()
    a.read_to_end()
    b.read_to_end()
    a.close()
    b.close()


def end_close_before_answer(chance, a, b):
    a.read()
    a.close()
    chance.pause()
    b.send(chance.size())
    chance.pause()
    b.send(chance.size())
    b.read_to_end()
    b.close()


def end_reset(chance, a, b):
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_reset_by_unread(chance, a, b):
    b.send(chance.randint(1, 5000))
    a.wait_readable(0.5)
    a.close()
    chance.pause()
    b.read_to_end()
    b.close()


def end_bytes_then_reset(chance, a, b):
    a.send(chance.size())
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_fin_then_reset(chance, a, b):
    a.send(chance.size())
    a.finish()
    chance.pause()
    a.reset()
    chance.pause()
    b.read_to_end()
    b.close()


def end_answer_then_reset(chance, a, b):
    a.finish()
    b.read_to_end()
    b.send(chance.size())
    b.reset()
    chance.pause()
    a.read_to_end()
    a.close()


def end_both_at_once(chance, a, b):
    ends = [Side.finish, Side.close, Side.reset]
    first, second = chance.choice(ends), chance.choice(ends)
    a.send(chance.choice([0, 0, chance.size()]))
    b.send(chance.choice([0, 0, chance.size()]))
    first(a)
    second(b)
    chance.pause()
    for side, end in ((a, first), (b, second)):
        if end is Side.finish:
            side.read_to_end()
            side.close()


def end_unread_then(chance, a, b):
    """b stops reading with all buffers full; then one of them ends it somehow."""
    for _ in range(8):
        a.send(1 << 20)
        time.sleep(0.002)
    who = chance.choice([a, b])
    chance.choice([Side.reset, Side.close, Side.finish])(who)
    chance.pause()
    other = b if who is a else a
    if chance.random() < 0.5:
        other.read_to_end()
    chance.choice([Side.reset, Side.close])(other)
    who.close()


def end_silence_after_fin(chance, a, b):
    a.finish()
    chance.pause()
    b.send(chance.size())
    a.read_to_end(2)
    b.read_to_end(2)
    a.close()
    b.close()


def end_silence(chance, a, b):
    a.read_to_end(2)
    b.read_to_end(2)
    a.close()
    b.close()


ENDINGS = (
    (10, end_fin_fin),
    (10, end_half_close_and_answer),
    (4, end_half_close_both_ways),
    (8, end_close_before_answer),
    (10, end_reset),
    (10, end_reset_by_unread),
    (10, end_bytes_then_reset),
    (10, end_fin_then_reset),
    (8, end_answer_then_reset),
    (1, end_both_at_once),
    (2, end_unread_then),
    (1, end_silence_after_fin),
    (1, end_silence),
)


def draw(chance, weighted):
    weights, drawn = zip(*weighted)
    return chance.choices(drawn, weights)[0]


def begin_hastily(chance, client):
    """The daemon may not have accepted it yet, let alone be connected.  Returns whether it may still go on."""
    client.send(chance.choice([0, 0, chance.randint(1, 3000)]))
    end = chance.choice([Side.reset, Side.close, Side.finish])
    end(client)
    return end is Side.finish


def fail(chance, client):
    """The client's part where no upstream is ever connected."""
    client.send(chance.choice([0, chance.size()]))
    chance.pause()
    chance.choice([Side.reset, Side.finish, Side.read_to_end, Side.read_to_end])(client)
    if not client.is_closed():
        client.read_to_end()
    client.close()
