# Everything but main() is a library, so that tests link what ships.
noinst_LIBRARIES += libsockproxy.a
libsockproxy_a_CPPFLAGS = $(AM_CPPFLAGS) $(ASSERTS) -DWEB_FOLDER='"$(srcdir)/dashboards/web"'
libsockproxy_a_SOURCES = \
	%D%/base/addr.c %D%/base/addr.h \
	%D%/base/bucket.c %D%/base/bucket.h \
	%D%/base/clock.c %D%/base/clock.h %D%/base/instant.c \
	%D%/base/cpus.c %D%/base/cpus.h \
	%D%/base/figure.c %D%/base/figure.h \
	%D%/base/flow.c %D%/base/flow.h \
	%D%/base/glob.c %D%/base/glob.h \
	%D%/base/histogram.c %D%/base/histogram.h %D%/base/histogram_bounds.def \
	%D%/base/log.c %D%/base/log.h \
	%D%/base/nearest.c %D%/base/nearest.h \
	%D%/base/network.c %D%/base/network.h \
	%D%/base/process.c %D%/base/process.h \
	%D%/base/quantity.c %D%/base/quantity.h \
	%D%/base/queue.c %D%/base/queue.h \
	%D%/base/share.c %D%/base/share.h \
	%D%/base/slot.c %D%/base/slot.h \
	%D%/base/source_table.c %D%/base/source_table.h \
	%D%/base/text.c %D%/base/text.h \
	%D%/base/utf8.c %D%/base/utf8.h \
	%D%/config/endpoint.c %D%/config/endpoint.h \
	%D%/config/option_take.c %D%/config/option_take.h \
	%D%/config/option_tell.c %D%/config/option_tell.h \
	%D%/config/options.c %D%/config/options.h \
	%D%/config/settings.h \
	%D%/net/bare_call.h %D%/net/listening.c %D%/net/listening.h \
	%D%/net/loop.c %D%/net/loop.h \
	%D%/net/mailbox.c %D%/net/mailbox.h \
	%D%/net/notify.c %D%/net/notify.h \
	%D%/net/pipe.c %D%/net/pipe.h \
	%D%/net/ports.c %D%/net/ports.h \
	%D%/net/socket.c %D%/net/socket.h \
	%D%/net/tcp_info.c %D%/net/tcp_info.h \
	%D%/net/timer.c %D%/net/timer.h \
	%D%/sniff/sniff_proxy.c %D%/sniff/sniff_proxy.h \
	%D%/track/attempt.c %D%/track/attempt.h \
	%D%/track/bus.c %D%/track/bus.h \
	%D%/track/clauses.h %D%/track/end_clauses.c %D%/track/life_clauses.c \
	%D%/track/census.c %D%/track/census.h \
	%D%/track/changes.c %D%/track/changes.h \
	%D%/track/close_reason.c %D%/track/close_reason.h %D%/track/close_reason.def \
	%D%/track/conn_id.c %D%/track/conn_id.h \
	%D%/track/conn_state.c %D%/track/conn_state.h \
	%D%/track/congestion.c %D%/track/congestion.h \
	%D%/track/detail.c %D%/track/detail.h \
	%D%/track/draining.c %D%/track/draining.h \
	%D%/track/evidence.c %D%/track/evidence.h \
	%D%/track/explain.c %D%/track/explain.h %D%/track/explain_rules.def \
	%D%/track/field_names.c %D%/track/field_names.h \
	%D%/track/field_set.c %D%/track/field_set.h \
	%D%/track/field_words.c %D%/track/field_words.h \
	%D%/track/fields.c %D%/track/fields.h %D%/track/fields.def %D%/track/leg_fields.def \
	%D%/track/filter.c %D%/track/filter.h %D%/track/filter_program.h %D%/track/filter_parse.c \
	%D%/track/filter_literal.c %D%/track/filter_literal.h \
	%D%/track/finding.h %D%/track/finding_filter.c %D%/track/finding_text.c %D%/track/finding_text.h \
	%D%/track/findings.c %D%/track/findings.h \
	%D%/track/history.c %D%/track/history.h \
	%D%/track/idle_cutoffs.c %D%/track/idle_cutoffs.h \
	%D%/track/known_times.c %D%/track/known_times.h \
	%D%/track/leg.c %D%/track/leg.h \
	%D%/track/listeners.c %D%/track/listeners.h \
	%D%/track/lookout.c %D%/track/lookout.h \
	%D%/track/notes.c %D%/track/notes.h \
	%D%/track/orders.c %D%/track/orders.h \
	%D%/track/pairs.c %D%/track/pairs.h \
	%D%/track/port_usage.c %D%/track/port_usage.h \
	%D%/track/recent.c %D%/track/recent.h \
	%D%/track/record.c %D%/track/record.h \
	%D%/track/ring.c %D%/track/ring.h \
	%D%/track/sighting.c %D%/track/sighting.h \
	%D%/track/story.c %D%/track/story.h \
	%D%/track/suspicions.c %D%/track/suspicions.h \
	%D%/track/table.c %D%/track/table.h \
	%D%/track/target_failures.c %D%/track/target_failures.h \
	%D%/track/targets.c %D%/track/targets.h \
	%D%/track/totals.c %D%/track/totals.h %D%/track/totals.def \
	%D%/track/track.c %D%/track/track.h \
	%D%/track/unfinished.c %D%/track/unfinished.h \
	%D%/upstream/group.c %D%/upstream/group.h \
	%D%/upstream/proxy_header.c %D%/upstream/proxy_header.h \
	%D%/upstream/resolver.c %D%/upstream/resolver.h \
	%D%/export/conn_line.c %D%/export/conn_line.h \
	%D%/export/conn_log.c %D%/export/conn_log.h \
	%D%/export/json.c %D%/export/json.h \
	%D%/export/metrics.c %D%/export/metrics.h %D%/export/metrics.def \
	%D%/export/prometheus.c %D%/export/prometheus.h \
	%D%/export/record_form.c %D%/export/record_form.h \
	%D%/export/record_json.c %D%/export/record_json.h \
	%D%/export/record_table.c %D%/export/record_table.h \
	%D%/export/schema.c %D%/export/schema.h \
	%D%/proxy/accept_pace.h \
	%D%/proxy/admission.c %D%/proxy/admission.h \
	%D%/proxy/carrying.c %D%/proxy/carrying.h \
	%D%/proxy/chronicle.c %D%/proxy/chronicle.h \
	%D%/proxy/conn.c %D%/proxy/conn.h %D%/proxy/conns.c %D%/proxy/conns.h %D%/proxy/conn_parts.h \
	%D%/proxy/deadline.c %D%/proxy/deadline.h \
	%D%/proxy/entrances.c %D%/proxy/entrances.h \
	%D%/proxy/dialing.c %D%/proxy/dialing.h \
	%D%/proxy/ending.c %D%/proxy/ending.h \
	%D%/proxy/farewell.c %D%/proxy/farewell.h \
	%D%/proxy/leg_end.c %D%/proxy/leg_end.h \
	%D%/proxy/lifecycle.c %D%/proxy/lifecycle.h \
	%D%/proxy/limits.c %D%/proxy/limits.h \
	%D%/proxy/listener.c %D%/proxy/listener.h \
	%D%/proxy/loans.c %D%/proxy/loans.h \
	%D%/proxy/look.c %D%/proxy/look.h \
	%D%/proxy/manners.c %D%/proxy/manners.h \
	%D%/proxy/newcomers.c %D%/proxy/newcomers.h \
	%D%/proxy/pipes.c %D%/proxy/pipes.h \
	%D%/proxy/pump.c %D%/proxy/pump.h \
	%D%/proxy/sampler.c %D%/proxy/sampler.h \
	%D%/proxy/sniffing.c %D%/proxy/sniffing.h \
	%D%/proxy/symptoms.c %D%/proxy/symptoms.h \
	%D%/proxy/workbench.c %D%/proxy/workbench.h \
	%D%/proxy/worker.c %D%/proxy/worker.h \
	%D%/api/accept.c %D%/api/accept.h \
	%D%/api/admin_socket.c %D%/api/admin_socket.h \
	%D%/api/assets.c %D%/api/assets.h %D%/api/assets.def \
	%D%/api/callers.c %D%/api/callers.h \
	%D%/api/certificate.c %D%/api/certificate.h \
	%D%/api/conns_list.c %D%/api/conns_list.h \
	%D%/api/conns_walk.c %D%/api/conns_walk.h \
	%D%/api/cursor.c %D%/api/cursor.h \
	%D%/api/door.c %D%/api/door.h \
	%D%/api/exchange.c %D%/api/exchange.h \
	%D%/api/documents.c %D%/api/documents.h \
	%D%/api/event_cache.c %D%/api/event_cache.h \
	%D%/api/event_feed.c %D%/api/event_feed.h \
	%D%/api/event_stream.c %D%/api/event_stream.h \
	%D%/api/filter_take.c %D%/api/filter_take.h \
	%D%/api/followers.c %D%/api/followers.h \
	%D%/api/guard.c %D%/api/guard.h \
	%D%/api/id_set.c %D%/api/id_set.h \
	%D%/api/kill_request.c %D%/api/kill_request.h \
	%D%/api/lookup.c %D%/api/lookup.h \
	%D%/api/openapi.c %D%/api/openapi.h %D%/api/openapi_schemas.c %D%/api/route_openapi.c \
	%D%/api/orders_reply.c %D%/api/orders_reply.h \
	%D%/api/private_file.c %D%/api/private_file.h \
	%D%/api/query.c %D%/api/query.h \
	%D%/api/reply.c %D%/api/reply.h \
	%D%/api/response.c %D%/api/response.h \
	%D%/api/route_assets.c %D%/api/route_config.c \
	%D%/api/route_conn.c \
	%D%/api/route_conns.c \
	%D%/api/route_drain.c \
	%D%/api/route_explain.c \
	%D%/api/route_events.c \
	%D%/api/route_findings.c \
	%D%/api/route_index.c \
	%D%/api/route_kill_many.c \
	%D%/api/route_listener_patch.c %D%/api/route_listeners.c \
	%D%/api/route_metrics.c \
	%D%/api/route_probes.c \
	%D%/api/route_schema.c \
	%D%/api/route_stats.c \
	%D%/api/route_upstreams.c \
	%D%/api/route_version.c \
	%D%/api/router.c %D%/api/router.h \
	%D%/api/scrape.c %D%/api/scrape.h %D%/api/scrape_families.c %D%/api/scrape_pairs.c \
	%D%/api/scrape_process.c %D%/api/scrape_upstreams.c \
	%D%/api/selection.c %D%/api/selection.h \
	%D%/api/server.c %D%/api/server.h \
	%D%/api/shape.c %D%/api/shape.h \
	%D%/api/thing.c %D%/api/thing.h \
	%D%/api/token.c %D%/api/token.h \
	%D%/api/top.c %D%/api/top.h \
	%D%/client/admin_url.c %D%/client/admin_url.h \
	%D%/client/ask.c %D%/client/ask.h \
	%D%/client/client.c %D%/client/client.h \
	%D%/client/client_options.c %D%/client/client_options.h \
	%D%/client/cmd_conns.c %D%/client/cmd_events.c %D%/client/cmd_explain.c %D%/client/cmd_findings.c %D%/client/cmd_kill.c \
	%D%/client/cmd_show.c %D%/client/cmd_top.c \
	%D%/client/columns.c %D%/client/columns.h \
	%D%/client/commands.c %D%/client/commands.h \
	%D%/client/complete.c %D%/client/complete.h %D%/client/complete_filter.c %D%/client/complete_live.c \
	%D%/client/conn_columns.c %D%/client/conn_columns.h \
	%D%/client/http_client.c %D%/client/http_client.h \
	%D%/client/json_at.c %D%/client/json_at.h \
	%D%/client/line_edit.c %D%/client/line_edit.h \
	%D%/client/live.c %D%/client/live.h %D%/client/live_head.c %D%/client/live_page.c \
	%D%/client/live_columns.c %D%/client/live_columns.h \
	%D%/client/live_fetch.c %D%/client/live_fetch.h \
	%D%/client/live_keys.c %D%/client/live_keys.h \
	%D%/client/live_model.c %D%/client/live_model.h \
	%D%/client/live_take.c %D%/client/live_take.h \
	%D%/client/live_view.c %D%/client/live_view.h \
	%D%/client/record_sheet.c %D%/client/record_sheet.h \
	%D%/client/screen.c %D%/client/screen.h \
	%D%/client/terminal.c %D%/client/terminal.h \
	%D%/daemon/daemon.c %D%/daemon/daemon.h \
	%D%/daemon/demo.c %D%/daemon/demo.h \
	%D%/daemon/demo_clients.c %D%/daemon/demo_clients.h \
	%D%/daemon/demo_thread.c %D%/daemon/demo_thread.h \
	%D%/daemon/lookout_thread.c %D%/daemon/lookout_thread.h \
	%D%/daemon/demo_upstream.c %D%/daemon/demo_upstream.h \
	%D%/daemon/drain.c %D%/daemon/drain.h \
	%D%/daemon/limits.c %D%/daemon/limits.h \
	%D%/daemon/process_orders.c %D%/daemon/process_orders.h
EXTRA_DIST += %D%/FLOORS %D%/README.md

libsockproxy_LIBS = $(MHD_LIBS) $(GNUTLS_LIBS) $(JANSSON_LIBS) $(CARES_LIBS) $(CURL_LIBS) $(NCURSES_LIBS)

bin_PROGRAMS += sockproxy
sockproxy_SOURCES = %D%/program/main.c
sockproxy_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
