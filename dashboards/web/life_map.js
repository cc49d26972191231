// SPDX-License-Identifier: MIT
// The life of a connection as a picture that lives: each box says how many are in it now, each
// arrow how many go through it in a second, and the end is coloured by why.
import { el, svg, replace, setText, setAttribute, hash } from './dom.js';
import { byteRate, count, rate, shortRate } from './format.js';
import { layOut } from './life_map_layout.js';
import { colourOf, initiatorOf, meaningOf } from './reasons.js';

const inStates = ['accepted', 'sniffing', 'connecting', 'established', 'client_half_closed', 'upstream_half_closed', 'flushing'];

// What a person who never saw the picture is told.
const boxes = {
  socket: { title: 'socket', says: 'one for each worker' },
  bind: { title: 'bind', says: 'to an address and port' },
  listen: { title: 'listen', says: 'clients may come' },
  accept: { title: 'accept', says: 'one socket per client', state: 'accepted' },
  sniffing: { title: 'PROXY header', says: 'who is the client?', state: 'sniffing' },
  dial: { title: 'socket', says: 'ours, one for each' },
  connecting: { title: 'connect', says: 'until it answers', state: 'connecting' },
  established: { title: 'established', says: 'a pair of sockets: data both ways', state: 'established' },
  client_half_closed: { title: 'client finished', says: 'upstream may answer', state: 'client_half_closed' },
  upstream_half_closed: { title: 'upstream finished', says: 'client may send on', state: 'upstream_half_closed' },
  flushing: { title: 'flushing', says: 'the last bytes on their way', state: 'flushing' },
};

export class LifeMap {
  #counts = {};
  #labels = {};
  #width = 0;
  #header = null;

