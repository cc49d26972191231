// SPDX-License-Identifier: MIT
// Where the boxes of the map stand and how arrows go between them, for a width in pixels: side by
// side as in the classic picture, or below one another on a phone.

const rateWide = 54; // between two boxes, with a rate above their arrow

function wide(width, header) {
  const margin = 8, high = 88, flow = ['socket', 'bind', 'listen', 'accept', ...(header ? ['sniffing'] : []), 'dial', 'connecting'];
  const box = Math.min(170, (width - 2 * margin - rateWide * (flow.length - 1) - 24) / flow.length);
  const step = (width - 2 * margin - 24 - box) / (flow.length - 1);
  const boxes = {};
  flow.forEach((name, i) => { boxes[name] = { x: margin + 12 + i * step, y: 34, w: box, h: high }; });
  const middle = width / 2, half = Math.min(240, width * 0.24);
  boxes.established = { x: margin + 70, y: 192, w: width - 2 * margin - 140, h: 100 };
  boxes.client_half_closed = { x: margin + 70, y: 348, w: half, h: high };
  boxes.flushing = { x: middle - half / 2, y: 348, w: half, h: high };
  boxes.upstream_half_closed = { x: width - margin - 70 - half, y: 348, w: half, h: high };
  boxes.closed = { x: margin, y: 492, w: width - 2 * margin, h: 0 };
  const frame = (first, last) => ({ x: boxes[first].x - 12, y: 6, w: boxes[last].x + boxes[last].w - boxes[first].x + 24, h: 130 });
  return { boxes, height: 492, wide: true, server: frame('socket', 'accept'), client: frame('dial', 'connecting') };
}

function tall(width, header) {
  const margin = 10, gap = 16, third = (width - 2 * margin - 2 * gap) / 3, half = (width - 2 * margin - rateWide) / 2;
  const full = width - 2 * margin, high = 88, boxes = {};
  let y = 26;
  const row = (names, w, apart = gap, h = high) => {
    names.forEach((name, i) => { boxes[name] = { x: margin + i * (w + apart), y, w, h }; });
    y += h + 36;
  };
  row(['socket', 'bind', 'listen'], third);
  row(['accept'], full);
  const serverEnd = y - 28;
  if (header) row(['sniffing'], full);
  y += 16;
  const clientBegin = y - 20;
  row(['dial', 'connecting'], half, rateWide);
  const clientEnd = y - 28;
  row(['established'], full);
  boxes.established.h = 128;
  y += 50;
  row(['client_half_closed', 'upstream_half_closed'], half, rateWide, 100); // a name of two lines
  row(['flushing'], full);
  boxes.closed = { x: margin, y, w: full, h: 0 };
  return {
    boxes, height: y, wide: false,
    server: { x: 2, y: 4, w: width - 4, h: serverEnd - 4 },
    client: { x: 2, y: clientBegin, w: width - 4, h: clientEnd - clientBegin, atEnd: true },
  };
}

const right = (box) => [box.x + box.w, box.y + box.h / 2];
const left = (box) => [box.x, box.y + box.h / 2];
const bottom = (box, share = 0.5) => [box.x + box.w * share, box.y + box.h];
const top = (box, share = 0.5) => [box.x + box.w * share, box.y];

// { name, points, label: [x, y], anchor }: the label has the rate, and stands above what lies, and beside what stands.
function arrow(name, ...points) {
  const [a, b] = points.length > 3 ? [points[1], points[2]] : [points[0], points.at(-1)];
  return { name, points, label: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], anchor: a[1] === b[1] ? 'middle' : 'start' };
}

function arrowsOf(layout, width, header) {
  const b = layout.boxes, list = [];
  const across = (name, from, to) => list.push(arrow(name, right(b[from]), left(b[to])));
  const down = (name, from, to, share = 0.5) => {
    const x = b[from].x + b[from].w * share;
    list.push(arrow(name, [x, b[from].y + b[from].h], [x, b[to].y]));
  };
  across('bind', 'socket', 'bind');
  across('listen', 'bind', 'listen');
  if (layout.wide) {
    across('accept', 'listen', 'accept');
    if (header) across('sniff', 'accept', 'sniffing');
    across('dial', header ? 'sniffing' : 'accept', 'dial');
    across('connect', 'dial', 'connecting');
    list.push(arrow('connected', bottom(b.connecting, 0.2), [bottom(b.connecting, 0.2)[0], b.established.y]));
    down('client_half', 'established', 'client_half_closed', b.client_half_closed.w / b.established.w / 2);
    down('flush', 'established', 'flushing');
    down('upstream_half', 'established', 'upstream_half_closed', 1 - b.upstream_half_closed.w / b.established.w / 2);
    list.push(arrow('client_through', right(b.client_half_closed), left(b.flushing)));
    list.push(arrow('upstream_through', left(b.upstream_half_closed), right(b.flushing)));
    down('close', 'flushing', 'closed');
    const edge = width - 30, accept = bottom(b.accept, 0.5);
    list.push(arrow('failed', bottom(b.connecting, 0.85), [edge, 164], [edge, b.closed.y - 30], [edge, b.closed.y]));
    list.push(arrow('denied', accept, [38, 164], [38, b.closed.y - 30], [38, b.closed.y]));
    for (const name of ['failed', 'denied']) {
      const it = list.find((one) => one.name === name), start = it.points[0];
      it.points = [start, [start[0], 164], [it.points[1][0], 164], it.points.at(-1)];
      it.label = [it.points[2][0], 320];
      it.anchor = name === 'failed' ? 'end' : 'start';
    }
  } else {
    down('accept', 'listen', 'accept', 0.5);
    down('sniff', 'accept', header ? 'sniffing' : 'dial', 0.25);
    if (header) down('dial', 'sniffing', 'dial', 0.25);
    across('connect', 'dial', 'connecting');
    down('connected', 'connecting', 'established');
    list.push(arrow('client_half', bottom(b.established, 0.25), top(b.client_half_closed)));
    list.push(arrow('upstream_half', bottom(b.established, 0.75), top(b.upstream_half_closed)));
    list.push(arrow('client_through', bottom(b.client_half_closed), top(b.flushing, 0.25)));
    list.push(arrow('upstream_through', bottom(b.upstream_half_closed), top(b.flushing, 0.75)));
    down('close', 'flushing', 'closed');
  }
  return list;
}

export function layOut(width, header) {
  const layout = width >= (header ? 1160 : 960) ? wide(width, header) : tall(width, header);
  layout.arrows = arrowsOf(layout, width, header);
  return layout;
}
