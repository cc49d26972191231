// SPDX-License-Identifier: MIT
// One connection, asked for each second while it lives: what it is, how it goes, and how it ended.
import { el, inUse, replace, setText } from './dom.js';
import { ask, target, hasToken, Problem } from './api.js';
import { address, byteRate, bytes, clientOf, count, duration, time, unknown } from './format.js';
import { Chart } from './charts.js';
import { sequence } from './sequence.js';
import { facts, legsTable } from './conn_legs.js';
import { confirmKill } from './dialogs.js';

const everyMs = 1000;
const samplesMost = 600;

export class Conn {
  #record = null;
  #samples = [];
  #timer = null;
  #gone = false;

  constructor(id, totals, back) {
    this.id = id;
    this.totals = totals;
    const both = (label, colour, dash) => ({ label, colour, dash });
    this.charts = [
      new Chart('Round trip', [both('client', 'client'), both('upstream', 'upstream')], duration, 10),
      new Chart('Throughput, received', [both('client', 'client'), both('upstream', 'upstream')], byteRate, 1000),
      new Chart('Queues', [both('to client', 'client'), both('to upstream', 'upstream'), both('unread', 'proxy', [4, 3])], bytes, 1000),
    ];
    this.title = el('h1', { text: 'Connection' });
    this.said = el('p', { class: 'said', role: 'status' });
    this.head = el('div', { class: 'head-facts' });
    this.legs = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Both legs' });
    this.steps = el('div', { class: 'steps' });
    this.story = el('ul', { class: 'story' });
    this.turns = el('div', {});
    this.note = el('span', { class: 'note', role: 'status' });
    this.killButton = el('button', { type: 'button', class: 'danger', id: 'kill', text: 'End it', onclick: () => this.#kill() });
    this.liveCharts = el('section', { class: 'panel wide' }, el('h2', { text: 'Live' }), el('div', { class: 'charts' }, ...this.charts.map((chart) => chart.node)));
    this.node = el('div', { class: 'view conn unknown' },
      el('p', { class: 'back' }, el('a', { href: '#/conns', text: '← Connections', onclick: (event) => { event.preventDefault(); back(); } })),
      el('div', { class: 'title-line' }, this.title, el('div', { class: 'buttons' }, this.note,
        el('button', { type: 'button', text: 'Copy JSON', onclick: () => this.#copy(JSON.stringify(this.#record, null, 2)) }),
        el('button', { type: 'button', text: 'Copy curl', onclick: () => this.#copy(this.#curl()) }), this.killButton)),
      this.said, this.head,
      el('div', { class: 'panels' }, el('section', { class: 'panel' }, el('h2', { text: 'What happened' }), this.steps), el('section', { class: 'panel' }, el('h2', { text: 'In words' }), this.story, this.turns), this.liveCharts,
        el('section', { class: 'panel wide' }, el('h2', { text: 'Both legs' }), this.legs)));
  }

  start() {
    this.charts.forEach((chart) => chart.start());
    this.observer = new ResizeObserver(() => this.#drawSteps());
    this.observer.observe(this.steps);
    this.#ask();
  }

  stop() {
    this.#gone = true;
    clearTimeout(this.#timer);
    this.observer.disconnect();
    this.charts.forEach((chart) => chart.stop());
  }

  async #ask() {
    const path = `/conns/${encodeURIComponent(this.id)}`;
    try {
      const [record, story] = await Promise.all([ask(path), ask(`${path}/explain`, { format: 'json' })]);
      if (this.#gone) return;
      this.#show(record, story);
    } catch (error) {
      if (this.#gone) return;
      if (error instanceof Problem && (error.status === 404 || error.status === 410)) {
        setText(this.said, this.#record === null ? error.message : `${error.message} This is how it was when it was last seen.`);
        this.killButton.disabled = true;
        return;
      }
    }
    if (!this.#gone && this.#record?.state !== 'closed') this.#timer = setTimeout(() => this.#ask(), everyMs);
  }

  #show(record, story) {
    const revised = this.#record?.revision !== record.revision;
    this.#record = record;
    this.node.classList.remove('unknown');
    setText(this.title, `${clientOf(record)} → ${address(record.target.address, record.target.port)}`);
    document.title = `${this.title.textContent} – sockproxy`;
    setText(this.said, record.close?.detail ?? '');
    this.killButton.disabled = record.state === 'closed';
    if (!inUse(this.head)) replace(this.head, facts([
      ['State', el('b', { class: `state ${record.state}`, text: record.state })], ['Listener', record.listener], ['Upstream', record.upstream],
      ['Opened', time(record.opened_at)], record.closed_at ? ['Closed', time(record.closed_at)] : ['Idle', duration(record.idle_us)], ['Age', duration(record.duration_us)],
      ['Reason', record.close === null ? unknown : `${record.close.reason}, by ${record.close.initiator ?? 'either'} (${record.close.how})`],
      ['Undelivered', record.close === null ? unknown : `${bytes(record.close.undelivered_bytes.to_upstream)} to the upstream, ${bytes(record.close.undelivered_bytes.to_client)} to the client`],
      ...(record.close?.admin_reason ? [['Admin said', record.close.admin_reason]] : []), ['Id', el('span', { class: 'mono', text: record.id })],
    ]));
    if (revised) this.#drawSteps();
    if (!inUse(this.legs)) replace(this.legs, legsTable(record));
    if (!inUse(this.story)) replace(this.story, story.sentences.map((sentence) => el('li', { class: sentence.kind, text: sentence.kind === 'hint' ? `Hint: ${sentence.text}` : sentence.text })));
    const turns = record.turns;
    replace(this.turns, el('h3', { text: 'Turns' }), facts([['Answers', count(turns.count)], ['Last', duration(turns.last_us)], ['Mean', duration(turns.mean_us)], ['Longest', duration(turns.max_us)],
      ['Speaks first', turns.speaks_first ?? unknown], ['Overlapped', turns.overlapped ? 'yes' : 'no']]));
    this.#sample(record);
  }

  #drawSteps() {
    const width = this.steps.clientWidth;
    if (this.#record !== null && width > 0) replace(this.steps, sequence(this.#record, Math.max(width, 300)));
  }

  #sample(record) {
    const { client, upstream } = record.legs;
    this.liveCharts.hidden = record.state === 'closed' && this.#samples.length === 0;
    if (record.state === 'closed') return;
    this.#samples.push([Date.now() / 1000, client?.tcp?.rtt_us ?? null, upstream?.tcp?.rtt_us ?? null, client?.rate_received_bytes_per_second ?? null, upstream?.rate_received_bytes_per_second ?? null,
      client?.send_queue_bytes ?? null, upstream?.send_queue_bytes ?? null, client === null ? null : (client.receive_queue_bytes ?? 0) + (upstream?.receive_queue_bytes ?? 0)]);
    if (this.#samples.length > samplesMost) this.#samples.shift();
    const pick = (...places) => places.map((place) => this.#samples.map((sample) => sample[place]));
    this.charts[0].setData(pick(0, 1, 2));
    this.charts[1].setData(pick(0, 3, 4));
    this.charts[2].setData(pick(0, 5, 6, 7));
  }

  #curl() {
    return `curl -s ${hasToken() ? "-H 'Authorization: Bearer TOKEN' " : ''}'${location.origin}${target(`/conns/${encodeURIComponent(this.id)}`)}'`;
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      setText(this.note, 'Copied.');
    } catch {
      // Without HTTPS browsers have no clipboard but for loopback.
      const area = el('textarea', { class: 'hidden', 'aria-hidden': 'true' });
      area.value = text;
      document.body.append(area);
      area.select();
      setText(this.note, document.execCommand('copy') ? 'Copied.' : 'The browser does not let us copy.');
      area.remove();
    }
    setTimeout(() => setText(this.note, ''), 3000);
  }

  async #kill() {
    if (this.#record === null) return;
    if (await confirmKill(this.#record, this.title.textContent, this.totals.mayChange())) {
      setText(this.note, 'Ordered.');
      clearTimeout(this.#timer);
      this.#ask();
    }
  }
}
