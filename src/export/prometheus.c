/* SPDX-License-Identifier: MIT */
#include "export/prometheus.h"

#include <string.h>
#include "base/utf8.h"

void
prometheus_head(struct text *text, enum metric metric)
{
	const struct metric_meaning *meaning = &metric_meanings[metric];

	text_addf(text, "# HELP %s %s\n# TYPE %s %s\n", meaning->text, meaning->meaning, meaning->text,
	    metric_kind_text(meaning->kind));
}

void
prometheus_begin(struct text *text, enum metric metric)
{
	text_add(text, metric_meanings[metric].text);
}

static char
last(const struct text *text)
{
	return text->length == 0 ? '\0' : text->bytes[text->length - 1];
}

/* Backslash, quote and newline have spellings; what is no UTF-8 would make all of the answer unreadable. */
static void
add_value(struct text *text, const char *value)
{
	const char *end = value + strlen(value);

	for (const char *at = value, *next = at; at < end; at = next) {
		if (!utf8_next(&next, end))
			text_add(text, UTF8_REPLACEMENT);
		else if (*at == '\n')
			text_add(text, "\\n");
		else if (*at == '\\' || *at == '"')
			text_addf(text, "\\%c", *at);
		else
			text_add_bytes(text, at, (size_t)(next - at));
	}
}

/* A label ends in a quote, a name never does. */
void
prometheus_label(struct text *text, const char *name, const char *value)
{
	text_add_char(text, last(text) == '"' ? ',' : '{');
	text_addf(text, "%s=\"", name);
	add_value(text, value);
	text_add_char(text, '"');
}

static void
end_labels(struct text *text)
{
	text_add(text, last(text) == '"' ? "} " : " ");
}

void
prometheus_count(struct text *text, uint64_t value)
{
	end_labels(text);
	text_add_u64(text, value);
	text_add_char(text, '\n');
}

static void
add_seconds(struct text *text, uint64_t us)
{
	char decimals[7];
	uint64_t rest = us % 1000000;
	size_t length = 0;

	text_add_u64(text, us / 1000000);
	for (uint64_t unit = 100000; rest > 0; unit /= 10) {
		decimals[length++] = (char)('0' + rest / unit);
		rest %= unit;
	}
	if (length > 0)
		text_add_char(text, '.');
	text_add_bytes(text, decimals, length);
}

void
prometheus_seconds(struct text *text, uint64_t value_us)
{
	end_labels(text);
	add_seconds(text, value_us);
	text_add_char(text, '\n');
}

static void
begin_part(struct text *text, enum metric metric, const char *part, const char *labels)
{
	prometheus_begin(text, metric);
	text_add(text, part);
	text_add(text, labels);
}

static void
begin_bucket(struct text *text, enum metric metric, const char *labels)
{
	begin_part(text, metric, "_bucket", labels);
	text_add(text, *labels == '\0' ? "{le=\"" : ",le=\"");
}

void
prometheus_histogram(struct text *text, enum metric metric, const char *labels, const struct histogram_sum *sum)
{
	for (const uint64_t *bound = metric_bounds(metric); *bound != 0; bound++) {
		begin_bucket(text, metric, labels);
		add_seconds(text, *bound);
		text_add_char(text, '"');
		prometheus_count(text, histogram_up_to(sum, *bound));
	}
	begin_bucket(text, metric, labels);
	text_add(text, "+Inf\"");
	prometheus_count(text, sum->count);
	begin_part(text, metric, "_sum", labels);
	prometheus_seconds(text, sum->sum);
	begin_part(text, metric, "_count", labels);
	prometheus_count(text, sum->count);
}
