/* SPDX-License-Identifier: MIT */
#include "client/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct http_client {
	const struct http_setting *setting;
	CURL *curl;
	CURLM *multi;               /* NULL: nothing was ever begun by http_client_begin */
	struct curl_slist *headers; /* of the one at hand, as is … */
	char *url;
	bool under_way;             /* begun, and not answered yet */
	const struct http_ask *ask; /* the one at hand */
	struct http_answer *answer;
	size_t room;         /* of answer->body */
	int64_t heard_at_ms; /* when something last came, or the request began */
	curl_off_t heard;
	bool enough, silent, too_large;
	char error[CURL_ERROR_SIZE];
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool
must_stop(const struct http_client *client)
{
	return client->setting->stop != NULL && *client->setting->stop != 0;
}

static bool
collect(struct http_client *client, const char *bytes, size_t count)
{
	struct http_answer *answer = client->answer;

	if (count > HTTP_BODY_MAX - answer->length) {
		client->too_large = true;
		return false;
	}
	if (answer->length + count >= client->room) {
		size_t room = 2 * (answer->length + count) + 4096;
		char *body = realloc(answer->body, room);

		if (body == NULL)
			return false;
		answer->body = body;
		client->room = room;
	}
	memcpy(answer->body + answer->length, bytes, count);
	answer->length += count;
	answer->body[answer->length] = '\0';
	return true;
}

static size_t
take(char *bytes, size_t size, size_t count, void *context)
{
	struct http_client *client = context;
	long status = 0;

	(void)size; /* always 1 */
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (client->ask->take == NULL || status / 100 != 2)
		return collect(client, bytes, count) ? count : 0;
	if (client->ask->take(client->ask->taker, bytes, count))
		return count;
	client->enough = true;
	return 0;
}

/* curl calls it at each step, and once a second when there is none. */
static int
watch(void *context, curl_off_t due, curl_off_t heard, curl_off_t sending, curl_off_t sent)
{
	struct http_client *client = context;
	int64_t now = now_ms(), silence = client->ask->silence_ms;

	(void)due, (void)sending, (void)sent;
	if (heard != client->heard) {
		client->heard = heard;
		client->heard_at_ms = now;
	}
	client->silent = now - client->heard_at_ms > (silence > 0 ? silence : client->setting->timeout_ms);
	return client->silent || must_stop(client);
}

struct http_client *
http_client_new(const struct http_setting *setting)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(client);
		return NULL;
	}
	client->setting = setting;
	client->curl = curl_easy_init();
	if (client->curl == NULL) {
		http_client_free(client);
		return NULL;
	}
	return client;
}

void
http_client_free(struct http_client *client)
{
	http_client_give_up(client);
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	if (client->multi != NULL)
		curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	free(client);
}

/* False: no memory. */
static bool
add_header(struct curl_slist **headers, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = malloc(size);

	if (line == NULL)
		return false;
	snprintf(line, size, "%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(*headers, line);
	free(line);
	if (longer == NULL)
		return false;
	*headers = longer;
	return true;
}

static bool
add_headers(const struct http_client *client, struct curl_slist **headers)
{
	const struct http_ask *ask = client->ask;
	char bearer[4200];

	*headers = NULL;
	if (ask->accept != NULL && !add_header(headers, "Accept", ask->accept))
		return false;
	if (ask->reason != NULL && !add_header(headers, "X-Reason", ask->reason))
		return false;
	if (client->setting->token == NULL)
		return true;
	snprintf(bearer, sizeof(bearer), "Bearer %s", client->setting->token);
	return add_header(headers, "Authorization", bearer);
}

static void
set_up(struct http_client *client, const char *url, struct curl_slist *headers)
{
	const struct http_setting *setting = client->setting;
	CURL *curl = client->curl;

	curl_easy_reset(curl); /* the connection stays */
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, client->ask->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)setting->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
	if (setting->url.unix_path[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, setting->url.unix_path);
	if (setting->cacert != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, setting->cacert);
}

/* What curl says is for programmers: the usual cases have a sentence of their own. */
static const char *
cause(const struct http_client *client, CURLcode code)
{
	long error = 0;

	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &error);
	if (client->silent)
		return client->answer->status == 0 ? "it does not answer" : "it fell silent";
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return error != 0 ? strerror((int)error) : "it cannot be connected";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "there is no host of this name";
	case CURLE_OPERATION_TIMEDOUT:
		return "it does not answer";
	case CURLE_GOT_NOTHING:
		return "it hung up without an answer";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
		return "what answers there does not speak HTTP";
	case CURLE_OUT_OF_MEMORY:
	case CURLE_WRITE_ERROR:
		return "out of memory";
	default:
		return client->error[0] != '\0' ? client->error : curl_easy_strerror(code);
	}
}

