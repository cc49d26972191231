/* SPDX-License-Identifier: MIT */
/*
 * The bus tells when; what to write comes from history, in whose rings numbers
 * have no gaps, so that lines which were overwritten before they could be
 * written are counted to the last one.  What is not to be logged, such as a
 * port scan, stands in rings of its own, which are not followed.
 *
 * stderr is shared with whoever started us, so it cannot be made non-blocking
 * here.  Instead a write waits until stderr has room, and is small enough for
 * a pipe to take it whole: then it does not block.  A record as JSON may need
 * several writes, so stderr is borrowed from the log until all is there.
 */
#include "export/conn_log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "export/conn_line.h"
#include "export/record_json.h"
#include "track/filter.h"

enum {
	BATCH_MAX = 192 * 1024,
	LINE_BYTES_MAX = RECORD_JSON_MAX + 2,
	GATHER_MS = 20, /* at most so many wake-ups a second: 1000 / GATHER_MS */
	LOOK_MS = 100,  /* how soon a wait for stderr learns of a stop */
	STOP_MS = 900,
	NICE = 10,
};

struct conn_log {
	const struct track *track;
	struct filter *filter; /* NULL: all have a line */
	struct bus_cursor cursor;
	pthread_t thread;
	_Atomic int64_t deadline_ns; /* 0 until the stop, then when to give up */
	_Atomic uint64_t missed;
	uint64_t missed_told;

	size_t batch_max; /* what one write may carry */
	struct text line, batch;
	unsigned batch_lines;
	char line_bytes[LINE_BYTES_MAX], batch_bytes[BATCH_MAX];

	int ring; /* of history, whose turn it is: a busy one starves no other */
	uint64_t next[];
};

static bool
is_stopping(const struct conn_log *log)
{
	return atomic_load(&log->deadline_ns) != 0;
}

static bool
is_too_late(const struct conn_log *log)
{
	int64_t deadline = atomic_load(&log->deadline_ns);

	return deadline != 0 && clock_now() >= deadline;
}

static void
miss(struct conn_log *log, uint64_t lines)
{
	atomic_fetch_add_explicit(&log->missed, lines, memory_order_relaxed);
}

/* False: the time after a stop is over. */
static bool
wait_for_room(const struct conn_log *log)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (;;) {
		bool too_late = is_too_late(log);

		/* However late, what has room goes out: this thread may just have had no turn until now. */
		if (poll(&out, 1, too_late ? 0 : LOOK_MS) > 0)
			return true;
		if (too_late)
			return false;
	}
}

/* False: the time after a stop is over, and another still writes. */
static bool
wait_for_turn(const struct conn_log *log)
{
	for (;;) {
		bool too_late = is_too_late(log);

		if (log_borrow_stderr(clock_now() + (too_late ? 0 : LOOK_MS * NS_PER_MS)))
			return true;
		if (too_late)
			return false;
	}
}

/* In pieces that are taken at once where there is room.  A stderr that is gone is a slow one for
 * ever.  How much was left. */
static size_t
write_pieces(const struct conn_log *log, const char *at, size_t left)
{
	while (left > 0 && wait_for_room(log)) {
		ssize_t written = write(STDERR_FILENO, at, left < log->batch_max ? left : log->batch_max);

		if (written > 0) {
			at += written;
			left -= (size_t)written;
		} else if (errno == EAGAIN) {
			poll(NULL, 0, GATHER_MS);
		} else {
			break;
		}
	}
	return left;
}

static void
write_batch(struct conn_log *log)
{
	size_t left = log->batch.length;

	if (wait_for_turn(log)) {
		left = write_pieces(log, log->batch.bytes, left);
		log_return_stderr();
	}
	if (left > 0)
		miss(log, log->batch_lines);
	text_init(&log->batch, log->batch_bytes, sizeof(log->batch_bytes));
	log->batch_lines = 0;
}

static void
tell_missed(struct conn_log *log)
{
	uint64_t missed = atomic_load_explicit(&log->missed, memory_order_relaxed);
	char when[CLOCK_TEXT_MAX];

	if (missed == log->missed_told)
		return;
	text_addf(&log->batch, "%s warning: conn-log: %s%llu lines missed: stderr is slow\n",
	    clock_format(clock_wall_us(), when, sizeof(when)), log->filter == NULL ? "" : "up to ",
	    (unsigned long long)(missed - log->missed_told));
	log->missed_told = missed;
}

/* JSON is the whole record, a line of NDJSON.  False: it is none of those that are meant. */
static bool
format_line(struct conn_log *log, const struct record *record)
{
	struct reading reading = { .track = log->track, .record = record, .now_ns = record->closed_ns };

	if (!filter_matches(log->filter, &reading))
		return false;
	text_init(&log->line, log->line_bytes, sizeof(log->line_bytes));
	if (log->track->settings->log_conns == LOG_CONNS_TEXT) {
		conn_line_format(&log->line, log->track, record);
		return true;
	}
	record_json_write(&log->line, &reading, VIEW_SINGLE);
	text_add_char(&log->line, '\n');
	return true;
}

