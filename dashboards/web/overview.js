// SPDX-License-Identifier: MIT
// How it goes on the whole.
import { el, inUse, replace, setText, hash, quoted } from './dom.js';
import { age, byteRate, bytes, clientOf, count, duration, rate, time, unknown, percent } from './format.js';
import { Chart } from './charts.js';
import { colourOf, initiators, meaningOf } from './reasons.js';

const first = 5;

const tiles = [
  ['Active', (t) => count(t.stats.connections_active), (t) => `of ${count(t.stats.connections_max)}`],
  ['New', (t) => rate(t.rate((s) => s.totals.connections_accepted)), (t) => `${count(t.stats.totals.connections_accepted)} in all`],
  ['Ended', (t) => rate(t.rate((s) => s.totals.connections_closed)), (t) => `${count(t.stats.totals.connections_closed)} in all`],
  ['To upstreams', (t) => byteRate(t.rate((s) => s.totals.client_bytes_received)), (t) => bytes(t.stats.totals.client_bytes_received)],
  ['To clients', (t) => byteRate(t.rate((s) => s.totals.upstream_bytes_received)), (t) => bytes(t.stats.totals.upstream_bytes_received)],
  ['Undelivered', (t) => bytes(t.stats.totals.undelivered_to_client_bytes + t.stats.totals.undelivered_to_upstream_bytes), () => 'lost at ends'],
  ['Connects failed', (t) => rate(t.rate((s) => s.totals.connect_failures)), (t) => `${count(t.stats.totals.connect_failures)} in all`],
];

function panel(title, ...children) {
  return el('section', { class: 'panel' }, el('h2', { text: title }), ...children);
}

function percentile(values, share) {
  return values.length === 0 ? null : values[Math.min(values.length - 1, Math.floor(share * values.length))];
}

// Where the connections of a finding are to be looked for: among those that live, that have ended, or both.
function scopesOf(state) {
  const live = ['', 'Show those that live'], closed = ['closed', 'Show those that have ended'];
  return state === 'closed' ? [closed] : state === 'all' ? [closed, live] : [live];
}

