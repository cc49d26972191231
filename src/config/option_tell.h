/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_OPTION_TELL_H
#define CONFIG_OPTION_TELL_H

#include <stddef.h>
#include <stdint.h>
#include "config/settings.h"

/*
 * What options are set to, as one would write it on the command line: the way
 * back from settings.  Of files only the names are told.
 */
enum option_kind {
	OPTION_NOTHING, /* not set */
	OPTION_TRUTH,
	OPTION_COUNT,
	OPTION_TEXT,
	OPTION_LIST, /* begins one; an OPTION_ITEM for each of its texts follows */
	OPTION_ITEM,
};

struct option_told {
	const char *name; /* "listen" */
	enum option_kind kind;
	uint64_t number;
	const char *text; /* for as long as it is told */
};

typedef void option_hear_fn(void *to, const struct option_told *told);

/* One option that is being told. */
struct telling {
	const struct settings *settings;
	const void *place; /* of its setting */
	const char *name;
	option_hear_fn *hear;
	void *to;
};

typedef void tell_fn(const struct telling *it);

/* By what is at the place: */
tell_fn tell_truth, tell_count, tell_size, tell_time, tell_mode, tell_text, tell_networks, tell_hosts;

/* By the setting that it is: */
tell_fn tell_listen, tell_upstream, tell_admin, tell_sources, tell_resolver, tell_max_conns, tell_workers,
    tell_keepalive;

/* One of some words, whose places are the values of the enum at the place. */
void tell_word(const struct telling *it, const char *const *words);

#endif
