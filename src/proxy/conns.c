/* SPDX-License-Identifier: MIT */
#include "proxy/conns.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "base/clock.h"
#include "net/socket.h"
#include "net/tcp_info.h"
#include "proxy/chronicle.h"
#include "proxy/conn.h"
#include "proxy/look.h"
#include "track/conn_id.h"

static void *
reserve(const struct workbench *bench, size_t each)
{
	size_t size = (size_t)table_max_conns(bench->track->table) * each;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void
unreserve(const struct workbench *bench, void *memory, size_t each)
{
	if (memory != NULL)
		munmap(memory, (size_t)table_max_conns(bench->track->table) * each);
}

int
conns_reserve(struct workbench *bench)
{
	bool in_a_chain = bench->settings->proxy_in && bench->settings->proxy_out != PROXY_OUT_NONE;

	bench->conns = reserve(bench, sizeof(struct conn));
	if (in_a_chain)
		bench->destinations = reserve(bench, sizeof(bench->destinations[0]));
	return bench->conns == NULL || (in_a_chain && bench->destinations == NULL) ? -ENOMEM : 0;
}

void
conns_unreserve(struct workbench *bench)
{
	unreserve(bench, bench->conns, sizeof(struct conn));
	unreserve(bench, bench->destinations, sizeof(bench->destinations[0]));
	bench->conns = NULL;
	bench->destinations = NULL;
}

static void
describe_client(struct conn *conn, int listener, int fd, const struct addr *client, const struct addr *local)
{
	struct record *record = chronicle_edit(conn);
	struct record_leg *leg = &record->legs[LEG_CLIENT];

	record->state = CONN_ACCEPTED;
	record->listener = record->upstream = (uint16_t)listener;
	record->opened_ns = conn->times.opened;
	record->opened_at_us = clock_wall_us();
	leg->fd = fd;
	leg->socket_cookie = socket_cookie(fd);
	flow_set(&leg->flow, client, local);
	conn->legs[LEG_CLIENT].is_unix = addr_is_unix(local);
	leg->tcp_state = addr_is_unix(local) ? 0 : TCP_IS_ESTABLISHED; /* an end that has come already makes an edge */
}

/* Slot and place are free again. */
static void
give_back(struct conn *conn)
{
	struct workbench *bench = conn->bench;

	conn->in_use = false;
	bench->conns_open--;
	table_release(bench->track->table, bench->number, conn->slot);
	bench->on_place_free(bench->argument);
}

/* The socket was never watched, so no late event can name the connection: it is given back at once. */
static void
turn_away(struct conn *conn, int fd, enum conn_event denial)
{
	conn->legs[LEG_CLIENT].watch.fd = fd; /* to be closed */
	conn_step(conn, denial);
	conn->news = 0; /* one who was never let in has not opened, nor closed */
	chronicle_news(conn, EVENT_DENIED);
	chronicle_publish(conn);
	give_back(conn);
}

void
conns_open(struct workbench *bench, int listener, int fd, const struct addr *client, const struct addr *local)
{
	uint32_t slot;

	bench->draft = table_claim(bench->track->table, bench->number, &slot);
	struct conn *conn = &bench->conns[slot];
	conn_init(conn, bench, slot, listener);
	if (slot >= bench->conns_touched)
		bench->conns_touched = slot + 1;
	bench->conns_open++;
	describe_client(conn, listener, fd, client, local);
	totals_add(&bench->totals->counts[TOTAL_ACCEPTED], 1);
	enum conn_event denial = admission_ask(
	    bench->admission, listener, &chronicle_edit(conn)->legs[LEG_CLIENT].flow, conn->times.opened, &conn->pass);
	if (denial != EV_NONE) {
		turn_away(conn, fd, denial);
		return;
	}
	chronicle_news(conn, EVENT_OPEN);
	if (conn->pass.source_missed)
		totals_add(&bench->totals->counts[TOTAL_SOURCE_TABLE_FULL], 1);
	conn_serve(conn, fd);
}

/* Four system calls a leg, which most connections do not live to need.  That it cannot be set on a socket that took the
 * other options is no reason to end it. */
static void
keep_alive(struct conn *conn)
{
	for (uint32_t i = 0; i < LEG_COUNT; i++) {
		struct conn_leg *leg = &conn->legs[i];
		const struct tcp_manner own = manners_spread(&conn->bench->manners.others, conn->slot * LEG_COUNT + i);

		if (leg->watch.fd != -1 && !leg->is_unix)
			socket_keep_alive(leg->watch.fd, &own);
	}
	conn->kept_alive = true;
}

bool
conns_look(struct workbench *bench, uint32_t slot)
{
	struct conn *conn = &bench->conns[slot];

	if (!conn->in_use || (!conn_is_forwarding(conn) && conn->state != CONN_FLUSHING))
		return false;
	if (!conn->kept_alive)
		keep_alive(conn);
	look_take(conn);
	chronicle_publish(conn);
	return true;
}

/* NULL: it is closed, or another has its slot. */
static struct conn *
find(struct workbench *bench, uint64_t id)
{
	uint32_t slot = conn_id_slot(id);
	struct conn *conn = slot < bench->conns_touched ? &bench->conns[slot] : NULL;

	if (conn == NULL || !conn->in_use || conn->generation != conn_id_generation(id) || conn->state == CONN_CLOSED)
		return NULL;
	return conn;
}

void
conns_refresh(struct workbench *bench, uint64_t id)
{
	struct conn *conn = find(bench, id);

	if (conn == NULL)
		return;
	look_take(conn);
	chronicle_publish(conn);
}

/* At least one note, which tells when it was. */
static void
note_words(struct conn *conn, int64_t at_us, const char *words)
{
	do {
		struct note note = { .kind = NOTE_TEXT, .leg = LEG_NONE, .at_us = at_us };
		size_t length = strnlen(words, NOTE_TEXT_MAX);

		memcpy(note.text, words, length);
		chronicle_note(conn, note);
		words += length;
	} while (*words != '\0');
}

void
conns_kill(struct workbench *bench, uint64_t id, enum close_how how, const char *words)
{
	struct conn *conn = find(bench, id);

	if (conn == NULL)
		return;
	int64_t at_us = chronicle_offset(conn);
	bool again = conn->why == WHY_ADMIN_KILL;
	conn_step(conn, how == HOW_FIN ? EV_KILL_FIN : EV_KILL_RST);
	if (conn->why == WHY_ADMIN_KILL && !again)
		note_words(conn, at_us, words);
	conn_settle(conn);
}

static void
end_all(struct workbench *bench, enum conn_event event)
{
	for (uint32_t slot = 0; slot < bench->conns_touched; slot++) {
		struct conn *conn = &bench->conns[slot];

		if (!conn->in_use || conn->state == CONN_CLOSED)
			continue;
		conn_step(conn, event);
		conn_settle(conn);
	}
}

void
conns_drain(struct workbench *bench)
{
	end_all(bench, EV_DRAIN);
}

void
conns_shutdown(struct workbench *bench)
{
	end_all(bench, EV_SHUTDOWN);
}

void
conns_after_turn(struct workbench *bench)
{
	struct conn *conn;

	while ((conn = SLIST_FIRST(&bench->touched)) != NULL) {
		SLIST_REMOVE_HEAD(&bench->touched, link);
		conn->touched = false;
		if (conn->state == CONN_CLOSED) {
			give_back(conn);
		} else {
			chronicle_count(conn);
		}
	}
	totals_set(&bench->totals->counts[TOTAL_LOAN_SHORTAGES], bench->tools.shortages);
	totals_set(&bench->totals->counts[TOTAL_LOANS_LENT], loans_lent(bench->tools.loans));
	totals_set(&bench->totals->counts[TOTAL_SPLICED], bench->tools.spliced);
	if (bench->tools.pipes == NULL)
		return;
	totals_set(&bench->totals->counts[TOTAL_PIPES_OPEN], pipes_open(bench->tools.pipes));
	totals_set(&bench->totals->counts[TOTAL_PIPE_SHORTAGES], pipes_shortages(bench->tools.pipes));
}
