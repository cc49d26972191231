/* SPDX-License-Identifier: MIT */
#include "support/proxy_process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/wait_until.h"

enum { WORDS_MAX = 256, TEXT_MAX = 16384, PIPE_SIZE = 4096 };

/* All that were ever started: a test need not free what it learned from one. */
static struct proxy *all;

static const char *const complaints[] = {
	"AddressSanitizer",
	"LeakSanitizer",
	"ThreadSanitizer",
	"MemorySanitizer",
	"runtime error:",
	"Assertion",
};

static const char *
program(void)
{
	const char *program = getenv("SOCKPROXY");

	return program != NULL ? program : "./sockproxy";
}

static void
split(char *text, char *words[WORDS_MAX + 1])
{
	int count = 0;
	char *rest;

	for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		ck_assert_int_lt(count, WORDS_MAX);
		words[count++] = word;
	}
	words[count] = NULL;
}

static void
become_daemon(char **words, const struct proxy_start *how, int errors)
{
	struct rlimit descriptors = { how->descriptors, how->descriptors };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(errors, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (how->descriptors > 0)
		setrlimit(RLIMIT_NOFILE, &descriptors);
	execvp(words[0], words);
	fprintf(stderr, "cannot run %s: %s\n", words[0], strerror(errno));
	_exit(127);
}

__attribute__((format(printf, 2, 0))) static struct proxy *
launch(const struct proxy_start *how, const char *format, va_list arguments)
{
	char text[TEXT_MAX], *words[WORDS_MAX + 1];
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	int ends[2] = { -1, -1 };
	size_t length;

	ck_assert_ptr_ne(proxy, NULL);
	proxy->next = all;
	all = proxy;
	length = (size_t)snprintf(text, sizeof(text), "%s ", program());
	length += (size_t)vsnprintf(text + length, sizeof(text) - length, format, arguments);
	ck_assert_uint_lt(length, sizeof(text) - 64);
	if (strstr(text, " -a ") == NULL && strstr(text, " --admin ") == NULL)
		strcat(text, " -a 127.0.0.1:0");
	if (getenv("DATAPATH") != NULL && strstr(text, " --datapath ") == NULL)
		strcat(strcat(text, " --datapath "), getenv("DATAPATH"));
	split(text, words);

	proxy->errors = memfd_create("stderr", MFD_CLOEXEC);
	ck_assert_int_ne(proxy->errors, -1);
	if (how->deaf) {
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	}
	proxy->pipe = ends[0];
	fflush(NULL);
	proxy->pid = fork();
	ck_assert_int_ne(proxy->pid, -1);
	if (proxy->pid == 0)
		become_daemon(words, how, how->deaf ? ends[1] : proxy->errors);
	if (how->deaf)
		close(ends[1]);
	return proxy;
}

/* Of a deaf one, only what fits the pipe before it is ready: the readiness line. */
const char *
proxy_stderr(struct proxy *proxy)
{
	char piece[PIPE_SIZE];
	ssize_t got;

	if (proxy->pipe != -1 && proxy->count == 0) {
		fcntl(proxy->pipe, F_SETFL, O_NONBLOCK);
		while ((got = read(proxy->pipe, piece, sizeof(piece))) > 0)
			ck_assert_int_eq(write(proxy->errors, piece, (size_t)got), got);
	}
	size_t size = (size_t)lseek(proxy->errors, 0, SEEK_END);
	proxy->said = realloc(proxy->said, size + 1);
	ck_assert_ptr_ne(proxy->said, NULL);
	got = pread(proxy->errors, proxy->said, size, 0);
	proxy->said[got > 0 ? got : 0] = '\0';
	return proxy->said;
}

bool
proxy_has_said(struct proxy *proxy, const char *text)
{
	return strstr(proxy_stderr(proxy), text) != NULL;
}

int
proxy_count_said(struct proxy *proxy, const char *text)
{
	int count = 0;

	for (const char *at = proxy_stderr(proxy); (at = strstr(at, text)) != NULL; at += strlen(text))
		count++;
	return count;
}

bool
proxy_is_gone(struct proxy *proxy)
{
	if (proxy->pid != 0 && waitpid(proxy->pid, &proxy->status, WNOHANG) == proxy->pid)
		proxy->pid = 0;
	return proxy->pid == 0;
}

/* "ready: A -> U; B -> V, admin http://X": the listeners end where " -> " begins. */
static void
read_readiness(struct proxy *proxy, const char *line)
{
	const char *end = strchr(line, '\n'), *admin = line, *at = line + strlen("ready: ");

	for (const char *next = line; (next = strstr(next, ", admin ")) != NULL && next < end; next++)
		admin = next + strlen(", admin ");
	ck_assert_msg(admin != line, "no admin address in: %s", line);
	while (at != NULL && at < admin) {
		const char *arrow = strstr(at, " -> ");

		ck_assert_msg(arrow != NULL && arrow < end && proxy->count < PAIRS_MAX, "not understood: %s", line);
		snprintf(proxy->listeners[proxy->count].text, sizeof(proxy->listeners[0].text), "%.*s",
		    (int)(arrow - at), at);
		proxy->count++;
		at = strstr(arrow, "; ");
		at = at == NULL ? NULL : at + 2;
	}
	if (strncmp(admin, "http", 4) == 0)
		admin = strstr(admin, "://") + 3;
	snprintf(proxy->admin_text, sizeof(proxy->admin_text), "%.*s", (int)(end - admin), admin);
	ck_assert_msg(addr_parse(&proxy->admin, proxy->admin_text), "admin address %s", proxy->admin_text);
}

static const char *
readiness_line(struct proxy *proxy)
{
	const char *said = proxy_stderr(proxy), *line = strncmp(said, "ready: ", 7) == 0 ? said : NULL;

	if (line == NULL && (line = strstr(said, "\nready: ")) != NULL)
		line++;
	return line != NULL && strchr(line, '\n') != NULL ? line : NULL;
}

static void
await_readiness(struct proxy *proxy)
{
	const char *line = NULL;

	wait_until((line = readiness_line(proxy)) != NULL || proxy_is_gone(proxy));
	ck_assert_msg(line != NULL, "%s did not get ready:\n%s", program(), proxy_stderr(proxy));
	read_readiness(proxy, line);
}

struct proxy *
proxy_start_with(const struct proxy_start *how, const char *format, ...)
{
	va_list arguments;
	struct proxy *proxy;

	va_start(arguments, format);
	proxy = launch(how, format, arguments);
	va_end(arguments);
	await_readiness(proxy);
	return proxy;
}

struct proxy *
proxy_start(const char *format, ...)
{
	va_list arguments;
	struct proxy *proxy;

	va_start(arguments, format);
	proxy = launch(&(struct proxy_start){ 0 }, format, arguments);
	va_end(arguments);
	await_readiness(proxy);
	return proxy;
}

struct proxy *
proxy_run(const char *format, ...)
{
	va_list arguments;
	struct proxy *proxy;

	va_start(arguments, format);
	proxy = launch(&(struct proxy_start){ 0 }, format, arguments);
	va_end(arguments);
	proxy_exit_status(proxy);
	return proxy;
}

struct proxy *
proxy_run_with(const struct proxy_start *how, const char *format, ...)
{
	va_list arguments;
	struct proxy *proxy;

	va_start(arguments, format);
	proxy = launch(how, format, arguments);
	va_end(arguments);
	proxy_exit_status(proxy);
	return proxy;
}

const char *
proxy_listener(const struct proxy *proxy, int number)
{
	ck_assert_int_lt(number, proxy->count);
	return proxy->listeners[number].text;
}

void
proxy_signal(const struct proxy *proxy, int signal)
{
	ck_assert_int_ne(proxy->pid, 0);
	ck_assert_int_eq(kill(proxy->pid, signal), 0);
}

void
proxy_freeze(struct proxy *proxy)
{
	int status;

	proxy_signal(proxy, SIGSTOP);
	ck_assert_int_eq(waitpid(proxy->pid, &status, WUNTRACED), proxy->pid);
	ck_assert_int_ne(WIFSTOPPED(status), 0);
}

void
proxy_thaw(struct proxy *proxy)
{
	proxy_signal(proxy, SIGCONT);
}

int
proxy_exit_status(struct proxy *proxy)
{
	wait_until(proxy_is_gone(proxy));
	ck_assert_msg(WIFEXITED(proxy->status), "the daemon died of signal %d:\n%s", WTERMSIG(proxy->status),
	    proxy_stderr(proxy));
	return WEXITSTATUS(proxy->status);
}

size_t
proxy_memory(const struct proxy *proxy, const char *name)
{
	char path[64], line[256];
	size_t kilobytes = 0, length = strlen(name);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)proxy->pid);
	file = fopen(path, "r");
	ck_assert_ptr_ne(file, NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			kilobytes = strtoul(line + length + 1, NULL, 10);
	}
	fclose(file);
	ck_assert_uint_gt(kilobytes, 0);
	return kilobytes * 1024;
}

void
proxy_end(struct proxy *proxy)
{
	int status = proxy_exit_status(proxy);

	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		ck_assert_msg(!proxy_has_said(proxy, complaints[i]), "the daemon said:\n%s", proxy_stderr(proxy));
	ck_assert_msg(status == 0, "the daemon's exit status is %d:\n%s", status, proxy_stderr(proxy));
	close(proxy->errors);
	if (proxy->pipe != -1)
		close(proxy->pipe);
}

void
proxy_stop(struct proxy *proxy)
{
	proxy_signal(proxy, SIGTERM);
	proxy_end(proxy);
}
