/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/queue.h"
#include "base/text.h"

enum {
	LINE_MAX_BYTES = 512,
	QUEUE_LINES = 256,
	LOOK_MS = 100, /* how soon a wait for stderr learns of log_stop */
	STOP_MS = 900,
};

struct line {
	uint16_t length;
	char bytes[LINE_MAX_BYTES];
};

const char *const log_level_texts[LEVEL_COUNT] = {
	[LEVEL_ERROR] = "error",
	[LEVEL_WARNING] = "warning",
	[LEVEL_NOTICE] = "notice",
	[LEVEL_INFO] = "info",
	[LEVEL_DEBUG] = "debug",
};

static enum log_level highest = LEVEL_INFO;
static struct queue *queue; /* NULL: no thread, write directly */
static sem_t queued;
static pthread_t thread;
static atomic_bool stopping;
static _Atomic int64_t deadline_ns; /* 0 until log_stop, then when to give up on a stuck stderr */
static _Atomic uint64_t dropped;

/* Lent among those who write lines, and never to a worker. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t returned;
	bool is_lent;
} stderr_loan = { .mutex = PTHREAD_MUTEX_INITIALIZER, .returned = PTHREAD_COND_INITIALIZER };

bool
log_borrow_stderr(int64_t until_ns)
{
	struct timespec until = { .tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S };

	int error = 0;

	pthread_mutex_lock(&stderr_loan.mutex);
	while (stderr_loan.is_lent && error == 0)
		error = pthread_cond_clockwait(&stderr_loan.returned, &stderr_loan.mutex, CLOCK_MONOTONIC, &until);
	bool lent = !stderr_loan.is_lent;
	stderr_loan.is_lent = true;
	pthread_mutex_unlock(&stderr_loan.mutex);
	return lent;
}

void
log_return_stderr(void)
{
	pthread_mutex_lock(&stderr_loan.mutex);
	stderr_loan.is_lent = false;
	pthread_cond_signal(&stderr_loan.returned);
	pthread_mutex_unlock(&stderr_loan.mutex);
}

static bool
is_too_late(void)
{
	int64_t deadline = atomic_load(&deadline_ns);

	return deadline != 0 && clock_now() >= deadline;
}

static bool
wait_for_turn(void)
{
	for (;;) {
		bool too_late = is_too_late();

		if (log_borrow_stderr(clock_now() + (too_late ? 0 : LOOK_MS * NS_PER_MS)))
			return true;
		if (too_late)
			return false;
	}
}

static bool
wait_for_room(void)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (;;) {
		bool too_late = is_too_late();

		if (poll(&out, 1, too_late ? 0 : LOOK_MS) > 0)
			return true;
		if (too_late)
			return false;
	}
}

/* A pipe with room takes a line at once: it is shorter than PIPE_BUF.  A
 * terminal that is gone is nothing that a log could report. */
static void
write_all(const char *bytes, size_t length)
{
	while (length > 0 && wait_for_room()) {
		ssize_t written = write(STDERR_FILENO, bytes, length);

		if (written == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (written == -1)
			return;
		bytes += written;
		length -= (size_t)written;
	}
}

static void
write_out(const char *bytes, size_t length)
{
	if (!wait_for_turn())
		return;
	write_all(bytes, length);
	log_return_stderr();
}

__attribute__((format(printf, 3, 0))) static void
compose(struct line *line, enum log_level level, const char *format, va_list values)
{
	char when[CLOCK_TEXT_MAX], body[LINE_MAX_BYTES];
	struct text text;

	vsnprintf(body, sizeof(body), format, values);
	text_init(&text, line->bytes, sizeof(line->bytes) - 1);
	text_addf(&text, "%s %s: ", clock_format(clock_wall_us(), when, sizeof(when)), log_level_texts[level]);
	text_add_printable(&text, body);
	line->bytes[text.length] = '\n';
	line->length = (uint16_t)(text.length + 1);
}

static void
report_drops(void)
{
	static uint64_t reported;
	uint64_t now = log_dropped();
	char text[80];

	if (now == reported)
		return;
	int length = snprintf(
	    text, sizeof(text), "log: %llu lines dropped: stderr is too slow\n", (unsigned long long)(now - reported));
	write_out(text, (size_t)length);
	reported = now;
}

static void *
write_lines(void *unused)
{
	struct line line;

	do {
		while (sem_wait(&queued) == -1 && errno == EINTR)
			continue;
		while (queue_take(queue, &line))
			write_out(line.bytes, line.length);
		report_drops();
	} while (!atomic_load(&stopping));
	return unused;
}

void
log_set_level(enum log_level level)
{
	highest = level;
}

int
log_start(void)
{
	struct queue *lines = queue_new(QUEUE_LINES, sizeof(struct line));

	if (lines == NULL)
		return -ENOMEM;
	sem_init(&queued, 0, 0);
	atomic_store(&stopping, false);
	atomic_store(&deadline_ns, 0);
	queue = lines;
	int error = pthread_create(&thread, NULL, write_lines, NULL);
	if (error != 0) {
		queue = NULL;
		queue_free(lines);
		return -error;
	}
	pthread_setname_np(thread, "log");
	return 0;
}

void
log_stop(void)
{
	if (queue == NULL)
		return;
	atomic_store(&deadline_ns, clock_now() + STOP_MS * NS_PER_MS);
	atomic_store(&stopping, true);
	sem_post(&queued);
	pthread_join(thread, NULL);
	queue_free(queue);
	queue = NULL;
	sem_destroy(&queued);
}

uint64_t
log_dropped(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
}

static void
put(const struct line *line)
{
	if (queue == NULL)
		write_out(line->bytes, line->length);
	else if (queue_post(queue, line))
		sem_post(&queued);
	else
		atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
}

void
log_line(enum log_level level, const char *format, ...)
{
	struct line line;
	va_list values;

	if (level > highest)
		return;
	va_start(values, format);
	compose(&line, level, format, values);
	va_end(values);
	put(&line);
}

void
log_plain(const char *bytes, size_t length)
{
	struct line line;

	for (size_t at = 0; at < length; at += line.length) {
		line.length = (uint16_t)(length - at < sizeof(line.bytes) ? length - at : sizeof(line.bytes));
		memcpy(line.bytes, bytes + at, line.length);
		put(&line);
	}
}
