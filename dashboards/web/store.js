// SPDX-License-Identifier: MIT
// All live connections, as the daemon has them: a list first, and then what happens, from the
// list's cursor on, without a hole (EVENTS in sockproxy-api(7)).  What is kept has bounds: the
// live ones, the last ended ones, and a minute of counts.
import { ask, follow, isLocked, Problem } from './api.js';

const liveMost = 50000;
const endedMost = 2000;
const page = 5000;
const restMs = 3000; // without an update for so long nothing moves
const lockedMs = 1000;
const backOffMs = [300, 700, 1500, 3000, 5000];

// What every view needs; a table may want more.
const baseFields = [
  'id', 'revision', 'listener', 'upstream', 'kind', 'state', 'opened_at', 'closed_at', 'duration_us', 'idle_us',
  'client.address', 'client.port', 'target.address', 'target.port',
  'legs.client.bytes_received', 'legs.client.bytes_sent', 'legs.upstream.bytes_received', 'legs.upstream.bytes_sent',
  'legs.client.tcp.rtt_us', 'legs.upstream.tcp.rtt_us',
  'legs.client.tcp.retransmits_total', 'legs.upstream.tcp.retransmits_total',
  'legs.client.fin_received_us', 'legs.upstream.fin_received_us',
  'limited_by', 'timings_us.connect', 'turns.mean_us', 'close.reason', 'close.initiator', 'close.how',
];

export class Store {
  rows = new Map(); // id: { record, openedMs, activeMs, seenMs, rate }
  ended = []; // records, the newest last
  counts = []; // of events, by second: { second, open, … }
  version = 0; // grows with each change
  status = 'starting'; // live, lost, locked (until there is a token)
  why = '';
  about = null; // /version
  missed = 0;
  truncated = false;
  extra = [];
  #skewMs = 0;
  #cursor = null;
  #listeners = new Set();
  #restart = new AbortController();
  #wake = () => {};

  onChange(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  // The daemon's clock, in ms.
  now() {
    return Date.now() + this.#skewMs;
  }

  fields() {
    return [...new Set([...baseFields, ...this.extra])].join(',');
  }

  // More fields than every view needs, for columns that somebody chose.
  want(fields) {
    const extra = fields.filter((field) => !baseFields.includes(field));
    if (extra.join() === this.extra.join()) return;
    this.extra = extra;
    this.reload();
  }

  reload() {
    this.#cursor = null;
    this.#restart.abort();
    this.#wake();
  }

  // Nobody looks at a tab behind others, and a browser has but six connections to one host for all its
  // tabs: the seventh would get nothing at all.  So such a tab lets go of its stream, and takes it up again
  // where it left it.
  async #untilSeen() {
    while (document.hidden) await new Promise((resolve) => { document.addEventListener('visibilitychange', resolve, { once: true }); });
  }

