// SPDX-License-Identifier: MIT
// The events of one connection as a sequence diagram: client, sockproxy, upstream, and what went between
// them, as our sockets saw it.
import { el, svg } from './dom.js';
import { duration } from './format.js';

// from, to: C client, P sockproxy, U upstream; X stands for the leg of the event.
const drawn = {
  accept: ['C', 'P', 'accepted'], denied: ['P', 'C', 'denied (RST)', 'rst'],
  socket: ['P', 'P', 'socket'], bind: ['P', 'P', 'bind'], connect: ['P', 'U', 'connect (SYN)'],
  connect_failed: ['U', 'P', 'failed', 'rst'], connected: ['U', 'P', 'connected'],
  first_byte: ['X', 'P', 'first byte', 'data'], stall: ['X', 'X', 'stalls: takes nothing', 'warn'], resume: ['X', 'X', 'takes again'],
  fin_received: ['X', 'P', 'FIN', 'fin'], fin_sent: ['P', 'X', 'FIN', 'fin'],
  rst_received: ['X', 'P', 'RST', 'rst'], rst_sent: ['P', 'X', 'RST', 'rst'],
  lost: ['X', 'X', 'no answer any more', 'rst'], timeout: ['P', 'P', 'a limit was reached', 'warn'], kill: ['P', 'P', 'an admin ended it', 'warn'],
  drain: ['P', 'P', 'the drain reached its deadline', 'warn'], shutdown: ['P', 'P', 'the process stopped', 'warn'], close: ['P', 'P', 'both sockets closed'],
};

const step = 30, head = 46;

function place(letter, leg, at) {
  return letter === 'X' ? at[leg === 'upstream' ? 'U' : 'C'] : at[letter];
}

// What would read as the event before, though it need not have been at the same moment, is told as the time since it.
function when(event, before) {
  const text = duration(event.at_us);
  return before !== undefined && event.at_us >= 1000 && duration(before.at_us) === text ? `+${duration(event.at_us - before.at_us)}` : text;
}

function line(event, before, y, at) {
  const [from, to, word, kind = ''] = drawn[event.event] ?? ['P', 'P', event.event];
  const x1 = place(from, event.leg, at), x2 = place(to, event.leg, at);
  const text = event.errno === null ? word : `${word} ${event.errno}`;
  const parts = [svg('text', { x: 4, y: y + 4, class: 'at', text: when(event, before) })];
  if (x1 === x2) {
    const edge = x1 === at.U;
    parts.push(svg('circle', { cx: x1, cy: y, r: 4, class: `mark ${kind}` }), svg('text', { x: x1 + (edge ? -10 : 10), y: y + 4, class: `word ${kind}`, 'text-anchor': edge ? 'end' : 'start', text }));
  } else {
    parts.push(svg('line', { x1, y1: y, x2: x2 + (x2 > x1 ? -2 : 2), y2: y, class: `message ${kind}`, 'marker-end': `url(#seq${kind === 'rst' ? '-rst' : ''})` }),
      svg('text', { x: (x1 + x2) / 2, y: y - 6, class: `word ${kind}`, 'text-anchor': 'middle', text }));
  }
  return svg('g', {}, ...parts);
}

function tip(id, kind) {
  return svg('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto' }, svg('path', { d: 'M0 0.5 8 4 0 7.5z', class: `tip ${kind}` }));
}

// For a width in pixels.  The list beside it says the same to those who do not see it.
export function sequence(record, width) {
  const height = head + record.events.length * step + 10;
  const left = width < 400 ? 78 : 116, edge = width < 400 ? 34 : 46, at = { C: left, P: (left + width - edge) / 2, U: width - edge };
  const names = [[at.C, 'client'], [at.P, 'sockproxy'], [at.U, 'upstream']];
  const picture = svg('svg', { width, height, class: 'sequence', 'aria-hidden': 'true' }, svg('defs', {}, tip('seq', ''), tip('seq-rst', 'rst')),
    ...names.map(([x, name]) => svg('g', {}, svg('line', { x1: x, y1: 28, x2: x, y2: height, class: 'life' }), svg('text', { x, y: 18, class: `who ${name}`, 'text-anchor': 'middle', text: name }))),
    ...record.events.map((event, i) => line(event, record.events[i - 1], head + i * step + 6, at)));
  const list = el('ol', { class: 'hidden' }, ...record.events.map((event) => el('li', { text: `${duration(event.at_us)}: ${event.leg ?? ''} ${drawn[event.event]?.[2] ?? event.event} ${event.errno ?? ''}` })));
  return [picture, list];
}
