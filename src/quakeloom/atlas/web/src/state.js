// What the visitor has set, kept in the link so that it opens the same picture again.

const LAYERS = ["field", "hypocenters", "fans", "bars", "faults", "stations", "balls", "graticule"];
export const FIELDS = ["none", "a_phi", "regime", "shmax_std_deg", "shape_ratio", "shape_ratio_std", "mechanism_count", "resolution"];
export const COLORS = ["depth", "time", "magnitude", "regime"];

export class State {
  constructor(meta) {
    this.meta = meta;
    this.listeners = [];
    this.values = this.defaults();
    this.read(location.hash);
    this.timer = 0;
  }

  defaults() {
    const counts = this.meta.counts;
    return {
      layers: new Set([
        ...(counts.nodes ? ["bars", "fans"] : []),
        ...(counts.mechanisms && !counts.nodes ? ["balls"] : []),
        ...(counts.faults ? ["faults"] : []),
        "hypocenters", "graticule",
      ]),
      field: "none",
      color: "depth",
      quality: new Set([...this.meta.codes.quality, "none"]),
      stressQuality: new Set(["A", "B", "C", "D", "E"]),
      depth: null, magnitude: null, time: null,
      sliceDepth: 0, sliceTime: 0,
      center: null, zoom: 0,
      selected: null,
      section: null, halfWidth: 0,
      drawer: "",
      language: (navigator.language || "").startsWith("ja") ? "ja" : "en",
      theme: "",
    };
  }

  on(listener) {
    this.listeners.push(listener);
  }

  /** Change values; listeners are told which. */
  set(changes) {
    Object.assign(this.values, changes);
    const keys = new Set(Object.keys(changes));
    for (const listener of this.listeners) listener(keys, this.values);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), 250);
  }

  write() {
    try {
      history.replaceState(null, "", this.hash());
    } catch {
      // a browser that forbids it on file:// keeps the state in the page alone
    }
  }

  hash() {
    const v = this.values;
    const parts = [`v=${this.meta.layout}`];
    if (v.center) parts.push(`c=${v.center.map((x) => x.toFixed(4)).join(",")}`);
    if (v.zoom) parts.push(`z=${v.zoom.toFixed(2)}`);
    parts.push(`l=${LAYERS.filter((name) => v.layers.has(name)).join(",")}`);
    if (v.field !== "none") parts.push(`f=${v.field}`);
    if (v.color !== "depth") parts.push(`k=${v.color}`);
    const letters = [...this.meta.codes.quality, "none"];
    if (letters.some((q) => !v.quality.has(q))) parts.push(`q=${letters.filter((q) => v.quality.has(q)).join(",")}`);
    if (v.stressQuality.size < 5) parts.push(`s=${[...v.stressQuality].sort().join("")}`);
    for (const [key, name] of [["d", "depth"], ["m", "magnitude"], ["t", "time"]]) {
      if (v[name]) parts.push(`${key}=${v[name].map((x) => (isFinite(x) ? x : "")).join("..")}`);
    }
    if (v.sliceDepth) parts.push(`sd=${v.sliceDepth}`);
    if (v.sliceTime) parts.push(`st=${v.sliceTime}`);
    if (v.selected) parts.push(`o=${v.selected.kind}${v.selected.row}`);
    if (v.section) parts.push(`x=${v.section.flat().map((x) => x.toFixed(4)).join(",")},${v.halfWidth}`);
    if (v.drawer) parts.push(`p=${v.drawer}`);
    parts.push(`a=${v.language}`);
    if (v.theme) parts.push(`th=${v.theme}`);
    return `#${parts.join("&")}`;
  }

  /** Take values from a link; what is not understood is left as it is. */
  read(hash) {
    const v = this.values;
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const numbers = (key) => (given.get(key) || "").split(",").map(Number);
    const finite = (list) => list.every((x) => isFinite(x));
    if (given.has("c")) {
      const c = numbers("c");
      if (c.length === 2 && finite(c)) v.center = c;
    }
    if (given.has("z") && isFinite(Number(given.get("z")))) v.zoom = Math.min(14, Math.max(-1, Number(given.get("z"))));
    if (given.has("l")) v.layers = new Set(given.get("l").split(",").filter((x) => LAYERS.includes(x)));
    if (FIELDS.includes(given.get("f"))) v.field = given.get("f");
    if (COLORS.includes(given.get("k"))) v.color = given.get("k");
    const letters = [...this.meta.codes.quality, "none"];
    for (const [key, name, list, known] of [["q", "quality", (given.get("q") || "").split(","), letters], ["s", "stressQuality", [...(given.get("s") || "")], [..."ABCDE"]]]) {
      const found = list.filter((x) => known.includes(x));
      // no letter at all is a choice, letters that there are not are none
      if (given.has(key) && (found.length || given.get(key) === "")) v[name] = new Set(found);
    }
    for (const [key, name] of [["d", "depth"], ["m", "magnitude"], ["t", "time"]]) {
      if (!given.has(key)) continue;
      const ends = given.get(key).split("..").map((x) => (x === "" ? NaN : Number(x)));
      if (ends.length === 2 && ends.some(isFinite)) v[name] = ends;
    }
    for (const [key, name, axis] of [["sd", "sliceDepth", "depth_km"], ["st", "sliceTime", "time_year"]]) {
      const k = Number(given.get(key) || 0);
      const slices = this.meta.slices[axis] || [];
      if (Number.isInteger(k) && k >= 0 && k < slices.length) v[name] = k;
    }
    const object = /^(node|event|station|fault)(\d+)$/.exec(given.get("o") || "");
    if (object) v.selected = { kind: object[1], row: Number(object[2]) };
    if (given.has("x")) {
      const x = numbers("x");
      if (x.length >= 4 && finite(x)) {
        v.section = [[x[0], x[1]], [x[2], x[3]]];
        v.halfWidth = Math.max(0, x[4] || 0);
      }
    }
    if (["table", "section", "charts"].includes(given.get("p"))) v.drawer = given.get("p");
    if (["en", "ja"].includes(given.get("a"))) v.language = given.get("a");
    if (["light", "dark"].includes(given.get("th"))) v.theme = given.get("th");
  }
}
