/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "base/text.h"
#include "client/client_options.h"
#include "client/http_client.h"
#include "client/terminal.h"

/*
 * The same program at the other end of its HTTP interface: for people at a terminal.
 *
 *   argv ─► client_options ─► cmd_* ─► ask ─► http_client ═══► a daemon
 *                               └────► record_cells ─► columns ─► the terminal
 *
 * One thread, which may wait.  What a daemon says is foreign text: nothing of it reaches a
 * terminal but by terminal_add or columns, which let only harmless characters through.
 */
struct client {
	struct client_options options;
	struct http_setting setting;
	struct http_client *http;
	struct terminal terminal; /* what standard output is */
	char token[4096];
};

/* argv[0] is what follows the program's name, and no option.  Returns the exit status. */
int client_run(int argc, char **argv);

command_fn cmd_conns, cmd_show, cmd_events, cmd_top, cmd_kill, cmd_explain, cmd_findings, cmd_help;

/* TERM, INT or HUP came: an http_client_ask ends by itself then.  Only after client_heed_signals. */
bool client_must_stop(void);
void client_heed_signals(struct client *client);

/* What the token file holds goes to the setting.  False: it says why not. */
bool client_read_token(struct client *client);

/* "sockproxy: …" on standard error.  Before that `leave` is called, once, by who has taken the whole terminal. */
void client_before_saying(void (*leave)(void));
void client_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says so, and ends the program. */
_Noreturn void client_no_memory(void);

/* Hands standard output on to whoever reads it.  False: nobody does any more, or there is no room; then `status` is
 * the exit status.  One who has seen enough, as head, is fine. */
bool client_flush(int *status);

#endif
