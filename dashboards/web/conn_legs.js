// SPDX-License-Identifier: MIT
// Both legs of a connection side by side: the 5-tuples and what the kernel says of each.
import { el } from './dom.js';
import { address, byteRate, bytes, count, duration, unknown } from './format.js';

const rows = [
  ['Kernel state', (leg) => leg.tcp_state ?? unknown],
  ['Received', (leg) => bytes(leg.bytes_received)],
  ['Sent', (leg) => bytes(leg.bytes_sent)],
  ['Rate in', (leg) => byteRate(leg.rate_received_bytes_per_second)],
  ['Rate out', (leg) => byteRate(leg.rate_sent_bytes_per_second)],
  ['Receive queue', (leg) => bytes(leg.receive_queue_bytes)],
  ['Send queue', (leg) => bytes(leg.send_queue_bytes)],
  ['Round trip', (leg) => `${duration(leg.tcp?.rtt_us)} ± ${duration(leg.tcp?.rtt_var_us)}`],
  ['Best round trip', (leg) => duration(leg.tcp?.min_rtt_us)],
  ['Segments sent', (leg) => count(leg.tcp?.segments_sent)],
  ['Sent again', (leg) => count(leg.tcp?.retransmits_total)],
  ['Congestion window', (leg) => (leg.tcp?.cwnd_segments == null ? unknown : `${count(leg.tcp.cwnd_segments)} segments`)],
  ["Peer's window", (leg) => bytes(leg.tcp?.send_window_bytes)],
  ['Limited by', (leg) => leg.limited_by ?? unknown],
  ['Datapath', (leg) => leg.datapath ?? unknown],
  ['FIN received', (leg) => duration(leg.fin_received_us)],
  ['FIN sent', (leg) => duration(leg.fin_sent_us)],
  ['RST received', (leg) => duration(leg.rst_received_us)],
  ['RST sent', (leg) => duration(leg.rst_sent_us)],
  ['Error', (leg) => leg.errno ?? unknown],
];

function tuple(leg) {
  const it = leg.tuple;
  return it.protocol === 'unix' ? `unix ${it.path ?? ''}` : `${it.protocol} ${address(it.source_ip, it.source_port)} → ${address(it.destination_ip, it.destination_port)}`;
}

export function legsTable(record) {
  const legs = [record.legs.client, record.legs.upstream];
  return el('table', { class: 'legs' },
    el('thead', {}, el('tr', {}, el('td', {}), el('th', { scope: 'col', class: 'client', text: 'client leg' }), el('th', { scope: 'col', class: 'upstream', text: 'upstream leg' }))),
    el('tbody', {}, el('tr', {}, el('th', { scope: 'row', text: '5-tuple' }), ...legs.map((leg) => el('td', { class: 'mono', text: leg === null ? unknown : tuple(leg) }))),
      ...rows.map(([name, show]) => el('tr', {}, el('th', { scope: 'row', text: name }), ...legs.map((leg) => el('td', { text: leg === null ? unknown : show(leg) }))))));
}

export function facts(pairs) {
  return el('dl', { class: 'facts' }, ...pairs.flatMap(([name, value]) => [el('dt', { text: name }), el('dd', {}, value instanceof Node ? value : String(value))]));
}
