// SPDX-License-Identifier: MIT
// What the daemon has counted since its start, asked for again and again while somebody looks, and
// five minutes of it for charts.  Rates are differences of totals: what an event that was missed
// would have told is in them, too.
import { ask, Problem } from './api.js';

const samplesMost = 300;
const smoothMs = 4000;

const documents = {
  stats: { path: '/stats', everyMs: 1000 },
  listeners: { path: '/listeners', everyMs: 2000 },
  upstreams: { path: '/upstreams', everyMs: 5000 },
  findings: { path: '/findings', everyMs: 5000 },
  config: { path: '/config', everyMs: 60000 },
};

export class Totals {
  stats = null;
  listeners = null;
  upstreams = null;
  findings = null;
  config = null;
  absent = new Set(); // paths that this daemon has not got
  samples = []; // { at, stats }
  #listeners = new Set();
  #started = null;

  onChange(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  run() {
    for (const name of Object.keys(documents)) this.#poll(name);
  }

  // Asked for again at once, as when a token has come.
  refresh() {
    for (const name of Object.keys(documents)) this.#ask(name);
  }

  async #poll(name) {
    for (;;) {
      if (!document.hidden && !this.absent.has(documents[name].path)) await this.#ask(name);
      await new Promise((resolve) => setTimeout(resolve, documents[name].everyMs));
    }
  }

  async #ask(name) {
    try {
      const answer = await ask(documents[name].path);
      this[name] = answer;
      if (name === 'stats') this.#sample(answer);
      for (const callback of this.#listeners) callback(name);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) return;
      this.absent.add(documents[name].path);
      for (const callback of this.#listeners) callback(name);
    }
  }

  #sample(stats) {
    if (stats.started_at !== this.#started) {
      this.#started = stats.started_at;
      this.samples = [];
      this.absent.clear(); // it is another daemon, maybe a newer one
    }
    this.samples.push({ at: Date.parse(stats.time), stats });
    if (this.samples.length > samplesMost) this.samples.shift();
  }

  // A second, of what `pick` finds in /stats, over the last few.
  rate(pick) {
    const last = this.samples.at(-1);
    if (last === undefined || this.samples.length < 2) return null;
    let first = this.samples.at(-2);
    for (let i = this.samples.length - 2; i >= 0 && last.at - this.samples[i].at <= smoothMs; i--) first = this.samples[i];
    return (pick(last.stats) - pick(first.stats)) / (last.at - first.at) * 1000;
  }

  // The same at every sample, for a chart.
  rates(pick) {
    return this.samples.map((sample, i) => {
      const before = this.samples[i - 1];
      return before === undefined ? null : (pick(sample.stats) - pick(before.stats)) / (sample.at - before.at) * 1000;
    });
  }

  mayChange() {
    return this.config === null ? null : this.config['admin-write'];
  }
}
