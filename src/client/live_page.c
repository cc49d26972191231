/* SPDX-License-Identifier: MIT */
/* Pages that are longer than the screen: one connection, and the help. */
#include <stdlib.h>
#include <string.h>
#include "client/json_at.h"
#include "client/live_view.h"
#include "client/record_sheet.h"

static const char help[] =
    "The list shows open connections, with those first that move most.\n"
    "\n"
    "  Up Down PgUp PgDn Home End   choose a connection, or move in a page\n"
    "  Enter                        all that is known of it, and its story; Esc or q leads back\n"
    "  s  >                         sort by the next column\n"
    "  <                            sort by the one before\n"
    "  r                            the other way round\n"
    "  /                            filter, as sockproxy-api(7) has it: idle > 5m and not upstream == db\n"
    "                               Up and Down bring earlier ones back; an empty one shows all\n"
    "  c  a  o                      closed ones, all, open ones\n"
    "  Space                        hold what is shown; again goes on\n"
    "  d                            how often to look, as 500ms or 5s\n"
    "  k                            end this connection, after a question\n"
    "  K                            end all open ones that the filter means, after a question\n"
    "  ^L                           draw the screen anew\n"
    "  h  ?                         this\n"
    "  q                            quit\n"
    "\n"
    "UP is from the client to the upstream, DOWN the way back; /s is in a second, between the last two glances.\n"
    "sockproxy(1) says more.\n";

static void
show_page(struct live *live, char *page)
{
	free(live->page);
	live->page = page;
	live->page_lines = 0;
	for (const char *at = page; *at != '\0'; at++)
		live->page_lines += *at == '\n';
}

static FILE *
open_page(char **page, size_t *size)
{
	FILE *file = open_memstream(page, size);

	if (file == NULL)
		client_no_memory();
	return file;
}

static void
close_page(FILE *file)
{
	bool failed = ferror(file) != 0;

	if (fclose(file) != 0 || failed)
		client_no_memory();
}

void
live_page_help(struct live *live)
{
	char *page;
	size_t size;
	FILE *file = open_page(&page, &size);

	fputs(help, file);
	close_page(file);
	show_page(live, page);
}

/* Up to the last blank that has room; a word that is too long is cut between two characters. */
static size_t
piece(const char *line, size_t length, size_t room, size_t indent)
{
	size_t take = room;

	if (length <= room)
		return length;
	while (take > indent && line[take] != ' ')
		take--;
	if (take > indent)
		return take;
	for (take = room; take > 1 && ((unsigned char)line[take] & 0xc0) == 0x80; take--)
		;
	return take;
}

int
live_fold(const char *line, size_t length, int width, FILE *file)
{
	size_t indent = strspn(line, " "), from = 0, room = (size_t)(width > 20 ? width : 20);
	int count = 0;

	if (indent > length || indent >= room / 2)
		indent = 0;
	do {
		size_t lead = from > 0 ? indent : 0;
		size_t take = piece(line + from, length - from, room - lead, from > 0 ? 0 : indent);

		if (file != NULL)
			fprintf(file, "%*s%.*s\n", (int)lead, "", (int)take, line + from);
		count++;
		from += take;
		while (from < length && line[from] == ' ')
			from++;
	} while (from < length);
	return count;
}

static void
add_story(const struct live *live, FILE *file)
{
	size_t size = 3 * strlen(live->story) + 1;
	char *bytes = malloc(size);
	struct text text;

	if (bytes == NULL)
		client_no_memory();
	text_init(&text, bytes, size);
	terminal_add_lines(&text, live->story);
	for (const char *line = bytes; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		live_fold(line, length, live->width, file);
		line += length + (line[length] == '\n');
	}
	free(bytes);
}

void
live_page_detail(struct live *live)
{
	static const struct terminal inked = { .is_one = true, .colour = true };
	char *page;
	size_t size;
	FILE *file = open_page(&page, &size);

	if (live->record == NULL)
		fputs("It is being asked for.\n", file);
	else
		record_sheet_print(live->record, file, &inked);
	if (live->story != NULL) {
		fprintf(file, "\n%sSTORY%s\n", terminal_ink(&inked, INK_BOLD), terminal_no_ink(&inked, INK_BOLD));
		add_story(live, file);
	}
	close_page(file);
	show_page(live, page);
}
