# SPDX-License-Identifier: MIT
"""The page as somebody sees it who opens it.

    page.py PICTURES AXE [NAME…]

Each function below is a promise.  Pictures of what was seen stay in the folder PICTURES; AXE is axe-core.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from browser import Browser, Daemon, Keys, Upstream, wait_until, webdriver

TOKEN = "0123456789abcdef-token"
pictures, axe_path = sys.argv[1:3]
with open(axe_path, encoding="utf-8") as file:
    axe_source = file.read()
source = os.environ.get("srcdir", ".")


def a_connection_is_on_the_page_within_a_second(browser, daemon):
    browser.go(daemon.url + "/#/conns")
    browser.wait_live()
    client, there = daemon.connect()
    begin = time.monotonic()
    port = client.getsockname()[1]
    wait_until(lambda: any(row["client"].endswith(f":{port}") for row in browser.rows()), "the row")
    took = time.monotonic() - begin
    assert took < 1 or os.getloadavg()[0] > os.cpu_count(), f"it took {took:.2f} s"
    client.close()
    there.close()
    wait_until(lambda: not any(row["client"].endswith(f":{port}") for row in browser.rows()), "the row gone")


def a_filter_chooses_completes_and_says_where_it_is_wrong(browser, daemon):
    pairs = [daemon.connect(says=b"x" * (100 * (i + 1))) for i in range(3)]
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: len(browser.rows()) == 3, "three rows")
    line = browser.one("#filter")
    port = pairs[1][0].getsockname()[1]
    line.send_keys(f"port == {port}", Keys.ENTER)
    wait_until(lambda: [row["client"] for row in browser.rows()] == [f"127.0.0.1:{port}"], "the one row")
    assert f"port+%3D%3D+{port}" in browser.driver.current_url, browser.driver.current_url
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys("state == estab")
    wait_until(lambda: [item.text for item in browser.all("#filter-offers li")] == ["established"], "the offer")
    line.send_keys(Keys.ARROW_DOWN, Keys.ENTER, Keys.ENTER)
    wait_until(lambda: len(browser.rows()) == 3, "three rows again")
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys("state == establishd", Keys.ENTER)
    browser.wait_text("#filter-fault", "did you mean established?")
    browser.wait_text("#filter-fault", "^~~~~")
    line_of_it, caret = browser.text("#filter-fault").split("\n")[:2]
    assert caret.index("^") == line_of_it.index("establishd"), (line_of_it, caret)
    assert "mono" in browser.one("#filter-fault").value_of_css_property("font-family")
    browser.picture("filter-mistake")
    line = browser.one("#filter")
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys("state == estab and idle > 0s", *[Keys.ARROW_LEFT] * len(" and idle > 0s"))
    line.send_keys(Keys.BACKSPACE)
    wait_until(lambda: [item.text for item in browser.all("#filter-offers li")] == ["established"], "the offer where the cursor is")
    line.send_keys(Keys.ARROW_DOWN, Keys.TAB)
    assert line.get_attribute("value") == "state == established and idle > 0s", line.get_attribute("value")
    line.send_keys(Keys.ENTER)
    wait_until(lambda: len(browser.rows()) == 3, "three rows again")
    close(pairs)


def a_pause_keeps_what_is_seen(browser, daemon):
    pairs = [daemon.connect()]
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: len(browser.rows()) == 1, "the row")
    pause = next(one for one in browser.all("button") if one.text == "Pause")
    pause.click()
    pairs.append(daemon.connect())
    time.sleep(1.5)
    assert len(browser.rows()) == 1 and browser.text(".shown") == "1 of 1 live"
    pause.click()
    wait_until(lambda: len(browser.rows()) == 2, "both")
    close(pairs)


def a_column_sorts_both_ways(browser, daemon):
    pairs = [daemon.connect(says=b"x" * (100 * (i + 1))) for i in (1, 0, 2)]
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: len(browser.rows()) == 3, "three rows")
    head = next(one for one in browser.all("[role=columnheader] button") if one.text == "Up")
    head.click()
    wait_until(lambda: [row["up"] for row in browser.rows()] == ["300 B", "200 B", "100 B"], "most first")
    next(one for one in browser.all("[role=columnheader] button") if one.text.startswith("Up")).click()
    wait_until(lambda: [row["up"] for row in browser.rows()] == ["100 B", "200 B", "300 B"], "least first")
    assert "sort=up" in browser.driver.current_url
    browser.driver.execute_script("location.hash = '/conns?sort=-up&columns=up,opened,reason'")
    opened = wait_until(lambda: browser.all(".grid-body [data-column=opened]"), "another column")[0]
    utc = wait_until(lambda: opened.get_attribute("title"), "its hover")
    assert {row["reason"] for row in browser.rows()} == {"–"}  # what is not known is no 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC", utc), utc
    close(pairs)


def columns_are_chosen_out_of_all_fields(browser, daemon):
    pairs = [daemon.connect()]
    path = "legs.client.tcp.cwnd_segments"
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: len(browser.rows()) == 1 and daemon.get("/conns?view=full")["conns"][0]["legs"]["client"]["tcp"], "the row")
    next(one for one in browser.all("button") if one.text == "Columns").click()
    browser.one("#column-search").send_keys("cwnd")
    wait_until(lambda: [one.text for one in browser.all("dialog .columns label") if one.is_displayed()][:1] == [path], "the field")
    browser.one(f"dialog input[value='{path}']").click()
    browser.one("dialog button.main").click()
    wait_until(lambda: browser.rows()[0][path].isdigit(), "its value")
    browser.go(daemon.url + "/#/conns")  # and it is kept
    wait_until(lambda: browser.rows()[0][path].isdigit(), "its value again")
    browser.driver.execute_script("localStorage.clear()")
    close(pairs)


def the_ended_ones_are_sorted_by_the_daemon(browser, daemon):
    pairs = [daemon.connect(answer=b"x" * (100 * (i + 1))) for i in (1, 0, 2)]
    close(pairs)
    wait_until(lambda: len(daemon.get("/conns?state=closed")["conns"]) == 3, "three ends")
    for sort, column, want in (("-down", "down", ["300 B", "200 B", "100 B"]), ("down", "down", ["100 B", "200 B", "300 B"])):
        browser.go(daemon.url + "/#/conns?state=closed&sort=" + sort)
        wait_until(lambda: [row[column] for row in browser.rows()] == want, sort)
    browser.go(daemon.url + "/#/conns?state=closed&filter=" + "down+%3E+1")
    browser.wait_text("#filter-fault", "down")
    browser.go(daemon.url + "/#/conns?state=closed&filter=" + "legs.upstream.bytes_received+%3E+150")
    wait_until(lambda: len(browser.rows()) == 2, "two of them")
    browser.wait_text(".shown", "2 ended")
    client, there = daemon.connect(answer=b"x" * 400)
    close([(client, there)])
    wait_until(lambda: len(browser.rows()) == 3, "one more")


def a_box_of_the_map_counts_and_shows_its_connections(browser, daemon):
    pairs = [daemon.connect() for _ in range(2)]
    pairs[0][0].shutdown(1)
    browser.go(daemon.url + "/#/map")
    browser.wait_text("[data-box=client_half_closed] .number", "1")
    browser.wait_text("[data-box=established] .number", "1")
    browser.picture("map")
    assert browser.text("[data-box=upstream_half_closed] .number") == "0"
    rates = """return Object.fromEntries(['client', 'upstream'].map((side) => {
        const box = document.querySelector(`[data-box=${side}_half_closed]`).getBoundingClientRect();
        return [side, [...document.querySelectorAll('.rate')].find((one) => {
            const at = one.getBoundingClientRect();
            return at.left > box.left && at.right < box.right && at.bottom < box.top && at.bottom > box.top - 60;
        })?.textContent];
    }))"""
    more = [daemon.connect() for _ in range(6)]
    for client, _ in more:
        client.shutdown(1)
    wait_until(lambda: (lambda now: now["client"] not in ("0/s", "") and now["upstream"] == "0/s")(browser.driver.execute_script(rates)), "the clients that finish")
    close(more)
    browser.one("[data-box=client_half_closed]").click()
    wait_until(lambda: [row["state"] for row in browser.rows()] == ["client_half_closed"], "the one row")
    assert "state=client_half_closed" in browser.driver.current_url
    close(pairs)


RATES = """
    const labels = [...document.querySelectorAll('.map-arrows .rate')].filter((one) => one.textContent !== '');
    const boxes = [...document.querySelectorAll('.box, .map-ends')], faults = [];
    const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    for (const label of labels) {
      const at = label.getBoundingClientRect();
      for (const box of boxes) {
        if (meets(at, box.getBoundingClientRect())) faults.push(`${label.textContent} is under ${box.dataset.box ?? 'the end'}`);
      }
      for (const other of labels) {
        if (other !== label && meets(at, other.getBoundingClientRect())) faults.push(`${label.textContent} is over ${other.textContent}`);
      }
      if (label.getBoundingClientRect().right > innerWidth || at.left < 0) faults.push(`${label.textContent} is cut off`);
    }
    for (const box of document.querySelectorAll('.box')) {
      if (box.scrollHeight > box.clientHeight + 1) faults.push(`${box.dataset.box} is too small`);
      for (const part of box.querySelectorAll('.name, .number')) {
        if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0) faults.push(`${part.textContent} is cut off`);
      }
    }
    return [labels.length, faults];
