// Which events and nodes the filters let through.

/** Mark the events that pass all filters; returns how many. */
export function filterEvents(events, values, pass) {
  const n = events.count;
  pass.fill(1);
  const between = (name, ends) => {
    const column = events.columns[name];
    if (!ends) return;
    if (!column) {
      pass.fill(0);
      return;
    }
    const low = isFinite(ends[0]) ? column.wholeOf(ends[0]) - 1e-6 : -Infinity;
    const high = isFinite(ends[1]) ? column.wholeOf(ends[1]) + 1e-6 : Infinity;
    const { whole, missing } = column;
    for (let i = 0; i < n; i++) {
      const w = whole[i];
      if (w === missing || w < low || w > high) pass[i] = 0;
    }
  };
  between("depth_km", values.depth);
  between("magnitude", values.magnitude);
  between("time_s", values.time);
  const letters = events.meta.codes.quality;
  const all = events.meta.letters.every((q) => values.quality.has(q)) && values.quality.has("none");
  const quality = events.columns.quality;
  const strike = events.columns.strike_deg;
  const place = events.columns.longitude;
  if (!all) {
    const allowed = letters.map((q) => values.quality.has(q));
    const unsolved = values.quality.has("none");
    for (let i = 0; i < n; i++) {
      const solved = strike && strike.whole[i] !== strike.missing;
      const q = quality ? quality.whole[i] : 255;
      // a solution without a letter is no matter of letters
      if (!solved ? !unsolved : q !== 255 && !allowed[q]) pass[i] = 0;
    }
  }
  if (!place) pass.fill(0);
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (place && place.whole[i] === place.missing) pass[i] = 0; // not loaded yet
    total += pass[i];
  }
  return total;
}

/** Mark the nodes of the slice and the qualities that are chosen. */
export function filterNodes(nodes, meta, values) {
  const n = nodes.longitude ? nodes.longitude.whole.length : 0;
  const pass = new Uint8Array(n);
  const depths = meta.slices.depth_km;
  const times = meta.slices.time_year;
  const letters = meta.codes.stress_quality;
  for (let i = 0; i < n; i++) {
    let good = true;
    if (depths) good &&= Math.abs(nodes.depth_km.at(i) - depths[values.sliceDepth]) < 0.006;
    if (times) good &&= Math.abs(nodes.time_year.at(i) - times[values.sliceTime]) < 0.0006;
    const letter = letters[nodes.stress_quality.whole[i]] ?? "";
    if (letter && !values.stressQuality.has(letter)) good = false;
    pass[i] = good ? 1 : 0;
  }
  return pass;
}

/** Rows in the order of a column's whole numbers (least significant digit radix sort). */
export function sortRows(rows, column, descending) {
  const n = rows.length;
  const keys = new Uint32Array(n);
  const { whole, missing } = column;
  for (let i = 0; i < n; i++) {
    const w = whole[rows[i]];
    // unknown values come last in either order
    if (w === missing) keys[i] = 4294967295;
    else keys[i] = descending ? 4294967294 - unsigned(w, column) : unsigned(w, column);
  }
  let order = rows;
  let other = new Uint32Array(n);
  let key = keys;
  let otherKey = new Uint32Array(n);
  const counts = new Uint32Array(65537);
  for (const shift of [0, 16]) {
    counts.fill(0);
    for (let i = 0; i < n; i++) counts[((key[i] >>> shift) & 65535) + 1]++;
    for (let i = 0; i < 65536; i++) counts[i + 1] += counts[i];
    for (let i = 0; i < n; i++) {
      const at = counts[(key[i] >>> shift) & 65535]++;
      other[at] = order[i];
      otherKey[at] = key[i];
    }
    [order, other] = [other, order === rows ? new Uint32Array(n) : order];
    [key, otherKey] = [otherKey, key];
  }
  return order;
}

/** A whole number as one without a sign, in the same order. */
function unsigned(w, column) {
  return column.dtype[0] === "i" ? w + 2147483648 : w;
}
