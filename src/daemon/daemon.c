/* SPDX-License-Identifier: MIT */
/*
 * The whole, in the order in which it stands up; it comes down in reverse.
 *
 *   limits ─► track ─► listening sockets ─► log ─► HTTP ─► names ─► connection log, lookout ─► workers ─► ready
 *
 * The main thread then runs a small loop: signals, the resolver, the drain.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/demo.h"
#include "daemon/drain.h"
#include "daemon/limits.h"
#include "daemon/lookout_thread.h"
#include "daemon/process_orders.h"
#include "export/conn_log.h"
#include "net/listening.h"
#include "net/loop.h"
#include "net/notify.h"
#include "proxy/manners.h"
#include "proxy/worker.h"
#include "track/track.h"
#include "upstream/group.h"
#include "upstream/resolver.h"

#define NAMES_WAIT_NS (2 * NS_PER_S) /* for first answers, before we say that we are ready */

#define LOOK_NS NS_PER_S /* how often clients of the HTTP interface are looked at */

struct daemon {
	struct settings *settings;
	struct limits limits;
	struct track track;
	bool has_track;
	struct manners manners;
	struct listening *listenings; /* fds NULL: not open, or a worker's by now */
	bool workers_own_fds;
	_Atomic int readiness;
	struct server *server;
	struct timer look; /* at its clients */
	struct loop *loop;
	struct group **groups;
	struct resolver *resolver;
	struct conn_log *conn_log;
	struct lookout_thread *lookout;
	struct workers *workers;
	struct demo *demo;
	struct loop_watch signals;
	bool gives_up;      /* told to stop before it stood */
	struct drain drain; /* once there are workers */
	struct process_orders orders;
	int64_t names_until;
};

/* Standing up: each returns false when it has said what failed. */

static bool
settle_limits(struct daemon *daemon)
{
	const struct limits *limits = &daemon->limits;
	int error = limits_settle(&daemon->limits, daemon->settings);

	if (error == -EMFILE) {
		log_error("%llu descriptors (RLIMIT_NOFILE) are too few for even one connection",
		    (unsigned long long)limits->descriptors);
		return false;
	}
	if (error != 0) {
		log_error("cannot learn the limit of descriptors: %s", strerror(-error));
		return false;
	}
	if (limits->cut)
		log_warning("--max-conns %u is more than descriptors allow", daemon->settings->max_conns);
	log_line(limits->cut ? LEVEL_WARNING : LEVEL_INFO,
	    "at most %u connections at once: of %llu descriptors (RLIMIT_NOFILE) each takes two, HTTP may take %d, "
	    "pipes "
	    "%d, and all the rest %d",
	    limits->max_conns, (unsigned long long)limits->descriptors, limits->admin_connections,
	    2 * limits->pipes * daemon->settings->workers, limits->own);
	daemon->settings->max_conns = limits->max_conns; /* /config shows what counts */
	daemon->settings->pipes = (unsigned)limits->pipes;
	return true;
}

static bool
begin_tracking(struct daemon *daemon)
{
	int error = track_init(&daemon->track, daemon->settings, daemon->limits.max_conns);

	daemon->has_track = error == 0;
	if (error != 0)
		log_error("no memory for %u connections and %u closed ones", daemon->limits.max_conns,
		    daemon->settings->history);
	return error == 0;
}

static void
say_listen_failure(const struct listen_setting *setting, enum listening_step step, int error)
{
	static const char *const steps[] = {
		[LISTENING_SOCKET] = "open a socket for",
		[LISTENING_BIND] = "bind",
		[LISTENING_LISTEN] = "listen on",
	};

	if (error == -EADDRINUSE)
		log_error("cannot listen on %s: the address is in use, by another program or another sockproxy",
		    setting->name);
	else
		log_error("cannot %s %s: %s", steps[step], setting->name, strerror(-error));
}

static void
record_steps(struct daemon *daemon, int listener, enum listening_step failed, int error)
{
	static const enum listener_step steps[] = { STEP_SOCKET, STEP_BIND, STEP_LISTENING };

	for (int step = 0; step <= LISTENING_LISTEN; step++) {
		bool is_last = error != 0 && step == (int)failed;

		listeners_step(daemon->track.listeners, listener, steps[step], is_last ? -error : 0);
		if (is_last)
			return;
	}
}

