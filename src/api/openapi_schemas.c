/* SPDX-License-Identifier: MIT */
#include "api/openapi.h"

#include <stddef.h>

/* JSON as it is, which the compiler makes a text of. */
#define SCHEMA(...) #__VA_ARGS__

/* clang-format off */
const struct openapi_schema openapi_schemas[] = {
	{ "Problem", SCHEMA({
		"type": "object",
		"description": "RFC 9457",
		"required": ["type", "title", "status", "detail"],
		"properties": {
			"type": { "type": "string", "pattern": "^urn:sockproxy:problem:[a-z_]+$" },
			"title": { "type": "string" },
			"status": { "type": "integer", "minimum": 400, "maximum": 599 },
			"detail": { "type": "string", "description": "what was found, and what was expected" },
			"parameter": { "type": "string", "description": "the one at fault" },
			"position": { "type": "integer", "minimum": 0, "description": "the byte of a filter at which its mistake begins" },
			"length": { "type": "integer", "minimum": 0, "description": "how many bytes it has" },
			"caret": { "type": "string", "description": "the filter, and in a second line a mark below the mistake" },
			"connection": { "$ref": "#/components/schemas/ConnectionSingle" }
		}
	}) },
	{ "Index", SCHEMA({
		"type": "object",
		"required": ["name", "version", "paths"],
		"properties": {
			"name": { "const": "sockproxy" },
			"version": { "type": "string" },
			"paths": { "type": "array", "items": {
				"type": "object",
				"required": ["path", "methods", "parameters", "help"],
				"properties": {
					"path": { "type": "string" },
					"methods": { "type": "string" },
					"parameters": { "type": "array", "items": { "type": "string" } },
					"help": { "type": "string" }
				}
			} }
		}
	}) },
	{ "Config", SCHEMA({
		"type": "object",
		"description": "each option by its long name, as it would be written on the command line; null where it is not set",
		"required": ["listen", "upstream", "admin", "admin-write"],
		"properties": {
			"listen": { "type": "array", "items": { "type": "string" } },
			"upstream": { "type": "array", "items": { "type": "string" } },
			"admin": { "type": "string" },
			"admin-write": { "type": "boolean" }
		},
		"additionalProperties": {
			"type": ["string", "integer", "boolean", "array", "null"],
			"items": { "type": "string" }
		}
	}) },
	{ "ConnectionAny", SCHEMA({
		"type": "object",
		"description": "a connection, with the fields of the view, or those that were asked for"
	}) },
	{ "ConnectionList", SCHEMA({
		"type": "object",
		"required": ["schema_version", "time", "cursor", "conns", "next", "matched", "overwritten"],
		"properties": {
			"schema_version": { "const": 1 },
			"time": { "type": "string", "format": "date-time" },
			"cursor": { "type": "string", "description": "where /events goes on from here, as since=" },
			"conns": { "type": "array", "items": { "$ref": "#/components/schemas/ConnectionAny" } },
			"next": { "type": ["string", "null"], "description": "where the list goes on, as after=" },
			"matched": { "type": ["integer", "null"], "description": "how many match in all, with count=1" },
			"overwritten": { "type": ["integer", "null"], "description": "closed ones that the history lost before the list came there" }
		}
	}) },
	{ "Orders", SCHEMA({
		"type": "object",
		"required": ["posted", "detail"],
		"properties": {
			"matched": { "type": "integer", "minimum": 0 },
			"posted": { "type": "integer", "minimum": 0, "description": "how many orders are on their way; what comes of them is told by events" },
			"detail": { "type": ["string", "null"] }
		}
	}) },
	{ "Explanation", SCHEMA({
		"type": "object",
		"required": ["id", "sentences"],
		"properties": {
			"id": { "type": "string" },
			"sentences": { "type": "array", "items": {
				"type": "object",
				"required": ["rule", "kind", "leg", "text"],
				"properties": {
					"rule": { "type": "string", "pattern": "^[a-z_]+$", "description": "by which it is said" },
					"kind": { "enum": ["fact", "hint"], "description": "what the record knows, or what that often means" },
					"leg": { "enum": ["client", "upstream", null], "description": "of which it is said" },
					"text": { "type": "string" }
				}
			} }
		}
	}) },
	{ "Drain", SCHEMA({
		"type": "object",
		"required": ["state", "since", "until", "left_us", "connections_left"],
		"properties": {
			"state": { "enum": ["accepting", "draining", "drained", "stopping"] },
			"since": { "type": ["string", "null"], "format": "date-time" },
			"until": { "type": ["string", "null"], "format": "date-time" },
			"left_us": { "type": ["integer", "null"], "minimum": 0 },
			"connections_left": { "type": "integer", "minimum": 0 }
		}
	}) },
	{ "Finding", SCHEMA({
		"type": "object",
		"required": ["id", "kind", "severity", "first_seen_at", "last_seen_at", "listener", "upstream", "target", "side", "title",
			"advice", "evidence", "filter", "state"],
		"properties": {
			"id": { "type": "string", "description": "the same as long as it is the same thing" },
			"kind": { "enum": ["idle_cutoff", "never_finishes", "target_fails", "source_ports"] },
			"severity": { "enum": ["info", "warning", "critical"] },
			"first_seen_at": { "type": "string", "format": "date-time", "description": "when it was noticed" },
			"last_seen_at": { "type": "string", "format": "date-time", "description": "the last of its evidence" },
			"listener": { "type": ["string", "null"], "description": "null where the upstream has several" },
			"upstream": { "type": ["string", "null"] },
			"target": { "type": ["string", "null"] },
			"side": { "enum": ["client", "upstream", null], "description": "whose doing it looks like" },
			"title": { "type": "string" },
			"advice": { "type": "string" },
			"evidence": { "type": "object" },
			"filter": { "type": "string", "description": "for /conns: the connections that are meant" },
			"state": { "enum": ["closed", "active", "all"], "description": "for /conns: among which" }
		},
		"allOf": [
			{ "if": { "properties": { "kind": { "const": "idle_cutoff" } } },
			  "then": { "properties": { "evidence": { "$ref": "#/components/schemas/IdleCutoff" } } } },
			{ "if": { "properties": { "kind": { "const": "never_finishes" } } },
			  "then": { "properties": { "evidence": { "$ref": "#/components/schemas/NeverFinishes" } } } },
			{ "if": { "properties": { "kind": { "const": "target_fails" } } },
			  "then": { "properties": { "evidence": { "$ref": "#/components/schemas/TargetFails" } } } },
			{ "if": { "properties": { "kind": { "const": "source_ports" } } },
			  "then": { "properties": { "evidence": { "$ref": "#/components/schemas/SourcePorts" } } } }
		]
	}) },
	{ "IdleCutoff", SCHEMA({
		"type": "object",
		"required": ["ends", "ends_in_all", "idle_us", "idle_spread_us", "idle_min_us", "idle_max_us", "unanswered", "client_addresses"],
		"properties": {
			"ends": { "type": "integer", "minimum": 0, "description": "that came after that silence" },
			"ends_in_all": { "type": "integer", "minimum": 0, "description": "of the same kind" },
			"idle_us": { "type": "integer", "minimum": 0, "description": "the median" },
			"idle_spread_us": { "type": "integer", "minimum": 0, "description": "how far the farthest is from it" },
			"idle_min_us": { "type": "integer", "minimum": 0 },
			"idle_max_us": { "type": "integer", "minimum": 0 },
			"unanswered": { "type": "integer", "minimum": 0, "description": "where the client had spoken last" },
			"client_addresses": { "type": "integer", "minimum": 0, "description": "how many different ones" }
		}
	}) },
	{ "NeverFinishes", SCHEMA({
		"type": "object",
		"required": ["cut", "waiting", "half_closed_in_all", "late_after_us", "longest_wait_us"],
		"properties": {
			"cut": { "type": "integer", "minimum": 0, "description": "ended by --half-close-timeout" },
			"waiting": { "type": "integer", "minimum": 0, "description": "that live, and are late" },
			"half_closed_in_all": { "type": "integer", "minimum": 0 },
			"late_after_us": { "type": "integer", "minimum": 0 },
			"longest_wait_us": { "type": ["integer", "null"], "minimum": 0, "description": "of those that live" }
		}
	}) },
	{ "TargetFails", SCHEMA({
		"type": "object",
		"required": ["of", "tried", "failed", "others_tried", "others_failed"],
		"properties": {
			"of": { "enum": ["connects", "connections"], "description": "what was tried and failed" },
			"tried": { "type": "integer", "minimum": 0 },
			"failed": { "type": "integer", "minimum": 0 },
			"others_tried": { "type": "integer", "minimum": 0, "description": "the other targets of the upstream" },
			"others_failed": { "type": "integer", "minimum": 0 },
			"refused": { "type": "integer", "minimum": 0 },
			"timeout": { "type": "integer", "minimum": 0 },
			"unreachable": { "type": "integer", "minimum": 0 },
			"other": { "type": "integer", "minimum": 0 },
			"reset": { "type": "integer", "minimum": 0 },
			"lost": { "type": "integer", "minimum": 0 }
		},
		"if": { "properties": { "of": { "const": "connects" } } },
		"then": { "required": ["refused", "timeout", "unreachable", "other"] },
		"else": { "required": ["reset", "lost"] }
	}) },
	{ "SourcePorts", SCHEMA({
		"type": "object",
		"required": ["address", "port", "source_addresses", "ports_in_all", "ports_in_use", "ports_in_time_wait", "shortages"],
		"properties": {
			"address": { "type": "string", "description": "towards which they are taken" },
			"port": { "type": "integer", "minimum": 0, "maximum": 65535 },
			"source_addresses": { "type": "integer", "minimum": 0, "description": "that we connect from" },
			"ports_in_all": { "type": ["integer", "null"], "minimum": 0, "description": "of all these together" },
			"ports_in_use": { "type": "integer", "minimum": 0 },
			"ports_in_time_wait": { "type": "integer", "minimum": 0, "description": "behind connections of ours" },
			"shortages": { "type": "integer", "minimum": 0, "description": "connects that found none" }
		}
	}) },
	{ "Findings", SCHEMA({
		"type": "object",
		"required": ["time", "findings", "left_out", "watched"],
		"properties": {
			"time": { "type": "string", "format": "date-time" },
			"findings": { "type": "array", "items": { "$ref": "#/components/schemas/Finding" } },
			"left_out": { "type": "integer", "minimum": 0, "description": "how many more there are" },
			"watched": {
				"type": "object",
				"required": ["closed", "missed"],
				"properties": {
					"closed": { "type": "integer", "minimum": 0, "description": "closed connections that were looked at" },
					"missed": { "type": "integer", "minimum": 0, "description": "and that were not, for they came too fast" }
				}
			}
		}
	}) },
	{ "ListenerStep", SCHEMA({
		"type": "object",
		"required": ["at", "errno", "times"],
		"properties": {
			"at": { "type": ["string", "null"], "format": "date-time" },
			"errno": { "type": ["string", "null"] },
			"times": { "type": "integer", "minimum": 0 }
		}
	}) },
	{ "Listener", SCHEMA({
		"type": "object",
		"required": ["name", "upstream", "state", "paused_by", "bound", "sockets", "steps", "accepted", "queue_length", "queue_limit", "queue_drops", "turns"],
		"properties": {
			"name": { "type": "string" },
			"upstream": { "type": "string" },
			"state": { "enum": ["new", "listening", "paused", "closed", "failed"] },
			"paused_by": { "type": "array", "uniqueItems": true, "items": { "enum": ["admin", "drain", "connections", "descriptors"] } },
			"bound": { "type": ["string", "null"] },
			"sockets": { "type": "integer", "minimum": 0 },
			"steps": { "type": "object", "additionalProperties": { "$ref": "#/components/schemas/ListenerStep" } },
			"accepted": { "type": "integer", "minimum": 0 },
			"queue_length": { "type": ["integer", "null"], "minimum": 0 },
			"queue_limit": { "type": ["integer", "null"], "minimum": 0 },
			"queue_drops": { "type": ["integer", "null"], "minimum": 0 },
			"turns": {
				"type": "object",
				"required": ["count", "p50_us", "p90_us", "p99_us", "max_us"],
				"properties": {
					"count": { "type": "integer", "minimum": 0 },
					"p50_us": { "type": ["integer", "null"] },
					"p90_us": { "type": ["integer", "null"] },
					"p99_us": { "type": ["integer", "null"] },
					"max_us": { "type": ["integer", "null"] }
				}
			}
		}
	}) },
	{ "Listeners", SCHEMA({
		"type": "object",
		"required": ["listeners"],
		"properties": {
			"listeners": { "type": "array", "items": { "$ref": "#/components/schemas/Listener" } }
		}
	}) },
	{ "ListenerChange", SCHEMA({
		"type": "object",
		"required": ["state"],
		"additionalProperties": false,
		"properties": {
			"state": { "enum": ["paused", "listening"] }
		}
	}) },
	{ "Counts", SCHEMA({
		"type": "object",
		"additionalProperties": { "type": "integer", "minimum": 0 }
	}) },
	{ "UpstreamTarget", SCHEMA({
		"type": "object",
		"required": ["name", "target", "addresses", "error"],
		"properties": {
			"name": { "type": "string", "description": "as -u says it" },
			"target": { "type": "string" },
			"addresses": { "type": "array", "items": { "type": "string" } },
			"error": { "type": ["string", "null"], "description": "why its name could not be looked up the last time" }
		}
	}) },
	{ "Event", SCHEMA({
		"type": "object",
		"description": "a line of NDJSON; with text/event-stream what stands behind data:",
		"required": ["cursor", "type", "at"],
		"properties": {
			"cursor": { "type": "string", "description": "where to go on from here, as since=" },
			"type": { "enum": ["open", "connected", "half_close", "close", "denied", "listener", "upstream", "drain", "lost", "update"] },
			"at": { "type": "string", "format": "date-time" },
			"conn": { "$ref": "#/components/schemas/ConnectionAny" },
			"listener": { "$ref": "#/components/schemas/Listener" },
			"upstream": { "$ref": "#/components/schemas/UpstreamTarget" },
			"drain": { "$ref": "#/components/schemas/Drain" },
			"missed": { "type": "integer", "minimum": 1 }
		}
	}) },
	{ "Percentiles", SCHEMA({
		"type": "object",
		"description": "right within an eighth; null where nothing was counted",
		"required": ["count", "p50", "p90", "p99", "max"],
		"properties": {
			"count": { "type": "integer", "minimum": 0 },
			"p50": { "type": ["integer", "null"], "minimum": 0 },
			"p90": { "type": ["integer", "null"], "minimum": 0 },
			"p99": { "type": ["integer", "null"], "minimum": 0 },
			"max": { "type": ["integer", "null"], "minimum": 0 }
		}
	}) },
	{ "ListenerStats", SCHEMA({
		"type": "object",
		"required": ["name", "upstream", "connections_accepted", "connections_active", "connections_by_state", "oldest_age_us",
			"longest_idle_us", "connections_closed", "connections_closed_by_reason", "client_bytes_received",
			"client_bytes_sent", "upstream_bytes_received", "upstream_bytes_sent", "undelivered_to_client_bytes",
			"undelivered_to_upstream_bytes", "client_segments_sent", "client_segments_retransmitted",
			"upstream_segments_sent", "upstream_segments_retransmitted", "duration_us", "connect_us", "client_rtt_us",
			"upstream_rtt_us", "turn_us"],
		"properties": {
			"name": { "type": "string" },
			"upstream": { "type": "string" },
			"connections_accepted": { "type": "integer", "minimum": 0 },
			"connections_active": { "type": "integer", "minimum": 0 },
			"connections_by_state": { "$ref": "#/components/schemas/Counts" },
			"oldest_age_us": { "type": ["integer", "null"], "minimum": 0 },
			"longest_idle_us": { "type": ["integer", "null"], "minimum": 0 },
			"connections_closed": { "type": "integer", "minimum": 0 },
			"connections_closed_by_reason": { "$ref": "#/components/schemas/Counts" },
			"client_bytes_received": { "type": "integer", "minimum": 0 },
			"client_bytes_sent": { "type": "integer", "minimum": 0 },
			"upstream_bytes_received": { "type": "integer", "minimum": 0 },
			"upstream_bytes_sent": { "type": "integer", "minimum": 0 },
			"undelivered_to_client_bytes": { "type": "integer", "minimum": 0 },
			"undelivered_to_upstream_bytes": { "type": "integer", "minimum": 0 },
			"client_segments_sent": { "type": "integer", "minimum": 0 },
			"client_segments_retransmitted": { "type": "integer", "minimum": 0 },
			"upstream_segments_sent": { "type": "integer", "minimum": 0 },
			"upstream_segments_retransmitted": { "type": "integer", "minimum": 0 },
			"duration_us": { "$ref": "#/components/schemas/Percentiles" },
			"connect_us": { "$ref": "#/components/schemas/Percentiles" },
			"client_rtt_us": { "$ref": "#/components/schemas/Percentiles" },
			"upstream_rtt_us": { "$ref": "#/components/schemas/Percentiles" },
			"turn_us": { "$ref": "#/components/schemas/Percentiles" }
		}
	}) },
	{ "TargetStats", SCHEMA({
		"type": "object",
		"required": ["name", "addresses", "looked_up_at", "error", "connections_active", "source_ports_in_use", "connect_attempts"],
		"properties": {
			"name": { "type": "string", "description": "as -u says it" },
			"addresses": {
				"type": ["array", "null"],
				"description": "null while its name was not looked up, and of a Unix socket",
				"items": {
					"type": "object",
					"required": ["address", "port"],
					"properties": {
						"address": { "type": "string" },
						"port": { "type": "integer", "minimum": 0, "maximum": 65535 }
					}
				}
			},
			"looked_up_at": { "type": ["string", "null"], "format": "date-time", "description": "when that was found; null where there is no name to look up" },
			"error": { "type": ["string", "null"], "description": "why its name could not be looked up the last time" },
			"connections_active": { "type": "integer", "minimum": 0 },
			"source_ports_in_use": { "type": ["integer", "null"], "minimum": 0 },
			"connect_attempts": { "$ref": "#/components/schemas/Counts" }
		}
	}) },
	{ "Upstreams", SCHEMA({
		"type": "object",
		"required": ["time", "upstreams"],
		"properties": {
			"time": { "type": "string", "format": "date-time" },
			"upstreams": { "type": "array", "items": {
				"type": "object",
				"required": ["name", "targets", "connect_us"],
				"properties": {
					"name": { "type": "string" },
					"targets": { "type": "array", "items": { "$ref": "#/components/schemas/TargetStats" } },
					"connect_us": { "$ref": "#/components/schemas/Percentiles" }
				}
			} }
		}
	}) },
	{ "Stats", SCHEMA({
		"type": "object",
		"required": ["time", "started_at", "uptime_us", "connections_active", "connections_max", "connections_by_state",
			"connections_closed_by_reason", "connections_closed_by_kind", "totals", "listeners", "source_ports_in_use",
			"time_wait_sockets", "buffer_memory_bytes", "followers", "followers_refused", "followers_cut", "events_missed", "log_lines_dropped", "orders_refused"],
		"properties": {
			"time": { "type": "string", "format": "date-time" },
			"started_at": { "type": "string", "format": "date-time" },
			"uptime_us": { "type": "integer", "minimum": 0 },
			"connections_active": { "type": "integer", "minimum": 0 },
			"connections_max": { "type": "integer", "minimum": 1 },
			"connections_by_state": { "$ref": "#/components/schemas/Counts" },
			"connections_closed_by_reason": { "$ref": "#/components/schemas/Counts" },
			"connections_closed_by_kind": { "$ref": "#/components/schemas/Counts" },
			"totals": { "$ref": "#/components/schemas/Counts" },
			"listeners": { "type": "array", "items": { "$ref": "#/components/schemas/ListenerStats" } },
			"source_ports_in_use": {
				"type": "array",
				"items": {
					"type": "object",
					"required": ["upstream", "target", "ports"],
					"properties": {
						"upstream": { "type": "string" },
						"target": { "type": "string" },
						"ports": { "type": "integer", "minimum": 0 }
					}
				}
			},
			"time_wait_sockets": { "type": ["integer", "null"], "minimum": 0 },
			"buffer_memory_bytes": { "type": "integer", "minimum": 0 },
			"followers": { "type": "integer", "minimum": 0 },
			"followers_refused": { "type": "integer", "minimum": 0 },
			"followers_cut": { "type": "integer", "minimum": 0 },
			"events_missed": { "type": "integer", "minimum": 0 },
			"log_lines_dropped": { "type": "integer", "minimum": 0 },
			"orders_refused": { "type": "integer", "minimum": 0 }
		}
	}) },
	{ "Version", SCHEMA({
		"type": "object",
		"required": ["name", "version", "node", "boot", "started_at", "demo", "libraries"],
		"properties": {
			"name": { "const": "sockproxy" },
			"version": { "type": "string" },
			"node": { "type": "string" },
			"boot": { "type": "string" },
			"started_at": { "type": "string", "format": "date-time" },
			"demo": { "type": "boolean" },
			"libraries": { "type": "object", "additionalProperties": { "type": "string" } }
		}
	}) },
	{ "Document", SCHEMA({
		"type": "object"
	}) },
	{ NULL, NULL },
};
/* clang-format on */
