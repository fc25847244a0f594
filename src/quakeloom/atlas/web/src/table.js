// The table of events: typed arrays in the order of a column, and only the rows in sight as elements.

import { h, replace } from "./dom.js";
import { csvText, geojsonText, quakemlText, saveText } from "./export.js";
import { sortRows } from "./selection.js";
import { count, moment, number, t, words } from "./texts.js";

const ROW = 26;
const MOST_HEIGHT = 8_000_000; // browsers draw no taller element

export class EventTable {
  constructor(meta, events, map, state, select) {
    Object.assign(this, { meta, events, map, state, select });
    this.sorted = { name: "time_s", descending: true };
    this.text = "";
    this.inView = false;
    this.rows = new Uint32Array(0);
    this.columns = [
      ["event_id", t("id"), 210], ["time_s", `${t("time")} (UTC)`, 160], ["latitude", t("latitude"), 80],
      ["longitude", t("longitude"), 84], ["depth_km", t("depthKm"), 90], ["magnitude", "M", 54],
      ["quality", t("qualityLetter"), 66], ["strike_deg", t("strike"), 62], ["dip_deg", t("dip"), 52],
      ["rake_deg", t("rake"), 62], ["fault_plane_uncertainty_deg", t("uncertainty"), 92],
      ["polarity_count", t("polarities"), 82], ["status", t("status"), 150],
    ].filter(([name]) => name === "event_id" || events.has(name));
    this.build();
  }

