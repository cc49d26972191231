/* SPDX-License-Identifier: MIT */
#include "track/track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/clock.h"

/* Time first, so that boots of one node sort; chance for two nodes in one second. */
static uint64_t
make_boot(int64_t wall_us)
{
	uint16_t chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) == -1)
		chance = (uint16_t)(clock_now() / NS_PER_US ^ getpid());
	return ((uint64_t)(wall_us / 1000000) << 8 ^ chance) & 0xffffffffff;
}

int
track_init(struct track *track, const struct settings *settings, uint32_t max_conns)
{
	*track = (struct track){ .settings = settings, .started_ns = clock_now(), .started_at_us = clock_wall_us() };
	if (gethostname(track->node, sizeof(track->node) - 1) == -1)
		strcpy(track->node, "localhost");
	track->boot = make_boot(track->started_at_us);
	track->table = table_new(settings->workers, max_conns);
	track->notes = notes_new(settings->workers, NOTES_CAPACITY);
	track->history = history_new(settings->workers, settings->history, track->notes);
	track->bus = bus_new(settings->workers, BUS_CAPACITY);
	track->listeners = listeners_new(settings->pair_count, settings->workers);
	track->pairs = pairs_new(settings->pair_count, settings->workers);
	track->orders = orders_new(settings->workers);
	track->draining = draining_new();
	track->targets = targets_new(settings);
	track->findings = findings_new();
	track->totals = aligned_alloc(_Alignof(struct totals), (size_t)settings->workers * sizeof(struct totals));
	track->congestions = calloc((size_t)settings->workers, sizeof(track->congestions[0]));
	if (track->table == NULL || track->notes == NULL || track->congestions == NULL || track->orders == NULL ||
	    track->history == NULL || track->bus == NULL || track->listeners == NULL || track->totals == NULL ||
	    track->pairs == NULL || track->draining == NULL || track->targets == NULL || track->findings == NULL) {
		track_fini(track);
		return -ENOMEM;
	}
	memset(track->totals, 0, (size_t)settings->workers * sizeof(struct totals));
	track->changes = changes_new(track); /* compares with how all the others stand */
	if (track->changes == NULL) {
		track_fini(track);
		return -ENOMEM;
	}
	return 0;
}

void
track_fini(struct track *track)
{
	changes_free(track->changes);
	findings_free(track->findings);
	targets_free(track->targets);
	table_free(track->table);
	history_free(track->history);
	bus_free(track->bus);
	listeners_free(track->listeners);
	pairs_free(track->pairs);
	orders_free(track->orders);
	draining_free(track->draining);
	notes_free(track->notes);
	free(track->congestions);
	free(track->totals);
}

uint64_t
track_total(const struct track *track, enum total total)
{
	switch (total) {
	case TOTAL_CLIENT_BYTES_RECEIVED:
		return pairs_received(track->pairs, LEG_CLIENT);
	case TOTAL_CLIENT_BYTES_SENT:
		return pairs_sent(track->pairs, LEG_CLIENT);
	case TOTAL_UPSTREAM_BYTES_RECEIVED:
		return pairs_received(track->pairs, LEG_UPSTREAM);
	case TOTAL_UPSTREAM_BYTES_SENT:
		return pairs_sent(track->pairs, LEG_UPSTREAM);
	default:
		return totals_sum(track->totals, track->settings->workers, total);
	}
}
