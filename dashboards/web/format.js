// SPDX-License-Identifier: MIT
// Numbers and times as people read them.  What is unknown is a dash, never a 0.
import { el } from './dom.js';

export const unknown = '–';

const grouped = new Intl.NumberFormat('en');

export function count(value) {
  return value === null || value === undefined ? unknown : grouped.format(value);
}

// Cut and not rounded, as the daemon's own sentences have it (base/figure.c): both stand on one page.
function scaled(value, units) {
  let whole = Math.round(value), rest = 0, unit = 0;
  for (; whole >= 1000 && unit < units.length - 1; unit++) {
    rest = whole % 1000;
    whole = Math.floor(whole / 1000);
  }
  const digits = unit === 0 || whole >= 100 ? '' : `.${String(rest).padStart(3, '0').slice(0, whole >= 10 ? 1 : 2)}`;
  return `${grouped.format(whole)}${digits} ${units[unit]}`;
}

export function bytes(value) {
  return value === null || value === undefined ? unknown : scaled(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

export function byteRate(value) {
  return value === null || value === undefined ? unknown : `${bytes(value)}/s`;
}

export function rate(value) {
  if (value === null || value === undefined) return unknown;
  return value === 0 ? '0/s' : value < 0.1 ? '<0.1/s' : `${value < 100 ? value.toFixed(1) : grouped.format(Math.round(value))}/s`;
}

// The same where there is little room.
export function shortRate(value) {
  return value === null || value === undefined || value < 1000 ? rate(value) : `${scaled(value, ['', 'k', 'M']).replace(' ', '')}/s`;
}

export function duration(us) {
  if (us === null || us === undefined) return unknown;
  if (us < 60e6) return scaled(us, ['µs', 'ms', 's']);
  const seconds = Math.floor(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} m`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

// Of what ticks while one looks: no digits that only flicker.
export function age(us) {
  return us === null || us === undefined ? unknown : us < 60e6 ? `${(Math.max(us, 0) / 1e6).toFixed(us < 10e6 ? 1 : 0)} s` : duration(us);
}

export function percent(share) {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

export function address(host, port) {
  if (host === null || host === undefined) return unknown;
  const text = host.includes(':') ? `[${host}]` : host;
  return port === null || port === undefined ? text : `${text}:${port}`;
}

// A client without an address has come by a Unix socket.
export function clientOf(record) {
  return record.client.address === null ? 'Unix socket' : address(record.client.address, record.client.port);
}

const today = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const anyDay = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric',
  hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
});
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' });

export function clock(instant) {
  const date = new Date(instant);
  return (date.toDateString() === new Date().toDateString() ? today : anyDay).format(date);
}

export function utc(instant) {
  const text = typeof instant === 'string' ? instant : new Date(instant).toISOString();
  return text.replace('T', ' ').replace('Z', ' UTC');
}

// In the viewer's zone, with UTC for whoever points at it.
export function time(instant) {
  if (instant === null || instant === undefined) return document.createTextNode(unknown);
  const named = zone.formatToParts(new Date(instant)).find((part) => part.type === 'timeZoneName');
  return el('time', { datetime: instant, title: utc(instant), text: `${clock(instant)} ${named ? named.value : ''}`.trim() });
}

// As /schema calls units.
export function byUnit(unit, value) {
  if (value === null || value === undefined) return unknown;
  if (unit === 'microseconds') return duration(value);
  if (unit === 'bytes') return bytes(value);
  if (unit === 'bytes per second') return byteRate(value);
  if (typeof value === 'number') return count(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
