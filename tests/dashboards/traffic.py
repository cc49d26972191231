#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connections of every kind through a daemon, until it is told to stop or so many seconds are over:

    traffic.py upstream                         an upstream; prints its port
    traffic.py clients SECONDS GOOD MIXED NONE  clients of three listeners by their ports: whose upstream answers, whose first target
                                                refuses, and whose only one does

The first letter that a client sends says what becomes of the connection; see ACTS.
"""
import asyncio
import os
import signal
import socket
import struct
import sys

PIECE = b"x" * 65536
STRANGER = "127.0.0.9"  # whom --deny turns away


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def until_end(reader):
    while await reader.read(65536):
        pass


async def answer(reader, writer):
    """The upstream's side."""
    try:
        act = (await reader.read(1)).decode()
        if act == "":
            writer.close()
            return
        if act in "BS":  # megabytes, for one who reads them, or does not
            for _ in range(64):
                writer.write(PIECE)
                await writer.drain()
        elif act in "EUX":
            await asyncio.sleep(0.002)  # it thinks
            writer.write(PIECE[:300])
            await writer.drain()
        elif act == "R":
            reset(writer)
            return
        if act == "U":
            writer.close()
            return
        await until_end(reader)
        if act == "H":  # never finishes
            await asyncio.sleep(5)
        writer.close()
    except OSError:
        writer.close()


async def echo(act, reader, writer):
    writer.write(act + b"a question")
    await reader.read(300)
    writer.close()


async def leave_first_to_upstream(act, reader, writer):
    writer.write(act)
    await until_end(reader)
    writer.close()


async def abort_after_answer(act, reader, writer):
    writer.write(act)
    await reader.read(300)
    reset(writer)


async def download(act, reader, writer):
    writer.write(act)
    await reader.readexactly(64 * len(PIECE))
    writer.close()


async def break_off(act, reader, writer):
    writer.write(act)
    await reader.read(1000)
    writer.transport.pause_reading()
    await asyncio.sleep(1)
    reset(writer)


async def half_close(act, reader, writer):
    writer.write(act)
    writer.write_eof()
    await until_end(reader)
    writer.close()


async def say_nothing(_, reader, writer):
    writer.close()


async def stay(act, reader, writer):
    writer.write(act)
    await until_end(reader)
    writer.close()


ACTS = {"E": echo, "U": leave_first_to_upstream, "X": abort_after_answer, "R": leave_first_to_upstream, "B": download,
        "S": break_off, "H": half_close, "P": say_nothing, "I": stay}


async def play(act, port, pause, source=None):
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source and (source, 0))
            await asyncio.wait_for(ACTS[act](act.encode(), reader, writer), 60)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(pause)


async def upstream():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def clients(seconds, good, mixed, none):
    plays = [play(act, good, 0.05) for act in "EUXRBSHP"] + [play("I", good, 0), play("E", good, 0.2, STRANGER),
             play("E", mixed, 0.02), play("X", mixed, 0.1), play("H", mixed, 0.1), play("E", none, 0.1)]
    tasks = [asyncio.create_task(each) for each in plays]
    await asyncio.wait(tasks, timeout=seconds)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(upstream() if sys.argv[1] == "upstream" else clients(*map(int, sys.argv[2:])))
