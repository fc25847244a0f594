// Layers and filters.

import { h, replace } from "./dom.js";
import { COLORS, FIELDS } from "./state.js";
import { moment, number, t } from "./texts.js";

export class Sidebar {
  constructor(meta, events, map, state) {
    Object.assign(this, { meta, events, map, state });
    this.element = h("div", { class: "sidebar-inner" });
    this.build();
  }

  build() {
    const { counts } = this.meta;
    replace(this.element, this.layers(counts), counts.events || counts.nodes ? this.filters(counts) : null);
  }

  layers(counts) {
    const v = this.state.values;
    const layer = (name, label, extra) => h("div", { class: "layer" },
      h("label", {}, h("input", { type: "checkbox", checked: v.layers.has(name), "data-layer": name, on: { change: (e) => this.toggle(name, e.target.checked) } }), label), extra);
    const choice = (label, name, list, prefix) => h("select", { "aria-label": label, on: { change: (e) => this.choose(name, e.target.value) } },
      list.map((x) => h("option", { value: x, selected: v[name] === x }, x === "none" ? t("none") : t(prefix + x))));
    const fields = FIELDS.filter((f) => f === "none" || (this.map.nodes && this.map.nodes[f]));
    const colors = COLORS.filter((c) => c === "regime" ? counts.mechanisms : this.meta.bounds[{ depth: "depth_km", time: "time_s", magnitude: "magnitude" }[c]]);
    return h("section", {}, h("h2", {}, t("layers")),
      counts.nodes ? [
        layer("bars", t("bars")), layer("fans", t("fans")),
        h("div", { class: "layer" }, h("label", {}, h("span", {}, t("field")), choice(t("field"), "field", fields, "f_"))),
      ] : null,
      counts.mechanisms ? layer("balls", t("balls")) : null,
      counts.events ? layer("hypocenters", t("hypocenters"), h("label", { class: "sub" }, h("span", {}, t("colorBy")), choice(t("colorBy"), "color", colors, "c_"))) : null,
      counts.faults ? layer("faults", t("faultsLayer")) : null,
      counts.stations ? layer("stations", t("stationsLayer")) : null,
      layer("graticule", t("graticule")));
  }

  filters(counts) {
    const v = this.state.values;
    const { bounds, slices } = this.meta;
    const letters = (name, list, label) => h("fieldset", { class: "letters" }, h("legend", {}, label),
      list.map((q) => h("label", {}, h("input", { type: "checkbox", checked: v[name].has(q), on: { change: (e) => this.letter(name, q, e.target.checked) } }), h("span", {}, q === "none" ? t("unsolved") : q))));
    const slice = (name, axis, label, text) => slices[axis] && h("label", { class: "slice" }, `${label}: `, h("output", {}, text(slices[axis][v[name]])),
      h("input", { type: "range", min: "0", max: slices[axis].length - 1, step: "1", value: v[name], on: { input: (e) => {
        e.target.previousSibling.textContent = text(slices[axis][Number(e.target.value)]);
        this.state.set({ [name]: Number(e.target.value) });
      } } }));
    this.countText = h("p", { class: "count", role: "status" });
    return h("section", {}, h("h2", {}, t("filters")),
      this.countText,
      slice("sliceDepth", "depth_km", t("sliceDepth"), (x) => `${number(x, 1)} km`),
      slice("sliceTime", "time_year", t("sliceTime"), (x) => number(x, 2)),
      this.meta.letters.length || (counts.mechanisms && counts.mechanisms < counts.events) ? letters("quality", [...this.meta.letters, "none"], t("quality")) : null,
      counts.nodes ? letters("stressQuality", ["A", "B", "C", "D", "E"], t("stressQuality")) : null,
      bounds.depth_km && this.range("depth", "depth_km", `${t("depth")} (km)`, 0.1),
      bounds.magnitude && this.range("magnitude", "magnitude", t("magnitude"), 0.1),
      bounds.time_s && this.timeRange(),
      h("button", { type: "button", class: "quiet", on: { click: () => this.reset() } }, t("reset")));
  }

  /** Two fields, and for the hand a slider with two handles over a histogram. */
  range(name, column, label, step) {
    const [low, high] = this.meta.bounds[column];
    const [a, b] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
    const ends = this.state.values[name] || [a, b];
    const now = [isFinite(ends[0]) ? ends[0] : a, isFinite(ends[1]) ? ends[1] : b];
    const fields = [0, 1].map((k) => h("input", { type: "number", step: "any", value: number(now[k], 1).replace("\u2212", "-"), "aria-label": `${label} ${k ? t("to") : t("from")}` }));
    return this.span(name, column, label, [a, b], now, fields, (x) => Number(x), (x) => String(Math.round(x * 10) / 10), step);
  }

