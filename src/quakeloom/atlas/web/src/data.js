// Blocks of data: scripts that call back with columns of numbers (base64 of gzip) or with values.
// Pages opened as file:// may load scripts, but neither fetch nor modules.

const ARRAYS = {
  int8: Int8Array, int16: Int16Array, int32: Int32Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,
};
const MISSING = {
  int8: -128, int16: -32768, int32: -2147483648, uint8: 255, uint16: 65535, uint32: 4294967295,
};

const promises = new Map();
const takers = new Map();

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function decode(header, text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const raw = new Uint8Array(await new Response(stream).arrayBuffer());
  const columns = {};
  let at = 0;
  for (const [name, dtype, scale, offset, count] of header) {
    const values = new ARRAYS[dtype](count);
    const bytes = new Uint8Array(values.buffer);
    const size = values.BYTES_PER_ELEMENT;
    // the first bytes of all rows come before the second ones
    for (let b = 0; b < size; b++) {
      const from = at + b * count;
      for (let i = 0; i < count; i++) bytes[i * size + b] = raw[from + i];
    }
    at += size * count;
    columns[name] = new Column(name, values, scale, offset, dtype);
  }
  return columns;
}

/** One quantity of many rows, kept as whole numbers. */
export class Column {
  constructor(name, whole, scale, offset, dtype) {
    this.name = name;
    this.whole = whole;
    this.scale = scale;
    this.offset = offset;
    this.dtype = dtype;
    this.missing = MISSING[dtype];
  }

  /** The value of a row, NaN where it is not known. */
  at(row) {
    const w = this.whole[row];
    return w === this.missing ? NaN : this.offset + this.scale * w;
  }

  /** A column of the same kind with more rows, all not known. */
  enlarged(count) {
    const whole = new ARRAYS[this.dtype](count).fill(this.missing);
    return new Column(this.name, whole, this.scale, this.offset, this.dtype);
  }

  /** The whole number that a value becomes, for comparisons without decoding. */
  wholeOf(value) {
    return (value - this.offset) / this.scale;
  }
}

window.QuakeloomAtlas = {
  take(block, header, text) {
    const taker = takers.get(block);
    if (taker) decode(header, text).then(taker.resolve, taker.reject);
  },
  give(block, value) {
    const taker = takers.get(block);
    if (taker) taker.resolve(value);
  },
};

/** Load a block once; the promise is of its columns, or of its value. */
export function load(block) {
  if (!promises.has(block)) {
    promises.set(block, new Promise((resolve, reject) => {
      takers.set(block, { resolve, reject });
      const script = document.createElement("script");
      script.src = `data/${block}.js`;
      script.async = true;
      script.onerror = () => reject(new Error(`data/${block}.js`));
      script.onload = () => script.remove();
      document.head.append(script);
    }));
  }
  return promises.get(block);
}

/** All events of the atlas: columns that fill while pieces arrive. */
export class Events {
  constructor(meta) {
    this.meta = meta;
    this.count = meta.counts.events;
    this.columns = {};
    this.loaded = new Uint8Array(meta.pieces.length);
    this.names = null;
    this.nameStart = null;
  }

  /** Load a piece of columns. */
  async fetchPiece(k) {
    const [start] = this.meta.pieces[k];
    const found = await load(`events-${k}`);
    for (const [name, column] of Object.entries(found)) {
      this.columns[name] ||= column.enlarged(this.count);
      this.columns[name].whole.set(column.whole, start);
    }
    promises.delete(`events-${k}`);
    this.loaded[k] = 1;
  }

  has(name) {
    return name in this.columns;
  }

  at(name, row) {
    const column = this.columns[name];
    return column ? column.at(row) : NaN;
  }

  /** The text of a coded column, empty where it is not known. */
  code(name, row) {
    const column = this.columns[name];
    if (!column) return "";
    return this.meta.codes[name][column.whole[row]] ?? "";
  }

  solved(row) {
    const column = this.columns.strike_deg;
    return column !== undefined && column.whole[row] !== column.missing;
  }

  /** Load the identifiers of all events: one text, with where each begins. */
  fetchNames() {
    this.namesPromise ||= (async () => {
      const decoder = new TextDecoder();
      const names = new Array(this.count);
      for (let k = 0; k < this.meta.pieces.length; k++) {
        const found = await load(`names-${k}`);
        promises.delete(`names-${k}`);
        const bytes = found.event_id.whole;
        const length = found.event_id_length.whole;
        let at = 0;
        const [start] = this.meta.pieces[k];
        for (let i = 0; i < length.length; i++) {
          names[start + i] = decoder.decode(bytes.subarray(at, at + length[i]));
          at += length[i];
        }
      }
      this.names = names;
      return names;
    })();
    return this.namesPromise;
  }

  /** The identifier of one event; loads only its piece. */
  async fetchName(row) {
    if (this.names) return this.names[row];
    const k = this.meta.pieces.findIndex(([a, b]) => row >= a && row < b);
    const found = await load(`names-${k}`);
    const length = found.event_id_length.whole;
    let at = 0;
    const first = this.meta.pieces[k][0];
    for (let i = 0; i < row - first; i++) at += length[i];
    return new TextDecoder().decode(found.event_id.whole.subarray(at, at + length[row - first]));
  }

  /** First motions and acceptable mechanisms of one event, or null where the atlas has none. */
  async fetchDetails(row) {
    const size = this.meta.detail_rows;
    if (!size) return null;
    const k = Math.floor(row / size);
    const found = await load(`details-${k}`);
    const grid = this.meta.accepted ? await load("grid") : null;
    const inside = row - k * size;
    const sum = (column) => {
      let total = 0;
      for (let i = 0; i < inside; i++) total += column.whole[i];
      return total;
    };
    const readings = [];
    const first = sum(found.reading_count);
    for (let i = first; i < first + found.reading_count.whole[inside]; i++) {
      const place = found.place.whole[i];
      readings.push({
        up: found.up.at(i), azimuth: found.azimuth_deg.at(i), takeoff: found.takeoff_deg.at(i),
        place: place === found.place.missing ? -1 : place,
        use: this.meta.codes.use[found.use.whole[i]] ?? "",
      });
    }
    const accepted = [];
    if (grid && found.accepted_count) {
      const a = sum(found.accepted_count);
      for (let i = a; i < a + found.accepted_count.whole[inside]; i++) {
        const g = found.accepted.whole[i];
        accepted.push([grid.strike_deg.at(g), grid.dip_deg.at(g), grid.rake_deg.at(g)]);
      }
    }
    return { readings, accepted };
  }
}
