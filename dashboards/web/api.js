// SPDX-License-Identifier: MIT
// Questions to the daemon that this page came from.  The token, where one is asked for, stays in
// this tab (sessionStorage) and goes out in a header: hence fetch for events, too, and no EventSource.

const tokenKey = 'sockproxy-token';
const silenceMs = 25000; // a heartbeat comes every 15 s
const answerMs = 15000;

let token = sessionStorage.getItem(tokenKey);
let refused = false;
let whenUnauthorized = () => {};

// What the daemon has against a request: RFC 9457.
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || `The answer is ${status}.`);
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

export function setToken(text) {
  token = text;
  if (text === null) sessionStorage.removeItem(tokenKey);
  else sessionStorage.setItem(tokenKey, text);
}

export function hasToken() {
  return token !== null;
}

// A token is asked for, and nobody has given one yet: until then there is no sense in asking the daemon.
export function isLocked() {
  return refused && token === null;
}

export function onUnauthorized(callback) {
  whenUnauthorized = callback;
}

function headersWith(more) {
  const headers = { Accept: 'application/json', ...more };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  return headers;
}

export function target(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // The status must do.
  }
  return new Problem(response.status, body, Number(response.headers.get('Retry-After')) || 0);
}

async function open(path, parameters, options) {
  if (isLocked()) throw new Problem(401, { detail: 'This daemon asks for its token.' }, 0);
  const asked = token;
  const response = await fetch(target(path, parameters), { cache: 'no-store', redirect: 'error', ...options });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && asked === token) {
    refused = true;
    whenUnauthorized(asked !== null);
  }
  throw problem;
}

// The document that a path answers.
export async function ask(path, parameters, { method = 'GET', headers = {}, signal } = {}) {
  const limit = AbortSignal.timeout(answerMs);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const response = await open(path, parameters, { method, headers: headersWith(headers), signal: either });
  return response.json();
}

// Hands each event of a stream of JSON lines on, until it ends, which it does by itself only when
// something is wrong.  Silence longer than heartbeats allow is an end, too.
export async function follow(path, parameters, { signal, opened, event }) {
  const watch = new AbortController();
  let timer = setTimeout(() => watch.abort(), silenceMs);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => watch.abort(), silenceMs);
  };
  try {
    const response = await open(path, parameters, {
      headers: headersWith({ Accept: 'application/x-ndjson' }),
      signal: AbortSignal.any([signal, watch.signal]),
    });
    opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line !== '') event(JSON.parse(line));
      }
    }
  } finally {
    clearTimeout(timer);
    watch.abort();
  }
}
