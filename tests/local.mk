dist_check_SCRIPTS += %D%/check-floors.sh %D%/check-manual.sh %D%/run.sh
TESTS += %D%/check-floors.sh %D%/check-manual.sh
EXTRA_DIST += %D%/README.md %D%/valgrind.supp %D%/support/schema_judge.py
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; export srcdir; \
	SOCKPROXY='$(abs_top_builddir)/sockproxy'; export SOCKPROXY;

AM_CPPFLAGS += -I$(srcdir)/%D%

if HAVE_CHECK
AM_CPPFLAGS += $(CHECK_CFLAGS)
LDADD = libsupport.a libsockproxy.a $(CHECK_LIBS) $(libsockproxy_LIBS)

check_LIBRARIES += libsupport.a
libsupport_a_SOURCES = \
	%D%/support/api_scene.c %D%/support/api_scene.h \
	%D%/support/command.c %D%/support/command.h \
	%D%/support/descriptors.c %D%/support/descriptors.h \
	%D%/support/echo_upstream.c %D%/support/echo_upstream.h \
	%D%/support/exposition.c %D%/support/exposition.h \
	%D%/support/fake_admin.c %D%/support/fake_admin.h \
	%D%/support/follow.c %D%/support/follow.h \
	%D%/support/hop.c %D%/support/hop.h \
	%D%/support/http_ask.c %D%/support/http_ask.h \
	%D%/support/netns.c %D%/support/netns.h \
	%D%/support/peers.c %D%/support/peers.h \
	%D%/support/provoke.c %D%/support/provoke.h \
	%D%/support/proxy_facts.c %D%/support/proxy_facts.h \
	%D%/support/proxy_process.c %D%/support/proxy_process.h \
	%D%/support/schema.c %D%/support/schema.h \
	%D%/support/stderr_pipe.c %D%/support/stderr_pipe.h \
	%D%/support/suite.c %D%/support/suite.h \
	%D%/support/tcp_pair.c %D%/support/tcp_pair.h \
	%D%/support/tls.c %D%/support/tls.h \
	%D%/support/wait_until.c %D%/support/wait_until.h

# In place of net/socket.c, net/tcp_info.c and base/clock.c: stands before libsockproxy.a, so that
# the linker looks no further.
check_LIBRARIES += libfake.a
libfake_a_SOURCES = \
	%D%/support/fake_clock.c %D%/support/fake_clock.h \
	%D%/support/fake_socket.c %D%/support/fake_socket.h \
	%D%/support/scene.c %D%/support/scene.h
fake_LDADD = libsupport.a libfake.a libsockproxy.a $(CHECK_LIBS) $(libsockproxy_LIBS)

