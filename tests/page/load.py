# SPDX-License-Identifier: MIT
"""What the page does before many connections:  load.py [--minutes 10] [--connections 8500] [--events 500]

Frame times are those of requestAnimationFrame while the table scrolls and sorts by what changes; memory is what
JavaScript holds after its collector has run.  It is a measurement and no test.
"""
import argparse
import resource
import threading
import time

from browser import Browser, Daemon, Upstream, wait_until

EVENTS_OF_ONE = 4  # open, connected, half_close, close


class Load:
    def __init__(self, daemon, connections, events):
        self.daemon, self.kept, self.stopped, self.made = daemon, [], False, 0
        self.told = (0, time.monotonic())
        for _ in range(connections):
            self.kept.append(self.daemon.connect())
        self.pause_s = EVENTS_OF_ONE / events
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        due = time.monotonic()
        while not self.stopped:
            for one in self.daemon.connect():
                one.close()
            self.made += 1
            due += self.pause_s
            time.sleep(max(0, due - time.monotonic()))

    def rate(self):
        """Events a second since it was last asked for: what was wanted, or what this machine had the time for."""
        (made, at), self.told = self.told, (self.made, time.monotonic())
        return EVENTS_OF_ONE * (self.told[0] - made) / (self.told[1] - at)

    def stop(self):
        self.stopped = True
        self.thread.join()


WATCH = """
window.frames_ = [];
let before = performance.now();
const watch = (now) => { frames_.push(now - before); before = now; requestAnimationFrame(watch); };
requestAnimationFrame(watch);
const grid = document.querySelector('.grid');
let step = 7;
window.scroll_ = setInterval(() => {
  if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 10) step = -7;
  if (grid.scrollTop <= 0) step = 7;
  grid.scrollTop += step;
}, 50);
"""


def tell(browser, daemon, minute, load):
    stats = daemon.get("/stats")
    assert stats["connections_active"] >= len(load.kept), f"idle ones were lost: {stats['connections_closed_by_reason']}"
    frames = sorted(browser.driver.execute_script("const all = frames_; frames_ = []; return all"))
    browser.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    metrics = {one["name"]: one["value"] for one in browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    at = lambda share: frames[min(len(frames) - 1, int(share * len(frames)))]
    print(f"minute {minute}: {len(frames)} frames, p50 {at(.5):.1f} p95 {at(.95):.1f} p99 {at(.99):.1f} most {frames[-1]:.0f} ms; "
          f"heap {metrics['JSHeapUsedSize'] / 1e6:.1f} MB, {metrics['Nodes']:.0f} nodes; {browser.text('.shown')}; "
          f"{load.rate():.0f} events/s; script {metrics['ScriptDuration']:.1f} s in all; events missed {stats['events_missed']}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8500)
    parser.add_argument("--events", type=int, default=500)
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    daemon = Daemon(Upstream(), "--log-conns", "off")
    load = Load(daemon, wanted.connections, wanted.events)
    browser = Browser("/tmp")
    try:
        browser.driver.execute_cdp_cmd("Performance.enable", {})
        browser.go(daemon.url + "/#/conns?sort=-idle")
        browser.wait_live()
        wait_until(lambda: len(browser.rows()) > 10, "rows", 60)
        browser.driver.execute_script(WATCH)
        for minute in range(1, wanted.minutes + 1):
            time.sleep(60)
            tell(browser, daemon, minute, load)
    finally:
        browser.quit()
        load.stop()
        daemon.stop()


main()
