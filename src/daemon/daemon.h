/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/settings.h"

/* Builds the daemon in order, runs it until TERM or INT, takes it down in reverse.
 * Returns the exit status.  With --demo it enters the built-in upstream in the settings. */
int daemon_run(struct settings *settings);

#endif
