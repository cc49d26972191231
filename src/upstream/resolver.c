/* SPDX-License-Identifier: MIT */
/*
 * Each name has one timer, which always says what comes next:
 *
 *   look-up ──► good: the addresses to the group ──► again when they age
 *      │  └───► bad: they stay ──► again after 1 s, 2 s … 30 s
 *      └─ no answer for 5 s: told as bad, and still waited for
 *
 * c-ares has its own sockets and its own idea of time: it tells us which
 * sockets to watch and how long until it wants to be called again.
 */
#include "upstream/resolver.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/log.h"

#define AGE_MIN_NS   (5 * NS_PER_S)
#define AGE_MAX_NS   (300 * NS_PER_S)
#define RETRY_MIN_NS (1 * NS_PER_S)
#define RETRY_MAX_NS (30 * NS_PER_S)
#define PATIENCE_NS  (5 * NS_PER_S)
#define SETTINGS     "/etc/resolv.conf"

enum {
	SOCKETS_MAX = 32,  /* a query whose socket is not watched ends by its timeout */
	TIMEOUT_MS = 2000, /* for the first try, doubled for the second: we ask again ourselves */
	TRIES = 2,
};

struct name {
	struct timer timer; /* first: the call-back gets it */
	TAILQ_ENTRY(name) link;
	struct resolver *resolver;
	struct group *group;
	struct target_life *life;
	const struct target_setting *settings;
	int target;
	bool pending; /* c-ares owes us an answer */
	bool settled, known, failing;
	int64_t retry_ns; /* after the next failure */
};

struct query_socket {
	struct loop_watch watch; /* first: the call-back gets it */
	struct resolver *resolver;
};

struct resolver {
	struct loop *loop;
	struct timer timer; /* c-ares wants to be called */
	ares_channel channel;
	const char *servers;
	struct timespec settings_changed; /* SETTINGS, when the channel was opened */
	int pending;                      /* names that are */
	TAILQ_HEAD(, name) names;
	struct query_socket sockets[SOCKETS_MAX];
};

/* The timer is inside, and the sockets give their own resolver. */
static struct resolver *
of_timer(struct timer *timer)
{
	return (struct resolver *)((char *)timer - offsetof(struct resolver, timer));
}

static void
wait_for_channel(struct resolver *resolver)
{
	struct timeval left;

	if (ares_timeout(resolver->channel, NULL, &left) == NULL)
		timer_cancel(loop_timers(resolver->loop), &resolver->timer);
	else
		timer_arm(loop_timers(resolver->loop), &resolver->timer,
		    loop_now(resolver->loop) + left.tv_sec * NS_PER_S + left.tv_usec * NS_PER_US);
}

static void
on_channel_timer(struct timer *timer)
{
	struct resolver *resolver = of_timer(timer);

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	wait_for_channel(resolver);
}