# unit: one module, and the kernel where the module talks to it
unit_tests = \
	%D%/unit/test_accept \
	%D%/unit/test_accept_pace \
	%D%/unit/test_addr \
	%D%/unit/test_admin_url \
	%D%/unit/test_admission \
	%D%/unit/test_assets \
	%D%/unit/test_bucket \
	%D%/unit/test_bus \
	%D%/unit/test_callers \
	%D%/unit/test_census \
	%D%/unit/test_client_options \
	%D%/unit/test_columns \
	%D%/unit/test_complete \
	%D%/unit/test_congestion \
	%D%/unit/test_changes \
	%D%/unit/test_conn_id \
	%D%/unit/test_conn_line \
	%D%/unit/test_conn_log \
	%D%/unit/test_cpus \
	%D%/unit/test_deadline \
	%D%/unit/test_demo \
	%D%/unit/test_descriptor_limits \
	%D%/unit/test_detail \
	%D%/unit/test_explain \
	%D%/unit/test_event_feed \
	%D%/unit/test_event_stream \
	%D%/unit/test_farewell \
	%D%/unit/test_field_set \
	%D%/unit/test_fields \
	%D%/unit/test_finding_text \
	%D%/unit/test_findings \
	%D%/unit/test_filter \
	%D%/unit/test_figure \
	%D%/unit/test_flow \
	%D%/unit/test_glob \
	%D%/unit/test_group \
	%D%/unit/test_guard \
	%D%/unit/test_healthy_days \
	%D%/unit/test_histogram \
	%D%/unit/test_history \
	%D%/unit/test_id_set \
	%D%/unit/test_idle_cutoffs \
	%D%/unit/test_lifecycle \
	%D%/unit/test_limits \
	%D%/unit/test_line_edit \
	%D%/unit/test_listeners \
	%D%/unit/test_listening \
	%D%/unit/test_live_keys \
	%D%/unit/test_live_model \
	%D%/unit/test_live_view \
	%D%/unit/test_log \
	%D%/unit/test_lookout \
	%D%/unit/test_loop \
	%D%/unit/test_mailbox \
	%D%/unit/test_manners \
	%D%/unit/test_manual \
	%D%/unit/test_nearest \
	%D%/unit/test_network \
	%D%/unit/test_notes \
	%D%/unit/test_notify \
	%D%/unit/test_openapi \
	%D%/unit/test_options \
	%D%/unit/test_orders \
	%D%/unit/test_port_usage \
	%D%/unit/test_ports \
	%D%/unit/test_proxy_header \
	%D%/unit/test_pairs \
	%D%/unit/test_pipes \
	%D%/unit/test_process \
	%D%/unit/test_prometheus \
	%D%/unit/test_pump \
	%D%/unit/test_quantity \
	%D%/unit/test_queue \
	%D%/unit/test_recent \
	%D%/unit/test_record_json \
	%D%/unit/test_record_table \
	%D%/unit/test_resolver \
	%D%/unit/test_ring \
	%D%/unit/test_schema \
	%D%/unit/test_share \
	%D%/unit/test_slot \
	%D%/unit/test_sniff_proxy \
	%D%/unit/test_socket \
	%D%/unit/test_source_table \
	%D%/unit/test_story \
	%D%/unit/test_symptoms \
	%D%/unit/test_table \
	%D%/unit/test_target_failures \
	%D%/unit/test_targets \
	%D%/unit/test_tcp_info \
	%D%/unit/test_text \
	%D%/unit/test_thing \
	%D%/unit/test_timer \
	%D%/unit/test_top \
	%D%/unit/test_token \
	%D%/unit/test_totals \
	%D%/unit/test_unfinished \
	%D%/unit/test_utf8

%C%_unit_test_explain_SOURCES = \
	%D%/unit/explain_facts.c %D%/unit/explain_hints.c \
	%D%/unit/explain_scene.c %D%/unit/explain_scene.h \
	%D%/unit/test_explain.c

%C%_unit_test_live_keys_SOURCES = \
	%D%/unit/live_scene.c %D%/unit/live_scene.h \
	%D%/unit/test_live_keys.c

%C%_unit_test_live_view_SOURCES = \
	%D%/unit/live_scene.c %D%/unit/live_scene.h \
	%D%/unit/test_live_view.c

# a fake is linked before the library, whose own is then not taken
%C%_unit_test_resolver_SOURCES = \
	%D%/support/fake_clock.c %D%/support/fake_clock.h \
	%D%/unit/test_resolver.c

%C%_unit_test_event_stream_SOURCES = \
	%D%/support/fake_clock.c %D%/support/fake_clock.h \
	%D%/unit/test_event_stream.c

%C%_unit_test_lookout_SOURCES = \
	%D%/support/fake_clock.c %D%/support/fake_clock.h \
	%D%/unit/test_lookout.c

%C%_unit_test_idle_cutoffs_SOURCES = \
	%D%/unit/suspicion_scene.c %D%/unit/suspicion_scene.h \
	%D%/unit/test_idle_cutoffs.c

%C%_unit_test_port_usage_SOURCES = \
	%D%/unit/suspicion_scene.c %D%/unit/suspicion_scene.h \
	%D%/unit/test_port_usage.c

%C%_unit_test_target_failures_SOURCES = \
	%D%/unit/suspicion_scene.c %D%/unit/suspicion_scene.h \
	%D%/unit/test_target_failures.c

%C%_unit_test_unfinished_SOURCES = \
	%D%/unit/suspicion_scene.c %D%/unit/suspicion_scene.h \
	%D%/unit/test_unfinished.c

%C%_unit_test_healthy_days_SOURCES = \
	%D%/unit/suspicion_scene.c %D%/unit/suspicion_scene.h \
	%D%/unit/test_healthy_days.c