"""


def no_time_is_cut_off(browser, daemon):
    browser.go(daemon.url + "/#/overview")
    wait_until(lambda: len(browser.all(".times td")) >= 12, "times")
    for width in (1440, 1000, 360):
        browser.look(width, 900, dark=False)
        # In one script: the next look of the page writes the times anew.
        wide = browser.driver.execute_script("""
            for (const line of document.querySelectorAll('.times tbody tr'))
              ['888 µs', '88.8 ms', '888 ms', '8 m 58 s'].forEach((text, i) => { line.querySelectorAll('td')[i].textContent = text; });
            const times = document.querySelector('.times');
            return innerWidth === arguments[0] ? times.scrollWidth - times.clientWidth : null""", width)
        assert wide == 0, (width, wide)
    browser.look(1440, 900, dark=False)


def no_rate_of_the_map_is_hidden(browser, upstream):
    for arguments in ([], ["--proxy-in"]):
        daemon = Daemon(upstream, *arguments)
        browser.go(daemon.url + "/#/map")
        for width in (1440, 1160, 960, 959, 768, 360):
            browser.look(width, 900, dark=False)
            drawn = "return innerWidth === arguments[0] && +document.querySelector('.map-arrows').getAttribute('width') === document.querySelector('.map').clientWidth"
            wait_until(lambda: browser.driver.execute_script(drawn, width) and browser.driver.execute_script(RATES)[0] > 4, "rates")
            browser.driver.execute_script(
                "for (const one of document.querySelectorAll('.map-arrows .rate')) if (one.textContent !== '') one.textContent = one.textContent.replace('0/s', '1.23k/s')")
            _, faults = browser.driver.execute_script(RATES)
            assert not faults, (arguments, width, faults)
        daemon.stop()
    browser.look(1440, 900, dark=False)


def a_chart_begins_now(browser, daemon):
    script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        window.drawn_ = [];
        const real = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) { drawn_.push(text); return real.call(this, text, ...rest); };"""})
    for view in ("overview", "conn"):
        pair = daemon.connect()
        where = view if view == "overview" else "conn/" + daemon.get("/conns")["conns"][0]["id"]
        browser.go(daemon.url + "/#/" + where)
        drawn = wait_until(lambda: browser.driver.execute_script("return drawn_.filter((text) => text.includes(':'))"), "times")
        strange = [text for text in drawn if not re.fullmatch(r"\d\d:\d\d:\d\d", text)]
        assert not strange or time.strftime("%H:%M") in ("23:59", "00:00"), strange
        close([pair])
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def an_empty_page_says_so(browser, daemon):
    for view, words in (("map", "No connection has ended yet."), ("conns", "No connection is open."),
                        ("conns?state=closed", "No ended connection is kept yet."), ("conns?state=flushing", "No connection is like that now."), ("overview", "None has ended yet.")):
        browser.go(daemon.url + "/#/" + view)
        browser.wait_text("main", words)
    browser.go(daemon.url + "/#/conn/nonsense")
    browser.wait_text(".said", "nonsense")
    assert not [one for one in browser.all(".panel") if one.is_displayed()]
    assert browser.one("h1").value_of_css_property("color") == browser.one("body").value_of_css_property("color")
    assert not browser.one("#kill").is_enabled()