export class Overview {
  constructor(store, totals) {
    this.store = store;
    this.totals = totals;
    this.tiles = tiles.map(([name]) => ({ value: el('span', { class: 'value', text: unknown }), sub: el('span', { class: 'sub' }), name }));
    this.charts = [
      new Chart('Connections', [{ label: 'active', colour: 'accent' }], (value) => (Number.isInteger(value) ? count(value) : ''), 4),
      new Chart('Per second', [{ label: 'new', colour: 'client' }, { label: 'ended', colour: 'proxy', dash: [5, 3] }], rate, 1),
      new Chart('Throughput', [{ label: 'to upstreams', colour: 'client' }, { label: 'to clients', colour: 'upstream' }], byteRate, 1000),
    ];
    this.findings = el('div', {});
    this.ends = el('div', { class: 'bars' });
    this.who = el('div', { class: 'bars' });
    this.times = el('div', { class: 'scroll times', tabindex: '0', role: 'region', 'aria-label': 'Times' });
    this.oldest = el('ol', { class: 'ranked' });
    this.idlest = el('ol', { class: 'ranked' });
    this.busiest = el('ol', { class: 'ranked' });
    this.busiestAddresses = el('ol', { class: 'ranked', id: 'busiest-addresses' });
    this.listenersPart = panel('Listeners', this.listeners = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Listeners' }));
    this.listenersPart.classList.add('wide');
    this.listenersPart.id = 'listeners';
    this.node = el('div', { class: 'view overview' }, el('h1', { text: 'Overview' }),
      el('dl', { class: 'tiles' }, ...this.tiles.map((tile) => el('div', { class: 'tile' }, el('dt', { text: tile.name }), el('dd', {}, tile.value, tile.sub)))),
      el('div', { class: 'charts' }, ...this.charts.map((chart) => chart.node)),
      el('div', { class: 'panels' }, panel('Findings', this.findings), panel('Ends by reason, since the start', this.ends), panel('Who ended the last ones', this.who), panel('Times', this.times),
        panel('Oldest', this.oldest), panel('Idle for the longest', this.idlest), panel('Busiest connections, now', this.busiest),
        panel('Busiest client addresses, now', this.busiestAddresses), this.listenersPart));
  }

  show(parameters) {
    if (parameters.get('at') === 'listeners') requestAnimationFrame(() => this.listenersPart.scrollIntoView());
  }

  start() {
    this.charts.forEach((chart) => chart.start());
    this.stopTotals = this.totals.onChange((name) => this.#update(name));
    this.timer = setInterval(() => this.#rank(), 1000);
    for (const name of ['stats', 'listeners', 'findings']) this.#update(name);
    this.#rank();
  }

  stop() {
    this.charts.forEach((chart) => chart.stop());
    this.stopTotals();
    clearInterval(this.timer);
  }

  #update(name) {
    const totals = this.totals;
    if (name === 'stats' && totals.stats !== null) this.#stats();
    if (name === 'findings') this.#findings();
    if ((name === 'listeners' || name === 'upstreams') && totals.listeners !== null) this.#listeners();
  }

  #stats() {
    const totals = this.totals;
    this.tiles.forEach((tile, i) => {
      setText(tile.value, tiles[i][1](totals));
      setText(tile.sub, tiles[i][2](totals));
    });
    const at = totals.samples.map((sample) => sample.at / 1000);
    this.charts[0].setData([at, totals.samples.map((sample) => sample.stats.connections_active)]);
    this.charts[1].setData([at, totals.rates((s) => s.totals.connections_accepted), totals.rates((s) => s.totals.connections_closed)]);
    this.charts[2].setData([at, totals.rates((s) => s.totals.client_bytes_received), totals.rates((s) => s.totals.upstream_bytes_received)]);
    const ends = Object.entries(totals.stats.connections_closed_by_reason).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    this.#bars(this.ends, ends.map(([reason, n]) => ({ name: reason, n, colour: colourOf(reason), title: meaningOf(reason), filter: `reason == ${reason}` })));
    if (this.store.about === null) return; // the last ones have yet to come
    const counts = Object.fromEntries(initiators.map((who) => [who, 0]));
    let unsure = 0;
    for (const record of this.store.ended) {
      const who = record.close?.initiator;
      if (who in counts) counts[who]++;
      else unsure++;
    }
    const who = initiators.map((name) => ({ name, n: counts[name], colour: `var(--${name})`, filter: `initiator == ${name}` }));
    this.#bars(this.who, [...who, { name: 'both at once', n: unsure, colour: 'var(--muted)', filter: 'initiator == null' }].filter((one) => one.n > 0));
  }

  #bars(place, list) {
    const total = list.reduce((sum, one) => sum + one.n, 0);
    if (list.length === 0) {
      replace(place, el('p', { class: 'muted', text: 'None has ended yet.' }));
      return;
    }
    const key = list.map((one) => one.name).join();
    if (place.dataset.key !== key) {
      place.dataset.key = key;
      replace(place, list.map((one) => el('a', { class: 'bar-line', href: hash('conns', { state: 'closed', filter: one.filter }), title: one.title },
        el('span', { class: 'bar-name', text: one.name }), el('span', { class: 'bar-track', 'aria-hidden': 'true' }, el('span', { class: 'bar-part' })), el('span', { class: 'bar-number' }))));
    }
    list.forEach((one, i) => {
      const line = place.children[i], part = line.querySelector('.bar-part');
      Object.assign(part.style, { width: `${one.n / total * 100}%`, background: one.colour });
      setText(line.lastChild, `${count(one.n)} (${percent(one.n / total)})`);
    });
  }

