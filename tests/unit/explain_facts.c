/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "unit/explain_scene.h"

const char *
case_arrived(bool speaks)
{
	if (!speaks)
		make_unix(LEG_CLIENT);
	return "198.51.100.7:40000 connected to 192.0.2.100:8080, the listener \"8080\", at "
	       "1970-01-01T00:00:00.000000Z.";
}

const char *
case_arrived_unix(bool speaks)
{
	if (speaks)
		make_unix(LEG_CLIENT);
	return "A client connected to the Unix socket \"/run/in\", the listener \"8080\", at "
	       "1970-01-01T00:00:00.000000Z.";
}

const char *
case_client_named(bool speaks)
{
	record.client = record.legs[LEG_CLIENT].flow.source;
	record.client_protocol = FLOW_TCP;
	record.client_source = speaks ? CLIENT_PROXY_V1 : CLIENT_SOCKET;
	return "Its PROXY header (proxy_v1) names 198.51.100.7:40000 as the client.";
}

const char *
case_client_unnamed(bool speaks)
{
	record.client_protocol = speaks ? FLOW_UNIX : FLOW_TCP;
	record.client_source = CLIENT_PROXY_V2;
	return "Its PROXY header (proxy_v2) says that the client came by a Unix socket.";
}

const char *
case_header_awaited(bool speaks)
{
	not_connected();
	record.state = speaks ? CONN_SNIFFING : CONN_CONNECTING;
	return "Its PROXY header is not whole yet, 2.00 s after it came.";
}

const char *
case_failed_addresses(bool speaks)
{
	if (speaks) {
		add_failure("192.0.2.9:80", ECONNREFUSED);
		add_failure("[2001:db8::1]:80", ETIMEDOUT);
	}
	return "Of the upstream \"db\" these addresses failed: 192.0.2.9:80 (ECONNREFUSED after 100 us), "
	       "[2001:db8::1]:80 (ETIMEDOUT after 100 us).";
}

const char *
case_connecting(bool speaks)
{
	if (speaks)
		not_connected();
	return "The upstream \"db\" is tried at 192.0.2.1:80, and has not answered yet.";
}

const char *
case_connected(bool speaks)
{
	if (!speaks)
		not_connected();
	return "The upstream \"db\" was connected at 192.0.2.1:80, from 192.0.2.100:50000; that took 310 us.";
}

const char *
case_connected_unix(bool speaks)
{
	make_unix(LEG_UPSTREAM);
	if (!speaks)
		not_connected();
	return "The upstream \"db\" was connected at unix:/run/db; that took 310 us.";
}

const char *
case_nothing_said(bool speaks)
{
	if (!speaks)
		said(LEG_UPSTREAM, 1);
	return "No byte of payload came from either side.";
}

const char *
case_bytes(bool speaks)
{
	if (speaks)
		answered(1, 5000);
	return "10 bytes came from the client, and 10 bytes from the upstream.";
}

const char *
case_bytes_and_header(bool speaks)
{
	answered(1, 5000);
	record.client_source = speaks ? CLIENT_PROXY_V2 : CLIENT_SOCKET;
	record.bytes[LEG_CLIENT].received += 28;
	return "38 bytes came from the client, with its PROXY header, and 10 bytes from the upstream.";
}

const char *
case_spoke_first(bool speaks)
{
	said(speaks ? X : Y, 10);
	said(speaks ? Y : X, 10);
	return "The X spoke first, 1.00 ms after the client had come.";
}

const char *
case_spoke_at_once(bool speaks)
{
	said(LEG_CLIENT, 10);
	said(LEG_UPSTREAM, 10);
	if (speaks)
		record.speaks_first = LEG_NONE;
	return "The first bytes of both sides were seen at once.";
}

const char *
case_no_answer(bool speaks)
{
	said(LEG_CLIENT, 10);
	if (!speaks)
		said(LEG_UPSTREAM, 10);
	return "No byte came from the upstream.";
}

const char *
case_no_question(bool speaks)
{
	said(LEG_UPSTREAM, 10);
	if (!speaks)
		said(LEG_CLIENT, 10);
	return "No byte came from the client.";
}

const char *
case_answer(bool speaks)
{
	answered(speaks ? 1 : 2, 5000);
	return "The upstream answered once, after 5.00 ms.";
}

const char *
case_answers(bool speaks)
{
	answered(speaks ? 3 : 1, 5000);
	record.turns.max_us = 9000;
	record.turns.last_us = 1000;
	return "The upstream answered 3 times, after 5.00 ms in the mean, 9.00 ms at the most, and 1.00 ms the last "
	       "time.";
}

const char *
case_overlapped(bool speaks)
{
	answered(3, 5000);
	record.overlapped = speaks;
	return "Both sides spoke at once at some time, so nobody can tell which answer belonged to which question.";
}

const char *
case_path(bool speaks)
{
	if (!speaks)
		loses(X, 1);
	return "A round trip to the X took 900 us, and no segment had to be sent again.";
}

const char *
case_lossy_path(bool speaks)
{
	loses(speaks ? X : Y, 7);
	return "A round trip to the X took 900 us, and of the segments 7 of 200 (3.5 %) had to be sent again.";
}

const char *
case_path_unmeasured(bool speaks)
{
	loses(X, 1);
	if (speaks)
		leg_x()->tcp.rtt_us = TCP_UNKNOWN_32;
	return "No round trip to the X was measured, and of the segments 1 of 200 (0.5 %) had to be sent again.";
}

