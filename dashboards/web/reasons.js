// SPDX-License-Identifier: MIT
// Why connections end: who began it, how, and what that means, as src/track/close_reason.def has it.
// A test holds one against the other.

export const reasons = {
  client_fin: ['client', 'fin', 'the client finished first, and everything was delivered'],
  upstream_fin: ['upstream', 'fin', 'the upstream finished first, and everything was delivered'],
  client_abandoned: ['client', 'rst', 'the client finished, then reset: it closed before it had everything'],
  upstream_abandoned: ['upstream', 'rst', 'the upstream finished, then reset: it closed before it had everything'],
  client_reset: ['client', 'rst', 'the client aborted the connection'],
  upstream_reset: ['upstream', 'rst', 'the upstream aborted the connection'],
  client_abort_connecting: ['client', 'rst', 'the client aborted before the upstream was connected, or before its PROXY header was whole'],
  client_lost: ['client', 'timeout', 'the client stopped answering: its host or the path is gone'],
  upstream_lost: ['upstream', 'timeout', 'the upstream stopped answering: its host or the path is gone'],
  idle_timeout: ['proxy', 'timeout', 'no byte moved either way for too long'],
  half_close_timeout: ['proxy', 'timeout', 'one side finished, and then no byte moved for too long'],
  stall_timeout: ['proxy', 'timeout', 'one side took nothing of what was there for it'],
  flush_timeout: ['proxy', 'timeout', 'the end was decided, but the last bytes were not acknowledged'],
  max_duration: ['proxy', 'timeout', 'the connection reached the longest life allowed'],
  upstream_refused: ['upstream', 'rst', 'every target failed; the last refused'],
  upstream_unreachable: ['upstream', 'error', 'every target failed; the last could not be reached'],
  upstream_connect_timeout: ['proxy', 'timeout', 'every target failed; the last did not answer in time'],
  upstream_dns: ['proxy', 'error', 'the upstream\'s name has no address'],
  upstream_none: ['proxy', 'error', 'no target of the upstream is in service'],
  denied_acl: ['proxy', 'rst', 'refused on arrival, by --allow or --deny'],
  denied_limit: ['proxy', 'rst', 'refused on arrival, by --max-per-source or --max-per-listener'],
  denied_rate: ['proxy', 'rst', 'refused on arrival, by --rate-per-source or --rate-per-listener'],
  proxy_header_invalid: ['proxy', 'error', 'what the client sent first was no PROXY header, or it finished in the middle of one'],
  proxy_header_timeout: ['proxy', 'timeout', 'the client had not sent all of its PROXY header in time'],
  admin_kill: ['admin', 'rst', 'an admin ended the connection, by DELETE'],
  admin_drain: ['admin', 'rst', 'an admin\'s drain reached its deadline'],
  shutdown: ['admin', 'rst', 'the process stopped'],
  resource_fds: ['proxy', 'error', 'no descriptor was left for the upstream socket'],
  resource_memory: ['proxy', 'error', 'no memory was left for one of its sockets'],
  resource_ports: ['proxy', 'error', 'no source port was free towards the target'],
  internal_error: ['proxy', 'error', 'a fault in this program; please report it'],
};

// A newer daemon may have words that this page has not.
export function initiatorOf(reason) {
  return reasons[reason]?.[0] ?? 'proxy';
}

export function howOf(reason) {
  return reasons[reason]?.[1] ?? 'error';
}

export function meaningOf(reason) {
  return reasons[reason]?.[2] ?? '';
}

// Each has a colour of its own that tells how it was, at a glance, and a shade that tells who began it.
export function colourOf(reason) {
  return `var(--${howOf(reason)}-${initiatorOf(reason) === 'upstream' ? 'upstream' : initiatorOf(reason) === 'client' ? 'client' : 'ours'})`;
}

export const initiators = ['client', 'upstream', 'proxy', 'admin'];