static bool
open_listener(struct daemon *daemon, int number)
{
	const struct settings *settings = daemon->settings;
	struct listen_setting *setting = &daemon->settings->listeners[number];
	struct listening *listening = &daemon->listenings[number];
	enum listening_step step = LISTENING_LISTEN;
	struct addr at = setting->addr;

	if (setting->fd != -1)
		socket_name(setting->fd, &at); /* listening_adopt tells what is wrong with it */
	const struct tcp_manner *manner = manners_at(&daemon->manners, &at);

	listening->count = settings->workers;
	listening->fds = calloc((size_t)settings->workers, sizeof(int));
	if (listening->fds == NULL) {
		log_error("no memory for listening sockets");
		return false;
	}
	int error = setting->fd != -1 ? listening_adopt(listening, setting->fd, manner)
				      : listening_open(listening, &setting->addr, setting->any, manner, &step);
	record_steps(daemon, number, step, error);
	if (error != 0) {
		say_listen_failure(setting, step, error);
		free(listening->fds);
		listening->fds = NULL;
		return false;
	}
	if (setting->fd != -1)
		setting->addr = listening->bound; /* only now do we know what we were given */
	listeners_bound(daemon->track.listeners, number, &listening->bound, listening->count);
	return true;
}

static bool
open_listeners(struct daemon *daemon)
{
	int refused = manners_init(&daemon->manners, daemon->settings);

	if (refused != 0)
		log_warning("--congestion auto: no reno over loopback: %s", strerror(-refused));
	daemon->listenings = calloc((size_t)daemon->settings->pair_count, sizeof(daemon->listenings[0]));
	if (daemon->listenings == NULL) {
		log_error("no memory for listening sockets");
		return false;
	}
	for (int i = 0; i < daemon->settings->pair_count; i++) {
		if (!open_listener(daemon, i))
			return false;
	}
	return true;
}

static bool
start_log(struct daemon *daemon)
{
	int error = log_start();

	(void)daemon;
	if (error != 0)
		log_error("cannot start the log: %s", strerror(-error));
	return error == 0;
}

static void
on_look(struct timer *timer)
{
	struct daemon *daemon = (struct daemon *)((char *)timer - offsetof(struct daemon, look));

	server_look(daemon->server);
	timer_arm(loop_timers(daemon->loop), timer, loop_now(daemon->loop) + LOOK_NS);
}

static bool
start_server(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	struct door door;
	char sentence[2 * PATH_TEXT_MAX];
	struct text why;

	text_init(&why, sentence, sizeof(sentence));
	if (!door_open(&door, settings, &why)) {
		log_error("%s", sentence);
		return false;
	}
	int error = server_start(
	    &daemon->server, &daemon->track, &door, &daemon->readiness, daemon->limits.admin_connections);
	door_forget(&door);

	if (error == -EADDRINUSE && addr_port(&settings->admin) == 9100)
		log_error("cannot serve HTTP on %s: the address is in use; 9100 is also node_exporter's port: "
			  "choose another with -a",
		    settings->admin_text);
	else if (error == -EADDRINUSE)
		log_error(
		    "cannot serve HTTP on %s: the address is in use; choose another with -a", settings->admin_text);
	else if (error != 0)
		log_error("cannot serve HTTP on %s: %s", settings->admin_text, strerror(-error));
	daemon->look.fire = on_look;
	if (error == 0)
		timer_arm(loop_timers(daemon->loop), &daemon->look, clock_now() + LOOK_NS);
	return error == 0;
}

static bool
make_groups(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;

	daemon->groups = calloc((size_t)settings->pair_count, sizeof(daemon->groups[0]));
	bool made = daemon->groups != NULL;
	for (int i = 0; made && i < settings->pair_count; i++) {
		daemon->groups[i] = group_new(&settings->upstreams[i]);
		made = daemon->groups[i] != NULL;
	}
	if (!made)
		log_error("no memory for the upstreams");
	return made;
}

static bool
has_name(const struct target_setting *target)
{
	return target->host[0] != '\0';
}

/* Clients that come before a name's first answer would find no address: so we wait a
 * little, but not for ever. */