# scenario: real modules on a fake clock and fake sockets
scenario_tests = \
	%D%/scenario/test_conn_admission \
	%D%/scenario/test_conn_chance \
	%D%/scenario/test_conn_connect \
	%D%/scenario/test_conn_end \
	%D%/scenario/test_conn_forward \
	%D%/scenario/test_conn_kill \
	%D%/scenario/test_conn_loans \
	%D%/scenario/test_conn_look \
	%D%/scenario/test_conn_probe \
	%D%/scenario/test_conn_sniff \
	%D%/scenario/test_conn_splice \
	%D%/scenario/test_conn_timer \
	%D%/scenario/test_conn_turns
%C%_scenario_test_conn_admission_LDADD = $(fake_LDADD)
%C%_scenario_test_conn_chance_LDADD  = $(fake_LDADD)
%C%_scenario_test_conn_connect_LDADD = $(fake_LDADD)
%C%_scenario_test_conn_end_LDADD     = $(fake_LDADD)
%C%_scenario_test_conn_forward_LDADD = $(fake_LDADD)
%C%_scenario_test_conn_kill_LDADD    = $(fake_LDADD)
%C%_scenario_test_conn_loans_LDADD   = $(fake_LDADD)
%C%_scenario_test_conn_look_LDADD    = $(fake_LDADD)
%C%_scenario_test_conn_sniff_LDADD   = $(fake_LDADD)
%C%_scenario_test_conn_probe_LDADD   = $(fake_LDADD)
%C%_scenario_test_conn_splice_LDADD  = $(fake_LDADD)
%C%_scenario_test_conn_timer_LDADD   = $(fake_LDADD)
%C%_scenario_test_conn_turns_LDADD   = $(fake_LDADD)

# integration: real modules or the built daemon, loopback, real clients and HTTP
integration_tests = \
	%D%/integration/test_accept_burst \
	%D%/integration/test_admin_tls \
	%D%/integration/test_admin_token \
	%D%/integration/test_admission \
	%D%/integration/test_api_conns \
	%D%/integration/test_api_events \
	%D%/integration/test_api_http \
	%D%/integration/test_api_kill_many \
	%D%/integration/test_api_list \
	%D%/integration/test_api_metrics \
	%D%/integration/test_api_one \
	%D%/integration/test_api_orders \
	%D%/integration/test_api_server \
	%D%/integration/test_api_sort \
	%D%/integration/test_books \
	%D%/integration/test_client \
	%D%/integration/test_client_daemon \
	%D%/integration/test_client_events \
	%D%/integration/test_command_line \
	%D%/integration/test_connect_failures \
	%D%/integration/test_conns \
	%D%/integration/test_congestion_control \
	%D%/integration/test_datapath \
	%D%/integration/test_drain \
	%D%/integration/test_explain \
	%D%/integration/test_events \
	%D%/integration/test_findings \
	%D%/integration/test_half_close \
	%D%/integration/test_kill \
	%D%/integration/test_listener_patch \
	%D%/integration/test_live_fetch \
	%D%/integration/test_many_connections \
	%D%/integration/test_numbers_agree \
	%D%/integration/test_path \
	%D%/integration/test_pinning \
	%D%/integration/test_probes \
	%D%/integration/test_proxy_in \
	%D%/integration/test_proxy_out \
	%D%/integration/test_reasons \
	%D%/integration/test_routes \
	%D%/integration/test_schema \
	%D%/integration/test_ss_agrees \
	%D%/integration/test_timeouts

# real programs behind the daemon; each skips where its program is missing
real_scripts = \
	%D%/integration/real_http.sh \
	%D%/integration/real_iperf3.sh \
	%D%/integration/real_postgres.sh \
	%D%/integration/real_redis.sh \
	%D%/integration/test_metrics.sh \
	%D%/integration/test_openapi.sh
dist_check_SCRIPTS += $(real_scripts)
EXTRA_DIST += %D%/support/real.sh %D%/support/contract.py

# the page in a real browser; what it looked like stays in page-pictures
page_script = %D%/page/test_page.sh
dist_check_SCRIPTS += $(page_script)
EXTRA_DIST += %D%/page/browser.py %D%/page/page.py %D%/page/load.py %D%/page/screenshots.py %D%/page/vendor/axe.min.js \
	%D%/page/vendor/axe-LICENSE %D%/page/vendor/axe-LICENSE-3RD-PARTY.txt
