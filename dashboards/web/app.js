// SPDX-License-Identifier: MIT
// Puts the page together: which view the URL names, what is said of the daemon, and the keys.
import { replace, setText, setAttribute } from './dom.js';
import { ask, isLocked, onUnauthorized } from './api.js';
import { Store } from './store.js';
import { Totals } from './totals.js';
import { Columns } from './columns.js';
import { LifeMap } from './life_map.js';
import { Table } from './table.js';
import { Overview } from './overview.js';
import { Conn } from './conn.js';
import { askToken, showKeys } from './dialogs.js';

const themeKey = 'sockproxy-theme';
const themes = ['auto', 'dark', 'light'];
const main = document.getElementById('main');
const store = new Store(), totals = new Totals(), columns = new Columns();

let view = null;
let name = '';
let table = null; // kept: who comes back from one connection finds it as it was
let unlocking = false;

function make(path) {
  if (path[0] === 'conns') return table ??= new Table(store, columns);
  if (path[0] === 'conn' && path[1]) return new Conn(path[1], totals, back);
  if (path[0] === 'overview') return new Overview(store, totals);
  return new LifeMap(store, totals);
}

// Where one came from; but who was given the address of a connection came from elsewhere.
function back() {
  if (history.state?.isFirst) location.hash = '#/conns';
  else history.back();
}

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const words = (path || 'map').split('/'), parameters = new URLSearchParams(query ?? '');
  if (path !== name || view === null) {
    const first = view === null;
    if (first) history.replaceState({ isFirst: true }, '');
    view?.stop();
    view = make(words);
    name = path;
    replace(main, view.node);
    view.show?.(parameters);
    view.start();
    if (words[0] === 'conns') view.grid.node.focus({ preventScroll: true });
    else if (!first) main.focus({ preventScroll: true });
    if (words[0] !== 'conns') scrollTo(0, 0);
  } else {
    view.show?.(parameters);
  }
  const here = words[0] === 'conn' ? 'conns' : view instanceof LifeMap ? 'map' : words[0];
  for (const link of document.querySelectorAll('nav a')) setAttribute(link, 'aria-current', link.dataset.view === here ? 'page' : null);
  document.title = `${{ map: 'Map', conns: 'Connections', overview: 'Overview' }[here] ?? 'Map'} – sockproxy`;
}

// Whether what is seen is what is.
function tellStatus() {
  setAttribute(document.getElementById('live'), 'data-state', store.status);
  setText(document.getElementById('live-text'), { live: 'live', starting: 'connecting', locked: 'asks for its token' }[store.status] ?? 'not live, retrying');
  const banner = document.getElementById('banner');
  const text = store.status === 'lost' ? `Not live: ${store.why} What is shown is old. Trying again by itself.` : '';
  banner.hidden = text === '';
  setText(banner, text);
  const about = store.about;
  if (about !== null) setText(document.getElementById('where'), `${about.node} · ${about.version}`);
}

function useTheme(theme) {
  setAttribute(document.documentElement, 'data-theme', theme === 'auto' ? null : theme);
  const button = document.getElementById('theme');
  setText(button, { auto: '◐', dark: '☾', light: '☀' }[theme]);
  setAttribute(button, 'aria-label', `Colours: ${theme}`);
  document.dispatchEvent(new Event('themechange'));
}

function nextTheme() {
  const theme = themes[(themes.indexOf(localStorage.getItem(themeKey) ?? 'auto') + 1) % themes.length];
  localStorage.setItem(themeKey, theme);
  useTheme(theme);
}

function key(event) {
  const writing = event.target.closest?.('input, select, textarea, dialog');
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') {
    if (!(view instanceof Table)) location.hash = '#/conns';
    requestAnimationFrame(() => requestAnimationFrame(() => table.focusFilter()));
  } else if (event.key === '?') showKeys();
  else if (event.key === 'Escape' && view instanceof Conn) back();
  else if (['1', '2', '3'].includes(event.key)) location.hash = ['#/map', '#/conns', '#/overview'][event.key - 1];
  else return;
  event.preventDefault();
}

async function learnSchema() {
  try {
    const schema = await ask('/schema', { view: 'full' });
    columns.take(schema);
    (table ??= new Table(store, columns)).setFields(columns.fields);
  } catch {
    if (!isLocked()) setTimeout(learnSchema, 3000);
  }
}

onUnauthorized(async (wasWrong) => {
  if (unlocking) return; // every question that was on its way comes here
  unlocking = true;
  await askToken(wasWrong);
  unlocking = false;
  store.reload();
  totals.refresh();
  learnSchema();
});
useTheme(themes.includes(localStorage.getItem(themeKey)) ? localStorage.getItem(themeKey) : 'auto');
document.getElementById('theme').addEventListener('click', nextTheme);
document.getElementById('keys').addEventListener('click', showKeys);
document.addEventListener('keydown', key);
addEventListener('hashchange', route);
store.onChange(tellStatus);
learnSchema();
route();
store.run();
totals.run();
