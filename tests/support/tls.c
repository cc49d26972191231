/* SPDX-License-Identifier: MIT */
#include "support/tls.h"

#include <check.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "support/http_ask.h"

#define NEED(call) ck_assert_int_ge((call), 0)

static void
write_file(const char *path, const gnutls_datum_t *text)
{
	mode_t mask = umask(077);
	FILE *file = fopen(path, "w");

	umask(mask);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text->data, 1, text->size, file), text->size);
	ck_assert_int_eq(fclose(file), 0);
}

void
tls_make(const char *certificate_path, const char *key_path, long seconds)
{
	static const char serial[] = { 1 };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_datum_t text;

	NEED(gnutls_x509_privkey_init(&key));
	NEED(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	NEED(gnutls_x509_crt_init(&certificate));
	NEED(gnutls_x509_crt_set_version(certificate, 3));
	NEED(gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial)));
	NEED(gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 2 * 86400));
	NEED(gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + seconds));
	NEED(gnutls_x509_crt_set_dn(certificate, "CN=localhost", NULL));
	NEED(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET));
	NEED(gnutls_x509_crt_set_ca_status(certificate, 1));
	NEED(gnutls_x509_crt_set_key(certificate, key));
	NEED(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
	NEED(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text));
	write_file(certificate_path, &text);
	gnutls_free(text.data);
	NEED(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text));
	write_file(key_path, &text);
	gnutls_free(text.data);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}

static const char *
exchange(gnutls_session_t session, const char *request)
{
	static char answer[65536];
	size_t length = 0;
	ssize_t got;

	ck_assert_int_eq(gnutls_record_send(session, request, strlen(request)), (ssize_t)strlen(request));
	while ((got = gnutls_record_recv(session, answer + length, sizeof(answer) - 1 - length)) > 0)
		length += (size_t)got;
	answer[length] = '\0';
	return answer;
}

const char *
tls_ask(const struct addr *at, const char *certificate, const char *priorities, const char *request, int *fault)
{
	gnutls_certificate_credentials_t trust;
	gnutls_session_t session;
	const char *answer = NULL;
	int fd = http_connect(at);

	NEED(gnutls_certificate_allocate_credentials(&trust));
	NEED(gnutls_certificate_set_x509_trust_file(trust, certificate, GNUTLS_X509_FMT_PEM));
	NEED(gnutls_init(&session, GNUTLS_CLIENT));
	if (priorities != NULL)
		NEED(gnutls_priority_set_direct(session, priorities, NULL));
	else
		NEED(gnutls_set_default_priority(session));
	NEED(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust));
	gnutls_session_set_verify_cert(session, "localhost", 0);
	gnutls_transport_set_int(session, fd);
	do
		*fault = gnutls_handshake(session);
	while (*fault < 0 && !gnutls_error_is_fatal(*fault));
	if (*fault == 0)
		answer = exchange(session, request);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(trust);
	close(fd);
	return answer;
}
