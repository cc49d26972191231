/* SPDX-License-Identifier: MIT */
#include "track/attempt.h"

#include <errno.h>
#include <stddef.h>
#include "net/socket.h"

const char *const attempt_results[] = {
	[ATTEMPT_CONNECTING] = "connecting",
	[ATTEMPT_CONNECTED] = "connected",
	[ATTEMPT_REFUSED] = "refused",
	[ATTEMPT_UNREACHABLE] = "unreachable",
	[ATTEMPT_TIMEOUT] = "timeout",
	[ATTEMPT_RESET] = "reset",
	[ATTEMPT_PORT_SHORTAGE] = "source_port_shortage",
	[ATTEMPT_FAILED] = "failed",
	[ATTEMPT_ABANDONED] = "abandoned",
	[ATTEMPT_RESULTS] = NULL,
};

enum attempt_result
attempt_result(uint16_t error, uint8_t reached)
{
	switch (error) {
	case 0:
		return ATTEMPT_CONNECTED;
	case ECONNREFUSED:
		return ATTEMPT_REFUSED;
	case ETIMEDOUT:
		return ATTEMPT_TIMEOUT;
	case ECONNRESET:
		return ATTEMPT_RESET;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return ATTEMPT_UNREACHABLE;
	case EADDRNOTAVAIL: /* at bind it is another thing: an address that is not ours */
		return reached == CONNECT_CONNECT ? ATTEMPT_PORT_SHORTAGE : ATTEMPT_FAILED;
	default:
		return ATTEMPT_FAILED;
	}
}