def a_reset_connection_tells_its_story(browser, daemon):
    client, there = daemon.connect()
    time.sleep(0.05)  # so that what then comes within µs could look as if it came at once
    daemon.reset(there)
    record = wait_until(lambda: daemon.get("/conns?state=closed&reason=upstream_reset&limit=1")["conns"], "its end")[0]
    browser.go(daemon.url + "/#/conn/" + record["id"])
    browser.wait_text(".said", "The upstream reset the connection")
    words = wait_until(lambda: browser.driver.execute_script("return [...document.querySelectorAll('.sequence .word')].map((one) => one.textContent)"), "the diagram")
    assert "RST ECONNRESET" in words and "RST" in words and "accepted" in words, words
    facts = browser.text(".head-facts")
    assert "upstream_reset, by upstream (rst)" in facts and record["id"] in facts, facts
    legs = browser.driver.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('.legs tbody tr')].map((row) => [row.cells[0].textContent, [row.cells[1].textContent, row.cells[2].textContent]]))")
    assert f"127.0.0.1:{daemon.port}" in legs["5-tuple"][0] and f"127.0.0.1:{daemon.upstream.port}" in legs["5-tuple"][1], legs
    assert legs["Received"] == ["8 B", "6 B"] and legs["RST received"][0] == "–" != legs["RST received"][1], legs
    ways = browser.driver.execute_script("""return [...document.querySelectorAll('.sequence g')].map((one) => [one.querySelector('.word')?.textContent, one.querySelector('.message')])
        .filter(([, line]) => line).map(([word, line]) => [word, +line.getAttribute('x1') < +line.getAttribute('x2') ? 'right' : 'left'])""")
    assert ["RST ECONNRESET", "left"] in ways and ["RST", "left"] in ways and ["accepted", "right"] in ways and ["connected", "left"] in ways, ways
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    next(one for one in browser.all("button") if one.text == "Copy JSON").click()
    browser.wait_text(".note", "Copied.")
    copied = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], () => arguments[0](null))")
    assert copied is None or record["id"] in copied, copied
    utc = browser.one(".head-facts time").get_attribute("title")
    assert record["opened_at"][:10] in utc and utc.endswith("UTC"), utc
    browser.picture("reset")
    times = browser.driver.execute_script("return [...document.querySelectorAll('.sequence .at')].map((one) => one.textContent)")
    assert times[0] == "0 µs", times
    at = [one["at_us"] for one in daemon.get("/conns/" + record["id"])["events"]]
    exact = [text for text, us in zip(times, at) if us < 1000 and text != f"{us} µs"]
    assert not exact and not [i for i in range(1, len(at)) if at[i] >= 1000 and times[i] == times[i - 1] and "+" not in times[i]], (at, times)
    browser.press(Keys.ESCAPE)  # who was given the address came from elsewhere
    wait_until(lambda: browser.all(".table-view"), "the table")
    client.close()