const char *
case_held_by_receiver(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_RECEIVER : LIMIT_NETWORK;
	leg_x()->tcp.cwnd_segments = 10;
	return "Between the last two looks the X held the bytes back: it took less than was there for it.";
}

const char *
case_held_by_path(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_NETWORK : LIMIT_APPLICATION;
	leg_x()->tcp.cwnd_segments = 10;
	return "Between the last two looks the path to the X held the bytes back: its congestion window was 10 "
	       "segments.";
}

const char *
case_held_by_send_buffer(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_SENDER_BUFFER : LIMIT_APPLICATION;
	return "Between the last two looks our send buffer for the X held the bytes back.";
}

const char *
case_held_by_proxy(bool speaks)
{
	leg_x()->limited_by = speaks ? LIMIT_PROXY : LIMIT_APPLICATION;
	return "At the last two looks bytes for the X lay unread in our socket, though there was room for them.";
}

const char *
case_waited_for_window(bool speaks)
{
	leg_x()->tcp.busy_us = 4000000;
	leg_x()->tcp.rwnd_limited_us = speaks ? 1000000 : 0;
	return "Of the 4.00 s in which there was something for the X, 1.00 s went by waiting for its receive window.";
}

const char *
case_window_shut(bool speaks)
{
	leg_x()->send_queue_bytes = 5000;
	leg_x()->tcp.not_sent_bytes = 4000;
	leg_x()->tcp.send_window_bytes = speaks ? 0 : 1;
	return "Last seen, the receive window of the X was shut, and 5.00 kB waited in our kernel; 4.00 kB of that had "
	       "not "
	       "left.";
}

const char *
case_unacknowledged(bool speaks)
{
	leg_x()->send_queue_bytes = speaks ? 5000 : 1; /* which may be a FIN */
	return "Last seen, 5.00 kB for the X waited in our kernel to be acknowledged.";
}

const char *
case_unread(bool speaks)
{
	leg_x()->receive_queue_bytes = speaks ? 77 : 0;
	return "Last seen, 77 bytes had come from the X that we had not read.";
}

const char *
case_stalled(bool speaks)
{
	add_note((struct note){ .kind = NOTE_STALL, .leg = (uint8_t)Y, .at_us = 100, .until_us = RECORD_UNKNOWN });
	if (speaks) {
		add_note((struct note){ .kind = NOTE_STALL, .leg = (uint8_t)X, .at_us = 0, .until_us = 1500000 });
		add_note((struct note){
		    .kind = NOTE_STALL, .leg = (uint8_t)X, .at_us = 1600000, .until_us = RECORD_UNKNOWN });
	}
	return "The X took nothing of what was there for it: 2 times, for 1.50 s at the longest, and it lasts.";
}

const char *
case_finished(bool speaks)
{
	leg_x()->fin_received_us = speaks ? 2000 : 4000;
	leg_y()->fin_received_us = 3000;
	return "The X finished 2.00 ms after the client had come, and the Y did so 1.00 ms later.";
}

const char *
case_open(bool speaks)
{
	if (!speaks)
		ends(WHY_CLIENT_FIN);
	return "It has been open for 2.00 s, and its state is established.";
}

const char *
case_idle(bool speaks)
{
	idle_for(speaks ? 2 * US_PER_S : US_PER_S - 1);
	return "No payload has moved for 2.00 s.";
}

const char *
case_unanswered(bool speaks)
{
	said(LEG_CLIENT, 10);
	record.overlapped = !speaks;
	return "The client spoke last, and has no answer yet.";
}

const char *
case_answered(bool speaks)
{
	answered(1, 5000);
	if (!speaks)
		said(LEG_CLIENT, 1);
	return "The upstream spoke last, and the client has said nothing since.";
}

const char *
case_flushing(bool speaks)
{
	record.state = speaks ? CONN_FLUSHING : CONN_ESTABLISHED;
	return "Its end is decided, and waits until the last bytes are acknowledged.";
}

const char *
case_closed(bool speaks)
{
	if (speaks)
		ends(WHY_CLIENT_FIN);
	return "It was closed at 1970-01-01T00:00:01.012000Z, 1.01 s after the client had come.";
}

const char *
case_ended(bool speaks)
{
	if (speaks)
		ends(WHY_IDLE_TIMEOUT);
	return "No byte moved either way for 12.0 ms.";
}

const char *
case_clean(bool speaks)
{
	ends(WHY_CLIENT_FIN);
	record.close.clean = speaks;
	return "Both sides finished, and both kernels acknowledged all of it.";
}

const char *
case_reset_by_us(bool speaks)
{
	*(speaks ? &leg_x()->rst_sent_us : &leg_x()->rst_received_us) = 5000;
	return "The X was sent a RST 5.00 ms after the client had come: to its kernel this was no end in order.";
}

const char *
case_missing(bool speaks)
{
	ends(of_x(WHY_UPSTREAM_RESET, WHY_CLIENT_RESET));
	record.close.undelivered[X] = speaks ? 512 : 0;
	return "The last 512 bytes from the Y were not acknowledged by the X: its program cannot be counted on to have "
	       "them.";
}

const char *
case_probe(bool speaks)
{
	ends(WHY_CLIENT_FIN);
	record.kind = speaks ? KIND_PROBE : KIND_PROXY;
	return "It counts as a probe: no payload moved, and the client left.";
}

const char *
case_steps_missing(bool speaks)
{
	record.notes_dropped = speaks ? 3 : 0;
	return "Of its steps 3 found no room: stalls or failed addresses are missing here.";
}
