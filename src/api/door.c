/* SPDX-License-Identifier: MIT */
#include "api/door.h"

#include <string.h>
#include "base/log.h"

bool
door_open(struct door *door, const struct settings *settings, struct text *why)
{
	*door = (struct door){ 0 };
	if (settings->admin_token_file[0] != '\0') {
		text_add(why, "--admin-token-file: ");
		if (!token_read(&door->token, settings->admin_token_file, why))
			return false;
		text_init(why, why->bytes, why->size);
	}
	if (settings->admin_cert[0] != '\0') {
		text_add(why, "--admin-cert, --admin-key: ");
		return certificate_read(&door->certificate, settings->admin_cert, settings->admin_key, why);
	}
	if (!addr_is_unix(&settings->admin) && !addr_is_loopback(&settings->admin))
		log_warning("the token travels in the clear to %s: --admin-cert and --admin-key would encrypt it",
		    settings->admin_text);
	return true;
}

void
door_forget(struct door *door)
{
	certificate_forget(&door->certificate);
	explicit_bzero(door, sizeof(*door));
}