static bool
look_up_names(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	int error = 0;

	for (int i = 0; i < settings->pair_count; i++) {
		for (int target = 0; target < settings->upstreams[i].target_count; target++) {
			if (!has_name(&settings->upstreams[i].targets[target]))
				continue;
			if (daemon->resolver == NULL)
				daemon->resolver = resolver_new(
				    daemon->loop, settings->resolver[0] == '\0' ? NULL : settings->resolver);
			error = daemon->resolver == NULL ? -errno
							 : resolver_watch(daemon->resolver, daemon->groups[i], target,
							       targets_life(daemon->track.targets, i, target));
			if (error != 0) {
				log_error("cannot look up names: %s", strerror(-error));
				return false;
			}
		}
	}
	daemon->names_until = clock_now() + NAMES_WAIT_NS;
	while (daemon->resolver != NULL && !resolver_settled(daemon->resolver) && clock_now() < daemon->names_until &&
	       !daemon->gives_up)
		loop_turn(daemon->loop, (int)((daemon->names_until - clock_now()) / NS_PER_MS) + 1);
	return !daemon->gives_up;
}

static bool
start_conn_log(struct daemon *daemon)
{
	int error = conn_log_start(&daemon->conn_log, &daemon->track);

	if (error != 0)
		log_error("cannot start the connection log: %s", strerror(-error));
	return error == 0;
}

static bool
start_lookout(struct daemon *daemon)
{
	int error = lookout_thread_start(&daemon->lookout, &daemon->track);

	if (error != 0)
		log_error("cannot start the lookout: %s", strerror(-error));
	return error == 0;
}

static bool
start_workers(struct daemon *daemon)
{
	daemon->workers = workers_new(&daemon->track, daemon->groups, daemon->listenings);
	if (daemon->workers == NULL) {
		log_error("cannot make the workers: %s", strerror(errno));
		return false;
	}
	daemon->workers_own_fds = true;
	int error = workers_start(daemon->workers);
	if (error != 0)
		log_error("cannot start the workers%s: %s",
		    daemon->settings->pin_workers ? ", each on one CPU (--pin-workers)" : "", strerror(-error));
	return error == 0;
}

static bool
take_orders(struct daemon *daemon)
{
	drain_init(&daemon->drain, daemon->loop, &daemon->track, daemon->workers, &daemon->readiness);
	int error = process_orders_init(&daemon->orders, daemon->loop, &daemon->track, &daemon->drain, daemon->workers);

	if (error != 0)
		log_error("cannot take orders: %s", strerror(-error));
	return error == 0;
}

/* Before the listeners, which need to know where the upstream is. */
static bool
start_demo_upstream(struct daemon *daemon)
{
	struct upstream_setting *upstream = &daemon->settings->upstreams[0];
	int error;

	if (!daemon->settings->demo)
		return true;
	error = demo_start_upstream(&daemon->demo, &upstream->targets[0].addr);
	if (error != 0) {
		log_error("cannot start the demonstration's upstream: %s", strerror(-error));
		return false;
	}
	upstream->target_count = 1;
	upstream->targets[0].port = addr_port(&upstream->targets[0].addr);
	snprintf(upstream->targets[0].name, sizeof(upstream->targets[0].name), "demo:%u", upstream->targets[0].port);
	return true;
}

static bool
start_demo_clients(struct daemon *daemon)
{
	int error = daemon->demo == NULL ? 0 : demo_start_clients(daemon->demo, &daemon->listenings[0].bound);

	if (error != 0)
		log_error("cannot start the demonstration's clients: %s", strerror(-error));
	return error == 0;
}

/* Running. */

static void
say_ready(const struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	char line[PAIRS_MAX * 2 * NAME_TEXT_MAX], bound[ADDR_TEXT_MAX];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, "ready: ");
	for (int i = 0; i < settings->pair_count; i++) {
		text_add(&text, i == 0 ? "" : "; ");
		text_add(&text, addr_format(&daemon->listenings[i].bound, bound, sizeof(bound)));
		text_addf(&text, " -> %s", settings->upstreams[i].name);
	}
	addr_format(server_address(daemon->server), bound, sizeof(bound));
	text_addf(&text, ", admin %s%s\n",
	    addr_is_unix(server_address(daemon->server)) ? ""
	    : settings->admin_cert[0] != '\0'            ? "https://"
							 : "http://",
	    bound);
	log_plain(text.bytes, text.length);
}

