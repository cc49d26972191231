/* SPDX-License-Identifier: MIT */
/* One program, two uses: a daemon by its options, or its client by a command. */
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "client/client.h"
#include "config/options.h"
#include "daemon/daemon.h"
#include "export/conn_log.h"
#include "proxy/manners.h"

enum { EXIT_USAGE = 2, HELP_MAX = 16384 };

static void
print_help(void)
{
	char help[HELP_MAX];
	struct text text;

	text_init(&text, help, sizeof(help));
	options_help(&text);
	text_add(&text, "\nAsk a running one (sockproxy COMMAND -h):\n");
	command_list(&text);
	fputs(text.bytes, stdout);
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	char line[1024];
	struct text text;

	if (argc > 1 && argv[1][0] != '-')
		return client_run(argc - 1, argv + 1);
	text_init(&text, line, sizeof(line));
	switch (options_parse(&settings, argc, argv, &text)) {
	case OPTIONS_RUN:
		if (conn_log_check(&settings, &text) && manners_check(&settings, &text))
			return daemon_run(&settings);
		break;
	case OPTIONS_HELP:
		print_help();
		return EXIT_SUCCESS;
	case OPTIONS_VERSION:
		puts(PACKAGE_STRING);
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		break;
	}
	fprintf(stderr, "sockproxy: %s\n", text.bytes);
	return EXIT_USAGE;
}
