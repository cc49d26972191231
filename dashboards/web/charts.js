// SPDX-License-Identifier: MIT
// Lines over time, by uPlot.
import { el } from './dom.js';
import { clock } from './format.js';

const leastS = 20;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export class Chart {
  #plot = null;
  #data = null;

  // lines: { label, colour (a variable of app.css), show (value to text) }
  constructor(title, lines, show, least) {
    this.title = title;
    this.lines = lines;
    this.show = show;
    this.least = least; // of the scale's end, so that nothing at all looks like nothing
    this.place = el('div', { class: 'plot' });
    this.legend = el('p', { class: 'legend' }, ...lines.map((line) => {
      const mark = el('span', { class: 'swatch' });
      mark.style.background = `var(--${line.colour})`;
      line.value = el('b', { text: '–' });
      return el('span', { class: 'key' }, mark, `${line.label} `, line.value);
    }));
    this.node = el('figure', { class: 'chart' }, el('figcaption', { text: title }), this.legend, this.place);
    this.observer = new ResizeObserver(() => this.#fit());
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.redraw = () => this.#make();
  }

  start() {
    this.observer.observe(this.place);
    this.scheme.addEventListener('change', this.redraw);
    document.addEventListener('themechange', this.redraw);
  }

  stop() {
    this.observer.disconnect();
    this.scheme.removeEventListener('change', this.redraw);
    document.removeEventListener('themechange', this.redraw);
    this.#plot?.destroy();
    this.#plot = null;
  }

  // [seconds, …values of each line]; null is a gap.
  setData(data) {
    this.#data = data;
    this.lines.forEach((line, i) => { line.value.textContent = this.show(data[i + 1].at(-1) ?? null); });
    if (this.#plot === null) this.#make();
    else this.#plot.setData(data);
  }

  // Out of the data: around a single moment uPlot would lay years.
  #range() {
    const first = this.#data[0][0], last = this.#data[0].at(-1);
    return [Math.min(first, last - leastS), last];
  }

  #make() {
    const width = this.place.clientWidth;
    if (this.#data === null || width === 0 || window.uPlot === undefined) return;
    this.#plot?.destroy();
    const axis = { stroke: colour('muted'), grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    this.#plot = new window.uPlot({
      width, height: 150, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { range: () => this.#range() }, y: { range: (_, least, most) => [0, Math.max(most ?? 0, this.least) * 1.1] } },
      axes: [{ ...axis, size: 30, space: 80, values: (_, seconds) => seconds.map((one) => clock(one * 1000)) }, { ...axis, size: 64, space: 32, values: (_, values) => values.map((value) => this.show(value)) }],
      series: [{}, ...this.lines.map((line) => ({ label: line.label, stroke: colour(line.colour), width: 1.5, points: { show: false }, dash: line.dash }))],
    }, this.#data, this.place);
  }

  #fit() {
    const width = this.place.clientWidth;
    if (this.#plot === null) this.#make();
    else if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: 150 });
  }
}
