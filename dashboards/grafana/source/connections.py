# SPDX-License-Identifier: MIT
"""The life of connections and their ends: who hung up on whom, and how."""
from source.blocks import board, heat, lines, percentiles, row, table

CLOSED = "sockproxy_connections_closed_total"
RESETS = 'reason=~"client_reset|client_abandoned|client_abort_connecting|upstream_reset|upstream_abandoned"'

BOARD = board(
    "connections", "Connections and ends", "Where connections are in their life, how long they last, and who ended them, how and why.",
    ("listener", "upstream"),
    [
        row("Open",
            lines("By state", "accepted, sniffing (a PROXY header is awaited), connecting to the upstream, established, half closed by "
                  "a side's FIN, and flushing: both ends are known, and what is left is being delivered.", "short",
                  [("sum by (state) (sockproxy_connections_active{@pair})", "{{state}}")], stacked=True),
            lines("By listener", "Connections that are open, by where they came in and where they are sent.", "short",
                  [("sum by (listener, upstream) (sockproxy_connections_active{@pair})", "{{listener}} → {{upstream}}")], stacked=True),
            lines("Oldest and idlest", "The age of the oldest connection, and the longest that one has had no payload either way. Idle "
                  "ones for a day and longer raise SockproxyConnectionIdleLong.", "s",
                  [("max by (listener, upstream) (sockproxy_connection_oldest_age_seconds{@pair})", "{{listener}} oldest"),
                   ("max by (listener, upstream) (sockproxy_connection_longest_idle_seconds{@pair})", "{{listener}} idlest")]),
            lines("Idle", "Connections without payload for at least so long. `sockproxy conns 'idle > 5m' --sort=-idle` shows them; "
                  "--idle-timeout ends them.", "short",
                  [("sum by (threshold) (sockproxy_connections_idle{@pair})", "{{threshold}} s")])),
        row("Ends",
            lines("By initiator", "Who ended connections, per second: a side, a timer or a limit of sockproxy (proxy), or an admin. "
                  "unknown: both ended at once, and nobody can tell.", "cps",
                  [(f"sum by (initiator) (rate({CLOSED}{{@pair}}[$__rate_interval]))", "{{initiator}}")], stacked=True),
            lines("By reason", "Why, per second. client_fin and upstream_fin are the good ones.", "cps",
                  [(f"sum by (reason) (rate({CLOSED}{{@pair}}[$__rate_interval])) > 0", "{{reason}}")], stacked=True),
            lines("Resets", "Of all ends, the share that this side made by a RST. RST is an abort: unread data, a time-out, a limit; a "
                  "process that is killed with nothing unread sends FIN. Alerts: SockproxyClientsReset, SockproxyUpstreamsReset.",
                  "percentunit",
                  [(f"sum by (initiator) (rate({CLOSED}{{@pair, {RESETS}}}[$__rate_interval])) / ignoring (initiator) "
                    f"group_left () sum (rate({CLOSED}{{@pair}}[$__rate_interval]))", "{{initiator}}")]),
            lines("Lost and timed out", "Ends by time, per second: sides that answered no more (keepalive, user timeout), and our own "
                  "timers. The finding idle_cutoff tells when ends cluster at one idle time, never_finishes when one side does not close.",
                  "cps",
                  [(f'sum by (reason) (rate({CLOSED}{{@pair, reason=~".+_lost|.+_timeout|max_duration"}}[$__rate_interval]))',
                    "{{reason}}")], stacked=True),
            table("Ends in this time", "How many connections ended for which reason, over all of the time that is shown.", "short",
                  f"sum by (listener, upstream, initiator, reason) (increase({CLOSED}{{@pair}}[$__range])) > 0", (),
                  {"listener": "Listener", "upstream": "Upstream", "initiator": "Initiator", "reason": "Reason", "Value": "Ends"}),
            lines("Kinds", "proxy: payload moved, or somebody meant it to; probe: the client came and went without a byte, as health checks "
                  "and port scans do; rejected: refused on arrival. All listeners together.", "cps",
                  [("sum by (kind) (rate(sockproxy_connections_closed_kind_total{@here}[$__rate_interval]))", "{{kind}}")],
                  stacked=True)),
        row("What was not delivered",
            lines("Undelivered bytes", "Payload that came in and that the kernel of the side it was for never acknowledged, per second of "
                  "ends. 0 after a clean end.", "Bps",
                  [("sum by (leg) (rate(sockproxy_undelivered_bytes_total{@pair}[$__rate_interval]))", "to {{leg}}")]),
            lines("Undelivered share", "The same as a share of what was sent that way. Alert: SockproxyUndeliveredBytes.", "percentunit",
                  [("sum by (leg) (rate(sockproxy_undelivered_bytes_total{@pair}[$__rate_interval])) / "
                    "sum by (leg) (rate(sockproxy_sent_bytes_total{@pair}[$__rate_interval]))", "to {{leg}}")])),
        row("How long they live",
            percentiles("Duration", "How long connections lived that have ended.", "sockproxy_connection_duration_seconds", "@pair"),
            heat("Durations", "How many ended after how long, per second. A band that stands out is a timer: of a client, of a device "
                 "between, of the upstream, or ours.", "sockproxy_connection_duration_seconds", "@pair")),
        row("Turned away, and waiting to come in",
            lines("Refused on arrival", "By --allow and --deny, by limits of connections, and by rates, per second.", "cps",
                  [(f'sum by (reason) (rate({CLOSED}{{@pair, reason=~"denied_.+"}}[$__rate_interval]))', "{{reason}}")], width=8),
            lines("Listen queue", "Connections that the kernel has established and that are not accepted yet; the limit is where the "
                  "kernel begins to throw handshakes away.", "short",
                  [('sum by (listener) (sockproxy_listen_queue_length{@here, listener=~"$listener"})', "{{listener}}"),
                   ('sum by (listener) (sockproxy_listen_queue_limit{@here, listener=~"$listener"})', "{{listener}} limit")], width=8),
            lines("Overflows and pauses", "Handshakes thrown away because a queue was full, and how often accepting paused or failed, per "
                  "second.", "cps",
                  [("sum (rate(sockproxy_listen_overflows_total{@here}[$__rate_interval]))", "overflows"),
                   ("sum (rate(sockproxy_accept_pauses_total{@here}[$__rate_interval]))", "pauses"),
                   ("sum (rate(sockproxy_accept_errors_total{@here}[$__rate_interval]))", "errors")], width=8)),
    ])