static bool
follows(const struct conn_log *log, int ring)
{
	return log->track->settings->log_probes || history_holds(ring, KIND_PROXY);
}

static bool
next_of(struct conn_log *log, int ring, union record_words *closed)
{
	const struct history *history = log->track->history;
	uint64_t *next = &log->next[ring];

	for (;;) {
		enum ring_answer answer = history_read(history, ring, *next, closed);

		if (answer == RING_NOT_YET)
			return false;
		if (answer == RING_READ) {
			(*next)++;
			return true;
		}
		uint64_t oldest = history_oldest(history, ring);
		uint64_t resume = oldest > *next ? oldest : *next + 1;
		miss(log, resume - *next);
		*next = resume;
	}
}

static bool
next_closed(struct conn_log *log, union record_words *closed)
{
	int rings = history_rings(log->track->history);

	for (int tries = 0; tries < rings; tries++) {
		int ring = log->ring;

		log->ring = (log->ring + 1) % rings;
		if (follows(log, ring) && next_of(log, ring, closed))
			return true;
	}
	return false;
}

static void
write_lines(struct conn_log *log)
{
	union record_words closed;
	struct event event;

	/* What an event tells of stands in history before it. */
	while (bus_next(&log->cursor, &event))
		continue;
	while (next_closed(log, &closed)) {
		if (!format_line(log, &closed.record))
			continue;
		if (log->batch.length + log->line.length > log->batch_max)
			write_batch(log);
		if (log->batch.length == 0)
			tell_missed(log);
		text_add_bytes(&log->batch, log->line.bytes, log->line.length);
		log->batch_lines++;
	}
	write_batch(log);
}

static void *
follow(void *argument)
{
	struct conn_log *log = argument;

	pthread_setname_np(pthread_self(), "conn-log");
	/* Forwarding goes first.  On Linux niceness is a thread's own. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (!is_stopping(log)) {
		bus_wait(&log->cursor, -1);
		write_lines(log);
		if (!is_stopping(log))
			bus_pause(log->track->bus, GATHER_MS);
	}
	write_lines(log);
	return NULL;
}

/* To a file a write is as good as another; a pipe takes PIPE_BUF at once or waits. */
static size_t
choose_batch_max(void)
{
	struct stat out;

	return fstat(STDERR_FILENO, &out) == 0 && S_ISREG(out.st_mode) ? BATCH_MAX - 1 : PIPE_BUF;
}

_Static_assert((int)FILTER_SETTING_MAX > (int)FILTER_TEXT_MAX, "the longest filter fits");

static bool
compile(struct filter **filter, const struct settings *settings, struct filter_fault *fault)
{
	*filter = settings->log_filter[0] == '\0' ? NULL : filter_new(settings->log_filter, fault);
	return *filter != NULL || settings->log_filter[0] == '\0';
}

bool
conn_log_check(const struct settings *settings, struct text *error)
{
	struct filter *filter;
	struct filter_fault fault;
	bool fine = compile(&filter, settings, &fault);

	filter_free(filter);
	if (fine)
		return true;
	text_addf(error, "--log-filter: %s\n", fault.message);
	filter_fault_write(&fault, settings->log_filter, error);
	return false;
}

static void
free_log(struct conn_log *log)
{
	bus_unfollow(&log->cursor);
	filter_free(log->filter);
	free(log);
}

int
conn_log_start(struct conn_log **log, const struct track *track)
{
	int rings = history_rings(track->history);
	struct filter_fault fault;
	struct conn_log *it;
	int error;

	*log = NULL;
	if (track->settings->log_conns == LOG_CONNS_OFF)
		return 0;
	it = calloc(1, sizeof(*it) + (size_t)rings * sizeof(it->next[0]));
	if (it == NULL)
		return -ENOMEM;
	it->track = track;
	it->batch_max = choose_batch_max();
	text_init(&it->batch, it->batch_bytes, sizeof(it->batch_bytes));
	error = bus_follow(track->bus, &it->cursor);
	if (error == 0 && !compile(&it->filter, track->settings, &fault))
		error = -ENOMEM; /* what else, after the check */
	for (int ring = 0; ring < rings; ring++)
		it->next[ring] = history_head(track->history, ring);
	if (error == 0)
		error = -pthread_create(&it->thread, NULL, follow, it);
	if (error != 0) {
		free_log(it);
		return error;
	}
	*log = it;
	return 0;
}

bool
conn_log_stop(struct conn_log *log)
{
	struct timespec patience;

	if (log == NULL)
		return true;
	atomic_store(&log->deadline_ns, clock_now() + STOP_MS * NS_PER_MS);
	bus_wake(log->track->bus);
	/* A write that blocks all the same must not hold up the exit: then the
	 * thread is left where it is. */
	clock_gettime(CLOCK_REALTIME, &patience);
	patience.tv_sec += 2;
	if (pthread_timedjoin_np(log->thread, NULL, &patience) != 0)
		return false;
	free_log(log);
	return true;
}

uint64_t
conn_log_missed(const struct conn_log *log)
{
	return log == NULL ? 0 : atomic_load_explicit(&log->missed, memory_order_relaxed);
}
