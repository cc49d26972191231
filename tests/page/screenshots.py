# SPDX-License-Identifier: MIT
"""The pictures of README.md, out of a run with the demonstration:  screenshots.py FOLDER"""
import os
import shutil
import subprocess
import sys

from browser import Browser, Daemon, Upstream, wait_until

folder = sys.argv[1]
traffic_s = 25


def main():
    daemon = Daemon(Upstream(), "--demo", "--admin-write", is_demo=True)
    browser = Browser(folder)
    try:
        browser.look(1280, 800, dark=False)
        browser.go(daemon.url + "/#/map")
        wait_until(lambda: daemon.get("/stats")["uptime_us"] > traffic_s * 1e6, "some traffic", 2 * traffic_s)
        wait_until(lambda: "/s" in browser.text(".map-ends h2"), "rates")
        browser.picture("page-map")
        browser.look(1280, 800, dark=True)
        record = wait_until(lambda: daemon.get("/conns?state=closed&reason=upstream_reset&limit=1")["conns"], "a reset one")[0]
        browser.go(daemon.url + "/#/conn/" + record["id"])
        browser.one(".sequence")
        browser.wait_text(".said", "reset")
        browser.picture("page-connection")
    finally:
        browser.quit()
        daemon.stop()
    for name in ("page-map", "page-connection"):
        path = os.path.join(folder, f"{name}.png")
        if shutil.which("pngquant"):
            subprocess.run(["pngquant", "--force", "--output", path, "--strip", "--quality", "70-95", path], check=True)
        if shutil.which("optipng"):
            subprocess.run(["optipng", "-quiet", "-o5", path], check=True)


main()
