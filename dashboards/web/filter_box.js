// SPDX-License-Identifier: MIT
// The line in which a filter is written: the same language as everywhere, judged by the daemon.  It
// completes names, operators and words from /schema, and shows where a mistake is.
import { el, setText, setAttribute } from './dom.js';

const short = ['age', 'idle', 'client', 'target', 'reason', 'initiator', 'how', 'clean', 'undelivered', 'rtt', 'retransmits', 'address', 'port'];
const means = { reason: 'close.reason', initiator: 'close.initiator', how: 'close.how', order: 'close.order', clean: 'close.clean' };
const operators = ['==', '!=', '<', '<=', '>', '>=', '~', 'in', 'not in'];
const joiners = ['and', 'or'];
const most = 10;

export class FilterBox {
  #fields = new Map();
  #offers = [];
  #chosen = -1;

  constructor(apply) {
    this.apply = apply;
    this.input = el('input', {
      id: 'filter', type: 'text', role: 'combobox', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: '4096',
      'aria-expanded': 'false', 'aria-controls': 'filter-offers', 'aria-autocomplete': 'list', 'aria-describedby': 'filter-fault',
      placeholder: 'client in 10.0.0.0/8 and idle > 5m',
      oninput: () => this.#offer(), onkeydown: (event) => this.#key(event), onblur: () => this.#close(),
      onfocus: () => { if (this.input.value !== '') this.#offer(); },
    });
    this.list = el('ul', { id: 'filter-offers', role: 'listbox', 'aria-label': 'Completions', hidden: true });
    this.fault = el('pre', { id: 'filter-fault', class: 'fault', 'aria-live': 'polite', hidden: true });
    this.node = el('div', { class: 'filter' }, el('label', { for: 'filter', text: 'Filter' }),
      el('div', { class: 'filter-line' }, this.input, el('button', { type: 'button', class: 'quiet', text: 'Clear', onclick: () => this.#clear() })), this.list, this.fault);
  }

  setFields(fields) { this.#fields = fields; }

  set(text) {
    if (document.activeElement !== this.input) this.input.value = text;
  }

  // What the daemon has against it, or null.
  complain(problem) {
    this.fault.hidden = problem === null;
    setAttribute(this.input, 'aria-invalid', problem === null ? null : 'true');
    setText(this.fault, problem === null ? '' : problem.body?.caret ? `${problem.body.caret}\n${problem.message}` : problem.message);
  }

  #clear() {
    this.input.value = '';
    this.#close();
    this.apply('');
    this.input.focus();
  }

  // What may stand where the cursor is, and the beginning of it that is there already.
  #look() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const word = /[\w.]*$/.exec(before)[0] || /[=!<>~]+$/.exec(before)?.[0] || '';
    const rest = before.slice(0, before.length - word.length).trimEnd();
    const comparison = /([\w.]+)\s*(==|!=|<=|>=|<|>|~|\bin|\bnot in)\s*\(?[^()]*$/.exec(rest);
    const last = /([\w.]+|[=!<>~]+|[()]|"[^"]*"|'[^']*')$/.exec(rest)?.[0] ?? '';
    if (rest === '' || ['and', 'or', '('].includes(last) || (last === 'not' && !/[\w.]\s+not$/.test(rest.replace(/\b(and|or)\s+not$/, '')))) {
      return { word, offers: [...short, ...this.#names(), 'not'] };
    }
    if (comparison && (/[=!<>~]$/.test(last) || last === 'in' || last === ',')) return { word, offers: this.#values(comparison[1]) };
    if (this.#isName(last)) return { word, offers: [...operators, ...joiners] };
    return { word, offers: joiners };
  }

  #isName(word) {
    return short.includes(word) || this.#names().includes(word);
  }

  #names() {
    const names = new Set();
    for (const path of this.#fields.keys()) {
      names.add(path);
      const either = path.replace(/^legs\.(client|upstream)\./, '');
      names.add(either);
      names.add(either.replace(/_(us|bytes)$/, ''));
    }
    return [...names];
  }

  #values(name) {
    const words = new Set();
    for (const [path, schema] of this.#fields) {
      const same = path === (means[name] ?? name) || path.endsWith(`.${name}`) || path === `${name}_us`;
      if (same && schema.enum) schema.enum.filter((word) => word !== null).forEach((word) => words.add(word));
      if (same && [schema.type].flat().includes('boolean')) ['true', 'false'].forEach((word) => words.add(word));
    }
    return [...words];
  }

  #offer() {
    const { word, offers } = this.#look();
    this.#offers = [...new Set(offers)].filter((one) => one.startsWith(word) && one !== word).slice(0, most);
    this.#chosen = -1;
    this.word = word;
    this.list.hidden = this.#offers.length === 0;
    setAttribute(this.input, 'aria-expanded', String(!this.list.hidden));
    this.list.replaceChildren(...this.#offers.map((offer, i) => el('li', {
      role: 'option', id: `offer-${i}`, 'aria-selected': 'false', text: offer,
      onmousedown: (event) => { event.preventDefault(); this.#take(offer); },
    })));
    setAttribute(this.input, 'aria-activedescendant', null);
  }

  #choose(place) {
    this.#chosen = (place + this.#offers.length) % this.#offers.length;
    [...this.list.children].forEach((item, i) => setAttribute(item, 'aria-selected', String(i === this.#chosen)));
    setAttribute(this.input, 'aria-activedescendant', `offer-${this.#chosen}`);
    this.list.children[this.#chosen].scrollIntoView({ block: 'nearest' });
  }

  #take(offer) {
    const at = this.input.selectionStart, before = this.input.value.slice(0, at - this.word.length), after = this.input.value.slice(at);
    this.input.value = `${before}${offer} ${after.trimStart()}`;
    this.input.setSelectionRange(before.length + offer.length + 1, before.length + offer.length + 1);
    this.#offer();
  }

  #close() {
    this.list.hidden = true;
    setAttribute(this.input, 'aria-expanded', 'false');
    setAttribute(this.input, 'aria-activedescendant', null);
  }

  #key(event) {
    const open = !this.list.hidden;
    if (event.key === 'ArrowDown' && this.list.hidden) this.#offer();
    else if (event.key === 'ArrowDown' && open) this.#choose(this.#chosen + 1);
    else if (event.key === 'ArrowUp' && open) this.#choose(this.#chosen < 0 ? -1 : this.#chosen - 1);
    else if (event.key === 'Tab' && open && this.#chosen >= 0) this.#take(this.#offers[this.#chosen]);
    else if (event.key === 'Enter' && open && this.#chosen >= 0) this.#take(this.#offers[this.#chosen]);
    else if (event.key === 'Enter') { this.#close(); this.apply(this.input.value.trim()); }
    else if (event.key === 'Escape' && open) this.#close();
    else if (event.key === 'Escape') this.input.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
