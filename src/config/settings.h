/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/log.h"
#include "base/network.h"

enum {
	PAIRS_MAX = 64,   /* -l with its -u */
	TARGETS_MAX = 16, /* addresses of one -u */
	WORKERS_MAX = 128,
	SOURCES_MAX = 16,
	NETWORKS_MAX = 64,         /* of --allow, and of --deny */
	NAME_TEXT_MAX = 512,       /* what -l and -u may be in all, with the NUL */
	HOST_TEXT_MAX = 256,       /* RFC 1035: a name has at most 253 characters */
	HOSTS_MAX = 16,            /* of --admin-host */
	FILTER_SETTING_MAX = 4097, /* with the NUL */
	PATH_TEXT_MAX = 1024,
	CONGESTION_TEXT_MAX = 16, /* TCP_CA_NAME_MAX of the kernel */
	LOAN_SIZE = 16 * 1024,    /* bytes: what --buffer-memory is shared out in */
};

struct listen_setting {
	char name[NAME_TEXT_MAX]; /* as the user wrote it; the listener's name */
	struct addr addr;
	bool any; /* a port alone: every address, dual-stack */
	int fd;   /* fd:N, already listening; else -1 */
};

/* One address of an upstream.  host is empty when addr is already known. */
struct target_setting {
	char name[HOST_TEXT_MAX + 8]; /* as the user wrote it, "db.example:5432" */
	char host[HOST_TEXT_MAX];
	uint16_t port;
	struct addr addr;
};

struct upstream_setting {
	char name[NAME_TEXT_MAX]; /* as the user wrote it; the upstream's name */
	struct target_setting targets[TARGETS_MAX];
	int target_count;
};

enum { KEEPALIVE_SECONDS_MAX = 32767 }; /* the kernel's MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL */

struct keepalive_setting {
	int64_t idle_ns, interval_ns; /* idle 0: off */
	int count;
};

struct network_list {
	struct network networks[NETWORKS_MAX];
	int count;
};

/* Names, or addresses without brackets, as they were written. */
struct host_list {
	char hosts[HOSTS_MAX][HOST_TEXT_MAX];
	int count;
};

enum datapath_wish { WISH_AUTO, WISH_COPY, WISH_SPLICE }; /* splice: also what is small */
enum proxy_out { PROXY_OUT_NONE, PROXY_OUT_V1, PROXY_OUT_V2 };
enum log_conns { LOG_CONNS_TEXT, LOG_CONNS_JSON, LOG_CONNS_OFF };

/* Made once by options_parse, then const for life.  Durations are in
 * nanoseconds; 0 switches a timer off where that is allowed. */
struct settings {
	struct listen_setting listeners[PAIRS_MAX];
	struct upstream_setting upstreams[PAIRS_MAX]; /* upstreams[i] is for listeners[i] */
	int pair_count;

	struct addr admin;
	char admin_text[NAME_TEXT_MAX];
	bool admin_write;                                         /* HTTP may change something */
	char admin_token_file[PATH_TEXT_MAX];                     /* empty: no token is asked for */
	char admin_cert[PATH_TEXT_MAX], admin_key[PATH_TEXT_MAX]; /* both empty: no TLS */
	struct host_list admin_hosts;                             /* also a Host that is ours */
	uint32_t admin_mode;                                      /* of a Unix socket's file */
	uint32_t admin_rate;                                      /* requests a second of a source; 0: as they come */

	uint32_t max_conns;
	int workers;
	bool pin_workers;       /* each to a CPU of its own, as long as there are as many */
	uint32_t history;       /* closed records kept per worker */
	uint64_t buffer_memory; /* bytes of loans per worker */
	enum datapath_wish datapath;
	unsigned pipes; /* of each worker, at most; as descriptors allow */

	struct network_list allow, deny;             /* with none in allow, whoever is not in deny may come */
	uint32_t max_per_source, max_per_listener;   /* open connections; 0: as many as there are */
	uint32_t rate_per_source, rate_per_listener; /* new connections a second; 0: as they come */

	int64_t connect_timeout_ns;
	int64_t idle_timeout_ns;
	int64_t half_close_timeout_ns;
	int64_t stall_timeout_ns;
	int64_t flush_timeout_ns;
	int64_t max_duration_ns;
	int64_t drain_timeout_ns;
	int64_t user_timeout_ns;
	struct keepalive_setting keepalive;
	char congestion
	    [CONGESTION_TEXT_MAX]; /* "auto", "keep", or an algorithm; only the kernel knows whether it is one */

	struct addr sources[SOURCES_MAX]; /* port 0; used in turn */
	int source_count;
	bool proxy_in; /* each client says first for whom it comes: a PROXY header */
	int64_t proxy_in_timeout_ns;
	enum proxy_out proxy_out;
	char resolver[128]; /* "address[:port]"; empty: as the system is set up */

	enum log_level log_level;
	enum log_conns log_conns;
	bool log_probes; /* log all closed ones, not only those of KIND_PROXY */
	char log_filter
	    [FILTER_SETTING_MAX]; /* … and of these the ones that match; empty: all.  Only track knows whether it is one */
	bool demo;
};

#endif