  constructor(store, totals) {
    this.store = store;
    this.totals = totals;
    this.drawing = svg('svg', { class: 'map-arrows', 'aria-hidden': 'true' });
    this.ends = el('section', { class: 'map-ends', 'aria-label': 'Closed connections by reason' });
    this.canvas = el('div', { class: 'map', role: 'group', 'aria-label': 'The life of a connection, live' }, this.drawing, this.ends);
    this.node = el('div', { class: 'view' },
      el('h1', { text: 'The life of a connection' }),
      el('p', { class: 'lead', text: 'How many are at each step now, and how many pass in a second. A step shows its connections.' }),
      this.canvas);
    this.observer = new ResizeObserver(() => this.#draw());
  }

  start() {
    this.observer.observe(this.canvas);
    this.stops = [this.totals.onChange(() => this.#update())];
    this.#update();
  }

  stop() {
    this.observer.disconnect();
    for (const stop of this.stops) stop();
  }

  #draw() {
    const width = this.canvas.clientWidth, header = this.totals.config?.['proxy-in'] === true;
    if (width === 0 || (width === this.#width && header === this.#header)) return;
    this.#width = width;
    this.#header = header;
    const layout = layOut(width, header);
    setAttribute(this.drawing, 'width', String(width));
    setAttribute(this.drawing, 'height', String(layout.height));
    this.#labels = {};
    replace(this.drawing, this.#marker(), this.#frame(layout.server, 'Server side: towards clients'),
      this.#frame(layout.client, 'Client side: towards upstreams'), ...layout.arrows.map((arrow) => this.#arrow(arrow)));
    this.#counts = {};
    const buttons = Object.keys(boxes).filter((name) => layout.boxes[name]).map((name) => this.#box(name, layout.boxes[name]));
    this.canvas.replaceChildren(this.drawing, ...buttons, this.ends);
    this.canvas.style.paddingTop = `${layout.boxes.closed.y}px`;
    this.#update();
  }

  #marker() {
    return svg('defs', {}, svg('marker', { id: 'tip', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto' },
      svg('path', { d: 'M0 0.5 8 4 0 7.5z', class: 'tip' })));
  }

  #frame(frame, label) {
    return svg('g', {}, svg('rect', { x: frame.x, y: frame.y, width: frame.w, height: frame.h, rx: 12, class: 'frame' }),
      svg('text', { x: frame.atEnd ? frame.x + frame.w - 12 : frame.x + 12, y: frame.y + 17, class: 'frame-name', 'text-anchor': frame.atEnd ? 'end' : 'start', text: label }));
  }

  #arrow(arrow) {
    const path = arrow.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
    const aside = { start: 7, end: -7, middle: 0 }[arrow.anchor];
    const label = svg('text', { x: arrow.label[0] + aside, y: arrow.label[1] + (arrow.anchor === 'middle' ? -8 : 4), class: 'rate', 'text-anchor': arrow.anchor });
    const line = svg('path', { d: path, class: 'arrow', 'marker-end': 'url(#tip)' });
    this.#labels[arrow.name] = { label, line };
    return svg('g', {}, line, label);
  }

  #box(name, place) {
    const box = boxes[name];
    const number = el('span', { class: 'number', text: '–' }), sub = el('span', { class: 'sub', text: box.says });
    const parts = [el('span', { class: 'name', text: box.title }), number, sub];
    if (name === 'established') {
      this.up = el('span', { class: 'flow to-upstream' });
      this.down = el('span', { class: 'flow to-client' });
      parts.unshift(el('span', { class: 'leg client', text: 'client leg' }));
      parts.push(this.up, this.down, el('span', { class: 'leg upstream', text: 'upstream leg' }));
    }
    const meter = el('span', { class: 'meter' });
    const button = el('button', {
      type: 'button', class: `box ${name}`, 'data-box': name, title: box.says,
      onclick: () => { location.hash = box.state ? hash('conns', { state: box.state }) : name === 'dial' ? hash('conns', { state: 'connecting' }) : hash('overview', { at: 'listeners' }); },
    }, ...parts, meter);
    Object.assign(button.style, { left: `${place.x}px`, top: `${place.y}px`, width: `${place.w}px`, height: `${place.h}px` });
    this.#counts[name] = { number, sub, meter, button };
    return button;
  }

  #update() {
    const { stats, listeners } = this.totals;
    if (Object.keys(this.#counts).length === 0 || (this.totals.config?.['proxy-in'] === true) !== this.#header) this.#draw();
    if (stats === null || Object.keys(this.#counts).length === 0) return;
    const active = stats.connections_active;
    for (const [name, box] of Object.entries(boxes)) {
      const drawn = this.#counts[name];
      if (!drawn || !inStates.includes(box.state)) continue;
      const here = stats.connections_by_state[box.state] ?? 0;
      setText(drawn.number, count(here));
      drawn.button.classList.toggle('some', here > 0);
      drawn.meter.style.width = `${active === 0 ? 0 : here / active * 100}%`;
    }
    if (listeners !== null) this.#updateListeners(listeners.listeners);
    this.#updateRates(stats);
    this.#updateEnds(stats);
  }

  #updateListeners(list) {
    const sockets = list.reduce((sum, one) => sum + one.sockets, 0), paused = list.filter((one) => one.state === 'paused').length;
    const waiting = list.reduce((sum, one) => sum + (one.queue_length ?? 0), 0);
    setText(this.#counts.socket.number, count(sockets));
    setText(this.#counts.bind.number, count(list.length));
    setText(this.#counts.bind.sub, list.length === 1 ? `${list[0].bound ?? list[0].name}` : 'addresses');
    setText(this.#counts.listen.number, count(list.filter((one) => one.state === 'listening').length));
    setText(this.#counts.listen.sub, paused > 0 ? `${paused} paused` : waiting > 0 ? `${waiting} in the queue` : 'nobody waits');
    this.#counts.listen.button.classList.toggle('bad', paused > 0);
  }

  #updateRates(stats) {
    const totals = this.totals, sum = (pick) => totals.rate(pick);
    const denied = sum((s) => s.connections_closed_by_kind.rejected);
    const rates = {
      accept: sum((s) => s.totals.connections_accepted),
      dial: sum((s) => s.totals.connect_attempts),
      connect: sum((s) => s.totals.connect_attempts),
      connected: sum((s) => s.totals.connect_attempts - s.totals.connect_failures),
      failed: sum((s) => s.totals.connect_failures),
      denied,
      client_half: this.store.rate('client_half_close'),
      upstream_half: this.store.rate('upstream_half_close'),
      close: sum((s) => s.totals.connections_closed),
    };
    for (const [name, { label, line }] of Object.entries(this.#labels)) {
      const value = rates[name];
      setText(label, value === undefined || value === null ? '' : shortRate(Math.max(0, value)) + (name === 'failed' ? ' failed' : name === 'denied' ? ' denied' : ''));
      line.classList.toggle('flowing', value > 0);
    }
    setText(this.#counts.dial.number, shortRate(rates.dial));
    setText(this.up, `→ ${byteRate(sum((s) => s.totals.client_bytes_received))}`);
    setText(this.down, `← ${byteRate(sum((s) => s.totals.upstream_bytes_received))}`);
  }

  #updateEnds(stats) {
    const all = Object.entries(stats.connections_closed_by_reason).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const total = all.reduce((sum, [, n]) => sum + n, 0);
    const key = all.map(([reason]) => reason).join();
    if (this.endsKey !== key) {
      this.endsKey = key;
      this.heading = el('span', {});
      this.bar = el('div', { class: 'bar', 'aria-hidden': 'true' }, ...all.map(([reason]) => el('span', { 'data-reason': reason })));
      this.chips = all.map(([reason]) => el('a', {
        class: 'chip', href: hash('conns', { state: 'closed', filter: `reason == ${reason}` }), title: meaningOf(reason), 'data-initiator': initiatorOf(reason),
      }, el('span', { class: 'swatch' }), el('span', { text: reason }), el('b', {})));
      replace(this.ends, el('h2', {}, el('a', { href: hash('conns', { state: 'closed' }), text: 'closed' }), this.heading), this.bar,
        el('div', { class: 'chips' }, ...(all.length > 0 ? this.chips : [el('span', { class: 'muted', text: 'No connection has ended yet.' })])));
    }
    const closing = this.totals.rate((s) => s.totals.connections_closed);
    setText(this.heading, ` ${count(total)} since the start${closing === null ? '' : `, ${rate(closing)}`}`);
    all.forEach(([reason, n], i) => {
      const colour = colourOf(reason), part = this.bar.children[i];
      Object.assign(part.style, { flexGrow: String(Math.max(n, total / 300)), background: colour });
      this.chips[i].firstChild.style.background = colour;
      setText(this.chips[i].lastChild, count(n));
    });
  }
}
