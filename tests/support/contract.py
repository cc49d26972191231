# SPDX-License-Identifier: MIT
"""What /openapi.json promises, beside what is really answered.

    contract.py ADMIN CLIENT-PORT UPSTREAM-PORT WRONG-ADMIN TOKEN-ADMIN RATE-ADMIN

ADMIN is host:port of a daemon with --admin-write whose listener sends to UPSTREAM-PORT, where this
program listens; WRONG-ADMIN one without, TOKEN-ADMIN one that asks for a token, and
RATE-ADMIN one that lets nobody ask more than once in a second.  Every operation of the document is called, rightly and in
each wrong way that it can be; each answer must have a status, a type and a body that the document has
for it, and each status of the document must be met, or stand in ELSEWHERE with the test that meets it.
"""
import http.client
import json
import re
import socket
import struct
import sys
import time
import urllib.parse

import jsonschema

# (status) -> the test that meets it: what cannot be provoked from here.
ELSEWHERE = {
    500: "an allocation of the daemon has to fail: api/reply.c answers it in one place",
    503: "fault/test_admin_flood.c, integration/test_events.c",
}
# (operation, status) -> likewise.
ELSEWHERE_OF = {
    ("beginDrain", 409): "integration/test_drain.c",
    ("takeBackDrain", 409): "integration/test_drain.c",
    ("changeListener", 409): "integration/test_drain.c",
    ("killConnections", 503): "integration/test_api_kill_many.c",
    ("listConnections", 503): "integration/test_api_sort.c",
    ("showConnection", 410): "integration/test_api_one.c",
    ("explainConnection", 410): "integration/test_api_one.c",
}

failures = []
met = {}


def fail(what):
    failures.append(what)
    print("failed:", what)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.type = headers.get("Content-Type")

    def json(self):
        return json.loads(self.body)


def ask(admin, method, target, headers=None, body=None, reads=True):
    """One request on a connection of its own; a stream is read for a moment, if it is read at all."""
    connection = http.client.HTTPConnection(admin, timeout=20)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        given = {"Host": "localhost"}
        given.update(headers or {})
        for name, value in given.items():
            for one in value if isinstance(value, list) else [value]:
                connection.putheader(name, one)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        heard = connection.sock
        response = connection.getresponse()
        streams = target.startswith("/events") and response.status == 200 and method == "GET"
        if streams:
            data = read_stream(response, heard) if reads else b""
        else:
            data = response.read()
        return Answer(response.status, response.headers, data)
    finally:
        connection.close()


def read_stream(response, heard):
    """Up to the first event, which there is soon: connections are opened meanwhile, though not through every daemon."""
    open_one_more()
    heard.settimeout(3)
    data = b""
    while b'"type":' not in data:
        try:
            piece = response.read1(65536)
        except TimeoutError:
            break
        if not piece:
            break
        data += piece
    return data


