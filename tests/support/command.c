/* SPDX-License-Identifier: MIT */
#include "support/command.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/wait_until.h"

enum { LINE_MAX_BYTES = 32768 };

static const char *const complaints[] = { "AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:" };

static void
become_shell(const char *line)
{
	const char *program = getenv("SOCKPROXY");
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("sockproxy", program != NULL ? program : "./sockproxy", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	unsetenv("SOCKPROXY_URL");
	unsetenv("SOCKPROXY_TOKEN_FILE");
	unsetenv("SOCKPROXY_CACERT");
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(127);
}

/* "sockproxy …" becomes "exec $sockproxy …", unless something follows behind it. */
__attribute__((format(printf, 2, 0))) static void
prepare(char *line, const char *format, va_list values)
{
	char written[LINE_MAX_BYTES - 64];
	int length = vsnprintf(written, sizeof(written), format, values);

	ck_assert_int_lt(length, (int)sizeof(written));
	if (strncmp(written, "sockproxy", strlen("sockproxy")) == 0)
		snprintf(line, LINE_MAX_BYTES, "%s$%s", strchr(written, '|') == NULL ? "exec " : "", written);
	else
		snprintf(line, LINE_MAX_BYTES, "%s", written);
}

static struct command *
command_new(void)
{
	struct command *command = calloc(1, sizeof(*command));

	ck_assert_ptr_nonnull(command);
	command->terminal = -1;
	command->out = memfd_create("stdout", MFD_CLOEXEC);
	command->errors = memfd_create("stderr", MFD_CLOEXEC);
	ck_assert(command->out != -1 && command->errors != -1);
	fflush(NULL);
	return command;
}

static struct command *
begin(const char *line)
{
	struct command *command = command_new();

	command->pid = fork();
	ck_assert_int_ne(command->pid, -1);
	if (command->pid == 0) {
		int nothing = open("/dev/null", O_RDONLY);

		dup2(nothing, STDIN_FILENO);
		dup2(command->out, STDOUT_FILENO);
		dup2(command->errors, STDERR_FILENO);
		close_range(STDERR_FILENO + 1, ~0U, 0);
		become_shell(line);
	}
	return command;
}

static bool
is_gone(struct command *command)
{
	if (command->pid != 0 && waitpid(command->pid, &command->status, WNOHANG) == command->pid)
		command->pid = 0;
	return command->pid == 0;
}

void
command_end(struct command *command)
{
	wait_until(is_gone(command));
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		const char *said = command_errors(command);

		ck_assert_msg(strstr(said, complaints[i]) == NULL, "%s", said);
	}
}

struct command *
command_begin(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list values;

	va_start(values, format);
	prepare(line, format, values);
	va_end(values);
	return begin(line);
}

struct command *
command_run(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	struct command *command;
	va_list values;

	va_start(values, format);
	prepare(line, format, values);
	va_end(values);
	command = begin(line);
	command_end(command);
	return command;
}

/* Until the other side of the terminal is closed, which reads as an error. */
static void
drain(struct command *command)
{
	int64_t begun = wait_clock_ms();
	char piece[4096];

	for (;;) {
		struct pollfd ready = { command->terminal, POLLIN, 0 };

		ck_assert_msg(
		    wait_clock_ms() - begun < PATIENCE_MS, "it does not end; it said:\n%s", command_out(command));
		if (poll(&ready, 1, 100) <= 0)
			continue;
		ssize_t got = read(command->terminal, piece, sizeof(piece));
		if (got <= 0)
			return;
		ck_assert_int_eq(write(command->out, piece, (size_t)got), got);
	}
}

struct command *
command_run_typed(int columns, const char *typed, const char *format, ...)
{
	struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
	struct command *command = command_new();
	char line[LINE_MAX_BYTES];
	va_list values;

	va_start(values, format);
	prepare(line, format, values);
	va_end(values);
	command->pid = forkpty(&command->terminal, NULL, NULL, &size);
	ck_assert_int_ne(command->pid, -1);
	if (command->pid == 0) {
		close_range(STDERR_FILENO + 1, ~0U, 0);
		become_shell(line);
	}
	ck_assert_int_eq(write(command->terminal, typed, strlen(typed)), (ssize_t)strlen(typed));
	drain(command);
	command_end(command);
	return command;
}

void
command_signal(struct command *command, int signal)
{
	ck_assert_int_eq(kill(command->pid, signal), 0);
}

static const char *
read_all(int file, char **said)
{
	size_t size = (size_t)lseek(file, 0, SEEK_END);
	ssize_t got;

	*said = realloc(*said, size + 1);
	ck_assert_ptr_nonnull(*said);
	got = pread(file, *said, size, 0);
	(*said)[got > 0 ? got : 0] = '\0';
	return *said;
}

const char *
command_out(struct command *command)
{
	return read_all(command->out, &command->said[0]);
}

const char *
command_errors(struct command *command)
{
	return read_all(command->terminal == -1 ? command->errors : command->out, &command->said[1]);
}

void
command_expect(struct command *command, int status)
{
	ck_assert_msg(WIFEXITED(command->status) && WEXITSTATUS(command->status) == status,
	    "status %d instead of %d; it said:\n%s%s",
	    WIFEXITED(command->status) ? WEXITSTATUS(command->status) : -WTERMSIG(command->status), status,
	    command_out(command), command_errors(command));
}

void
command_free(struct command *command)
{
	close(command->out);
	close(command->errors);
	if (command->terminal != -1)
		close(command->terminal);
	free(command->said[0]);
	free(command->said[1]);
	free(command);
}
