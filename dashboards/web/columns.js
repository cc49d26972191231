// SPDX-License-Identifier: MIT
// The columns that a table may have: those that people know, and one for each other field of /schema.
import { address, age, bytes, byteRate, byUnit, clientOf, clock, count, duration, unknown, utc } from './format.js';

export function valueAt(record, path) {
  let value = record;
  for (const word of path.split('.')) {
    if (value === null || value === undefined) return null;
    value = value[word];
  }
  return value ?? null;
}

const worst = (record, path) => {
  const values = [valueAt(record, `legs.client.${path}`), valueAt(record, `legs.upstream.${path}`)].filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
};

// key: of the URL.  sort: what the daemon calls it.  value: to sort by here.  show: text.
const known = [
  { key: 'state', label: 'State', wide: 158, value: (row) => row.record.state },
  { key: 'client', label: 'Client', sort: 'client.address', wide: 178, mono: true, value: (row) => clientOf(row.record) },
  { key: 'listener', label: 'Listener', wide: 150, value: (row) => row.record.listener },
  { key: 'upstream', label: 'Upstream', wide: 130, value: (row) => row.record.upstream },
  { key: 'target', label: 'Target', sort: 'target.address', wide: 178, mono: true, value: (row) => address(row.record.target.address, row.record.target.port) },
  { key: 'age', label: 'Age', sort: 'duration_us', wide: 92, number: true, value: (row, store) => (row.record.close ? row.record.duration_us : store.ageUs(row)), show: (value, row) => (row.record.close ? duration(value) : age(value)) },
  { key: 'idle', label: 'Idle', sort: 'idle_us', wide: 92, number: true, value: (row, store) => (row.record.close ? row.record.idle_us : store.idleUs(row)), show: (value, row) => (row.record.close ? duration(value) : age(value)) },
  { key: 'up', label: 'Up', title: 'Bytes from the client', sort: 'legs.client.bytes_received', wide: 92, number: true, value: (row) => row.record.legs.client?.bytes_received ?? null, show: bytes },
  { key: 'down', label: 'Down', title: 'Bytes from the upstream', sort: 'legs.upstream.bytes_received', wide: 92, number: true, value: (row) => row.record.legs.upstream?.bytes_received ?? null, show: bytes },
  { key: 'rate', label: 'Rate', title: 'Bytes a second, both ways, lately', live: true, wide: 100, number: true, value: (row, store) => store.rateOf(row), show: (value) => (value === 0 ? '0' : byteRate(value)) },
  { key: 'rtt', label: 'RTT', title: 'Round trip, the longer of both legs', sort: 'rtt', wide: 88, number: true, value: (row) => worst(row.record, 'tcp.rtt_us'), show: duration },
  { key: 'retransmits', label: 'Retr.', title: 'Segments sent again, the more of both legs', sort: 'retransmits', wide: 70, number: true, value: (row) => worst(row.record, 'tcp.retransmits_total'), show: count },
  { key: 'limited_by', label: 'Limited by', wide: 116, value: (row) => row.record.limited_by },
  { key: 'reason', label: 'Reason', sort: 'close.reason', wide: 190, value: (row) => row.record.close?.reason ?? null },
  { key: 'initiator', label: 'Ended by', sort: 'close.initiator', wide: 92, value: (row) => row.record.close?.initiator ?? null },
  { key: 'opened', label: 'Opened', sort: 'opened_at', wide: 116, value: (row) => row.openedMs, show: (value) => clock(value), hint: (value) => utc(value) },
  { key: 'id', label: 'Id', wide: 196, mono: true, value: (row) => row.id },
];

export const usualLive = ['state', 'client', 'target', 'age', 'idle', 'up', 'down', 'rate', 'rtt', 'limited_by'];
export const usualClosed = ['reason', 'initiator', 'client', 'target', 'opened', 'age', 'up', 'down', 'rtt', 'retransmits'];

// A field of the schema as a column.
function general(path, schema) {
  const number = [schema.type].flat().includes('integer');
  return {
    key: path, label: path, title: schema.description, sort: path, wide: Math.max(100, path.length * 7 + 30), number, field: path,
    value: (row) => valueAt(row.record, path),
    show: (value) => byUnit(schema['x-unit'], value),
  };
}

// Every scalar field of a schema, by its path.
export function fieldsOf(schema) {
  const fields = new Map();
  const walk = (node, path) => {
    for (const [name, one] of Object.entries(node.properties ?? {})) {
      const here = path === '' ? name : `${path}.${name}`;
      if (one.properties) walk(one, here);
      else if (![one.type].flat().includes('array')) fields.set(one['x-path'] ?? here, one);
    }
  };
  walk(schema, '');
  return fields;
}

export class Columns {
  fields = new Map();

  take(schema) {
    this.fields = fieldsOf(schema);
  }

  find(key) {
    const column = known.find((one) => one.key === key);
    if (column !== undefined) return column;
    const schema = this.fields.get(key);
    return schema === undefined ? null : general(key, schema);
  }

  // For the chooser.
  all() {
    const covered = new Set(known.map((one) => one.sort ?? one.key));
    return [...known, ...[...this.fields].filter(([path]) => !covered.has(path)).map(([path, schema]) => general(path, schema))];
  }
}

export function textOf(column, row, store) {
  const value = column.value(row, store);
  if (value === null || value === undefined) return unknown;
  return column.show ? column.show(value, row) : String(value);
}