  async run() {
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.#restart.abort(); });
    for (let failures = 0; ; ) {
      if (document.hidden) {
        this.status = 'starting';
        await this.#untilSeen();
      }
      this.#restart = new AbortController();
      try {
        if (this.#cursor === null) await this.#list();
        await this.#follow(() => { failures = 0; });
        this.#lose('The daemon ended the stream of events.');
      } catch (error) {
        if (error instanceof Problem && error.status === 410) {
          this.#cursor = null; // too long ago, or another start of the process
          continue;
        }
        if (this.#restart.signal.aborted) continue;
        if (isLocked()) {
          this.status = 'locked';
          this.#changed();
          while (isLocked()) await this.#pause(lockedMs);
          continue;
        }
        this.#lose(error instanceof Problem ? error.message : 'The daemon does not answer.');
        if (error.retryAfter) await this.#pause(error.retryAfter * 1000);
      }
      await this.#pause(backOffMs[Math.min(failures++, backOffMs.length - 1)]);
    }
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  #lose(why) {
    this.status = 'lost';
    this.why = why;
    this.#changed();
  }

  #changed() {
    this.version++;
    for (const callback of this.#listeners) callback();
  }

  async #list() {
    const signal = this.#restart.signal;
    const [about, recent] = await Promise.all([
      ask('/version', {}, { signal }),
      ask('/conns', { state: 'closed', limit: endedMost, fields: this.fields() }, { signal }),
    ]);
    const rows = new Map();
    let after, cursor;
    do {
      const list = await ask('/conns', { limit: page, after, fields: this.fields() }, { signal });
      cursor ??= list.cursor;
      this.#skewMs = Date.parse(list.time) - Date.now();
      for (const record of list.conns) rows.set(record.id, this.#row(record));
      after = list.next;
    } while (after !== null && rows.size < liveMost);
    this.truncated = after !== null;
    this.about = about;
    this.rows = rows;
    this.ended = recent.conns.reverse();
    this.#cursor = cursor;
    this.#changed();
  }

  async #follow(opened) {
    const parameters = { since: this.#cursor, interval: this.rows.size > 2000 ? '2s' : '1s', fields: this.fields() };
    await follow('/events', parameters, {
      signal: this.#restart.signal,
      opened: () => {
        opened();
        this.status = 'live';
        this.why = '';
        this.#changed();
      },
      event: (event) => this.#take(event),
    });
  }

  #row(record, before) {
    const openedMs = Date.parse(record.opened_at);
    const seenMs = openedMs + record.duration_us / 1000;
    const moved = (one) => (one.legs.client?.bytes_received ?? 0) + (one.legs.upstream?.bytes_received ?? 0);
    const elapsed = before === undefined ? 0 : seenMs - before.seenMs;
    return {
      id: record.id,
      record,
      openedMs,
      seenMs,
      activeMs: seenMs - record.idle_us / 1000,
      rate: elapsed > 100 ? Math.max(0, (moved(record) - moved(before.record)) / elapsed * 1000) : before?.rate ?? 0,
    };
  }

  #take(event) {
    this.#cursor = event.cursor ?? this.#cursor;
    if (event.type === 'lost') {
      this.missed += event.missed ?? 0;
      this.reload();
      return;
    }
    const record = event.conn;
    if (record === undefined) return;
    this.#count(event, record);
    if (event.type === 'close' || event.type === 'denied') this.#end(record);
    else if (record.state !== 'closed') this.#keep(record);
    this.#changed();
  }

  #keep(record) {
    const before = this.rows.get(record.id);
    if (before !== undefined && before.record.revision >= record.revision) return;
    if (before === undefined && this.rows.size >= liveMost) {
      this.truncated = true;
      return;
    }
    this.rows.set(record.id, this.#row(record, before));
  }

  #end(record) {
    this.rows.delete(record.id);
    this.ended.push(record);
    if (this.ended.length > endedMost * 1.25) this.ended.splice(0, this.ended.length - endedMost);
  }

  // By its own time: after a pause many come at once.
  #count(event, record) {
    const second = Math.floor(Date.parse(event.at) / 1000);
    let one = this.counts.findLast((any) => any.second === second);
    if (one === undefined) {
      one = { second };
      this.counts.push(one);
      if (this.counts.length > 60) this.counts.shift();
    }
    let name = event.type;
    if (name === 'half_close') {
      const client = record.legs.client?.fin_received_us ?? Infinity;
      const upstream = record.legs.upstream?.fin_received_us ?? Infinity;
      name = upstream < client ? 'upstream_half_close' : 'client_half_close';
    }
    one[name] = (one[name] ?? 0) + 1;
  }

  // Of an event in each of the last whole seconds.
  rate(name, seconds = 5) {
    const now = Math.floor(this.now() / 1000);
    let sum = 0;
    for (const one of this.counts) {
      if (one.second < now && one.second >= now - seconds) sum += one[name] ?? 0;
    }
    return sum / seconds;
  }

  idleUs(row) {
    return Math.max(0, this.now() - row.activeMs) * 1000;
  }

  ageUs(row) {
    return Math.max(0, this.now() - row.openedMs) * 1000;
  }

  rateOf(row) {
    return this.now() - row.seenMs > restMs ? 0 : row.rate;
  }
}