class Document:
    def __init__(self, document):
        self.all = document
        self.resolver = jsonschema.RefResolver("", document)

    def operations(self):
        for path, methods in self.all["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def check(self, operation, answer, what):
        name = operation["operationId"]
        promised = operation["responses"].get(str(answer.status))
        if promised is None:
            fail(f"{what}: {answer.status} is not in the document: {answer.body[:300]!r}")
            return
        met.setdefault(name, set()).add(answer.status)
        content = promised.get("content")
        if content is None:
            if answer.body:
                fail(f"{what}: a body of which the document knows nothing")
            return
        if answer.type not in content:
            fail(f"{what}: the type {answer.type} is not in the document")
            return
        schema = content[answer.type]["schema"]
        if "json" not in answer.type or "ndjson" in answer.type:
            self.check_lines(schema, answer, what)
            return
        self.check_json(schema, answer.json(), what)

    def check_json(self, schema, instance, what):
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        for error in validator.iter_errors(instance):
            where = "/".join(str(part) for part in error.absolute_path)
            fail(f"{what}: at /{where}: {error.message[:300]}")

    def check_lines(self, schema, answer, what):
        """Of what is no JSON as a whole, the lines that are."""
        text = answer.body.decode()
        if "ndjson" in answer.type:
            lines = [line for line in text.split("\n") if line]
        elif "event-stream" in answer.type:
            lines = [line[6:] for line in text.split("\n") if line.startswith("data: ")]
        else:
            return
        for line in lines:
            try:
                instance = json.loads(line)
            except ValueError:
                continue  # the last one, which was cut
            if "$ref" in schema:
                self.check_json(schema, instance, what)


# Connections, of several kinds.

upstream_socket = None
client_port = 0
kept = []


def open_connection():
    client = socket.create_connection(("127.0.0.1", client_port), timeout=20)
    there, _ = upstream_socket.accept()
    client.sendall(b"question")
    there.recv(100)
    there.sendall(b"answer")
    client.recv(100)
    return client, there


def open_one_more():
    kept.append(open_connection())


def make_connections():
    kept.append(open_connection())  # lives
    client, there = open_connection()  # ends in order
    client.close()
    there.recv(1)
    there.close()
    client, there = open_connection()  # is reset by the upstream
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()
    try:
        client.recv(1)
    except ConnectionError:
        pass
    client.close()


def wait_for_closed(admin, count):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        listing = ask(admin, "GET", "/conns?state=closed").json()["conns"]
        if len(listing) >= count:
            return listing
        time.sleep(0.02)
    sys.exit("the connections never closed")


# Requests.

# What a parameter is given in a call that should work.
GOOD = {
    "filter": "age >= 0ms",
    "limit": "5",
    "sort": "-age",
    "fields": "id,state,legs.client",
    "view": "full",
    "format": "json",
    "state": "all",
    "kind": "proxy",
    "port": "1",
    "count": "1",
    "how": "rst",
    "dry_run": "1",
    "max": "1",
    "timeout": "1h",
    "types": "open,close",
    "interval": "1s",
    "client": "127.0.0.0/8",
    "target": "127.0.0.1",
    "listener": "x",
    "upstream": "x",
    "reason": "client_fin",
    "initiator": "client",
}


def fill(path, names):
    return re.sub(r"\{(\w+)\}", lambda word: urllib.parse.quote(names[word.group(1)], safe=""), path)


def query(**values):
    return "?" + urllib.parse.urlencode(values)


class Caller:
    def __init__(self, document, admin, names):
        self.document, self.admin, self.names = document, admin, names

    def call(self, path, method, operation, target, headers=None, body=None, admin=None):
        in_haste = admin is not None and admin == rate_admin  # or its bucket fills again
        answer = ask(admin or self.admin, method, target, headers, body, reads=not in_haste)
        what = f"{method} {target} {headers or ''}"
        self.document.check(operation, answer, what)
        return answer

    def call_rightly(self, path, method, operation):
        target = fill(path, self.names)
        body, headers = None, {}
        if "requestBody" in operation:
            body, headers = b'{"state":"listening"}', {"Content-Type": "application/json"}
        needs = query(filter="port == 1", dry_run=1) if (path, method) == ("/conns", "DELETE") else ""
        if method == "DELETE" and "{id}" in path:
            needs = "?dry_run=1"
        answer = self.call(path, method, operation, target + needs, headers, body)
        if answer.status >= 300:
            fail(f"{method} {target}{needs}: {answer.status} {answer.body[:300]!r}")
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query" and parameter["name"] in GOOD and method in ("GET", "HEAD"):
                good = {parameter["name"]: GOOD[parameter["name"]]}
                if parameter["name"] == "listener":
                    good = {"listener": self.names["name"]}
                if parameter["name"] == "port":
                    good = {"port": str(client_port)}
                if path == "/events" and parameter["name"] == "format":
                    good = {"format": "ndjson"}
                if parameter["name"] == "upstream":
                    good = {"upstream": self.names["upstream"]}
                answer = self.call(path, method, operation, target + query(**good))
                if answer.status >= 300:
                    fail(f"{method} {target}{query(**good)}: {answer.status} {answer.body[:300]!r}")

    def call_for_each_form(self, path, method, operation):
        target = fill(path, self.names)
        for response in operation["responses"].values():
            for form in response.get("content", {}):
                if form.startswith("application/problem") or "{file}" in path:  # a file has one form
                    continue
                answer = self.call(path, method, operation, target, {"Accept": form})
                if answer.status == 200 and answer.type.split(";")[0] != form.split(";")[0]:
                    fail(f"{method} {target}: asked for {form}, got {answer.type}")

    def call_wrongly(self, path, method, operation):
        target = fill(path, self.names)
        call = lambda *rest, **more: self.call(path, method, operation, *rest, **more)
        json_type = {"Content-Type": "application/json"}
        call(target + "?no_such_parameter=1")
        call(target, {"Host": ["localhost", "localhost"]})
        call(target, {"Host": "example.org"})
        call(target, {"Origin": "http://example.org"})
        if method not in ("GET", "HEAD", "OPTIONS"):
            call(target, admin=wrong_admin)
        if "{id}" in path:
            call(fill(path, {"id": "0" * 22}))
            call(fill(path, {"id": self.names["closed"]}))
        if "{file}" in path:
            call(fill(path, {"file": "nothing.js"}))
        if "{name}" in path and method == "PATCH":
            call(fill(path, {"name": "nobody"}), json_type, b'{"state":"paused"}')
        if "requestBody" in operation:
            call(target, json_type, b"{")
            call(target, {"Content-Type": "text/plain"}, b"{}")
            call(target, json_type, b" " * 5000)
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        for name, value in {
            "filter": "no such", "limit": "0", "sort": "nothing", "fields": "nothing", "view": "wide", "format": "xml",
            "state": "odd", "kind": "odd", "port": "x", "count": "x", "after": "x", "how": "x", "dry_run": "x",
            "max": "x", "timeout": "x", "types": "x", "since": "x", "interval": "x", "client": "x", "target": "x",
            "reason": "x", "initiator": "x", "listener": "%FF",
        }.items():
            if name in names:
                call(target + "?" + name + "=" + (value if value == "%FF" else urllib.parse.quote(value)))
        for name in ("after", "since"):
            if name in names:
                call(target + query(**{name: ("t" if name == "after" else "e") + "1.0.0.0"}))
        if path == "/readyz" and method != "OPTIONS":
            ask(self.admin, "POST", "/drain?timeout=1h")
            until = time.monotonic() + 20
            while call(target).status != 503 and time.monotonic() < until:
                time.sleep(0.01)
            ask(self.admin, "DELETE", "/drain")
            while call(target).status != 200 and time.monotonic() < until:
                time.sleep(0.01)
        if "406" in operation["responses"]:
            call(target, {"Accept": "image/png"})
        if "429" in operation["responses"]:
            for _ in range(400):
                if call(target, admin=rate_admin).status == 429:
                    break
        if "401" in operation["responses"]:
            call(target, admin=token_admin)


def check_all_met(document):
    for _, _, operation in document.operations():
        name = operation["operationId"]
        for status in operation["responses"]:
            if int(status) in met.get(name, set()) or int(status) in ELSEWHERE:
                continue
            if (name.removesuffix("Head").removesuffix("Options"), int(status)) in ELSEWHERE_OF:
                continue
            fail(f"{name} never answered {status}")


admin, client_port, upstream_port, wrong_admin = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
token_admin, rate_admin = sys.argv[5:7]


def main():
    global upstream_socket
    upstream_socket = socket.create_server(("127.0.0.1", upstream_port))
    upstream_socket.settimeout(20)
    make_connections()
    closed = wait_for_closed(admin, 2)
    live = ask(admin, "GET", "/conns").json()["conns"]
    names = {
        "id": live[0]["id"],
        "closed": closed[0]["id"],
        "name": live[0]["listener"],
        "upstream": live[0]["upstream"],
        "file": "app.js",
    }
    document = Document(ask(admin, "GET", "/openapi.json").json())
    caller = Caller(document, admin, names)
    count = 0
    for path, method, operation in document.operations():
        caller.call_rightly(path, method, operation)
        if method == "GET":
            caller.call_for_each_form(path, method, operation)
        caller.call_wrongly(path, method, operation)
        count += 1
    check_all_met(document)
    print(f"{count} operations, {sum(len(statuses) for statuses in met.values())} of their statuses met, "
          f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
