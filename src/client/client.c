/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/nearest.h"
#include "client/complete.h"

enum { HELP_MAX = 8192, LINE_MAX = 1024 };

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

bool
client_must_stop(void)
{
	return stopped != 0;
}

void
client_heed_signals(struct client *client)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	client->setting.stop = &stopped;
}

static void (*leave_terminal)(void);

void
client_before_saying(void (*leave)(void))
{
	leave_terminal = leave;
}

void
client_say(const char *format, ...)
{
	va_list values;

	if (leave_terminal != NULL)
		leave_terminal();
	fflush(stdout);
	va_start(values, format);
	fputs("sockproxy: ", stderr);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
	va_end(values);
}

void
client_no_memory(void)
{
	client_say("out of memory");
	exit(EXIT_FAILED);
}

bool
client_flush(int *status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	*status = errno == EPIPE ? EXIT_FINE : EXIT_FAILED;
	if (*status != EXIT_FINE)
		client_say("cannot write: %s", strerror(errno));
	return false;
}

/* One line, without its end.  It is what the daemon's --admin-token-file holds. */
bool
client_read_token(struct client *client)
{
	const char *path = client->options.token_file;
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, client->token, sizeof(client->token) - 1);
	int error = errno;

	if (fd != -1)
		close(fd);
	if (path == NULL)
		return true;
	if (got == -1) {
		client_say("--token-file: %s: %s", path, strerror(error));
		return false;
	}
	client->token[got] = '\0';
	client->token[strcspn(client->token, "\r\n")] = '\0';
	for (const char *at = client->token; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~')
			client->token[0] = '\0';
	}
	if (client->token[0] == '\0') {
		client_say("--token-file: %s: a line with the token is expected, in printable ASCII", path);
		return false;
	}
	client->setting.token = client->token;
	return true;
}

static int
run(struct client *client)
{
	struct client_options *options = &client->options;
	char bytes[LINE_MAX];
	struct text error;
	int status;

	text_init(&error, bytes, sizeof(bytes));
	if (!admin_url_parse(&client->setting.url, options->server, &error)) {
		client_say("--server: %s", bytes);
		return EXIT_WRONG_USAGE;
	}
	client->setting.cacert = options->cacert;
	client->setting.timeout_ms = options->timeout_ns / NS_PER_MS;
	if (!client_read_token(client))
		return EXIT_FAILED;
	client->http = http_client_new(&client->setting);
	if (client->http == NULL)
		client_no_memory();
	status = commands[options->command].run(client);
	http_client_free(client->http);
	return status;
}

static void
print_help(enum command_name command)
{
	char bytes[HELP_MAX];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	command_help(&text, command);
	fputs(bytes, stdout);
}

static int
say_unknown(const char *name)
{
	const char *names[COMMAND_COUNT + 1] = { NULL }, *meant;
	char bytes[128];
	struct text text;

	for (int i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	meant = nearest(name, names);
	text_init(&text, bytes, sizeof(bytes));
	text_add_quoted(&text, name);
	client_say("%s: no such command%s%s%s", bytes,
	    meant == NULL ? "; sockproxy help lists them" : "; did you mean ", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "?");
	return EXIT_WRONG_USAGE;
}

int
cmd_help(struct client *client)
{
	const char *name = client->options.operand;

	if (*name == '\0')
		print_help(COMMAND_HELP);
	else if (command_find(name) == COMMAND_COUNT)
		return say_unknown(name);
	else
		print_help(command_find(name));
	return EXIT_FINE;
}

static int
run_command(int argc, char **argv)
{
	static struct client client; /* too large for a stack */
	char bytes[LINE_MAX];
	struct text error;

	if (strcmp(argv[0], "complete") == 0)
		return complete_run(argc, argv);
	if (command_find(argv[0]) == COMMAND_COUNT)
		return say_unknown(argv[0]);
	text_init(&error, bytes, sizeof(bytes));
	switch (client_options_parse(&client.options, argc, argv, &error)) {
	case CLIENT_OPTIONS_WRONG:
		client_say("%s", bytes);
		return EXIT_WRONG_USAGE;
	case CLIENT_OPTIONS_HELP:
		print_help(client.options.command);
		return EXIT_FINE;
	case CLIENT_OPTIONS_RUN:
		break;
	}
	terminal_look(&client.terminal, STDOUT_FILENO, client.options.colour);
	return client.options.command == COMMAND_HELP ? cmd_help(&client) : run(&client);
}

int
client_run(int argc, char **argv)
{
	int status, lost;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough is no failure */
	status = run_command(argc, argv);
	return client_flush(&lost) ? status : lost;
}