static enum http_result
judge(struct http_client *client, CURLcode code)
{
	struct http_answer *answer = client->answer;
	long status = 0;
	curl_off_t retry_after = 0;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after);
	answer->status = (int)status;
	answer->retry_after_s = retry_after > 0 && retry_after < 86400 ? (int)retry_after : 0;
	if (client->enough || must_stop(client))
		return HTTP_ENOUGH;
	if (code == CURLE_OK)
		return HTTP_ANSWERED;
	if (client->too_large) {
		snprintf(answer->fault, sizeof(answer->fault), "the answer is longer than %d MiB", HTTP_BODY_MAX >> 20);
		return HTTP_TOO_LARGE;
	}
	answer->distrusted = code == CURLE_PEER_FAILED_VERIFICATION;
	snprintf(answer->fault, sizeof(answer->fault), "%s", cause(client, code));
	return status == 0 ? HTTP_UNREACHABLE : HTTP_BROKEN;
}

/* False: no memory. */
static bool
prepare(struct http_client *client, const struct http_ask *ask, struct http_answer *answer)
{
	size_t size = strlen(client->setting->url.base) + strlen(ask->target) + 1;

	memset(answer, 0, sizeof(*answer));
	client->ask = ask;
	client->answer = answer;
	client->room = 0;
	client->enough = client->silent = client->too_large = false;
	client->heard = 0;
	client->heard_at_ms = now_ms();
	client->error[0] = '\0';
	client->url = malloc(size);
	if (client->url == NULL || !add_headers(client, &client->headers))
		return false;
	snprintf(client->url, size, "%s%s", client->setting->url.base, ask->target);
	set_up(client, client->url, client->headers);
	return true;
}

static void
clear(struct http_client *client)
{
	curl_slist_free_all(client->headers);
	free(client->url);
	client->headers = NULL;
	client->url = NULL;
	client->under_way = false;
}

enum http_result
http_client_ask(struct http_client *client, const struct http_ask *ask, struct http_answer *answer)
{
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (prepare(client, ask, answer))
		code = curl_easy_perform(client->curl);
	enum http_result result = judge(client, code);
	clear(client);
	return result;
}

bool
http_client_begin(struct http_client *client, const struct http_ask *ask, struct http_answer *answer)
{
	if (client->multi == NULL)
		client->multi = curl_multi_init();
	if (prepare(client, ask, answer) && client->multi != NULL &&
	    curl_multi_add_handle(client->multi, client->curl) == CURLM_OK) {
		client->under_way = true;
		return true;
	}
	clear(client);
	return false;
}

/* The answer is whole, or will never be. */
static bool
is_done(struct http_client *client, enum http_result *result)
{
	CURLMsg *message;
	int running, left;

	if (!client->under_way)
		return false;
	curl_multi_perform(client->multi, &running);
	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		*result = judge(client, message->data.result);
		curl_multi_remove_handle(client->multi, client->curl);
		clear(client);
		return true;
	}
	return false;
}

bool
http_client_wait(struct http_client *client, const int *fds, int count, int timeout_ms, enum http_result *result)
{
	struct curl_waitfd readable[HTTP_WAIT_FDS];

	if (client->multi == NULL)
		client->multi = curl_multi_init();
	if (client->multi == NULL || is_done(client, result))
		return client->multi != NULL;
	for (int i = 0; i < count; i++)
		readable[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
	curl_multi_poll(client->multi, readable, (unsigned)count, timeout_ms, NULL);
	return is_done(client, result);
}

void
http_client_give_up(struct http_client *client)
{
	if (client->under_way)
		curl_multi_remove_handle(client->multi, client->curl);
	clear(client);
}

void
http_answer_fini(struct http_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}

bool
http_escape(struct text *text, const char *part)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *part != '\0'; part++) {
		if (strchr(plain, *part) != NULL)
			text_add_char(text, *part);
		else
			text_addf(text, "%%%02X", (unsigned char)*part);
	}
	return !text->truncated;
}