EXTRA_DIST += dashboards/screenshots/page-map.png dashboards/screenshots/page-connection.png

check-page:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(page_script)'

# 8,500 connections and 500 events a second before one page
page-load: all
	$(AM_TESTS_ENVIRONMENT) /usr/bin/python3 $(srcdir)/tests/page/load.py $(PAGE_LOAD)

# the pictures of README.md, anew
page-screenshots: all
	$(AM_TESTS_ENVIRONMENT) /usr/bin/python3 $(srcdir)/tests/page/screenshots.py $(srcdir)/dashboards/screenshots

clean-local: clean-page
clean-page:
	rm -rf page-pictures

# bash, zsh and fish; and the whole screen of a terminal, which is tmux's
shell_scripts = \
	%D%/integration/test_completion.sh \
	%D%/integration/test_top_door.sh \
	%D%/integration/test_top_screen.sh
dist_check_SCRIPTS += $(shell_scripts)
EXTRA_DIST += %D%/support/crowd.py %D%/support/terminal.sh

# what stands in dashboards/, beside promtool, Prometheus and the daemon
dashboard_scripts = \
	%D%/dashboards/test_dashboards.sh \
	%D%/dashboards/test_queries.sh \
	%D%/dashboards/test_rules.sh
dist_check_SCRIPTS += $(dashboard_scripts)
EXTRA_DIST += %D%/dashboards/boards.py %D%/dashboards/expected.yml %D%/dashboards/lint.py %D%/dashboards/promql.py \
	%D%/dashboards/queries.py %D%/dashboards/rules.test.yml %D%/dashboards/traffic.py %D%/dashboards/typed.py %D%/dashboards/types.ts

# every record beside the packets of its connection
wire_script = %D%/integration/test_wire.sh
dist_check_SCRIPTS += $(wire_script)
EXTRA_DIST += %D%/support/wire/accounts.py %D%/support/wire/acts.py %D%/support/wire/judge.py \
	%D%/support/wire/lies.py \
	%D%/support/wire/packets.py %D%/support/wire/play.py %D%/support/wire/sides.py %D%/support/wire/story.py

# fault: the same daemon while something breaks
fault_tests = \
	%D%/fault/test_admin_flood \
	%D%/fault/test_deaf_stderr \
	%D%/fault/test_descriptors \
	%D%/fault/test_killed_upstream \
	%D%/fault/test_lost \
	%D%/fault/test_many_stalled \
	%D%/fault/test_max_conns \
	%D%/fault/test_resets \
	%D%/fault/test_source_ports \
	%D%/fault/test_source_table_full \
	%D%/fault/test_stalled_follower \
	%D%/fault/test_stalled_reader \
	%D%/fault/test_stalled_watcher

# stress: much of it, at random; a short run of the same program is part of make check
stress_tests = %D%/stress/bytes
%C%_stress_bytes_SOURCES = \
	%D%/stress/bytes.c \
	%D%/stress/chance.c %D%/stress/chance.h \
	%D%/stress/lane.c %D%/stress/lane.h \
	%D%/stress/play.c %D%/stress/play.h \
	%D%/stress/side.c %D%/stress/side.h \
	%D%/stress/stream.c %D%/stress/stream.h \
	%D%/stress/verdict.c %D%/stress/verdict.h

suites = $(unit_tests) $(scenario_tests) $(integration_tests) $(fault_tests) $(stress_tests)
check_PROGRAMS += $(suites)
TESTS += $(suites) $(real_scripts) $(shell_scripts) $(page_script) $(dashboard_scripts)

# One folder alone.
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'
check-scenario:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(scenario_tests)'
check-integration:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(integration_tests) $(real_scripts) $(shell_scripts)'
check-dashboards:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(dashboard_scripts)'
# Needs root, tcpdump, and a machine that is not busy: not a part of make check.
check-wire: all
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/$(wire_script)
check-fault:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(fault_tests)'
endif

# All that `make check` compiles, without running it.
tests-built: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_LIBRARIES) $(check_PROGRAMS)