  build() {
    const template = this.columns.map(([, , w]) => `${w}px`).join(" ");
    this.head = h("div", { role: "row", class: "table-row table-head", style: `grid-template-columns:${template}`, "aria-rowindex": 1 },
      this.columns.map(([name, label], i) => h("div", { role: "columnheader", "aria-colindex": i + 1, "data-column": name },
        h("button", { type: "button", on: { click: () => this.sort(name) } }, label))));
    this.body = h("div", { class: "table-rows", role: "rowgroup" });
    this.spacer = h("div", { class: "table-spacer" }, this.body);
    this.template = template;
    this.width = this.columns.reduce((a, [, , w]) => a + w, 0) + 24;
    this.scroll = h("div", { class: "table-scroll", role: "grid", tabindex: "0", "aria-label": t("table"), "aria-colcount": this.columns.length, on: { scroll: () => this.draw(), keydown: (e) => this.key(e) } },
      h("div", { role: "rowgroup", class: "table-top", style: `min-width:${this.width}px` }, this.head), this.spacer);
    this.countText = h("span", { class: "count", role: "status" });
    const search = h("input", { type: "search", placeholder: t("filterId"), "aria-label": t("filterId"), value: this.text, on: { input: (e) => {
      this.text = e.target.value;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), 120);
    } } });
    const save = (kind) => () => this.save(kind);
    this.element = h("div", { class: "table-panel" },
      h("div", { class: "drawer-tools" }, this.countText, search,
        h("label", {}, h("input", { type: "checkbox", on: { change: (e) => { this.inView = e.target.checked; this.refresh(); } } }), t("inView")),
        h("span", { class: "group", role: "group", "aria-label": t("download") }, h("span", { class: "hint" }, t("download")),
          ["CSV", "GeoJSON", "QuakeML"].map((kind) => h("button", { type: "button", class: "quiet", on: { click: save(kind) } }, kind)))),
      this.scroll);
    new ResizeObserver(() => this.draw()).observe(this.scroll);
  }

  sort(name) {
    const same = this.sorted.name === name;
    this.sorted = { name, descending: same ? !this.sorted.descending : ["time_s", "magnitude"].includes(name) };
    this.refresh();
  }

  /** Rows that pass the filters and the text, in order. */
  async refresh() {
    const names = await this.events.fetchNames();
    const { pass, x, y } = this.map;
    const n = this.events.count;
    const found = new Uint32Array(n);
    const text = this.text.trim().toLowerCase();
    let box = null;
    if (this.inView) {
      const [a, b] = [this.map.plane(0, 0), this.map.plane(this.map.width, this.map.height)];
      box = [a[0], b[0], a[1], b[1]];
    }
    let size = 0;
    for (let i = 0; i < n; i++) {
      if (!pass[i]) continue;
      if (box && (x[i] < box[0] || x[i] > box[1] || y[i] < box[2] || y[i] > box[3])) continue;
      if (text && !names[i].toLowerCase().includes(text)) continue;
      found[size++] = i;
    }
    let rows = found.subarray(0, size);
    if (this.sorted.name === "event_id") {
      const sign = this.sorted.descending ? -1 : 1;
      rows = rows.slice().sort((a, b) => sign * (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
    } else if (this.events.has(this.sorted.name)) {
      rows = sortRows(rows, this.events.columns[this.sorted.name], this.sorted.descending);
    }
    this.rows = rows;
    this.countText.textContent = `${count(size)} ${t("rows")}`;
    this.scroll.setAttribute("aria-rowcount", size + 1);
    this.height = Math.min(size * ROW, MOST_HEIGHT);
    this.spacer.style.height = `${this.height}px`;
    this.spacer.style.minWidth = `${this.width}px`;
    for (const cell of this.head.children) {
      const here = cell.dataset.column === this.sorted.name;
      cell.setAttribute("aria-sort", here ? (this.sorted.descending ? "descending" : "ascending") : "none");
    }
    this.draw(true);
  }

  /** First row in sight; a bar of scrolling that stands for more rows than pixels is stretched. */
  firstRow() {
    const view = Math.max(this.scroll.clientHeight - ROW, ROW);
    const whole = this.rows.length * ROW;
    const top = this.scroll.scrollTop;
    if (whole <= MOST_HEIGHT) return Math.floor(top / ROW);
    return Math.floor((top / Math.max(this.height - view, 1)) * (this.rows.length - view / ROW));
  }

  draw(again = false) {
    if (!this.scroll.clientHeight) return;
    const view = Math.ceil(this.scroll.clientHeight / ROW) + 1;
    const first = Math.max(0, Math.min(this.firstRow(), this.rows.length - 1));
    if (!again && first === this.first && view === this.shown) return;
    this.first = first;
    this.shown = view;
    const stretched = this.rows.length * ROW > MOST_HEIGHT;
    this.body.style.transform = `translateY(${stretched ? Math.min(this.scroll.scrollTop, this.height - this.scroll.clientHeight + ROW) : first * ROW}px)`;
    const selected = this.state.values.selected;
    const elements = [];
    for (let k = first; k < Math.min(first + view, this.rows.length); k++) {
      const row = this.rows[k];
      const here = selected && selected.kind === "event" && selected.row === row;
      elements.push(h("div", { role: "row", class: `table-row${here ? " selected" : ""}${k % 2 ? " odd" : ""}`, "aria-rowindex": k + 2, "aria-selected": here ? "true" : "false", style: `grid-template-columns:${this.template}`, "data-row": row, on: { click: () => this.choose(k) } },
        this.columns.map(([name], i) => h("div", { role: "gridcell", "aria-colindex": i + 1, class: name === "event_id" || name === "status" ? "" : "number" }, this.cell(name, row)))));
    }
    replace(this.body, elements);
  }

  cell(name, row) {
    const e = this.events;
    if (name === "event_id") return e.names[row];
    if (name === "time_s") return moment(e.at(name, row));
    if (name === "status") return words(e.code(name, row));
    if (name === "quality") return e.code(name, row) || "–";
    let v = e.at(name, row);
    if (name === "longitude") v = ((((v + 180) % 360) + 360) % 360) - 180;
    return number(v, { latitude: 4, longitude: 4, depth_km: 2, magnitude: 2 }[name] ?? 0);
  }

  choose(k) {
    const row = this.rows[k];
    this.at = k;
    this.select({ kind: "event", row }, true);
  }

  key(e) {
    if (e.target !== this.scroll) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    let next = null;
    if (e.key in steps) next = (this.at ?? this.first - 1) + steps[e.key];
    if (e.key === "Home") next = 0;
    if (e.key === "End") next = this.rows.length - 1;
    if (next === null || !this.rows.length) return;
    e.preventDefault();
    next = Math.max(0, Math.min(this.rows.length - 1, next));
    if (next < this.first || next >= this.first + this.shown - 2) {
      const share = this.rows.length * ROW <= MOST_HEIGHT ? next * ROW : (next / this.rows.length) * this.height;
      this.scroll.scrollTop = Math.max(0, share - this.scroll.clientHeight / 2);
    }
    this.choose(next);
    this.draw(true);
  }

  async save(kind) {
    const names = await this.events.fetchNames();
    const base = `${this.meta.name.replace(/[^A-Za-z0-9._-]+/g, "-")}-selection`;
    if (kind === "CSV") saveText(`${base}.csv`, csvText(this.events, names, this.rows), "text/csv");
    if (kind === "GeoJSON") saveText(`${base}.geojson`, geojsonText(this.events, names, this.rows), "application/geo+json");
    if (kind === "QuakeML") saveText(`${base}.xml`, quakemlText(this.events, names, this.rows), "application/xml");
  }
}
