/* SPDX-License-Identifier: MIT */
#include "client/admin_url.h"

#include <stdio.h>
#include <string.h>

static const char expected[] = "must be a URL, as http://127.0.0.1:9100, or unix:/path";

static bool
refuse(struct text *error, const char *text, const char *what)
{
	text_add_quoted(error, text);
	text_addf(error, ": %s", what);
	return false;
}

static bool
parse_unix(struct admin_url *url, const char *text, const char *path, struct text *error)
{
	if (*path == '\0')
		return refuse(error, text, "a path is missing behind unix:");
	if (strlen(path) >= sizeof(url->unix_path))
		return refuse(error, text, "a path of a Unix socket has at most 107 bytes");
	strcpy(url->unix_path, path);
	strcpy(url->base, "http://localhost");
	return true;
}

/* Host, port and path; curl looks at the details.  What cannot stand in one is refused here, and so
 * is a name with a password, which every process could read. */
static bool
is_place(const char *place)
{
	size_t host = strcspn(place, "/");

	if (host == 0 || *place == ':' || strpbrk(place, "?# \t\r\n\"<>\\^`{|}") != NULL)
		return false;
	for (const char *at = place; *at != '\0'; at++) {
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 127)
			return false;
	}
	return true;
}

bool
admin_url_parse(struct admin_url *url, const char *text, struct text *error)
{
	static const char separator[] = "://";
	const char *place = strstr(text, separator), *scheme = "http";

	memset(url, 0, sizeof(*url));
	if (strlen(text) > sizeof(url->base) - 16)
		return refuse(error, text, "is longer than any address");
	strcpy(url->shown, text);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(url, text, text + 5, error);
	if (place != NULL && strncmp(text, "https://", 8) == 0)
		scheme = "https";
	else if (place != NULL && strncmp(text, "http://", 7) != 0)
		return refuse(error, text, expected);
	place = place == NULL ? text : place + strlen(separator);
	if (place == text && strchr(place, ':') == NULL)
		return refuse(error, text, expected); /* a bare word is rather a mistake */
	if (!is_place(place))
		return refuse(error, text, expected);
	if (memchr(place, '@', strcspn(place, "/")) != NULL)
		return refuse(error, "it", "must hold no password; a token stands in --token-file");
	snprintf(url->base, sizeof(url->base), "%s://%s", scheme, place);
	for (size_t length = strlen(url->base); url->base[length - 1] == '/'; length--)
		url->base[length - 1] = '\0';
	return true;
}
