/* SPDX-License-Identifier: MIT */
#ifndef STRESS_STREAM_H
#define STRESS_STREAM_H

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A stream of bytes that a seed tells at every place, and how far one end of it
 * has come: so the receiver knows which byte is the first wrong one, and not
 * only that the digests differ.
 */
struct stream {
	uint64_t seed, at;
	gnutls_hash_hd_t digest;
};

enum { STREAM_DIGEST = 32 };

void stream_open(struct stream *stream, uint64_t seed);
void stream_close(struct stream *stream, unsigned char digest[STREAM_DIGEST]);

/* The bytes at any place. */
void stream_show(uint64_t seed, uint64_t at, unsigned char *bytes, size_t size);

/* These came next, or went. */
void stream_pass(struct stream *stream, const unsigned char *bytes, size_t size);

/* Where in these, which should come next, the first wrong one is; `size` if there is none. */
size_t stream_check(const struct stream *stream, const unsigned char *bytes, size_t size);

/* Is this a piece of that stream, not farther than 8 MiB from a place?  If so, *found is where. */
bool stream_find(uint64_t seed, uint64_t near, const unsigned char *piece, size_t size, uint64_t *found);

#endif
