/* SPDX-License-Identifier: MIT */
#include "api/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wrong with it, or NULL. */
static const char *
fault_of(const struct stat *file, enum private_file kind, size_t most)
{
	if (!S_ISREG(file->st_mode))
		return "is no regular file";
	if (file->st_size == 0)
		return "is empty";
	if ((uintmax_t)file->st_size > most)
		return "is too long";
	if (kind == FILE_PUBLIC)
		return NULL;
	if (file->st_uid != geteuid() && file->st_uid != 0)
		return "belongs to another user";
	if ((file->st_mode & (file->st_uid == 0 ? 027 : 077)) != 0)
		return "can be read by others: chmod 600 would do";
	return NULL;
}

static bool
read_all(int fd, char *bytes, size_t size, size_t *length)
{
	for (*length = 0; *length < size;) {
		ssize_t got = read(fd, bytes + *length, size - *length);

		if (got == 0)
			break;
		if (got == -1 && errno != EINTR)
			return false;
		*length += got > 0 ? (size_t)got : 0;
	}
	bytes[*length] = '\0';
	return true;
}

static void
tell(struct text *why, const char *path, const char *what)
{
	text_add_quoted(why, path);
	text_addf(why, " %s", what);
}

static void
tell_errno(struct text *why, const char *path)
{
	tell(why, path, "cannot be read: ");
	text_add(why, strerror(errno));
}

char *
private_file_read(const char *path, enum private_file kind, size_t most, size_t *length, struct text *why)
{
	/* A pipe without a writer must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat file;
	char *bytes = NULL;

	if (fd == -1 || fstat(fd, &file) == -1) {
		tell_errno(why, path);
	} else if (fault_of(&file, kind, most) != NULL) {
		tell(why, path, fault_of(&file, kind, most));
	} else {
		bytes = malloc(most + 1);
		if (bytes == NULL || !read_all(fd, bytes, most, length)) {
			tell_errno(why, path);
			private_file_forget(bytes, most);
			bytes = NULL;
		}
	}
	if (fd != -1)
		close(fd);
	return bytes;
}

void
private_file_forget(char *bytes, size_t length)
{
	if (bytes != NULL)
		explicit_bzero(bytes, length);
	free(bytes);
}
