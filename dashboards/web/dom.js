// SPDX-License-Identifier: MIT
// Elements out of plain values.  Whatever is shown goes in as text, never as markup: a name that
// somebody chose, such as a listener's or an admin's words, cannot become a part of the page.

const svgSpace = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'text') node.textContent = value;
    else if (name === 'class') node.setAttribute('class', value);
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

export function replace(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

// Only what changed: the browser then lays out nothing else.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// Whether somebody is at it: has the focus there, or text marked to be copied.  Then it is not replaced.
export function inUse(node) {
  const focus = document.activeElement, marked = getSelection();
  return (focus !== node && node.contains(focus)) || (!marked.isCollapsed && node.contains(marked.anchorNode));
}

export function hash(view, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
}

// A literal of the filter language.
export function quoted(text) {
  return `"${String(text).replace(/[\\"]/g, '\\$&')}"`;
}
