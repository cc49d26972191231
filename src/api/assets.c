/* SPDX-License-Identifier: MIT */
#include "api/assets.h"

#include <string.h>
#include "api/accept.h"

/*
 * The assembler takes the files in: a compiler would have to read each byte as
 * a number first.  WEB_FOLDER is where they are, as seen from the build directory.
 */
#define ASSET(symbol, file, type) \
	__asm__(".pushsection .rodata\n" \
		".global asset_" #symbol ", asset_" #symbol "_end\n" \
		".hidden asset_" #symbol ", asset_" #symbol "_end\n" \
		"asset_" #symbol ":\n" \
		".incbin \"" WEB_FOLDER "/" file "\"\n" \
		"asset_" #symbol "_end:\n" \
		".byte 0\n" /* or the end of one would be the beginning of the next */ \
		".popsection\n");
#include "api/assets.def"

#define ASSET(symbol, file, type) \
	extern const char asset_##symbol[] __attribute__((visibility("hidden"))); \
	extern const char asset_##symbol##_end[] __attribute__((visibility("hidden")));
#include "api/assets.def"

static const struct {
	const char *file, *type, *begin, *end;
} files[] = {
#define ASSET(symbol, file, type) { file, type, asset_##symbol, asset_##symbol##_end },
#include "api/assets.def"
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

/* Without its folder: a path of ours has one word in such a place. */
static const char *
name_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

static struct asset
asset_at(int place)
{
	return (struct asset){
		.name = name_of(files[place].file),
		.type = files[place].type,
		.bytes = files[place].begin,
		.length = (size_t)(files[place].end - files[place].begin),
	};
}

struct asset
asset_page(void)
{
	return asset_at(0);
}

bool
asset_find(const char *name, struct asset *asset)
{
	for (int i = 0; i < FILES; i++) {
		if (strcmp(name_of(files[i].file), name) != 0)
			continue;
		*asset = asset_at(i);
		return true;
	}
	return false;
}

bool
asset_page_is_liked(const char *accept)
{
	static const char *const types[] = { "application/json", "text/html", NULL };

	return accept_choose(accept, types) == 1;
}

void
asset_reply(const struct asset *asset, struct reply *reply)
{
	/* Nothing from elsewhere, nothing inline, and in nobody's frame. */
	static const char policy[] =
	    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	    "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

	reply->status = 200;
	reply->type = asset->type;
	reply->lasting = asset->bytes;
	reply->length = asset->length;
	reply->policy = policy;
}
