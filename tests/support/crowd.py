# SPDX-License-Identifier: MIT
"""Both sides of many connections through a sockproxy: crowd.py COUNT.

Says on which port it listens; reads where to connect, "IP:PORT"; connects COUNT times and accepts as many; says
"connected".  From then on, until its input ends, the first connection carries bytes down, and each line that it reads is
one more connection.
"""
import select
import socket
import sys

PIECE = b"x" * 4096


def listen():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    return listener


def meet(listener, address):
    """One connection: the client's socket and the upstream's."""
    host, port = address.rsplit(":", 1)
    client = socket.create_connection((host, int(port)), 20)
    upstream, _ = listener.accept()
    return client, upstream


def move(client, upstream):
    """Both may be gone: whoever tests top may have ended them."""
    try:
        upstream.sendall(PIECE)
        client.recv(len(PIECE))
    except OSError:
        pass


def main():
    listener = listen()
    listener.settimeout(20)
    print(listener.getsockname()[1], flush=True)
    address = sys.stdin.readline().strip()
    pairs = [meet(listener, address) for _ in range(int(sys.argv[1]))]
    for client, upstream in pairs:
        client.settimeout(1)
        upstream.settimeout(1)
    print("connected", flush=True)
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.05)
        if ready:
            if sys.stdin.readline() == "":
                return
            pairs.append(meet(listener, address))
            print("one more", flush=True)
        move(*pairs[0])


main()
