/* SPDX-License-Identifier: MIT */
#include "stress/stream.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "stress/chance.h"

enum { WORD = sizeof(uint64_t), PIECE = 1 << 18, FAR = 8 << 20 };

static uint64_t
word(uint64_t seed, uint64_t number)
{
	return chance_mix(seed + number * 0x9e3779b97f4a7c15);
}

void
stream_show(uint64_t seed, uint64_t at, unsigned char *bytes, size_t size)
{
	uint64_t number = at / WORD, next;
	size_t skipped = at % WORD;

	while (size > 0) {
		size_t part = WORD - skipped < size ? WORD - skipped : size;

		next = word(seed, number++);
		memcpy(bytes, (unsigned char *)&next + skipped, part);
		bytes += part;
		size -= part;
		skipped = 0;
		for (; size >= WORD; size -= WORD, bytes += WORD) {
			next = word(seed, number++);
			memcpy(bytes, &next, WORD);
		}
	}
}

void
stream_open(struct stream *stream, uint64_t seed)
{
	*stream = (struct stream){ .seed = seed };
	ck_assert_int_eq(gnutls_hash_init(&stream->digest, GNUTLS_DIG_SHA256), 0);
}

void
stream_close(struct stream *stream, unsigned char digest[STREAM_DIGEST])
{
	gnutls_hash_deinit(stream->digest, digest);
	stream->digest = NULL;
}

void
stream_pass(struct stream *stream, const unsigned char *bytes, size_t size)
{
	ck_assert_int_eq(gnutls_hash(stream->digest, bytes, size), 0);
	stream->at += size;
}

size_t
stream_check(const struct stream *stream, const unsigned char *bytes, size_t size)
{
	static _Thread_local unsigned char wanted[PIECE];

	for (size_t done = 0; done < size;) {
		size_t part = size - done < PIECE ? size - done : PIECE;

		stream_show(stream->seed, stream->at + done, wanted, part);
		if (memcmp(bytes + done, wanted, part) != 0) {
			size_t same = 0;

			while (bytes[done + same] == wanted[same])
				same++;
			return done + same;
		}
		done += part;
	}
	return size;
}

bool
stream_find(uint64_t seed, uint64_t near, const unsigned char *piece, size_t size, uint64_t *found)
{
	uint64_t from = near > FAR ? near - FAR : 0;
	unsigned char *around = malloc(2 * FAR);

	ck_assert_ptr_nonnull(around);
	stream_show(seed, from, around, 2 * FAR);
	const unsigned char *at = memmem(around, 2 * FAR, piece, size);
	if (at != NULL)
		*found = from + (uint64_t)(at - around);
	free(around);
	return at != NULL;
}
