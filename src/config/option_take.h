/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_OPTION_TAKE_H
#define CONFIG_OPTION_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/text.h"
#include "config/option_tell.h"
#include "config/settings.h"

/* What takes the argument of an option, for the table in options.c. */

/* The command line while it is read. */
struct command {
	struct settings *settings;
	const struct option_row *row; /* the option at hand, */
	const char *as;               /* as the user wrote it, "-l" or "--listen", */
	const char *value;            /* and its argument */
	int listeners, upstreams;
	const char *listener_as[PAIRS_MAX], *upstream_as[PAIRS_MAX];
	struct text *error;
};

/* False: the error says what was expected. */
typedef bool take_fn(struct command *command);

struct option_row {
	const char *letter;   /* "-l"; NULL: none */
	const char *name;     /* "--listen" */
	const char *argument; /* NULL: takes none */
	take_fn *take;        /* NULL: -h or -V */
	size_t place;         /* in struct settings */
	int64_t least, most;
	const char *standard; /* the default; NULL: none, and the setting begins as zero */
	const char *meaning;
};

/* At the row's place: */
take_fn take_count, take_size, take_timeout, take_or_off, take_flag, take_file, take_mode, take_networks, take_hosts,
    take_filter, take_datapath, take_proxy_out, take_congestion, take_log_level, take_log_conns;

/* At the setting that it is: */
take_fn take_listen, take_upstream, take_admin, take_sources, take_resolver, take_max_conns, take_workers,
    take_keepalive;

/* The way back; NULL: there is none. */
tell_fn *option_teller(take_fn *taker);

#endif