def what_was_not_delivered_is_told_for_each_side(browser, daemon):
    client, there = daemon.connect()
    there.settimeout(1)
    try:
        there.sendall(b"x" * (32 << 20))  # more than all buffers take
    except TimeoutError:
        pass
    daemon.reset(client)
    record = wait_until(lambda: daemon.get("/conns?state=closed&reason=client_reset&view=full")["conns"], "its end")[0]
    lost = record["close"]["undelivered_bytes"]
    assert lost["to_client"] > lost["to_upstream"] == 0, lost
    browser.go(daemon.url + "/#/conn/" + record["id"])
    browser.wait_text(".head-facts", "0 B to the upstream, ")
    browser.wait_text(".head-facts", "MB to the client")
    there.close()


def numbers_are_cut_as_the_daemon_cuts_them(browser, daemon):
    browser.go(daemon.url + "/")
    shown = browser.driver.execute_async_script("""
        const done = arguments[0];
        import('/assets/format.js').then((f) => done([
          ...[0, 999, 1000, 1999, 5055, 99999, 999999, 1e6, 1.5e15, 2e18].map(f.bytes), f.bytes(null),
          ...[999, 1150, 43399, 59999999, 60e6, 3599e6, 86400e6].map(f.duration), f.duration(null),
          f.rate(0), f.rate(0.01), f.rate(99.94), f.rate(12345), f.shortRate(12345), f.shortRate(null), f.age(9950000), f.percent(0.049), f.percent(0.5),
          f.address('::1', 80), f.address('10.0.0.1', null), f.utc('2026-01-02T03:04:05.678901Z'), f.utc(0)]))""")
    assert shown == ["0 B", "999 B", "1.00 kB", "1.99 kB", "5.05 kB", "99.9 kB", "999 kB", "1.00 MB", "1.50 PB", "2,000 PB", "–",
                     "999 µs", "1.15 ms", "43.3 ms", "59.9 s", "1 m 0 s", "59 m 59 s", "1 d 0 h", "–",
                     "0/s", "<0.1/s", "99.9/s", "12,345/s", "12.3k/s", "–", "9.9 s", "4.9 %", "50 %",
                     "[::1]:80", "10.0.0.1", "2026-01-02 03:04:05.678901 UTC", "1970-01-01 00:00:00.000 UTC"], shown


def a_connection_is_killed_only_after_a_question(browser, daemon):
    client, there = daemon.connect()
    record = wait_until(lambda: daemon.get("/conns")["conns"], "it")[0]
    browser.go(daemon.url + "/#/conn/" + record["id"])
    browser.wait_text(".head-facts", "established")
    browser.one("#kill").click()
    browser.press(Keys.ESCAPE)
    wait_until(lambda: not browser.all("dialog"), "the question gone")
    assert daemon.get("/conns")["conns"], "it was killed without a yes"
    browser.one("#kill").click()
    browser.one("#kill-reason").send_keys("<b>gone</b> für immer")
    browser.picture("kill")
    browser.one("#kill-yes").click()
    browser.wait_text(".head-facts", "admin_kill")
    assert not browser.one("#kill").is_enabled()
    browser.wait_text(".head-facts", "<b>gone</b> für immer")  # as text
    assert not browser.all(".head-facts dd b:not(.state)")
    pair = daemon.connect()
    browser.go(daemon.url + "/#/conn/" + wait_until(lambda: daemon.get("/conns")["conns"], "another")[0]["id"])
    browser.wait_text(".head-facts", "established")
    browser.one("#kill").click()
    assert "--admin-write" not in browser.text("dialog")
    browser.one("#kill-how").send_keys("in order")
    browser.one("#kill-yes").click()
    wait_until(lambda: browser.driver.execute_script("return performance.getEntriesByType('resource').some((one) => one.name.endsWith('how=fin'))"), "the order")
    close([(client, there), pair])


def who_may_not_kill_is_told_so(browser, upstream):
    daemon = Daemon(upstream)
    pair = daemon.connect()
    browser.go(daemon.url + "/#/conn/" + daemon.get("/conns")["conns"][0]["id"])
    browser.wait_text(".head-facts", "established")
    browser.one("#kill").click()
    browser.wait_text("dialog .note", "--admin-write")
    browser.one("#kill-yes").click()
    browser.wait_text("dialog .fault", "403")
    browser.wait_text("dialog .fault", "--admin-write")
    close([pair])
    daemon.stop()


