# SPDX-License-Identifier: MIT
"""A real Chromium before a real daemon, and both sides of the connections through it."""
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

__all__ = ["Browser", "By", "Daemon", "Keys", "Upstream", "wait_until", "webdriver"]

PATIENCE_S = 20


def wait_until(condition, what, patience_s=PATIENCE_S):
    """The first value of condition() that is true; what it raises meanwhile is as good as false."""
    until = time.monotonic() + patience_s
    fault = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except Exception as error:  # an element that was replaced while we looked, and the like
            fault = error
        if time.monotonic() > until:
            raise AssertionError(f"never: {what}" + (f" ({fault})" if fault else ""))
        time.sleep(0.02)


class Upstream:
    """Takes connections and keeps them."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]

    def accept(self):
        self.socket.settimeout(PATIENCE_S)
        return self.socket.accept()[0]


class Daemon:
    running = []

    def __init__(self, upstream, *arguments, admin="127.0.0.1:0", is_demo=False):
        self.upstream = upstream
        target = [] if is_demo else ["-u", f"127.0.0.1:{upstream.port}"]
        command = os.environ.get("SOCKPROXY", "./sockproxy").split()
        self.process = subprocess.Popen(
            [*command, "-l", "127.0.0.1:0", *target, "-a", admin, *arguments],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        Daemon.running.append(self.process)
        for line in self.process.stderr:
            ready = re.match(r"ready: \S+:(\d+) .*admin (http\S+)", line)
            if ready:
                break
        else:
            raise AssertionError("the daemon did not get ready")
        self.port, self.url = int(ready.group(1)), ready.group(2)
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def get(self, path, token=None):
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(self.url + path, headers={} if token is None else {"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=trusting) as answer:
            return json.load(answer)

    def connect(self, says=b"question", answer=b"answer"):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        there = self.upstream.accept()
        client.sendall(says)
        there.recv(1000)
        there.sendall(answer)
        client.recv(1000)
        return client, there

    @staticmethod
    def kill_all():
        """Whatever a test that failed has left."""
        for process in Daemon.running:
            process.kill()
            process.wait()
        Daemon.running.clear()

    def stop(self):
        """At once: the second signal waits for no connection."""
        self.process.terminate()
        wait_until(lambda: self.process.poll() is not None or any("drain" in line for line in self.said), "the drain")
        self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        Daemon.running.remove(self.process)
        complaints = [line for line in self.said if re.search("Sanitizer|runtime error:|Assertion", line)]
        assert status == 0 and not complaints, f"the daemon's exit status is {status}: {complaints}"


def reset(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


Daemon.reset = staticmethod(reset)


class Browser:
    def __init__(self, pictures):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking", "--hide-scrollbars", "--window-size=1440,900"):
            options.add_argument(argument)
        if os.getuid() == 0:
            options.add_argument("--no-sandbox")
        options.accept_insecure_certs = True  # those that a test has made itself
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(PATIENCE_S)
        self.driver.set_page_load_timeout(PATIENCE_S)
        self.pictures = pictures
        self.complaints = []
        self.look(1440, 900, dark=False)

    def look(self, width, height, dark):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def go(self, url):
        self.driver.get("about:blank")
        self.driver.get(url)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return wait_until(lambda: next((one for one in self.all(selector) if one.is_displayed()), None), selector)

    def text(self, selector):
        return self.one(selector).text

    def wait_text(self, selector, text, patience_s=PATIENCE_S):
        return wait_until(lambda: text in self.text(selector), f"{text!r} in {selector}", patience_s)

    def wait_live(self):
        wait_until(lambda: self.one("#live").get_attribute("data-state") == "live", "live")

    def rows(self):
        """What the table shows, row by row, top first."""
        return self.driver.execute_script("""
            const top = (row) => new DOMMatrix(getComputedStyle(row).transform).f;
            return [...document.querySelectorAll('.grid-body .grid-row:not([hidden])')].sort((a, b) => top(a) - top(b))
                .map((row) => Object.fromEntries([...row.children].map((cell) => [cell.dataset.column, cell.textContent])))""")

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def picture(self, name):
        self.driver.save_screenshot(os.path.join(self.pictures, f"{name}.png"))

    def log(self):
        self.complaints += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return self.complaints

    def axe(self, source):
        """What axe-core has against the page as it is."""
        if not self.driver.execute_script("return window.axe !== undefined"):
            self.driver.execute_script(source)
        found = self.driver.execute_async_script("""
            const done = arguments[0];
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(
                (result) => done(result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target + ' ' + node.failureSummary).join('; ')}`)),
                (error) => done([String(error)]))""")
        return found

    def quit(self):
        self.driver.quit()
