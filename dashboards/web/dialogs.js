// SPDX-License-Identifier: MIT
// What is asked in a window of its own: the token, whether to end a connection, which columns, and keys.
import { el, setText } from './dom.js';
import { ask, setToken } from './api.js';

// Shows it; resolves once it is closed.
function run(dialog, begin) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  begin?.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus?.();
      resolve();
    }, { once: true });
  });
}

// Until there is a token that is taken.
export async function askToken(wasWrong) {
  let isTaken = false;
  setToken(null);
  const fault = el('p', { class: 'fault', role: 'alert', id: 'token-fault', text: wasWrong ? 'That token is another one.' : '' });
  const input = el('input', { id: 'token', type: 'password', autocomplete: 'current-password', 'aria-describedby': 'token-fault', required: true });
  const dialog = el('dialog', { class: 'login', 'aria-labelledby': 'token-title' },
    el('form', {
      onsubmit: async (event) => {
        event.preventDefault();
        setToken(input.value.trim());
        try {
          await ask('/version');
          isTaken = true;
          dialog.close();
        } catch (problem) {
          setToken(null);
          setText(fault, problem.status === 401 ? 'That token is another one.' : problem.message);
          input.select();
        }
      },
    }, el('h2', { id: 'token-title', text: 'This daemon asks for its token' }),
    el('p', { text: 'It stands in the file that --admin-token-file names. It stays in this tab, until you close it.' }),
    el('label', { for: 'token', text: 'Token' }), input, fault, el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'main', text: 'Go on' }))));
  do await run(dialog, input); // Escape closes it: no browser lets a page forbid that for ever
  while (!isTaken);
}

// True once it was ordered.
export async function confirmKill(record, label, mayChange) {
  let done = false;
  const fault = el('p', { class: 'fault', role: 'alert' });
  const reason = el('input', { id: 'kill-reason', type: 'text', maxlength: '120' });
  const how = el('select', { id: 'kill-how' }, el('option', { value: 'rst', text: 'by a reset, at once' }), el('option', { value: 'fin', text: 'in order: what has come still goes out' }));
  const order = async () => {
    try {
      const words = reason.value.trim();
      // A header is bytes: these are its UTF-8.
      const headers = words === '' ? {} : { 'X-Reason': String.fromCharCode(...new TextEncoder().encode(words)) };
      const answer = await ask(`/conns/${encodeURIComponent(record.id)}`, { how: how.value }, { method: 'DELETE', headers });
      if (answer.posted === 0) throw new Error(answer.detail ?? 'It was not ordered.');
      done = true;
      dialog.close();
    } catch (problem) {
      setText(fault, problem.status === 403 ? `403: ${problem.message}` : problem.message);
    }
  };
  const no = el('button', { type: 'button', text: 'Keep it', onclick: () => dialog.close() });
  const dialog = el('dialog', { 'aria-labelledby': 'kill-title' }, el('h2', { id: 'kill-title', text: 'End this connection?' }),
    el('p', { class: 'mono', text: label }), el('p', { text: 'Both sides lose it. What is on its way may be lost, too.' }),
    mayChange === false ? el('p', { class: 'note', text: 'This daemon was started without --admin-write: it will probably refuse.' }) : null,
    el('label', { for: 'kill-how', text: 'How' }), how, el('label', { for: 'kill-reason', text: 'Why (kept in its record)' }), reason, fault,
    el('div', { class: 'buttons' }, no, el('button', { type: 'button', class: 'danger', id: 'kill-yes', text: 'End it', onclick: order })));
  await run(dialog, no);
  return done;
}

// The keys of the columns chosen, in order, [] for the usual ones, or null for no change.
export async function chooseColumns(all, shown) {
  let result = null;
  const chosen = new Set(shown);
  const search = el('input', { id: 'column-search', type: 'search', oninput: () => list.querySelectorAll('label').forEach((label) => { label.hidden = !label.textContent.toLowerCase().includes(search.value.toLowerCase()); }) });
  const list = el('div', { class: 'columns', role: 'group', 'aria-label': 'Columns', tabindex: '0' }, ...all.map((column) => el('label', { title: column.title },
    el('input', { type: 'checkbox', value: column.key, checked: chosen.has(column.key), onchange: (event) => (event.target.checked ? chosen.add(column.key) : chosen.delete(column.key)) }),
    el('span', { text: column.label }))));
  const done = (keys) => () => { result = keys(); dialog.close(); };
  const dialog = el('dialog', { class: 'chooser', 'aria-labelledby': 'columns-title' }, el('h2', { id: 'columns-title', text: 'Columns' }),
    el('label', { for: 'column-search', text: 'Search' }), search, list,
    el('div', { class: 'buttons' }, el('button', { type: 'button', text: 'The usual ones', onclick: done(() => []) }), el('button', { type: 'button', text: 'Cancel', onclick: () => dialog.close() }),
      el('button', { type: 'button', class: 'main', text: 'Show these', onclick: done(() => [...chosen].slice(0, 30)) })));
  await run(dialog, search);
  return result;
}

const keys = [['/', 'write a filter'], ['↑ ↓', 'go through the table'], ['Enter', 'open the connection; apply the filter'], ['Esc', 'back to the table'], ['1 2 3', 'map, connections, overview'], ['?', 'this list']];

export function showKeys() {
  const close = el('button', { type: 'button', class: 'main', text: 'Close', onclick: () => dialog.close() });
  const dialog = el('dialog', { 'aria-labelledby': 'keys-title' }, el('h2', { id: 'keys-title', text: 'Keys' }),
    el('dl', { class: 'keys' }, ...keys.flatMap(([key, what]) => [el('dt', {}, el('kbd', { text: key })), el('dd', { text: what })])),
    el('p', {}, el('a', { href: '/assets/uPlot-LICENSE.txt', text: 'Charts by uPlot, MIT licence' })), el('div', { class: 'buttons' }, close));
  run(dialog, close);
}
