/* SPDX-License-Identifier: MIT */
#include "support/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/suite.h"

enum { COMMAND_MAX = 512 };

static bool
has(const char *program)
{
	char command[COMMAND_MAX];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return system(command) == 0;
}

bool
netns_can(void)
{
	static const char *const programs[] = { "ip", "nft", "tc", "nsenter", "unshare" };

	if (geteuid() != 0) {
		printf("only root can make network namespaces\n");
		return false;
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!has(programs[i])) {
			printf("there is no %s\n", programs[i]);
			return false;
		}
	}
	if (system("unshare -n true 2>/dev/null") != 0) {
		printf("no network namespace can be made here\n");
		return false;
	}
	return true;
}

__attribute__((format(printf, 2, 0))) static void
run(const char *prefix, const char *format, va_list values)
{
	char command[COMMAND_MAX];
	int length = snprintf(command, sizeof(command), "%s", prefix);

	vsnprintf(command + length, sizeof(command) - (size_t)length, format, values);
	ck_assert_msg(system(command) == 0, "%s", command);
}

void
netns_run(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	run("", format, values);
	va_end(values);
}

void
netns_run_far(const struct netns *netns, const char *format, ...)
{
	char prefix[64];
	va_list values;

	snprintf(prefix, sizeof(prefix), "nsenter -t %d -n ", (int)netns->keeper);
	va_start(values, format);
	run(prefix, format, values);
	va_end(values);
}

static int
open_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	return fd;
}

/* Lives in a namespace of its own until the test is over, and tells when it is there. */
static pid_t
start_keeper(void)
{
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

struct netns
netns_open(void)
{
	struct netns netns = { .home = open_of(getpid()) };

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	netns.keeper = start_keeper();
	netns.here = open_of(getpid());
	netns.far = open_of(netns.keeper);
	netns_run("ip link set lo up");
	netns_run("ip link add link0 type veth peer name link1");
	netns_run("ip link set link1 netns %d", (int)netns.keeper);
	netns_run("ip addr add " NETNS_HERE "/24 dev link0");
	netns_run("ip link set link0 up");
	netns_run_far(&netns, "ip link set lo up");
	netns_run_far(&netns, "ip addr add " NETNS_FAR "/24 dev link1");
	netns_run_far(&netns, "ip link set link1 up");
	return netns;
}

void
netns_close(struct netns *netns)
{
	kill(netns->keeper, SIGKILL);
	waitpid(netns->keeper, NULL, 0);
	ck_assert_int_eq(setns(netns->home, CLONE_NEWNET), 0);
	close(netns->home);
	close(netns->here);
	close(netns->far);
}

void
netns_visit_far(const struct netns *netns)
{
	ck_assert_int_eq(setns(netns->far, CLONE_NEWNET), 0);
}

void
netns_return(const struct netns *netns)
{
	ck_assert_int_eq(setns(netns->here, CLONE_NEWNET), 0);
}

void
netns_cut(const struct netns *netns)
{
	netns_run_far(netns, "nft add table ip cut");
	netns_run_far(netns, "nft 'add chain ip cut in { type filter hook input priority 0; policy drop; }'");
	netns_run_far(netns, "nft 'add chain ip cut out { type filter hook output priority 0; policy drop; }'");
}