  timeRange() {
    const [low, high] = this.meta.bounds.time_s;
    const day = 86400;
    const [a, b] = [Math.floor(low / day) * day, Math.ceil((high + 1) / day) * day];
    const ends = this.state.values.time || [a, b];
    const now = [isFinite(ends[0]) ? ends[0] : a, isFinite(ends[1]) ? ends[1] : b];
    const fields = [0, 1].map((k) => h("input", { type: "date", value: moment(now[k], false), "aria-label": `${t("time")} ${k ? t("to") : t("from")}` }));
    return this.span("time", "time_s", `${t("time")} (UTC)`, [a, b], now, fields, (x) => Date.parse(`${x}T00:00:00Z`) / 1000, (x) => moment(x, false), day);
  }

  span(name, column, label, [a, b], now, fields, parse, print, step) {
    const sliders = [0, 1].map((k) => h("input", { type: "range", min: a, max: b, step: "any", value: now[k], tabindex: "-1", "aria-hidden": "true" }));
    const track = h("div", { class: "track" });
    const paint = () => {
      track.style.setProperty("--from", `${(100 * (now[0] - a)) / (b - a || 1)}%`);
      track.style.setProperty("--to", `${(100 * (now[1] - a)) / (b - a || 1)}%`);
    };
    const tell = () => {
      paint();
      const whole = now[0] <= a && now[1] >= b;
      this.state.set({ [name]: whole ? null : [...now] });
    };
    sliders.forEach((slider, k) => slider.addEventListener("input", () => {
      let x = Number(slider.value);
      x = k ? Math.max(x, now[0]) : Math.min(x, now[1]);
      x = Math.min(b, Math.max(a, Math.round((x - a) / step) * step + a));
      now[k] = x;
      fields[k].value = print(x);
      tell();
    }));
    fields.forEach((field, k) => field.addEventListener("change", () => {
      const x = parse(field.value);
      now[k] = isFinite(x) && field.value !== "" ? x : [a, b][k];
      if (now[0] > now[1]) now[1 - k] = now[k];
      fields.forEach((f, q) => (f.value = print(now[q])));
      sliders.forEach((f, q) => (f.value = now[q]));
      tell();
    }));
    paint();
    const bars = h("canvas", { class: "bars", width: 240, height: 26, "aria-hidden": "true" });
    this.histograms ||= [];
    this.histograms = this.histograms.filter((x) => x.name !== name);
    this.histograms.push({ name, column, bars, a, b });
    return h("fieldset", { class: "range" }, h("legend", {}, label), bars, h("div", { class: "double" }, track, sliders), h("div", { class: "fields" }, fields[0], h("span", { "aria-hidden": "true" }, "–"), fields[1]));
  }

  drawHistograms() {
    for (const { column, bars, a, b } of this.histograms || []) {
      const found = this.events.columns[column];
      const c = bars.getContext("2d");
      c.clearRect(0, 0, 240, 26);
      if (!found) continue;
      const bins = new Float64Array(60);
      const { whole, missing } = found;
      const [low, high] = [found.wholeOf(a), found.wholeOf(b)];
      for (let i = 0; i < whole.length; i++) if (whole[i] !== missing) bins[Math.max(0, Math.min(59, Math.floor((60 * (whole[i] - low)) / (high - low || 1))))]++;
      const most = Math.max(...bins, 1);
      c.fillStyle = this.map.theme.muted;
      c.globalAlpha = 0.55;
      bins.forEach((n, i) => c.fillRect(4 * i + 0.5, 26 - 25 * Math.sqrt(n / most), 3, 25 * Math.sqrt(n / most)));
      c.globalAlpha = 1;
    }
  }

  toggle(name, on) {
    const layers = new Set(this.state.values.layers);
    if (on) layers.add(name);
    else layers.delete(name);
    this.state.set({ layers });
  }

  choose(name, value) {
    const changes = { [name]: value };
    if (name === "field") {
      const layers = new Set(this.state.values.layers);
      if (value === "none") layers.delete("field");
      else layers.add("field");
      changes.layers = layers;
    }
    this.state.set(changes);
  }

  letter(name, letter, on) {
    const set = new Set(this.state.values[name]);
    if (on) set.add(letter);
    else set.delete(letter);
    this.state.set({ [name]: set });
  }

  reset() {
    const d = this.state.defaults();
    this.state.set({ quality: d.quality, stressQuality: d.stressQuality, depth: null, magnitude: null, time: null });
    this.build();
    this.drawHistograms();
    this.onBuilt?.();
  }
}
