/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_ENDPOINT_H
#define CONFIG_ENDPOINT_H

#include <stdbool.h>
#include "base/text.h"
#include "config/settings.h"

/*
 * The places that settings name: where to listen, where to connect to.
 *
 * Text becomes settings and nothing else happens: nothing is opened, no name
 * is looked up.  False: `error` was told the part that is wrong and what was
 * expected there, `"127.0.0.1:99999": the port must be 0 to 65535`.
 */

/* "8080" for every address of this host, "127.0.0.1:8080", "[::1]:8080", "unix:/path", "fd:3". */
bool endpoint_parse_listen(struct listen_setting *listener, const char *text, struct text *error);

/* One or more of "host:port", "192.0.2.1:80", "[::1]:80" and "unix:/path", with commas. */
bool endpoint_parse_upstream(struct upstream_setting *upstream, const char *text, struct text *error);

/* An address of this host, with its port, or a Unix socket. */
bool endpoint_parse_admin(struct settings *settings, const char *text, struct text *error);

/* One or more IP addresses without a port, with commas. */
bool endpoint_parse_sources(struct settings *settings, const char *text, struct text *error);

/* One or more names, or IP addresses without a port, with commas. */
bool endpoint_parse_hosts(struct host_list *hosts, const char *text, struct text *error);

/* One or more of "10.0.0.0/8", "192.0.2.1" and "2001:db8::/32", with commas. */
bool endpoint_parse_networks(struct network_list *networks, const char *text, struct text *error);

/* One or more of "192.0.2.1", "192.0.2.1:5353", "::1" and "[::1]:5353", with commas. */
bool endpoint_parse_resolver(struct settings *settings, const char *text, struct text *error);

/* True when both cannot be bound at once: the same, or a port alone that takes the other's port. */
bool endpoint_clash(const struct listen_setting *one, const struct listen_setting *other);

#endif
