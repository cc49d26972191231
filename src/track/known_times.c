/* SPDX-License-Identifier: MIT */
#include "track/known_times.h"

#include <stdlib.h>

#define US_PER_S INT64_C(1000000)

static const struct known_time known_times[] = {
	{ 5, "Apache httpd and Node.js keep an idle HTTP connection so long" },
	{ 10, NULL },
	{ 15, NULL },
	{ 20, "Tomcat waits so long for the next request" },
	{ 30, "Jetty's idle timeout" },
	{ 45, NULL },
	{ 60, "AWS's Application Load Balancer, and nginx's proxy_read_timeout" },
	{ 75, "nginx keeps an idle HTTP connection so long" },
	{ 90, "Go's HTTP client keeps an idle connection so long" },
	{ 120, NULL },
	{ 180, NULL },
	{ 240, "Azure's load balancer" },
	{ 300, "F5 BIG-IP" },
	{ 350, "AWS's Network Load Balancer and NAT gateway" },
	{ 600, "Google Cloud's firewall, and HikariCP's idleTimeout" },
	{ 900, NULL },
	{ 1800, NULL },
	{ 3600, "Envoy, and many firewalls" },
	{ 7200, "the keepalive of most kernels" },
	{ 28800, "MySQL's wait_timeout" },
};

const struct known_time *
known_time_find(int64_t us)
{
	for (size_t i = 0; i < sizeof(known_times) / sizeof(known_times[0]); i++) {
		int64_t known = known_times[i].seconds * US_PER_S, off = known / 50;

		if (llabs(us - known) <= (off < US_PER_S ? off : US_PER_S))
			return &known_times[i];
	}
	return NULL;
}
