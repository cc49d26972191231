// SPDX-License-Identifier: MIT
// A table of any length of which only what is seen exists: rows are taken from a pool, and a cell is
// touched only where its text has changed.  The row that stands on top stays there while rows
// come and go above it.
import { el, setText, setAttribute } from './dom.js';
import { textOf } from './columns.js';

const spare = 6;
const pageRows = 12;
const dragPixels = 4;

export class Grid {
  columns = [];
  rows = []; // in order
  active = null; // the id of the row that keys act on
  #pool = [];
  #place = new Map();
  #rowHeight = 34;
  #asked = false;

  constructor({ store, label, open, sort }) {
    this.store = store;
    this.open = open;
    this.sort = sort;
    this.head = el('div', { role: 'row', class: 'grid-row head', 'aria-rowindex': '1' });
    this.body = el('div', { class: 'grid-body', role: 'rowgroup' });
    this.node = el('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-label': label, onkeydown: (event) => this.#key(event), onscroll: () => this.ask() },
      el('div', { class: 'grid-head', role: 'rowgroup' }, this.head), this.body);
    this.observer = new ResizeObserver(() => this.ask());
  }

  start() { this.observer.observe(this.node); }
  stop() { this.observer.disconnect(); }

  setColumns(columns, sort) {
    this.columns = columns;
    const template = columns.map((one) => `minmax(${one.wide}px, ${one.number ? one.wide : one.wide * 2}fr)`).join(' ');
    this.node.style.setProperty('--columns', template);
    this.node.style.setProperty('--least', `${columns.reduce((sum, one) => sum + one.wide, 0) + 24}px`);
    setAttribute(this.node, 'aria-colcount', String(columns.length));
    const held = [...this.head.children].find((cell) => cell.contains(document.activeElement))?.dataset.column;
    this.head.replaceChildren(...columns.map((column, i) => {
      const direction = sort.key === column.key ? (sort.down ? 'descending' : 'ascending') : 'none';
      return el('div', { role: 'columnheader', class: `cell${column.number ? ' number' : ''}`, 'aria-sort': direction, 'aria-colindex': i + 1, 'data-column': column.key, title: column.title },
        el('button', { type: 'button', onclick: () => this.sort(column.key) }, column.label,
          el('span', { class: 'way', 'aria-hidden': 'true', text: direction === 'none' ? '' : sort.down ? ' ▾' : ' ▴' })));
    }));
    if (held !== undefined) [...this.head.children].find((cell) => cell.dataset.column === held)?.firstChild.focus();
    this.#pool = [];
    this.body.replaceChildren();
    this.ask();
  }

  setRows(rows) {
    const top = this.node.scrollTop, height = this.#rowHeight;
    const first = top > 0 ? this.rows[Math.floor(top / height)] : undefined;
    this.rows = rows;
    this.#place = new Map(rows.map((row, i) => [row.id, i]));
    if (first !== undefined) {
      const now = this.#place.get(first.id), before = Math.floor(top / height);
      if (now !== undefined && now !== before) this.node.scrollTop = top + (now - before) * height;
    }
    setAttribute(this.node, 'aria-rowcount', String(rows.length + 1));
    this.ask();
  }

  // Drawn with the next frame, however often it is asked for.
  ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw() {
    const height = Number.parseFloat(getComputedStyle(this.node).getPropertyValue('--row')) || 34;
    this.#rowHeight = height;
    this.body.style.height = `${this.rows.length * height}px`;
    const first = Math.max(0, Math.floor(this.node.scrollTop / height) - spare);
    const shown = Math.min(this.rows.length - first, Math.ceil(this.node.clientHeight / height) + 2 * spare);
    while (this.#pool.length < shown) this.#grow();
    this.#pool.forEach((line, i) => {
      const row = i < shown ? this.rows[first + i] : undefined;
      line.node.hidden = row === undefined;
      if (row !== undefined) this.#show(line, row, first + i, height);
    });
    setAttribute(this.node, 'aria-activedescendant', this.#pool.some((line) => line.id === this.active && !line.node.hidden) ? `row-${this.active}` : null);
  }

  #grow() {
    const cells = this.columns.map((column, i) => el('div', { role: 'gridcell', 'aria-colindex': i + 1, 'data-column': column.key, 'data-label': column.label, class: `cell${column.number ? ' number' : ''}${column.mono ? ' mono' : ''}` }));
    const line = { cells, id: null, node: el('div', { role: 'row', class: 'grid-row' }, ...cells) };
    let down = null;
    line.node.addEventListener('mousedown', (event) => { down = event; });
    line.node.addEventListener('click', (event) => {
      if (down !== null && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > dragPixels) return; // an address was marked, to copy it
      this.active = line.id;
      this.open(line.id);
    });
    this.#pool.push(line);
    this.body.append(line.node);
  }

  #show(line, row, place, height) {
    if (line.id !== row.id) {
      line.id = row.id;
      line.node.id = `row-${row.id}`;
    }
    line.node.style.transform = `translateY(${place * height}px)`;
    setAttribute(line.node, 'aria-rowindex', String(place + 2));
    setAttribute(line.node, 'aria-selected', String(row.id === this.active));
    setAttribute(line.node, 'data-state', row.record.state);
    setAttribute(line.node, 'data-how', row.record.close?.how ?? null);
    this.columns.forEach((column, i) => {
      const cell = line.cells[i], text = textOf(column, row, this.store);
      if (cell.textContent !== text) {
        setText(cell, text);
        cell.title = column.hint ? column.hint(column.value(row, this.store)) : text;
      }
    });
  }

  #key(event) {
    if (event.target !== this.node || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.#place.get(this.active) ?? -1, last = this.rows.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + pageRows, PageUp: at - pageRows, Home: 0, End: last }[event.key];
    if (event.key === 'Enter' && at >= 0) this.open(this.active);
    else if (to !== undefined && last >= 0) this.#go(Math.min(last, Math.max(0, to)));
    else return;
    event.preventDefault();
  }

  #go(place) {
    const top = place * this.#rowHeight, head = this.head.parentNode.offsetHeight;
    this.active = this.rows[place].id;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + this.#rowHeight + head > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + this.#rowHeight + head - this.node.clientHeight;
    this.ask();
  }
}