# fuzz: random bytes for whatever reads bytes.  FUZZ_SECONDS are shared out.
EXTRA_DIST += %D%/fuzz/seeds
if FUZZING
FUZZ_SECONDS = 60
fuzzers = \
	%D%/fuzz/fuzz_addr \
	%D%/fuzz/fuzz_client \
	%D%/fuzz/fuzz_conns \
	%D%/fuzz/fuzz_events \
	%D%/fuzz/fuzz_filter \
	%D%/fuzz/fuzz_headers \
	%D%/fuzz/fuzz_network \
	%D%/fuzz/fuzz_query \
	%D%/fuzz/fuzz_sniff_proxy \
	%D%/fuzz/fuzz_top

noinst_PROGRAMS += $(fuzzers)
%C%_fuzz_fuzz_addr_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_addr_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_client_SOURCES = %D%/fuzz/fuzz_client.c %D%/fuzz/harmless.h
%C%_fuzz_fuzz_client_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_client_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_conns_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_conns_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_events_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_events_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_filter_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_filter_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_headers_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_headers_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_network_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_network_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_query_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_query_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_sniff_proxy_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_sniff_proxy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_fuzz_top_SOURCES = %D%/fuzz/fuzz_top.c %D%/fuzz/harmless.h
%C%_fuzz_fuzz_top_LDADD   = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_fuzz_top_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

