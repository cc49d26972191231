# SPDX-License-Identifier: MIT
"""Is all well?  The first one to open."""
from source.blocks import board, lines, percentiles, row, stat, table, timeline

# A share of ends, denials left out: those never were connections.
ENDS = 'sum (rate(sockproxy_connections_closed_total{@pair, reason!~"denied_.+"}[$__rate_interval]))'
BAD = ('sum (rate(sockproxy_connections_closed_total{@pair, '
       'reason!~"denied_.+|client_fin|upstream_fin|admin_.+|shutdown"}[$__rate_interval]))')

BOARD = board(
    "overview", "Overview", "Who is connected, how much moves, how connections end, and what is near its limit.",
    ("listener", "upstream"),
    [
        row("Now",
            stat("Daemons", "Daemons that Prometheus scrapes. The alert SockproxyDown tells when one is gone.",
                 "count (sockproxy_build_info{@here})", "none"),
            stat("Open connections", "Connections of clients that are open, in whatever state.",
                 "sum (sockproxy_connections_active{@pair})", "short"),
            stat("New connections", "Clients accepted per second.",
                 "sum (rate(sockproxy_connections_accepted_total{@pair}[$__rate_interval]))", "cps"),
            stat("Bad ends", "Of all ends, the share that was no orderly finish of a side nor an admin's order: resets, lost sides, "
                 "timers of ours, upstreams that could not be connected. Connections refused by a rule (denied) do not count.",
                 f"{BAD} / {ENDS} >= 0", "percentunit", ("green", (0.05, "orange"), (0.2, "red"))),
            stat("Connect p99", "One connect in a hundred to an upstream takes longer. A second or more means a lost SYN.",
                 "histogram_quantile(0.99, sum by (le) "
                 "(rate(sockproxy_upstream_connect_duration_seconds_bucket{@up}[$__rate_interval]))) >= 0",
                 "s", ("green", (0.1, "orange"), (0.5, "red"))),
            stat("Oldest connection", "The age of the oldest connection that is open.",
                 "max (sockproxy_connection_oldest_age_seconds{@pair})", "s"),
            stat("Alerts", "Alerts of alerting.rules.yml that are firing; 0 also where those are not loaded.",
                 'count (ALERTS{@here, alertname=~"Sockproxy.+", alertstate="firing"}) or vector(0)', "none",
                 ("green", (1, "red"))),
            stat("Findings", "What the daemons noticed by themselves: GET /findings, or `sockproxy findings`, has the evidence.",
                 "sum (sockproxy_findings{@here})", "none", ("green", (1, "orange")))),
        row("Traffic",
            lines("Open connections by state", "Where connections are in their life. Half-closed ones that pile up wait for a side "
                  "that does not finish; flushing ones for a reader that is slow.", "short",
                  [("sum by (state) (sockproxy_connections_active{@pair})", "{{state}}")], stacked=True),
            lines("Opened and closed", "Clients accepted, and connections ended, per second. Lines that part mean that connections pile "
                  "up or drain.", "cps",
                  [("sum (rate(sockproxy_connections_accepted_total{@pair}[$__rate_interval]))", "opened"),
                   ("sum (rate(sockproxy_connections_closed_total{@pair}[$__rate_interval]))", "closed")]),
            lines("Bytes", "Payload read from a side, and handed to the kernel for it. It moves while connections live.", "Bps",
                  [("sum by (leg) (rate(sockproxy_received_bytes_total{@pair}[$__rate_interval]))", "from {{leg}}"),
                   ("sum by (leg) (rate(sockproxy_sent_bytes_total{@pair}[$__rate_interval]))", "to {{leg}}")]),
            lines("Ends by reason", "Why connections ended, per second. sockproxy-api(7) explains each reason; "
                  "`sockproxy conns --state closed 'reason == …'` shows them.", "cps",
                  [("sum by (reason) (rate(sockproxy_connections_closed_total{@pair}[$__rate_interval])) > 0", "{{reason}}")],
                  stacked=True)),
        row("How long",
            percentiles("Connect", "From the call of connect until the upstream answered, of connects that succeeded.",
                        "sockproxy_upstream_connect_duration_seconds", "@up", width=8),
            percentiles("Turn", "From the client's last bytes until the upstream's first ones after them: how long the service thinks.",
                        "sockproxy_turn_duration_seconds", "@pair", width=8),
            percentiles("Connection", "How long connections lived that have ended.",
                        "sockproxy_connection_duration_seconds", "@pair", width=8)),
        row("Limits",
            lines("How full", "What is in use of what there may be, of the fullest daemon and target: connections (--max-conns), "
                  "descriptors, source ports towards one target, and buffers lent to slow readers (--buffer-memory).", "percentunit",
                  [("max (sum without (listener, upstream, state) (sockproxy_connections_active{@here}) / "
                    "sockproxy_connections_max{@here})", "connections"),
                   ("max (process_open_fds{@here} / process_max_fds{@here} and on (job, instance) sockproxy_build_info{@here})",
                    "descriptors"),
                   ("max (sockproxy_source_ports_in_use{@up} / ignoring (upstream, target) group_left () "
                    "sockproxy_source_ports_max{@here})", "source ports"),
                   ("max (sockproxy_loans_lent{@here} / sockproxy_loans_max{@here})", "buffers")], width=8, top=1),
            lines("Shortages", "How often something was not to be had, per second. Each has an alert but pipes, without which bytes "
                  "are copied.", "cps",
                  [("sum (rate(sockproxy_accept_pauses_total{@here}[$__rate_interval]))", "accepting paused"),
                   ("sum (rate(sockproxy_accept_errors_total{@here}[$__rate_interval]))", "accept failed"),
                   ("sum (rate(sockproxy_listen_overflows_total{@here}[$__rate_interval]))", "listen queue overflowed"),
                   ("sum (rate(sockproxy_loan_shortages_total{@here}[$__rate_interval]))", "no buffer"),
                   ("sum (rate(sockproxy_pipe_shortages_total{@here}[$__rate_interval]))", "no pipe"),
                   ("sum (rate(sockproxy_source_port_shortages_total{@here}[$__rate_interval]))", "no source port"),
                   ("sum (rate(sockproxy_source_table_full_total{@here}[$__rate_interval]))", "source table full")], width=8),
            timeline("Listeners", "The state of each listening socket. paused: new clients wait in its queue.",
                     'sockproxy_listener_state{@here, listener=~"$listener", state="listening"}', "{{instance}} {{listener}}",
                     ((1, "listening", "green"), (0, "not listening", "red")), width=8)),
        row("The daemons themselves",
            lines("CPU", "Processor time per second: 1 is a whole core.", "none",
                  [("rate(process_cpu_seconds_total{@here}[$__rate_interval]) and on (job, instance) "
                    "sockproxy_build_info{@here}", "{{instance}}")], width=8),
            lines("Memory", "Resident memory, and how much of it buffers for slow readers may become (--buffer-memory, of all workers).", "bytes",
                  [("process_resident_memory_bytes{@here} and on (job, instance) sockproxy_build_info{@here}",
                    "{{instance}} resident"),
                   ("sockproxy_buffer_memory_bytes{@here}", "{{instance}} buffers at most")], width=8),
            lines("Descriptors and threads", "Open file descriptors, and threads. A connection takes two descriptors.", "short",
                  [("process_open_fds{@here} and on (job, instance) sockproxy_build_info{@here}", "{{instance}} descriptors"),
                   ("process_threads{@here} and on (job, instance) sockproxy_build_info{@here}", "{{instance}} threads"),
                   ("sockproxy_workers{@here}", "{{instance}} workers")], width=8),
            lines("Events dropped", "What somebody who watches did not get, per second: lines of the log, events for followers, steps "
                  "in a record. Forwarding never waits for them.", "cps",
                  [("sum by (sink) (rate(sockproxy_events_dropped_total{@here}[$__rate_interval]))", "{{sink}}"),
                   ("sum (rate(sockproxy_orders_refused_total{@here}[$__rate_interval]))", "orders refused")], width=8),
            lines("Followers", "Clients of GET /events now; and per second those refused because there were too many, and those cut "
                  "because they did not read.", "short",
                  [("sum (sockproxy_followers{@here})", "followers"),
                   ("sum (rate(sockproxy_followers_refused_total{@here}[$__rate_interval]))", "refused per second"),
                   ("sum (rate(sockproxy_followers_cut_total{@here}[$__rate_interval]))", "cut per second")], width=8),
            lines("Uptime and drain", "Time since the start; and 1 for a daemon that drains.", "s",
                  [("time() - process_start_time_seconds{@here} and on (job, instance) sockproxy_build_info{@here}",
                    "{{instance}}"),
                   ("sockproxy_draining{@here} > 0", "{{instance}} drains")], width=8),
            table("Versions", "Which version each daemon is.", "none", "sockproxy_build_info{@here}", ("Value",),
                  {"instance": "Instance", "job": "Job", "version": "Version"}),
            table("Alerts firing", "Those of alerting.rules.yml. Each has a description, and a filter for `sockproxy conns`.", "none",
                  'ALERTS{@here, alertname=~"Sockproxy.+", alertstate="firing"}', ("Value", "alertstate"),
                  {"alertname": "Alert", "severity": "Severity"})),
    ])