static void
stop_in_order(struct daemon *daemon)
{
	notify_send("STOPPING=1");
	if (daemon->demo != NULL)
		demo_stop_clients(daemon->demo);
	drain_to_stop(&daemon->drain);
}

static void
on_signal(struct loop_watch *watch, uint32_t events)
{
	struct daemon *daemon = (struct daemon *)((char *)watch - offsetof(struct daemon, signals));
	struct signalfd_siginfo what;

	(void)events;
	while (read(watch->fd, &what, sizeof(what)) == sizeof(what)) {
		if (daemon->workers == NULL) {
			daemon->gives_up = true;
		} else if (!drain_is_to_stop(&daemon->drain)) {
			stop_in_order(daemon);
		} else {
			log_notice("stopping now: %u connections are cut", table_places_taken(daemon->track.table));
			loop_stop(daemon->loop);
		}
	}
}

/* Every thread inherits the mask: signals come to the main thread's loop alone. */
static bool
take_signals(struct daemon *daemon)
{
	static const int kept_for_later[] = { SIGHUP, SIGUSR1, SIGUSR2 }; /* they would end us */
	sigset_t ours, blocked;
	int fd;

	signal(SIGPIPE, SIG_IGN); /* splice raises it, and knows no flag against it */
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	blocked = ours;
	for (size_t i = 0; i < sizeof(kept_for_later) / sizeof(kept_for_later[0]); i++)
		sigaddset(&blocked, kept_for_later[i]);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	daemon->loop = loop_new();
	if (fd != -1 && daemon->loop != NULL && loop_watch(daemon->loop, &daemon->signals, fd, EPOLLIN, on_signal) == 0)
		return true;
	log_error("cannot watch for signals: %s", strerror(errno));
	if (fd != -1)
		close(fd);
	return false;
}

static bool
stand_up(struct daemon *daemon)
{
	return take_signals(daemon) && settle_limits(daemon) && start_demo_upstream(daemon) && begin_tracking(daemon) &&
	       open_listeners(daemon) && start_log(daemon) && start_server(daemon) && make_groups(daemon) &&
	       look_up_names(daemon) && start_conn_log(daemon) && start_lookout(daemon) && start_workers(daemon) &&
	       take_orders(daemon) && start_demo_clients(daemon);
}

static void
close_listeners(struct daemon *daemon)
{
	for (int i = 0; daemon->listenings != NULL && i < daemon->settings->pair_count; i++) {
		struct listening *listening = &daemon->listenings[i];

		for (int n = 0; listening->fds != NULL && !daemon->workers_own_fds && n < listening->count; n++)
			close(listening->fds[n]);
		if (listening->fds != NULL && !daemon->workers_own_fds)
			listening_remove_path(&listening->bound);
		free(listening->fds);
	}
	free(daemon->listenings);
}

static void
take_down(struct daemon *daemon)
{
	if (daemon->demo != NULL)
		demo_stop_clients(daemon->demo);
	if (daemon->workers != NULL)
		workers_shutdown(daemon->workers);
	bool track_unused = conn_log_stop(daemon->conn_log);
	lookout_thread_stop(daemon->lookout);
	if (daemon->server != NULL)
		server_stop(daemon->server);
	if (daemon->demo != NULL)
		demo_stop(daemon->demo);
	if (daemon->workers != NULL)
		workers_free(daemon->workers);
	resolver_free(daemon->resolver);
	process_orders_fini(&daemon->orders);
	for (int i = 0; daemon->groups != NULL && i < daemon->settings->pair_count; i++)
		group_free(daemon->groups[i]);
	free(daemon->groups);
	close_listeners(daemon);
	if (daemon->signals.fd != -1)
		close(daemon->signals.fd);
	loop_free(daemon->loop);
	if (daemon->has_track && track_unused)
		track_fini(&daemon->track);
	log_stop();
}

int
daemon_run(struct settings *settings)
{
	struct daemon daemon = {
		.settings = settings,
		.readiness = NOT_READY_STARTING,
		.signals = { .fd = -1 },
	};
	bool up;

	log_set_level(settings->log_level);
	up = stand_up(&daemon);
	if (up) {
		atomic_store(&daemon.readiness, READY);
		say_ready(&daemon);
		notify_send("READY=1");
		loop_run(daemon.loop);
	}
	take_down(&daemon);
	return up || daemon.gives_up ? EXIT_SUCCESS : EXIT_FAILURE;
}
