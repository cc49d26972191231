/* SPDX-License-Identifier: MIT */
/* A fuzzer of whose inputs none is random: the kept ones, one after the other, with any compiler.  replay_NAME takes
 * those of seeds/NAME, or the files that it is given. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static _Noreturn void
give_up(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(EXIT_FAILURE);
}

/* In memory of just its size, so that a step beyond it is found. */
static uint8_t *
read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		give_up(path);
	long length = ftell(file);
	uint8_t *bytes = malloc(length > 0 ? (size_t)length : 1);
	rewind(file);
	if (length < 0 || bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length)
		give_up(path);
	fclose(file);
	*size = (size_t)length;
	return bytes;
}

/* What breaks is the last one that the log names. */
static void
replay(const char *path)
{
	size_t size;
	uint8_t *bytes = read_all(path, &size);

	puts(path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_seed, alphasort);

	if (count < 0)
		give_up(folder);
	for (int i = 0; i < count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) == -1)
			give_up(folder);
		replay(path);
		free(path);
		free(entries[i]);
	}
	free(entries);
	return count;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "replay_");
	char folder[4096];
	int count = argc - 1;

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1 && name != NULL) {
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", srcdir == NULL ? "." : srcdir,
		    name + strlen("replay_"));
		count = replay_folder(folder);
	}
	printf("%d inputs, and every promise kept\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
