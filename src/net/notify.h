/* SPDX-License-Identifier: MIT */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

/* Tells a service manager how we are, "READY=1" or "STOPPING=1", where one asked for it by
 * NOTIFY_SOCKET (sd_notify(3)).  0, also when nobody asked, or -errno. */
int notify_send(const char *state);

#endif