# What a run finds new joins a corpus in the build directory, what breaks stays beside it, and is told at the end.
fuzz: $(fuzzers)
	@set -- $(fuzzers); seconds=`expr \( $(FUZZ_SECONDS) + $$# - 1 \) / $$#`; broken=; \
	for fuzzer in "$$@"; do \
		name=$${fuzzer##*/fuzz_}; \
		$(MKDIR_P) %D%/fuzz/corpus/$$name; \
		echo "fuzz $$name"; \
		$$fuzzer -max_total_time=$$seconds -print_final_stats=1 -verbosity=0 -artifact_prefix=%D%/fuzz/$$name- \
			%D%/fuzz/corpus/$$name $(srcdir)/%D%/fuzz/seeds/$$name || broken="$$broken $$name"; \
	done; \
	for name in $$broken; do \
		echo "fuzz $$name found something:"; \
		for input in %D%/fuzz/$$name-*; do test ! -f "$$input" || { echo "$$input"; base64 "$$input"; }; done; \
	done; \
	test -z "$$broken"
endif

# The seeds alone need neither clang nor chance.
replays = \
	%D%/fuzz/replay_addr \
	%D%/fuzz/replay_client \
	%D%/fuzz/replay_conns \
	%D%/fuzz/replay_events \
	%D%/fuzz/replay_filter \
	%D%/fuzz/replay_headers \
	%D%/fuzz/replay_network \
	%D%/fuzz/replay_query \
	%D%/fuzz/replay_sniff_proxy \
	%D%/fuzz/replay_top

check_PROGRAMS += $(replays)
TESTS += $(replays)
%C%_fuzz_replay_addr_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_addr.c
%C%_fuzz_replay_addr_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_client_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_client.c %D%/fuzz/harmless.h
%C%_fuzz_replay_client_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_conns_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_conns.c
%C%_fuzz_replay_conns_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_events_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_events.c
%C%_fuzz_replay_events_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_filter_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_filter.c
%C%_fuzz_replay_filter_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_headers_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_headers.c
%C%_fuzz_replay_headers_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_network_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_network.c
%C%_fuzz_replay_network_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_query_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_query.c
%C%_fuzz_replay_query_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_sniff_proxy_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_sniff_proxy.c
%C%_fuzz_replay_sniff_proxy_LDADD = libsockproxy.a $(libsockproxy_LIBS)
%C%_fuzz_replay_top_SOURCES = %D%/fuzz/replay.c %D%/fuzz/fuzz_top.c %D%/fuzz/harmless.h
%C%_fuzz_replay_top_LDADD = libsockproxy.a $(libsockproxy_LIBS)

check-fuzz:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(replays)'

# cost: what tracking costs a transaction.  Needs valgrind; KERNEL=VMLINUZ counts the kernel's instructions
# too, in an emulator (qemu-system-x86, busybox-static and cpio).
EXTRA_PROGRAMS += %D%/cost/pingpong
EXTRA_DIST += %D%/cost/measure.py %D%/cost/watching.py
%C%_cost_pingpong_LDADD =
cost: sockproxy %D%/cost/pingpong
	$(MKDIR_P) untracked
	test -e untracked/Makefile || (cd untracked && $(abs_srcdir)/configure --quiet --disable-tracking CC='$(CC)' CFLAGS='$(CFLAGS)')
	$(MAKE) -C untracked sockproxy
	python3 $(srcdir)/%D%/cost/measure.py ./sockproxy untracked/sockproxy %D%/cost/pingpong $(KERNEL:%=--kernel %)

# listing: how long lists take while thousands of connections are open.  Needs curl.
EXTRA_DIST += %D%/cost/listing.py
listing: sockproxy
	python3 $(srcdir)/%D%/cost/listing.py ./sockproxy $(LISTING)

# What 500 followers, one that stalls and 10 lists a second cost those who forward.  Needs valgrind and strace.
cost-watching: sockproxy %D%/cost/pingpong
	python3 $(srcdir)/%D%/cost/watching.py ./sockproxy %D%/cost/pingpong $(WHAT)

# Random streams, readers, halts and ends by the gigabyte: STRESS='--bytes 100G --seed 7 --datapath splice'.
stress: sockproxy $(stress_tests)
	$(AM_TESTS_ENVIRONMENT) %D%/stress/bytes --bytes 10G --largest 64M $(STRESS)

# An hour of that beside questions, short connections, lists and followers: SOAK='--minutes 10 --csv soak.csv'.
EXTRA_DIST += %D%/stress/soak.py
soak: sockproxy $(stress_tests) %D%/cost/pingpong
	python3 $(srcdir)/%D%/stress/soak.py ./sockproxy %D%/stress/bytes %D%/cost/pingpong $(SOAK)

# bench: beside HAProxy and nginx, where they are installed (haproxy, nginx-light, libnginx-mod-stream).
EXTRA_PROGRAMS += %D%/bench/load
EXTRA_DIST += %D%/bench/run.py %D%/bench/programs.py %D%/bench/works.py %D%/bench/table.py %D%/bench/picture.py \
	%D%/bench/growth.py %D%/bench/ratios.svg %D%/bench/growth.svg %D%/bench/peers/haproxy-default.cfg %D%/bench/peers/haproxy-bufsize.cfg \
	%D%/bench/peers/haproxy-splice.cfg %D%/bench/peers/nginx.conf
%C%_bench_load_LDADD = -lpthread
bench: sockproxy %D%/bench/load
	python3 $(srcdir)/%D%/bench/run.py ./sockproxy %D%/bench/load $(BENCH)

# What each costs while thousands are open.  Needs 20,000 descriptors.
growth: sockproxy %D%/bench/load
	python3 $(srcdir)/%D%/bench/growth.py ./sockproxy %D%/bench/load $(GROWTH)

# micro: what single things cost.  Without arguments it takes a moment: so it is a part of `make check`, and cannot rot.
check_PROGRAMS += %D%/bench/micro
TESTS += %D%/bench/micro
%C%_bench_micro_SOURCES = %D%/bench/micro.c %D%/bench/micro.h %D%/bench/micro_calls.c %D%/bench/micro_parts.c
%C%_bench_micro_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D%
%C%_bench_micro_LDADD = libsockproxy.a $(libsockproxy_LIBS)
bench-micro: %D%/bench/micro
	%D%/bench/micro --batches 25 --ms 10 $(MICRO)

# What `make check` ran of src, by file; needs --enable-coverage.
coverage:
	find . -name '*.gcda' -delete
	$(MAKE) $(AM_MAKEFLAGS) check
	gcovr --root $(srcdir) --object-directory . --filter '$(srcdir)/src/' --sort-uncovered

check-stress:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(stress_tests)'

.PHONY: check-page page-load page-screenshots clean-page check-unit check-scenario check-integration check-wire check-fault check-stress stress soak tests-built bench growth bench-micro cost cost-watching listing fuzz coverage
.PHONY: check-dashboards check-unit check-scenario check-integration check-wire check-fault check-stress stress soak tests-built bench growth bench-micro cost cost-watching listing fuzz coverage
