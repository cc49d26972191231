// SPDX-License-Identifier: MIT
// The connections as a table: those that live, out of the store, or those that have ended, out of the
// daemon's history.  Which of them a filter means only the daemon says; the whole view stands in the URL.
import { el, setText, hash } from './dom.js';
import { count } from './format.js';
import { ask, Problem } from './api.js';
import { Grid } from './grid.js';
import { FilterBox } from './filter_box.js';
import { usualClosed, usualLive } from './columns.js';
import { chooseColumns } from './dialogs.js';

const endedShown = 1000;
const refreshMs = 250;
const tickMs = 1000;
const savedKey = 'sockproxy-columns-';

export class Table {
  #state = '';
  #filter = '';
  #sort = { key: '', down: false };
  #matching = null; // ids that the filter means; null: no filter
  #ended = [];
  #asking = false;
  #stale = true;
  #paused = false;
  #seen = -1;
  #timers = [];

  constructor(store, columns) {
    this.store = store;
    this.columns = columns;
    this.box = new FilterBox((filter) => this.#go({ filter }));
    this.grid = new Grid({ store, label: 'Connections', open: (id) => { location.hash = hash(`conn/${encodeURIComponent(id)}`); }, sort: (key) => this.#sortBy(key) });
    this.scopes = [['', 'Live'], ['closed', 'Closed']].map(([state, text]) => el('button', { type: 'button', 'data-state': state, text, onclick: () => this.#go({ state, sort: '', columns: '' }) }));
    this.chip = el('button', { type: 'button', class: 'chip', hidden: true, title: 'Show every state', onclick: () => this.#go({ state: '' }) });
    this.shown = el('p', { class: 'shown', role: 'status' });
    this.pause = el('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false', text: 'Pause', onclick: () => this.#pauseOrNot() });
    this.order = el('select', { 'aria-label': 'Sort by', class: 'order', onchange: () => this.#go({ sort: this.order.value }) });
    this.empty = el('p', { class: 'empty', hidden: true });
    this.node = el('div', { class: 'view table-view' }, el('h1', { class: 'hidden', text: 'Connections' }), this.box.node,
      el('div', { class: 'tools' }, el('div', { class: 'switch', role: 'group', 'aria-label': 'Which' }, ...this.scopes), this.chip, this.shown, this.order, this.pause,
        el('button', { type: 'button', class: 'quiet', text: 'Columns', onclick: () => this.#choose() })),
      this.empty, this.grid.node);
  }

  show(parameters) {
    const state = parameters.get('state') ?? '', filter = parameters.get('filter') ?? '', sort = parameters.get('sort') ?? '';
    const fresh = state !== this.#state || filter !== this.#filter || sort !== this.sortText;
    this.#state = state;
    this.#filter = filter;
    this.sortText = sort;
    this.#sort = { key: sort.replace(/^-/, ''), down: sort.startsWith('-') };
    this.keys = (parameters.get('columns') ?? localStorage.getItem(savedKey + this.#kind()) ?? '').split(',').filter((key) => key !== '');
    this.box.set(filter);
    this.#setColumns();
    this.scopes.forEach((button) => button.setAttribute('aria-pressed', String((button.dataset.state === 'closed') === (state === 'closed'))));
    this.chip.hidden = state === '' || state === 'closed';
    setText(this.chip, `state: ${state} ×`);
    if (fresh) {
      this.refused = false;
      this.#matching = filter === '' ? null : new Set();
      this.#ended = [];
      this.box.complain(null);
      this.grid.node.scrollTop = 0;
    }
    this.#stale = true;
    this.#ask();
    this.#refresh();
  }

  start() {
    this.grid.start();
    this.#timers = [setInterval(() => this.#tick(), tickMs), setInterval(() => { if (this.#seen !== this.store.version) this.#refresh(); }, refreshMs)];
  }

  stop() {
    this.grid.stop();
    this.#timers.forEach(clearInterval);
  }

  setFields(fields) {
    this.box.setFields(fields);
    if (this.keys !== undefined) this.#setColumns();
  }

  focusFilter() { this.box.input.focus(); }

  #kind() { return this.#state === 'closed' ? 'closed' : 'live'; }

  #setColumns() {
    const chosen = (this.keys.length > 0 ? this.keys : this.#state === 'closed' ? usualClosed : usualLive).map((key) => this.columns.find(key)).filter((column) => column !== null);
    this.shownColumns = chosen;
    this.store.want(chosen.filter((column) => column.field).map((column) => column.field));
    this.grid.setColumns(chosen, this.#sort);
    this.order.replaceChildren(el('option', { value: '', text: this.#state === 'closed' ? 'latest first' : 'newest first' }),
      ...chosen.flatMap((column) => [el('option', { value: `-${column.key}`, text: `${column.label} ▾` }), el('option', { value: column.key, text: `${column.label} ▴` })]));
    this.order.value = this.sortText;
  }

  #go(change) {
    const now = { state: this.#state, filter: this.#filter, sort: this.sortText, columns: this.keys.join(','), ...change };
    location.hash = hash('conns', now);
  }

  #sortBy(key) {
    const column = this.columns.find(key), first = column.number ? `-${key}` : key;
    const other = column.number ? key : `-${key}`;
    this.#go({ sort: this.sortText === first ? other : this.sortText === other ? '' : first });
  }

  async #choose() {
    const keys = await chooseColumns(this.columns.all(), this.shownColumns.map((column) => column.key));
    if (keys === null) return;
    localStorage.setItem(savedKey + this.#kind(), keys.join(','));
    this.#go({ columns: keys.join(',') });
  }

  #pauseOrNot() {
    this.#paused = !this.#paused;
    this.pause.setAttribute('aria-pressed', String(this.#paused));
    setText(this.pause, this.#paused ? 'Go on' : 'Pause');
    this.#refresh();
  }

  #tick() {
    this.#ask();
    this.#refresh();
  }

  // The daemon judges a filter: connections come to match without an event, as they grow older.
  async #ask() {
    const closed = this.#state === 'closed';
    if (this.#asking || this.#paused || (!closed && this.#filter === '') || (!this.#stale && closed && this.endedSeen === this.store.ended.at(-1)?.id)) return;
    this.#asking = true;
    this.#stale = false;
    this.endedSeen = this.store.ended.at(-1)?.id;
    const meant = `${this.#state} ${this.#filter} ${this.sortText}`;
    try {
      const answer = await ask('/conns', closed
        ? { state: 'closed', filter: this.#filter, limit: endedShown, sort: this.#serverSort(), fields: this.store.fields() }
        : { filter: this.#filter, limit: 10000, fields: 'id' });
      if (meant === `${this.#state} ${this.#filter} ${this.sortText}`) this.#answered(answer, closed);
    } catch (error) {
      if (error instanceof Problem && error.status === 400) this.#refused(error);
    } finally {
      this.#asking = false;
      if (meant !== `${this.#state} ${this.#filter} ${this.sortText}`) this.#ask();
    }
  }

  #answered(answer, closed) {
    this.box.complain(null);
    this.refused = false;
    if (closed) this.#ended = answer.conns.map((record) => ({ id: record.id, record, openedMs: Date.parse(record.opened_at), activeMs: 0, seenMs: 0, rate: 0 }));
    else this.#matching = new Set(answer.conns.map((record) => record.id));
    this.more = answer.next !== null;
    this.#refresh();
  }

  #refused(problem) {
    this.box.complain(problem);
    this.refused = true;
    this.#matching = this.#filter === '' ? null : new Set();
    this.#ended = [];
    this.#refresh();
  }

  #serverSort() {
    const column = this.#sort.key === '' ? null : this.columns.find(this.#sort.key);
    return column === null || column.live ? undefined : `${this.#sort.down ? '-' : ''}${column.sort ?? column.key}`;
  }

  #rows() {
    if (this.#state === 'closed') return this.#ended;
    const rows = [];
    for (const row of this.store.rows.values()) {
      if ((this.#matching === null || this.#matching.has(row.id)) && (this.#state === '' || row.record.state === this.#state)) rows.push(row);
    }
    const column = this.#sort.key === '' ? null : this.columns.find(this.#sort.key);
    const value = column === null ? (row) => row.openedMs : (row) => column.value(row, this.store), down = column === null || this.#sort.down;
    const keyed = rows.map((row) => [value(row), row]);
    keyed.sort((a, b) => {
      if (a[0] === null || b[0] === null) return a[0] === b[0] ? 0 : a[0] === null ? 1 : -1;
      const order = typeof a[0] === 'number' ? a[0] - b[0] : a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
      return (down ? -order : order) || (a[1].id < b[1].id ? -1 : 1);
    });
    return keyed.map((one) => one[1]);
  }

  #refresh() {
    if (this.#paused) return;
    this.#seen = this.store.version;
    const rows = this.#rows();
    this.grid.setRows(rows);
    const what = this.#state === 'closed' ? `${count(rows.length)} ended${this.more ? ', and there are more' : ''}` : `${count(rows.length)} of ${count(this.store.rows.size)} live${this.store.truncated ? ', not all are kept here' : ''}`;
    setText(this.shown, what);
    this.empty.hidden = rows.length > 0;
    setText(this.empty, this.refused ? 'The filter makes no sense yet: see above.' : this.#filter === '' && this.#state === 'closed' ? 'No ended connection is kept yet.' : this.#filter !== '' || this.#state !== '' ? 'No connection is like that now.' : this.store.status === 'starting' ? 'Asking the daemon.' : 'No connection is open. Whoever connects appears here at once.');
  }
}