/* An error alone is read like an answer, and c-ares finds it. */
static void
on_socket(struct loop_watch *watch, uint32_t events)
{
	struct resolver *resolver = ((struct query_socket *)watch)->resolver;
	int fd = watch->fd;

	ares_process_fd(resolver->channel, (events & ~(uint32_t)EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD,
	    (events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
	wait_for_channel(resolver);
}

static struct loop_watch *
find_watch(struct resolver *resolver, int fd)
{
	for (int i = 0; i < SOCKETS_MAX; i++) {
		if (resolver->sockets[i].watch.fd == fd)
			return &resolver->sockets[i].watch;
	}
	return NULL;
}

/* c-ares says what it wants to know of a socket; nothing: it is about to close it. */
static void
on_socket_state(void *argument, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = argument;
	struct loop_watch *watch = find_watch(resolver, fd);
	uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);

	if (watch == NULL) {
		watch = find_watch(resolver, -1);
		if (watch != NULL && events != 0)
			loop_watch(resolver->loop, watch, fd, events, on_socket);
	} else if (events != 0) {
		loop_rewatch(resolver->loop, watch, events);
	} else {
		loop_unwatch(resolver->loop, watch);
	}
}

static struct timespec
settings_changed(void)
{
	struct stat status;

	return stat(SETTINGS, &status) == -1 ? (struct timespec){ 0 } : status.st_mtim;
}

/* 0 or -errno, and then there is no channel. */
static int
open_channel(struct resolver *resolver)
{
	struct ares_options options = { .timeout = TIMEOUT_MS, .tries = TRIES, .lookups = (char[]){ "fb" } };
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;

	options.sock_state_cb = on_socket_state;
	options.sock_state_cb_data = resolver;
	if (resolver->servers != NULL)
		mask |= ARES_OPT_LOOKUPS; /* asked for by name, they are used whatever nsswitch.conf says */
	resolver->settings_changed = settings_changed();
	int status = ares_init_options(&resolver->channel, &options, mask);
	if (status != ARES_SUCCESS)
		resolver->channel = NULL;
	else if (resolver->servers != NULL)
		status = ares_set_servers_ports_csv(resolver->channel, resolver->servers);
	if (status == ARES_SUCCESS)
		return 0;
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel);
	resolver->channel = NULL;
	return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

/* c-ares reads the system's settings only once.  A daemon started before the network
 * was there, or carried to another, would ask the wrong servers for ever. */
static void
follow_settings(struct resolver *resolver)
{
	struct timespec changed = settings_changed();
	ares_channel old = resolver->channel;

	if (resolver->servers != NULL || resolver->pending > 0 ||
	    (changed.tv_sec == resolver->settings_changed.tv_sec &&
		changed.tv_nsec == resolver->settings_changed.tv_nsec))
		return;
	if (open_channel(resolver) == 0)
		ares_destroy(old);
	else
		resolver->channel = old;
}

static void
note_failure(struct name *name, const char *why)
{
	name->settled = true;
	target_failed(name->life, why);
	if (name->failing)
		return;
	name->failing = true;
	log_warning("%s: cannot look up its address: %s%s", name->settings->name, why,
	    name->known ? "; keeping the last ones" : "");
}

static void
note_success(struct name *name)
{
	name->settled = name->known = true;
	name->retry_ns = RETRY_MIN_NS;
	if (!name->failing)
		return;
	name->failing = false;
	log_notice("%s: its address is found", name->settings->name);
}

static void
arm(struct name *name, int64_t after_ns)
{
	struct loop *loop = name->resolver->loop;

	timer_arm(loop_timers(loop), &name->timer, loop_now(loop) + after_ns);
}

/* A name is as fresh as the most fleeting record on the way to it. */
static int64_t
age_limit(const struct ares_addrinfo *answer)
{
	int64_t least_s = AGE_MAX_NS / NS_PER_S;

	for (const struct ares_addrinfo_node *node = answer->nodes; node != NULL; node = node->ai_next)
		least_s = node->ai_ttl < least_s ? node->ai_ttl : least_s;
	for (const struct ares_addrinfo_cname *alias = answer->cnames; alias != NULL; alias = alias->next)
		least_s = alias->ttl < least_s ? alias->ttl : least_s;
	return least_s * NS_PER_S > AGE_MIN_NS ? least_s * NS_PER_S : AGE_MIN_NS;
}

static int
read_addresses(const struct ares_addrinfo *answer, uint16_t port, struct addr addresses[ADDRESSES_MAX])
{
	int count = 0;

	for (const struct ares_addrinfo_node *node = answer->nodes; node != NULL; node = node->ai_next) {
		if (count == ADDRESSES_MAX)
			break;
		if (node->ai_family != AF_INET && node->ai_family != AF_INET6)
			continue;
		addresses[count] = (struct addr){ .length = node->ai_addrlen };
		memcpy(&addresses[count].any, node->ai_addr, node->ai_addrlen);
		addr_set_port(&addresses[count], port);
		count++;
	}
	return count;
}

/* Also from within ares_getaddrinfo, when no server has to be asked. */
static void
on_answer(void *argument, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct name *name = argument;
	struct addr addresses[ADDRESSES_MAX];
	int count = 0;

	(void)timeouts;
	name->pending = false;
	name->resolver->pending--;
	if (status == ARES_EDESTRUCTION)
		return;
	if (status == ARES_SUCCESS)
		count = read_addresses(answer, name->settings->port, addresses);
	if (count > 0) {
		group_set_addresses(name->group, name->target, addresses, count);
		target_found(name->life, addresses, count);
		note_success(name);
		arm(name, age_limit(answer));
	} else {
		note_failure(name, ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status));
		arm(name, name->retry_ns);
		name->retry_ns = name->retry_ns * 2 < RETRY_MAX_NS ? name->retry_ns * 2 : RETRY_MAX_NS;
	}
	if (answer != NULL)
		ares_freeaddrinfo(answer);
}

static void
look_up(struct name *name)
{
	struct resolver *resolver = name->resolver;
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	follow_settings(resolver);
	name->pending = true;
	resolver->pending++;
	arm(name, PATIENCE_NS);
	ares_getaddrinfo(resolver->channel, name->settings->host, NULL, &hints, on_answer, name);
	wait_for_channel(resolver);
}

static void
on_name_timer(struct timer *timer)
{
	struct name *name = (struct name *)timer;

	if (name->pending)
		note_failure(name, "no answer yet");
	else
		look_up(name);
}

struct resolver *
resolver_new(struct loop *loop, const char *servers)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int error;

	if (resolver == NULL)
		return NULL;
	resolver->loop = loop;
	resolver->servers = servers;
	resolver->timer.fire = on_channel_timer;
	TAILQ_INIT(&resolver->names);
	for (int i = 0; i < SOCKETS_MAX; i++)
		resolver->sockets[i] = (struct query_socket){ .watch.fd = -1, .resolver = resolver };
	error = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? open_channel(resolver) : -ENOMEM;
	if (error != 0) {
		resolver_free(resolver);
		errno = -error;
		return NULL;
	}
	return resolver;
}

void
resolver_free(struct resolver *resolver)
{
	struct name *name;

	if (resolver == NULL)
		return;
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel); /* gives up what is pending, closes and unwatches its sockets */
	timer_cancel(loop_timers(resolver->loop), &resolver->timer);
	while ((name = TAILQ_FIRST(&resolver->names)) != NULL) {
		timer_cancel(loop_timers(resolver->loop), &name->timer);
		TAILQ_REMOVE(&resolver->names, name, link);
		free(name);
	}
	ares_library_cleanup();
	free(resolver);
}

int
resolver_watch(struct resolver *resolver, struct group *group, int target, struct target_life *life)
{
	struct name *name = malloc(sizeof(*name));

	if (name == NULL)
		return -ENOMEM;
	*name = (struct name){
		.timer.fire = on_name_timer,
		.resolver = resolver,
		.group = group,
		.life = life,
		.settings = &group_settings(group)->targets[target],
		.target = target,
		.retry_ns = RETRY_MIN_NS,
	};
	TAILQ_INSERT_TAIL(&resolver->names, name, link);
	look_up(name);
	return 0;
}

bool
resolver_settled(const struct resolver *resolver)
{
	const struct name *name;

	TAILQ_FOREACH(name, &resolver->names, link) {
		if (!name->settled)
			return false;
	}
	return true;
}
