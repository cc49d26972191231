# SPDX-License-Identifier: MIT
"""How upstreams and each of their targets do."""
from source.blocks import board, heat, lines, percentiles, row, stat

ATTEMPTS = "sockproxy_upstream_connect_attempts_total"
CLOSED = "sockproxy_connections_closed_total"
NONE = 'reason=~"upstream_refused|upstream_unreachable|upstream_connect_timeout|upstream_dns|upstream_none|resource_ports"'


def failing(by):
    by = f"by ({by}) " if by else ""
    return (f'sum {by}(rate({ATTEMPTS}{{@target, result!~"connected|abandoned"}}[$__rate_interval])) / '
            f"sum {by}(rate({ATTEMPTS}{{@target}}[$__rate_interval]))")


BOARD = board(
    "upstreams", "Upstreams", "Which targets answer, how fast, and whether source ports run out.", ("upstream", "target"),
    [
        row("Now",
            stat("Connects", "Connects begun per second. One client may need several, when targets fail.",
                 f"sum (rate({ATTEMPTS}{{@target}}[$__rate_interval]))", "cps", width=4),
            stat("Failing connects", "Of these, the share that failed. Clients may not notice, for the next target is tried.",
                 failing("") + " >= 0", "percentunit", ("green", (0.01, "orange"), (0.2, "red")), width=4),
            stat("Clients turned away", "Of all ends, the share of clients that got no upstream at all. Alert: SockproxyUpstreamFails.",
                 f"sum (rate({CLOSED}{{@up, {NONE}}}[$__rate_interval])) / sum (rate({CLOSED}{{@up}}[$__rate_interval])) >= 0",
                 "percentunit", ("green", (0.001, "orange"), (0.05, "red")), width=4),
            stat("Targets without address", "Names that have no address now. GET /upstreams has the error.",
                 "sum (sockproxy_upstream_target_addresses{@target} == bool 0)", "none", ("green", (1, "red")), width=4),
            stat("Source ports", "Of the source ports towards one target, the share in use; of the fullest target.",
                 "max (sockproxy_source_ports_in_use{@target} / ignoring (upstream, target) group_left () "
                 "sockproxy_source_ports_max{@here})", "percentunit", ("green", (0.5, "orange"), (0.7, "red")), width=4),
            stat("Findings", "target_fails: a target refuses or resets far more than the others. source_ports: they run out.",
                 'sum (sockproxy_findings{@here, kind=~"target_fails|source_ports"})', "none", ("green", (1, "orange")), width=4)),
        row("Connects",
            lines("Attempts by result", "How connects ended, per second. refused: nobody listens there; timeout: no answer within "
                  "--connect-timeout; reset: a RST in the middle.", "cps",
                  [(f"sum by (result) (rate({ATTEMPTS}{{@target}}[$__rate_interval]))", "{{result}}")], stacked=True),
            lines("Failing share by target", "Of the connects to a target, the share that failed. Alert: SockproxyTargetFails; finding: "
                  "target_fails.", "percentunit", [(failing("upstream, target"), "{{upstream}} {{target}}")], top=1),
            lines("Attempts by target", "Connects begun, per second: how clients are spread.", "cps",
                  [(f"sum by (upstream, target) (rate({ATTEMPTS}{{@target}}[$__rate_interval]))", "{{upstream}} {{target}}")],
                  stacked=True),
            lines("Clients without an upstream", "Every target was tried and none took the connection, or there was none to try, per "
                  "second, by reason.", "cps",
                  [(f"sum by (reason) (rate({CLOSED}{{@up, {NONE}}}[$__rate_interval]))", "{{reason}}")], stacked=True),
            percentiles("Connect time", "Of connects that succeeded. A step at 1 s or 3 s is a SYN sent again: lost, or thrown away by "
                        "a full listen queue. Alert: SockproxyConnectsSlow.", "sockproxy_upstream_connect_duration_seconds", "@up",
                        ("upstream",)),
            heat("Connect times", "How many connects took how long, per second.", "sockproxy_upstream_connect_duration_seconds", "@up")),
        row("Use",
            lines("Open connections by upstream", "Connections of clients that are open.", "short",
                  [("sum by (upstream) (sockproxy_connections_active{@up})", "{{upstream}}")], stacked=True),
            lines("Ends by upstreams", "Ends that the upstream made, per second: in order, by a RST, or lost. Alert: "
                  "SockproxyUpstreamsReset.", "cps",
                  [(f'sum by (upstream, reason) (rate({CLOSED}{{@up, initiator="upstream"}}[$__rate_interval])) > 0',
                    "{{upstream}} {{reason}}")], stacked=True),
            lines("Bytes to upstreams", "Payload handed to the kernel for upstreams.", "Bps",
                  [('sum by (upstream) (rate(sockproxy_sent_bytes_total{@up, leg="upstream"}[$__rate_interval]))', "{{upstream}}")]),
            lines("Bytes from upstreams", "Payload read from upstreams.", "Bps",
                  [('sum by (upstream) (rate(sockproxy_received_bytes_total{@up, leg="upstream"}[$__rate_interval]))', "{{upstream}}")])),
        row("Addresses and ports",
            lines("Addresses", "How many addresses the name of each target has. 0: none was found, or it is not looked up yet.", "short",
                  [("sum by (upstream, target) (sockproxy_upstream_target_addresses{@target})", "{{upstream}} {{target}}")], width=8),
            lines("Source ports in use", "Connections from here to each target that take a source port. The limit is the number of ports "
                  "the kernel gives to one target (times --source addresses).", "short",
                  [("sum by (instance, upstream, target) (sockproxy_source_ports_in_use{@target})", "{{upstream}} {{target}}"),
                   ("min (sockproxy_source_ports_max{@here})", "limit")], width=8),
            lines("Sockets in TIME_WAIT, and shortages", "Sockets of this host that keep their port for a minute after we closed first; "
                  "and connects per second that found no source port free. SOURCE PORTS in sockproxy(8) has the arithmetic. Finding: source_ports.",
                  "short",
                  [("sum (sockproxy_time_wait_sockets{@here})", "TIME_WAIT"),
                   ("sum (rate(sockproxy_source_port_shortages_total{@here}[$__rate_interval]))", "shortages per second")], width=8)),
    ])
