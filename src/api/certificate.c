/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd would only say that it cannot start.  So both are tried here
 * first, with the library that it uses.
 */
#include "api/certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <string.h>
#include <time.h>
#include "api/private_file.h"
#include "base/log.h"

enum { CHAIN_MOST = 256 * 1024, KEY_MOST = 64 * 1024 };

static bool
refuse(struct text *why, const char *path, const char *what, int error)
{
	text_add_quoted(why, path);
	text_addf(why, " %s", what);
	if (error != 0)
		text_addf(why, ": %s", gnutls_strerror(error));
	return false;
}

static gnutls_datum_t
datum(const char *text, size_t length)
{
	return (gnutls_datum_t){ .data = (unsigned char *)text, .size = (unsigned)length };
}

static void
complain_of_times(const char *path, gnutls_x509_crt_t first)
{
	time_t now = time(NULL), end = gnutls_x509_crt_get_expiration_time(first);
	char day[32];
	struct tm broken;

	if (end == (time_t)-1 || end >= now || gmtime_r(&end, &broken) == NULL)
		return;
	strftime(day, sizeof(day), "%F", &broken);
	log_warning("--admin-cert: \"%s\" has been out of date since %s", path, day);
}

static bool
try_chain(const struct certificate *certificate, const char *path, struct text *why)
{
	gnutls_datum_t text = datum(certificate->chain, certificate->chain_length);
	gnutls_x509_crt_t *chain;
	unsigned count;
	int error = gnutls_x509_crt_list_import2(&chain, &count, &text, GNUTLS_X509_FMT_PEM, 0);

	if (error < 0)
		return refuse(why, path, "holds no certificate as PEM", error);
	if (count > 0)
		complain_of_times(path, chain[0]);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return count > 0 || refuse(why, path, "holds no certificate as PEM", 0);
}

static bool
try_key(const struct certificate *certificate, const char *path, struct text *why)
{
	gnutls_datum_t text = datum(certificate->key, certificate->key_length);
	gnutls_x509_privkey_t key;
	int error = gnutls_x509_privkey_init(&key);

	if (error < 0)
		return refuse(why, path, "cannot be used", error);
	error = gnutls_x509_privkey_import2(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(key);
	if (error == GNUTLS_E_DECRYPTION_FAILED)
		return refuse(why, path, "is encrypted, and nobody is here to say the passphrase", 0);
	return error >= 0 || refuse(why, path, "holds no private key as PEM", error);
}

static bool
try_both(const struct certificate *certificate, const char *key_path, struct text *why)
{
	gnutls_datum_t chain = datum(certificate->chain, certificate->chain_length),
		       key = datum(certificate->key, certificate->key_length);
	gnutls_certificate_credentials_t credentials;
	int error = gnutls_certificate_allocate_credentials(&credentials);

	if (error < 0)
		return refuse(why, key_path, "cannot be used", error);
	error = gnutls_certificate_set_x509_key_mem2(credentials, &chain, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(credentials);
	if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return refuse(why, key_path, "is the key of another certificate", 0);
	return error >= 0 || refuse(why, key_path, "cannot be used", error);
}

/* It is handed on as text that a NUL would end. */
static bool
is_text(const char *text, size_t length)
{
	return strlen(text) == length;
}

bool
certificate_read(struct certificate *certificate, const char *chain_path, const char *key_path, struct text *why)
{
	*certificate = (struct certificate){ 0 };
	if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return refuse(why, chain_path, "cannot be used: this libmicrohttpd was built without TLS", 0);
	certificate->chain = private_file_read(chain_path, FILE_PUBLIC, CHAIN_MOST, &certificate->chain_length, why);
	if (certificate->chain != NULL)
		certificate->key = private_file_read(key_path, FILE_SECRET, KEY_MOST, &certificate->key_length, why);
	bool read = certificate->chain != NULL && certificate->key != NULL;
	if (read && !is_text(certificate->chain, certificate->chain_length))
		read = refuse(why, chain_path, "holds no certificate as PEM", 0);
	else if (read && !is_text(certificate->key, certificate->key_length))
		read = refuse(why, key_path, "holds no private key as PEM", 0);
	if (read && try_chain(certificate, chain_path, why) && try_key(certificate, key_path, why) &&
	    try_both(certificate, key_path, why))
		return true;
	certificate_forget(certificate);
	return false;
}

void
certificate_forget(struct certificate *certificate)
{
	private_file_forget(certificate->chain, certificate->chain_length);
	private_file_forget(certificate->key, certificate->key_length);
	*certificate = (struct certificate){ 0 };
}