  #findings() {
    const { findings, absent } = this.totals;
    if (findings === null) {
      replace(this.findings, el('p', { class: 'muted', text: absent.has('/findings') ? 'This daemon does not look for findings.' : 'Asking.' }));
      return;
    }
    const list = findings.findings;
    if (inUse(this.findings)) return;
    replace(this.findings, list.length === 0 ? el('p', { class: 'muted', text: 'Nothing to report.' }) : el('ul', { class: 'findings' }, ...list.map((one) => el('li', { class: one.severity },
      el('b', { text: one.title }), el('p', { text: one.advice ?? '' }), el('p', { class: 'muted' }, `${one.severity}, last seen `, time(one.last_seen_at), ' '),
      ...(one.filter ? scopesOf(one.state).map(([state, text]) => el('a', { href: hash('conns', { state, filter: one.filter }), text })) : [])))));
  }

  #listeners() {
    if (inUse(this.listeners)) return;
    const heads = ['Name', 'Bound', 'State', 'Accepted', 'Queue', 'Answers', 'p50', 'p90', 'p99', 'Longest'];
    replace(this.listeners, el('table', {}, el('thead', {}, el('tr', {}, ...heads.map((text) => el('th', { scope: 'col', text })))),
      el('tbody', {}, ...this.totals.listeners.listeners.map((one) => el('tr', {}, el('th', { scope: 'row' }, el('a', { href: hash('conns', { filter: `listener == ${quoted(one.name)}` }), text: one.name })),
        ...[one.bound ?? unknown, one.paused_by.length > 0 ? `${one.state} by ${one.paused_by.join(', ')}` : one.state, count(one.accepted), `${count(one.queue_length)} of ${count(one.queue_limit)}`, count(one.turns.count),
          duration(one.turns.p50_us), duration(one.turns.p90_us), duration(one.turns.p99_us), duration(one.turns.max_us)].map((text) => el('td', { text })))))));
  }

  #rank() {
    const rows = [...this.store.rows.values()];
    const best = (value, show, place, least = 0) => {
      const list = rows.map((row) => [value(row), row]).filter(([v]) => v > least).sort((a, b) => b[0] - a[0]).slice(0, first);
      replace(place, list.length === 0 ? el('li', { class: 'muted', text: 'None.' }) : list.map(([v, row]) => el('li', {}, el('a', { class: 'mono', href: hash(`conn/${encodeURIComponent(row.id)}`), text: clientOf(row.record) }),
        el('span', { class: 'muted', text: ` ${row.record.listener}` }), el('span', { class: 'value', text: show(v) }))));
    };
    if (![this.oldest, this.idlest, this.busiest, this.busiestAddresses].some(inUse)) {
      best((row) => this.store.ageUs(row), age, this.oldest, -1);
      best((row) => this.store.idleUs(row), age, this.idlest, -1);
      best((row) => this.store.rateOf(row), byteRate, this.busiest);
      this.#rankAddresses(rows);
    }
    this.#times();
  }

  // Whose many small connections make the load is seen here only.
  #rankAddresses(rows) {
    const addresses = new Map();
    for (const row of rows) {
      const name = row.record.client.address, sum = addresses.get(name) ?? { connections: 0, rate: 0 };
      sum.connections++;
      sum.rate += this.store.rateOf(row);
      addresses.set(name, sum);
    }
    const list = [...addresses].sort(([, a], [, b]) => b.rate - a.rate || b.connections - a.connections).slice(0, first);
    replace(this.busiestAddresses, list.length === 0 ? el('li', { class: 'muted', text: 'None.' }) : list.map(([name, sum]) => el('li', {},
      el('a', { class: 'mono', href: hash('conns', { filter: `client.address == ${name === null ? 'null' : quoted(name)}` }), text: name ?? 'Unix socket' }),
      el('span', { class: 'muted', text: ` ${count(sum.connections)} ${sum.connections === 1 ? 'connection' : 'connections'}` }), el('span', { class: 'value', text: byteRate(sum.rate) }))));
  }

  // Of the last ended connections, and of all where the daemon tells that.
  #times() {
    const sorted = (pick) => this.store.ended.map(pick).filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
    const lines = [['Connect', sorted((r) => r.timings_us?.connect)], ['Turn (mean of each)', sorted((r) => r.turns?.mean_us)], ['Life', sorted((r) => r.duration_us)]];
    const all = (this.totals.upstreams?.upstreams ?? []).map((one) => [`All connects to ${one.name}`, one.connect_us]).filter(([, it]) => it?.count > 0);
    if (!inUse(this.times)) replace(this.times, el('table', {}, el('thead', {}, el('tr', {}, ...['Of the last ended', 'p50', 'p90', 'p99', 'Most'].map((text) => el('th', { scope: 'col', text })))),
      el('tbody', {}, ...lines.map(([name, values]) => el('tr', {}, el('th', { scope: 'row', text: name }), ...[0.5, 0.9, 0.99, 1].map((share) => el('td', { text: duration(percentile(values, share)) })))),
        ...all.map(([name, it]) => el('tr', {}, el('th', { scope: 'row', text: name }), ...[it.p50, it.p90, it.p99, it.max].map((value) => el('td', { text: duration(value) })))))));
  }
}