def names_that_look_like_markup_are_text(browser, upstream):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "<img src=x onerror=document.title=1>")
        daemon = Daemon(upstream, "-l", f"unix:{path}", "-u", f"127.0.0.1:{upstream.port}")
        browser.go(daemon.url + "/#/overview")
        browser.wait_text("#listeners", "<img src=x onerror=document.title=1>")
        assert browser.driver.title.startswith("Overview"), browser.driver.title
        assert not browser.all("main img")
        daemon.stop()


HOSTILE = "\"><script>document.title=1<!--'\\ and not \u202e&lt;%22&#x22;${7*7}"


def a_hostile_name_is_text_everywhere_and_can_be_filtered(browser, upstream):
    with tempfile.TemporaryDirectory() as folder:
        path, there = os.path.join(folder, HOSTILE), os.path.join(folder, "u" + HOSTILE)
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
            listener.bind(there)
            listener.listen()
            daemon = Daemon(upstream, "-l", "unix:" + path, "-u", "unix:" + there)
            client.connect(path)
            client.sendall(b"x")
            accepted, _ = listener.accept()
            tcp = daemon.connect()
            record = wait_until(lambda: [one for one in daemon.get("/conns")["conns"] if one["client"]["address"] is None], "it")[0]
            browser.go(daemon.url + "/#/overview")
            wait_until(lambda: len(browser.all("#listeners tbody a")) == 2, "both")
            browser.picture("hostile-overview")
            next(one for one in browser.all("#listeners tbody a") if HOSTILE in one.get_attribute("textContent")).click()
            browser.wait_text(".shown", "1 of 2 live")
            wait_until(lambda: [row["client"] for row in browser.rows()] == ["Unix socket"], "the one")
            browser.driver.execute_script("location.hash = '/conns?columns=listener,upstream,client'")
            wait_until(lambda: any(HOSTILE in row["listener"] and HOSTILE in row["upstream"] for row in browser.rows()), "its names")
            browser.picture("hostile-table")
            browser.driver.execute_script("location.hash = '/conn/' + arguments[0]", record["id"])
            browser.wait_text("h1", "Unix socket")
            browser.picture("hostile")
            assert HOSTILE in browser.one(".head-facts").get_attribute("textContent")
            assert "sockproxy" in browser.driver.title and not browser.all("main script, main img"), browser.driver.title
            wide = browser.driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= 1440, wide
            accepted.close()
            close([tcp])
            daemon.stop()


def an_address_of_many_connections_is_seen(browser, daemon):
    pairs = [daemon.connect() for _ in range(3)]
    browser.go(daemon.url + "/#/overview")
    browser.wait_text("#busiest-addresses", "3 connections")
    for _ in range(3):
        for client, there in pairs:
            client.sendall(b"x" * 5000)
            there.recv(5000)
        time.sleep(0.4)
    wait_until(lambda: "kB/s" in browser.text("#busiest-addresses"), "their rate")
    browser.one("#busiest-addresses a").click()
    browser.wait_text(".shown", "3 of 3 live")
    assert "client.address" in browser.one("#filter").get_attribute("value")
    close(pairs)


def eight_tabs_are_not_too_many(browser, daemon):
    """A browser has six connections to one host, and a stream takes one."""
    first = browser.driver.current_window_handle
    pairs = [daemon.connect()]
    for _ in range(8):
        browser.driver.switch_to.new_window("tab")
        browser.go(daemon.url + "/#/conns")
        browser.wait_live()
    pairs.append(daemon.connect())
    wait_until(lambda: len(browser.rows()) == 2, "both")
    second = browser.driver.window_handles[1]
    browser.driver.switch_to.window(second)
    browser.wait_live()
    wait_until(lambda: len(browser.rows()) == 2, "what came meanwhile")
    for handle in browser.driver.window_handles:
        if handle != first:
            browser.driver.switch_to.window(handle)
            browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.look(1440, 900, dark=False)
    close(pairs)


def what_is_marked_is_not_opened(browser, daemon):
    pairs = [daemon.connect()]
    browser.go(daemon.url + "/#/conns")
    cell = wait_until(lambda: browser.all(".grid-body [data-column=client]"), "the row")[0]
    drag = webdriver.ActionChains(browser.driver)
    drag.move_to_element_with_offset(cell, -60, 0).click_and_hold().move_by_offset(70, 0).release().perform()
    marked = browser.driver.execute_script("return getSelection().toString()")
    assert marked and "conn/" not in browser.driver.current_url, (marked, browser.driver.current_url)
    cell.click()
    wait_until(lambda: "conn/" in browser.driver.current_url, "the connection")
    close(pairs)


