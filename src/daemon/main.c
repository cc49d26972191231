/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "config/options.h"
#include "daemon/daemon.h"
#include "export/conn_log.h"

enum { EXIT_USAGE = 2, HELP_MAX = 16384 };

int
main(int argc, char **argv)
{
	static struct settings settings;
	char line[1024], help[HELP_MAX];
	struct text text;

	text_init(&text, line, sizeof(line));
	switch (options_parse(&settings, argc, argv, &text)) {
	case OPTIONS_RUN:
		if (conn_log_check(&settings, &text))
			return daemon_run(&settings);
		break;
	case OPTIONS_HELP:
		text_init(&text, help, sizeof(help));
		options_help(&text);
		fputs(text.bytes, stdout);
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
