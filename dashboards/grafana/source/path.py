# SPDX-License-Identifier: MIT
"""How the ways to clients and to upstreams are, each by itself."""
from source.blocks import board, heat, lines, percentiles, row

RTT = "sockproxy_tcp_rtt_seconds"

BOARD = board(
    "path", "Path quality", "Round trips, loss and speed of both legs, who answers slowly, and who reads slowly.",
    ("listener", "upstream"),
    [
        row("Round trips",
            percentiles("Round trip by leg", "As the kernel measures it (smoothed), taken at each sample and at the end of each "
                        "connection. A leg that is far away or congested shows here, and which of both it is.", RTT, "@pair",
                        ("leg",), width=24),
            heat("Round trips to clients", "How many samples had which round trip, per second. Two bands are two places.",
                 RTT, '@pair, leg="client"'),
            heat("Round trips to upstreams", "The same towards upstreams. Within one network it should be one narrow band.",
                 RTT, '@pair, leg="upstream"')),
        row("Loss",
            lines("Retransmitted share", "Of the segments sent on a leg, the share that was sent again. Below 0.1 % is good, above 2 % "
                  "raises SockproxyRetransmits. `sockproxy conns --sort=-retransmits` shows whose they are.", "percentunit",
                  [("sum by (leg) (rate(sockproxy_tcp_segments_retransmitted_total{@pair}[$__rate_interval])) / "
                    "sum by (leg) (rate(sockproxy_tcp_segments_sent_total{@pair}[$__rate_interval]))", "{{leg}}")]),
            lines("Retransmitted by listener", "Segments sent again, per second, by listener and leg.", "pps",
                  [("sum by (listener, leg) (rate(sockproxy_tcp_segments_retransmitted_total{@pair}[$__rate_interval]))",
                    "{{listener}} {{leg}}")]),
            lines("Segments", "Segments sent, per second, as of the last look at each connection.", "pps",
                  [("sum by (leg) (rate(sockproxy_tcp_segments_sent_total{@pair}[$__rate_interval]))", "{{leg}}")]),
            lines("Lost sides", "Connections that ended because a side answered no more, per second. Alert: SockproxySideLost.", "cps",
                  [('sum by (reason) (rate(sockproxy_connections_closed_total{@pair, reason=~"client_lost|upstream_lost"}'
                    "[$__rate_interval]))", "{{reason}}")])),
        row("Speed",
            lines("Bytes by leg", "Payload read from a side, and handed to the kernel for it.", "Bps",
                  [("sum by (leg) (rate(sockproxy_received_bytes_total{@pair}[$__rate_interval]))", "from {{leg}}"),
                   ("sum by (leg) (rate(sockproxy_sent_bytes_total{@pair}[$__rate_interval]))", "to {{leg}}")]),
            lines("Bytes to clients by listener", "Payload handed to the kernel for clients.", "Bps",
                  [('sum by (listener, upstream) (rate(sockproxy_sent_bytes_total{@pair, leg="client"}[$__rate_interval]))',
                    "{{listener}} → {{upstream}}")], stacked=True),
            lines("Segment size", "Bytes of payload in a segment, on average. Small ones mean small writes, or many bare acknowledgements.",
                  "bytes",
                  [("sum by (leg) (rate(sockproxy_sent_bytes_total{@pair}[$__rate_interval])) / "
                    "sum by (leg) (rate(sockproxy_tcp_segments_sent_total{@pair}[$__rate_interval]))", "to {{leg}}")]),
            lines("Spliced", "Of the bytes sent, the share that went from socket to socket without being copied.", "percentunit",
                  [("sum (rate(sockproxy_spliced_bytes_total{@here}[$__rate_interval])) / "
                    "sum (rate(sockproxy_sent_bytes_total{@here}[$__rate_interval]))", "spliced")], top=1)),
        row("Who is slow",
            percentiles("Turn by listener", "From the client's last bytes until the upstream's first ones after them: how long the service "
                        "thinks, its round trip included.", "sockproxy_turn_duration_seconds", "@pair", ("listener",), at=(50, 99)),
            heat("Turns", "How many answers took how long, per second.", "sockproxy_turn_duration_seconds", "@pair"),
            lines("Buffers lent", "Directions whose reader is slower than their writer hold a buffer of 16 KiB each; the limit is what "
                  "--buffer-memory allows. Alerts: SockproxyLoansNearLimit, SockproxyLoansShort.", "short",
                  [("sum (sockproxy_loans_lent{@here})", "lent"), ("sum (sockproxy_loans_max{@here})", "limit"),
                   ("sum (sockproxy_pipes_open{@here})", "pipes")]),
            lines("Waiting for a buffer or a pipe", "Reads that found all buffers lent and waited, and reads that found no pipe and were "
                  "copied, per second.", "cps",
                  [("sum (rate(sockproxy_loan_shortages_total{@here}[$__rate_interval]))", "no buffer"),
                   ("sum (rate(sockproxy_pipe_shortages_total{@here}[$__rate_interval]))", "no pipe")])),
    ])