def a_restart_is_noticed_and_the_page_comes_back_by_itself(browser, upstream):
    daemon = Daemon(upstream)
    pair = daemon.connect()
    old = daemon.get("/conns")["conns"][0]["id"]
    admin = daemon.url.removeprefix("http://")
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: len(browser.rows()) == 1, "the row")
    close([pair])
    daemon.stop()
    browser.wait_text("#banner", "Not live")
    browser.wait_text("#live", "not live, retrying")
    browser.picture("not-live")
    browser.look(360, 780, dark=False)
    browser.picture("not-live-360")
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 360
    browser.look(1440, 900, dark=False)
    daemon = Daemon(upstream, admin=admin)
    pair = daemon.connect()
    browser.wait_live()
    wait_until(lambda: [row["client"] for row in browser.rows()] == [f"127.0.0.1:{pair[0].getsockname()[1]}"], "the new row")
    assert not browser.one("#live").text.startswith("not")
    assert not [one for one in browser.all("#banner") if one.is_displayed()]
    browser.driver.execute_script("location.hash = '/conn/' + arguments[0]", old)
    browser.wait_text(".said", "never gave the id")
    browser.driver.execute_script("location.hash = '/conn/' + arguments[0]", daemon.get("/conns")["conns"][0]["id"])
    browser.wait_text(".head-facts", "established")
    close([pair])
    daemon.stop()
    daemon = Daemon(upstream, admin=admin)
    browser.wait_text(".said", "This is how it was when it was last seen.")
    assert not browser.one("#kill").is_enabled()
    daemon.stop()


def a_token_is_asked_for_and_kept_in_the_tab(browser, upstream):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(TOKEN + "\n")
        file.flush()
        daemon = Daemon(upstream, "--admin-token-file", file.name)
    check_token(browser, daemon)
    daemon.stop()


def over_https_it_is_the_same(browser, upstream):
    with tempfile.TemporaryDirectory() as folder:
        key, cert, token = (os.path.join(folder, name) for name in ("key", "cert", "token"))
        try:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
        except FileNotFoundError:
            print("skipped: openssl is missing")
            return
        with open(token, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(TOKEN + "\n")
        daemon = Daemon(upstream, "--admin-token-file", token, "--admin-cert", cert, "--admin-key", key)
        assert daemon.url.startswith("https://"), daemon.url
        check_token(browser, daemon)
        daemon.stop()


def check_token(browser, daemon):
    browser.go(daemon.url + "/#/conns")
    browser.one("#token")
    asked = "return performance.getEntriesByType('resource').filter((one) => one.initiatorType === 'fetch').length"
    browser.wait_text("#live", "asks for its token")
    assert not [one for one in browser.all("#banner") if one.is_displayed()], browser.text("#banner")
    before = browser.driver.execute_script(asked)
    time.sleep(2)
    assert browser.driver.execute_script(asked) == before, "without a token there is nothing to ask"
    browser.press(Keys.ESCAPE)
    browser.one("#token").send_keys("wrong-token-0123456", Keys.ENTER)
    browser.wait_text("#token-fault", "another")
    browser.picture("token")
    violations = browser.axe(axe_source)
    assert not violations, violations
    browser.one("#token").send_keys(Keys.CONTROL, "a")
    browser.one("#token").send_keys(TOKEN, Keys.ENTER)
    browser.wait_live()
    assert TOKEN not in browser.driver.current_url
    assert TOKEN not in browser.driver.execute_script("return JSON.stringify(localStorage) + document.cookie")
    pair = daemon.connect()
    wait_until(lambda: len(browser.rows()) == 1, "the row")
    browser.driver.refresh()
    browser.wait_live()
    assert not browser.all("#token")
    record = daemon.get("/conns", TOKEN)["conns"][0]
    browser.driver.execute_script("location.hash = '/conn/' + arguments[0]", record["id"])
    browser.wait_text(".head-facts", "established")
    close([pair])
    browser.wait_text(".head-facts", "closed")
    browser.driver.execute_script("sessionStorage.clear()")


def keys_alone_will_do(browser, daemon):
    pairs = [daemon.connect() for _ in range(3)]
    browser.go(daemon.url + "/#/map")
    browser.wait_live()
    assert browser.driver.execute_script("return document.activeElement === document.body")
    browser.press("2")
    assert browser.one("#filter").accessible_name == "Filter", browser.one("#filter").accessible_name
    wait_until(lambda: len(browser.rows()) == 3, "three rows")
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    second = wait_until(lambda: browser.rows()[1]["client"], "a row")
    wait_until(lambda: browser.one(".grid-row[aria-selected=true]").text.find(second) >= 0, "the second row")
    browser.press(Keys.ENTER)
    browser.wait_text("h1", second)
    browser.press(Keys.ESCAPE)
    wait_until(lambda: len(browser.rows()) == 3, "the table again")
    browser.press("/")
    wait_until(lambda: browser.driver.switch_to.active_element.get_attribute("id") == "filter", "the filter")
    assert browser.driver.title.startswith("Connections"), browser.driver.title
    browser.press(Keys.ESCAPE, "3")
    browser.wait_text("h1", "Overview")
    assert browser.driver.title.startswith("Overview"), browser.driver.title
    browser.press("2")
    wait_until(lambda: len(browser.rows()) == 3, "three rows")
    focused = lambda: browser.driver.execute_script("return document.activeElement.textContent")
    for _ in range(30):
        browser.press(Keys.TAB)
        if focused() == "Age":
            break
    browser.press(Keys.ENTER)
    wait_until(lambda: "sort=-age" in browser.driver.current_url and focused().startswith("Age"), "the oldest first, and the focus where it was")
    head = browser.one("[role=columnheader][data-column=age]")
    assert head.get_attribute("aria-sort") == "descending"
    browser.press("?")
    browser.wait_text("dialog", "write a filter")
    browser.press(Keys.ENTER)
    wait_until(lambda: not browser.all("dialog"), "the list gone")
    assert focused().startswith("Age"), focused()
    browser.press("1")
    box = lambda: browser.driver.switch_to.active_element.get_attribute("data-box")
    browser.wait_text("[data-box=established] .number", "3")
    for _ in range(20):
        browser.press(Keys.TAB)
        if box() == "established":
            break
    browser.press(Keys.ENTER)
    wait_until(lambda: "state=established" in browser.driver.current_url, "those of the box")
    close(pairs)


def numbers_agree_with_the_daemon(browser, daemon):
    pairs = [daemon.connect() for _ in range(7)]
    for first, then in (pairs[0], pairs[1], reversed(pairs[2])):
        first.close()
        assert then.recv(1) == b""  # or the other might be thought to have begun
        then.close()
    stats = wait_until(lambda: (lambda s: s["connections_active"] == 4 and s)(daemon.get("/stats")), "four left")
    browser.go(daemon.url + "/#/conns")
    browser.wait_text(".shown", "4 of 4 live")
    assert len(browser.rows()) == len(daemon.get("/conns")["conns"]) == 4
    browser.go(daemon.url + "/#/overview")
    browser.wait_text(".tiles", f"{stats['totals']['connections_accepted']:,} in all")
    shown = dict(zip(*[[one.text for one in browser.all(f".tile {part}")] for part in ("dt", ".value")]))
    assert shown["Active"] == "4", shown
    bars = lambda: {one.text.split("\n")[0]: one.text.split("\n")[-1] for one in browser.all(".bar-line")}
    wait_until(lambda: bars() == {"client_fin": "2 (67 %)", "upstream_fin": "1 (33 %)", "client": "2 (67 %)", "upstream": "1 (33 %)"}, "who ended how many")
    closed = sum(stats["connections_closed_by_reason"].values())
    browser.go(daemon.url + "/#/map")
    browser.wait_text(".map-ends h2", f"{closed:,} since the start")
    browser.wait_text("[data-box=established] .number", "4")
    close(pairs[3:])


def a_finding_is_shown_and_leads_to_its_connections(browser, upstream):
    dead = socket.create_server(("127.0.0.1", 0))
    port = dead.getsockname()[1]
    dead.close()
    daemon = Daemon(upstream, "-u", f"127.0.0.1:{upstream.port},127.0.0.1:{port}", is_demo=True)
    for _ in range(120):
        close([daemon.connect()])
    title = wait_until(lambda: daemon.get("/findings")["findings"], "the finding")[0]["title"]
    browser.go(daemon.url + "/#/overview")
    browser.wait_text(".findings", title)
    browser.picture("finding")
    violations = browser.axe(axe_source)
    assert not violations, violations
    assert [one.text for one in browser.all(".findings a")] == ["Show those that have ended", "Show those that live"]
    browser.driver.execute_script("document.querySelector('.findings a').click()")
    wait_until(lambda: len(browser.rows()) > 0, "its connections")
    daemon.stop()


def what_was_missed_is_asked_for_again(browser, daemon):
    script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        const real = window.fetch;
        window.lists_ = 0;
        let told = false;
        window.fetch = (where, ...rest) => {
          if (String(where).startsWith('/conns?limit')) lists_++;
          if (!String(where).startsWith('/events') || told) return real(where, ...rest);
          told = true;
          return Promise.resolve(new Response('{"type":"lost","missed":7}\\n', { status: 200 }));
        };"""})
    browser.go(daemon.url + "/#/conns")
    wait_until(lambda: browser.driver.execute_script("return lists_") == 2, "a second list")
    browser.wait_live()
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def a_daemon_that_hangs_is_noticed(browser, daemon):
    script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source":  # 25 s would be long for a test
        "const real = window.setTimeout; window.setTimeout = (call, ms, ...rest) => real(call, ms === 25000 ? 3000 : ms, ...rest);"})
    pair = daemon.connect()
    browser.go(daemon.url + "/#/conns")
    browser.wait_live()
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        browser.wait_text("#banner", "Not live")
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    browser.wait_live()
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    close([pair])


def every_view_is_accessible_and_fits(browser, daemon):
    pairs = [daemon.connect() for _ in range(4)]
    daemon.reset(pairs[0][1])
    live = daemon.get("/conns")["conns"][-1]["id"]
    views = {"map": "map", "conns": "conns", "closed": "conns?state=closed", "overview": "overview", "conn": "conn/" + live}
    faults = []
    for width, height in ((1440, 900), (360, 780)):
        for dark in (False, True):
            browser.look(width, height, dark)
            browser.go(daemon.url + "/")
            browser.wait_live()
            for name, view in views.items():
                browser.driver.execute_script("location.hash = arguments[0]", "/" + view)
                ready = {"map": ".map-ends .chip", "overview": "#listeners tbody td", "conn": ".sequence"}.get(name, ".grid-body .grid-row")
                browser.one(ready)
                where = f"{name}-{width}-{'dark' if dark else 'light'}"
                browser.picture(where)
                faults += [f"{where}: {fault}" for fault in browser.axe(axe_source)]
                wide = browser.driver.execute_script("return document.documentElement.scrollWidth")
                if wide > width:
                    faults.append(f"{where}: {wide} px wide")
                if name == "conn":
                    faults += dialog_faults(browser, lambda: browser.one("#kill").click(), f"kill-{where}")
                if name == "conns":
                    faults += dialog_faults(browser, lambda: next(one for one in browser.all("button") if one.text == "Columns").click(), f"columns-{where}")
                    faults += dialog_faults(browser, lambda: browser.press("?"), f"keys-{where}")
            faults += theme_faults(browser, f"{width}-{'dark' if dark else 'light'}")
    browser.look(1440, 900, dark=False)
    assert not faults, "\n".join(faults)
    close(pairs)


def dialog_faults(browser, show, where):
    show()
    dialog = browser.one("dialog")
    browser.picture(where)
    faults = [f"{where}: {fault}" for fault in browser.axe(axe_source)]
    at = dialog.rect
    size = browser.driver.execute_script("return [innerWidth, innerHeight]")
    if at["x"] < 0 or at["y"] < 0 or at["x"] + at["width"] > size[0] or at["y"] + at["height"] > size[1]:
        faults.append(f"{where}: it does not fit: {at}")
    browser.press(Keys.ESCAPE)
    wait_until(lambda: not browser.all("dialog"), "the dialog gone")
    return faults


def theme_faults(browser, where):
    """Dark or light on somebody's order, whatever the system says."""
    faults, seen = [], []
    for _ in range(3):
        browser.one("#theme").click()
        theme = browser.driver.execute_script("return document.documentElement.dataset.theme ?? 'auto'")
        seen.append((theme, browser.driver.execute_script("return getComputedStyle(document.body).backgroundColor")))
        faults += [f"{where}, {theme} ordered: {fault}" for fault in browser.axe(axe_source)]
    colours = dict(seen)
    if [theme for theme, _ in seen] != ["dark", "light", "auto"] or colours["dark"] == colours["light"]:
        faults.append(f"{where}: themes are {seen}")
    return faults


def reasons_are_those_of_the_daemon(_, __):
    with open(os.path.join(source, "src/track/close_reason.def"), encoding="utf-8") as text:
        theirs = re.findall(r'REASON\(\w+,\s*"(\w+)",\s*(\w+),\s*(\w+),', text.read())
    with open(os.path.join(source, "dashboards/web/reasons.js"), encoding="utf-8") as text:
        ours = re.findall(r"^  (\w+): \['(\w+)', '(\w+)',", text.read(), re.M)
    assert ours == [(reason, who.lower(), how.lower()) for reason, who, how in theirs]


def nothing_was_refused_by_the_policy(browser, _):
    refused = [line for line in browser.log() if "Content Security Policy" in line or "Uncaught" in line]
    assert not refused, refused


def close(pairs):
    for pair in pairs:
        for one in pair:
            one.close()


def main():
    helpers = ("check_token", "close", "dialog_faults", "main", "theme_faults")
    promises = [one for name, one in globals().items() if callable(one) and getattr(one, "__module__", "") == "__main__" and name not in helpers]
    wanted = sys.argv[3:]
    upstream = Upstream()
    browser = Browser(pictures)
    failures = 0
    try:
        for promise in promises:
            if wanted and promise.__name__ not in wanted:
                continue
            begin = time.monotonic()
            own = promise.__code__.co_varnames[1] == "daemon"
            daemon = Daemon(upstream, "--admin-write") if own else None
            try:
                promise(browser, daemon if own else upstream)
                if own:
                    daemon.stop()
                print(f"ok: {promise.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
            except Exception as error:
                failures += 1
                browser.picture(f"failed-{promise.__name__}")
                print(f"failed: {promise.__name__}: {type(error).__name__}: {error}", flush=True)
                Daemon.kill_all()
                upstream.socket.close()
                upstream = Upstream()
    finally:
        browser.quit()
    sys.exit(1 if failures else 0)


main()
