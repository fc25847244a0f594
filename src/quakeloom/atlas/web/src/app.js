// The page: what it is made of, and what follows from what.

import { aboutContents } from "./about.js";
import { Charts } from "./charts.js";
import { Events, load } from "./data.js";
import { h, replace } from "./dom.js";
import * as exports from "./export.js";
import { fillLegend } from "./legend.js";
import { MapView } from "./map.js";
import { Panels } from "./panels.js";
import { SectionPlot } from "./section.js";
import { filterEvents, filterNodes } from "./selection.js";
import { Sidebar } from "./sidebar.js";
import { State } from "./state.js";
import { EventTable } from "./table.js";
import { count, number, setLanguage, t } from "./texts.js";

const ICONS = {
  menu: "M3 6h18M3 12h18M3 18h18", plus: "M12 5v14M5 12h14", minus: "M5 12h14",
  home: "M4 11l8-7 8 7M6 10v9h12v-9", section: "M4 20L20 4M4 20h.01M20 4h.01M8 20h12V8",
  close: "M6 6l12 12M18 6L6 18", theme: "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",
  link: "M9 15l6-6M8 11l-3 3a4 4 0 0 0 6 6l3-3M16 13l3-3a4 4 0 0 0-6-6l-3 3",
  print: "M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z", about: "M12 8h.01M11 12h1v5h1M12 3a9 9 0 1 0 .01 0z",
  up: "M6 15l6-6 6 6",
};

function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function iconButton(name, label, handler, attributes = {}) {
  return h("button", { type: "button", class: "icon", title: label, "aria-label": label, on: { click: handler }, ...attributes }, icon(name));
}

class App {
  constructor(meta) {
    this.meta = meta;
    this.events = new Events(meta);
    this.exports = exports;
    this.state = new State(meta);
    setLanguage(this.state.values.language);
    this.applyTheme();
    this.mapHost = h("div", { class: "map-host" });
    this.map = new MapView(meta, this.events, this.state, this.mapHost);
    this.map.onPick = (object) => this.select(object);
    this.map.onView = () => this.viewChanged();
    this.map.onSection = (ends) => this.takeSection(ends);
    this.map.onDrawing = (on) => this.say(on ? t("sectionHint") : "");
    this.state.on((keys) => this.changed(keys));
    this.build();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.themeChanged());
    addEventListener("hashchange", () => this.linkChanged());
    addEventListener("keydown", (e) => this.key(e));
  }

  // --- page ---------------------------------------------------------------------------------

  build() {
    const { meta } = this;
    document.documentElement.lang = this.state.values.language;
    document.title = `${meta.title} · ${t("atlas")}`;
    this.map.canvas.setAttribute("aria-label", t("mapLabel"));
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite" });
    this.hint = h("p", { class: "map-hint", role: "status", hidden: true });
    this.sidebar = new Sidebar(meta, this.events, this.map, this.state);
    this.sidebar.onBuilt = () => this.countChanged();
    this.panels = new Panels(meta, this.events, this.map, (object) => this.select(object));
    this.table = null;
    this.charts = null;
    this.section = null;
    this.legendBody = h("div", { class: "legend-body" });
    this.scaleText = h("span", {});
    this.scaleLine = h("span", { class: "scale-line" });
    this.panel = h("aside", { class: "panel", "aria-label": t("selected"), hidden: true });
    this.side = h("nav", { class: "sidebar", "aria-label": t("menu") }, this.sidebar.element);
    this.drawerBody = h("div", { class: "drawer-body", role: "tabpanel", id: "drawer-body" });
    this.tabs = ["table", "section", "charts"].map((name) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "drawer-body", "data-tab": name, on: { click: () => this.state.set({ drawer: this.state.values.drawer === name ? "" : name }) } }, t(name)));
    this.drawer = h("section", { class: "drawer", "aria-label": t("table") },
      h("div", { class: "drawer-bar" }, h("div", { class: "tabs", role: "tablist", on: { keydown: (e) => this.tabKey(e) } }, this.tabs),
        (this.drawerToggle = iconButton("up", t("expand"), () => this.state.set({ drawer: this.state.values.drawer ? "" : "table" }), { class: "icon toggle" }))),
      this.drawerBody);
    this.legend = h("details", { class: "legend", open: !matchMedia("(max-width: 700px)").matches }, h("summary", {}, t("legend")), this.legendBody);
    this.menuButton = iconButton("menu", t("menu"), () => this.toggleMenu(), { "aria-expanded": "false", class: "icon menu-button" });
    replace(document.getElementById("atlas"),
      h("header", { class: "top" },
        this.menuButton,
        h("div", { class: "title" }, h("h1", {}, meta.title), h("p", {}, this.summary())),
        meta.synthetic ? h("span", { class: "badge", title: t("syntheticHint") }, t("synthetic")) : null,
        this.searchBox(),
        h("div", { class: "tools" },
          h("button", { type: "button", class: "quiet language", lang: this.state.values.language === "ja" ? "en" : "ja", on: { click: () => this.state.set({ language: this.state.values.language === "ja" ? "en" : "ja" }) } }, t("language")),
          iconButton("theme", t("theme"), () => this.state.set({ theme: this.dark() ? "light" : "dark" }), { "aria-pressed": this.dark() ? "true" : "false" }),
          iconButton("link", t("link"), () => this.copyLink()),
          iconButton("print", t("print"), () => print(), { class: "icon print-button" }),
          iconButton("about", t("about"), () => this.openAbout()))),
      this.side,
      h("main", { class: "stage" },
        h("div", { class: "map-box" }, this.mapHost,
          h("div", { class: "map-buttons" },
            iconButton("plus", t("zoomIn"), () => this.map.zoomBy(1.6)), iconButton("minus", t("zoomOut"), () => this.map.zoomBy(1 / 1.6)),
            iconButton("home", t("home"), () => this.map.goHome()), iconButton("section", t("drawSection"), () => this.map.setDrawing(!this.map.drawing), { class: "icon section-button" })),
          this.legend, h("div", { class: "scale-bar", "aria-hidden": "true" }, this.scaleLine, this.scaleText), this.hint,
          meta.counts.events || meta.counts.nodes || meta.counts.stations ? null : h("p", { class: "map-empty" }, t("emptyMap"))),
        this.drawer),
      this.panel, this.live,
      h("p", { class: "print-only cite" }, meta.citation));
    this.mapHost.append(this.map.canvas, this.map.overlay);
    // the panel of layers lies over the map of a small screen, and a touch beside it closes it
    this.mapHost.addEventListener("pointerdown", () => this.toggleMenu(false), true);
    this.viewChanged();
  }

  summary() {
    const { counts } = this.meta;
    return [["events", counts.events], ["mechanisms", counts.mechanisms], ["nodes", counts.nodes], ["stations", counts.stations], ["faults", counts.faults]]
      .filter(([, n]) => n).map(([name, n]) => `${count(n)} ${t(name)}`).join(" · ");
  }

  searchBox() {
    const list = h("ul", { class: "results", role: "listbox", id: "results", "aria-label": t("searchShort"), hidden: true });
    const input = h("input", { type: "search", placeholder: t("search"), "aria-label": t("search"), role: "combobox", "aria-expanded": "false", "aria-controls": "results", autocomplete: "off" });
    let found = [];
    let active = -1;
    const show = () => {
      list.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!list.hidden));
      replace(list, found.length ? found.map((f, i) => h("li", { role: "option", id: `result-${i}`, "aria-selected": String(i === active), on: { pointerdown: (e) => { e.preventDefault(); take(i); } } }, h("span", { class: "kind" }, t(f.kind)), f.text)) : h("li", { role: "option", "aria-selected": "false", "aria-disabled": "true" }, t("noMatch")));
      if (active >= 0) input.setAttribute("aria-activedescendant", `result-${active}`);
      else input.removeAttribute("aria-activedescendant");
    };
    const take = (i) => {
      const f = found[i];
      if (!f) return;
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      if (f.kind === "place") this.map.goTo(f.at[0], f.at[1], Math.max(this.map.view.k, this.map.scaleOfHome() * 4));
      else this.select({ kind: f.kind, row: f.row }, true);
    };
    let timer = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        found = await this.search(input.value.trim());
        active = found.length ? 0 : -1;
        show();
      }, 120);
    });
    input.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        e.preventDefault();
        active = Math.max(0, Math.min(found.length - 1, active + (e.key === "ArrowDown" ? 1 : -1)));
        show();
      } else if (e.key === "Enter") {
        e.preventDefault();
        take(Math.max(active, 0));
      } else if (e.key === "Escape") {
        list.hidden = true;
        input.setAttribute("aria-expanded", "false");
      }
    });
    input.addEventListener("blur", () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); });
    this.searchInput = input;
    return h("div", { class: "search", role: "search" }, input, list);
  }

  async search(text) {
    if (!text) return [];
    const place = /^\s*([-+]?\d+(?:\.\d+)?)\s*[,\s]\s*([-+]?\d+(?:\.\d+)?)\s*$/.exec(text);
    if (place && Math.abs(Number(place[1])) <= 90 && Math.abs(Number(place[2])) <= 360) return [{ kind: "place", text: `${place[1]}, ${place[2]}`, at: [Number(place[2]), Number(place[1])] }];
    const lower = text.toLowerCase();
    const found = [];
    const { stations, faults } = this.map.places;
    (stations.station || []).forEach((name, i) => {
      const whole = [stations.network[i], name].filter(Boolean).join(".");
      if (found.length < 6 && stations.longitude[i] !== null && whole.toLowerCase().includes(lower)) found.push({ kind: "station", row: i, text: whole });
    });
    (faults.fault || []).forEach((name, i) => {
      if (found.length < 10 && String(name).toLowerCase().includes(lower)) found.push({ kind: "fault", row: i, text: name });
    });
    const names = await this.events.fetchNames();
    for (let i = 0; i < names.length && found.length < 16; i++) if (names[i].toLowerCase().includes(lower)) found.push({ kind: "event", row: i, text: names[i] });
    return found;
  }

  // --- changes ------------------------------------------------------------------------------

  changed(keys) {
    const v = this.state.values;
    const has = (...names) => names.some((n) => keys.has(n));
    if (has("language")) {
      setLanguage(v.language);
      this.build();
      this.sidebar.drawHistograms();
      this.countChanged();
      this.openDrawer();
      this.showSelected(false);
      this.legendChanged();
      document.querySelector(".language").focus();
    }
    if (has("theme")) this.themeChanged();
    if (has("quality", "depth", "magnitude", "time", "stressQuality", "sliceDepth", "sliceTime")) this.filterSoon();
    if (has("color")) this.map.colorEvents();
    if (has("layers", "field", "color")) {
      this.map.soon();
      this.legendChanged();
      this.section?.draw();
    }
    if (has("drawer")) this.openDrawer();
    if (has("section", "halfWidth")) {
      this.map.drawOverlay();
      this.section?.draw();
    }
    if (has("selected")) {
      this.map.drawOverlay();
      this.showSelected();
    }
  }

  filterSoon() {
    if (this.filterPending) return;
    this.filterPending = requestAnimationFrame(() => {
      this.filterPending = 0;
      this.filter();
    });
  }

  filter() {
    const v = this.state.values;
    this.passing = filterEvents(this.events, v, this.map.pass);
    if (this.map.nodes.longitude) this.map.nodePass = filterNodes(this.map.nodes, this.meta, v);
    this.map.colorEvents();
    this.map.render();
    this.countChanged();
    this.legendChanged();
    clearTimeout(this.heavy);
    this.heavy = setTimeout(() => {
      if (this.state.values.drawer === "table") this.table?.refresh();
      if (this.state.values.drawer === "charts") this.charts?.draw();
      if (this.state.values.drawer === "section") this.section?.draw();
    }, 120);
  }

  countChanged() {
    const text = this.sidebar.countText;
    if (text) text.textContent = `${count(this.passing || 0)} / ${count(this.meta.counts.events)} ${t("events")}`;
  }

  legendChanged() {
    fillLegend(this.legendBody, this.meta, this.map, this.state.values);
  }

  viewChanged() {
    if (!this.map.width || !this.scaleLine) return;
    const bar = this.map.scaleBar();
    this.scaleText.textContent = bar.text;
    this.scaleLine.style.width = `${bar.width}px`;
    if (this.table?.inView && this.state.values.drawer === "table") {
      clearTimeout(this.viewTimer);
      this.viewTimer = setTimeout(() => this.table.refresh(), 250);
    }
  }

  dark() {
    const { theme } = this.state.values;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  applyTheme() {
    document.documentElement.dataset.theme = this.dark() ? "dark" : "light";
  }

  themeChanged() {
    this.applyTheme();
    this.map.readTheme();
    this.map.render();
    this.sidebar.drawHistograms();
    this.section?.draw();
    this.charts?.draw();
    document.querySelector("[aria-pressed]")?.setAttribute("aria-pressed", String(this.dark()));
  }

  linkChanged() {
    const fresh = this.state.defaults();
    const { language } = this.state.values;
    Object.assign(this.state.values, fresh, { language });
    this.state.read(location.hash);
    setLanguage(this.state.values.language);
    this.build();
    this.applyTheme();
    this.map.readTheme();
    this.map.goHome(true);
    this.filter();
    this.sidebar.drawHistograms();
    this.openDrawer();
    this.showSelected(false);
  }

  // --- selection ----------------------------------------------------------------------------

  select(object, go = false) {
    if (object && go) {
      const place = this.placeOf(object);
      if (place) {
        const [x, y] = this.map.screen(...this.map.projection.point(...place));
        if (x < 40 || y < 40 || x > this.map.width - 40 || y > this.map.height - 40) this.map.goTo(...place);
      }
    }
    this.state.set({ selected: object });
  }

  placeOf({ kind, row }) {
    if (kind === "event") return [this.events.at("longitude", row), this.events.at("latitude", row)];
    if (kind === "node") return [this.map.nodes.longitude.at(row), this.map.nodes.latitude.at(row)];
    const c = this.map.places[`${kind}s`];
    return c.longitude && c.longitude[row] !== null ? [c.longitude[row], c.latitude[row]] : null;
  }

  async showSelected(tell = true) {
    const object = this.state.values.selected;
    if (this.table && this.state.values.drawer === "table") this.table.draw(true);
    let contents = null;
    try {
      contents = object ? await this.panels.build(object) : null;
    } catch (error) {
      contents = [h("p", { class: "error", role: "alert" }, `${t("failed")}: ${error.message}`)];
    }
    if (object !== this.state.values.selected) return; // another click came first
    const shown = !this.panel.hidden;
    this.panel.hidden = !contents;
    document.body.classList.toggle("with-panel", Boolean(contents));
    if (!contents) {
      replace(this.panel);
      if (shown) this.map.canvas.focus({ preventScroll: true });
      return;
    }
    const close = iconButton("close", t("close"), () => this.select(null), { class: "icon close" });
    replace(this.panel, close, h("div", { class: "panel-inner", tabindex: "0" }, contents));
    this.panel.querySelector(".panel-inner").scrollTop = 0;
    this.uncover(object);
    const title = this.panel.querySelector("h2");
    if (tell && title) this.live.textContent = `${t(object.kind)}: ${title.textContent}`;
    if (tell && this.map.byKeys && title) title.focus({ preventScroll: true });
  }

  /** Move the map if the panel, which lies over it on small screens, hides what it tells of. */
  uncover(object) {
    const place = this.placeOf(object);
    if (!place) return;
    const map = this.map.canvas.getBoundingClientRect();
    const panel = this.panel.getBoundingClientRect();
    const [x, y] = this.map.screen(...this.map.projection.point(...place));
    const [px, py] = [x + map.left, y + map.top];
    if (px < panel.left - 12 || px > panel.right + 12 || py < panel.top - 12 || py > panel.bottom + 12) return;
    const beside = panel.left - map.left;
    const above = panel.top - map.top;
    if (beside > 120) this.map.panBy(beside / 2 - x, 0);
    else if (above > 120) this.map.panBy(0, above / 2 - y);
  }

  takeSection(ends) {
    const km = Math.max(1, Math.round(0.06 * Math.max(this.map.width, this.map.height) * this.map.kmPerPixel()));
    this.state.set({ section: ends, halfWidth: this.state.values.halfWidth || km, drawer: "section" });
    this.say("");
  }

  say(text) {
    this.hint.hidden = !text;
    this.hint.textContent = text;
    document.querySelector(".section-button")?.classList.toggle("on", this.map.drawing);
  }

  // --- drawer, menu, dialogs ----------------------------------------------------------------

  openDrawer() {
    const { drawer } = this.state.values;
    document.body.classList.toggle("with-drawer", Boolean(drawer));
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === drawer));
      tab.tabIndex = tab.dataset.tab === drawer || (!drawer && i === 0) ? 0 : -1;
    });
    this.drawerToggle.setAttribute("aria-expanded", String(Boolean(drawer)));
    this.drawerBody.hidden = !drawer;
    // the legend would cover most of what is left of the map
    if (Boolean(drawer) !== this.hadDrawer) this.legend.open = !drawer && !matchMedia("(max-width: 700px)").matches;
    this.hadDrawer = Boolean(drawer);
    if (!drawer) return;
    this.drawerBody.setAttribute("aria-labelledby", `tab-${drawer}`);
    const select = (object, go) => this.select(object, go);
    if (drawer === "table") {
      // its columns are those that the events have, so it is made when they are there
      if (!window.atlasComplete) return;
      this.table ||= new EventTable(this.meta, this.events, this.map, this.state, select);
      replace(this.drawerBody, this.table.element);
      this.table.refresh();
    } else if (drawer === "section") {
      this.section ||= new SectionPlot(this.meta, this.events, this.map, this.state, select);
      replace(this.drawerBody, this.section.element);
      this.section.draw();
    } else {
      this.charts ||= new Charts(this.meta, this.events, this.map);
      replace(this.drawerBody, this.charts.element);
      this.charts.draw();
    }
  }

  tabKey(e) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const at = this.tabs.indexOf(document.activeElement);
    const next = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    this.state.set({ drawer: next.dataset.tab });
    next.focus();
  }

  toggleMenu(on = !document.body.classList.contains("with-menu")) {
    document.body.classList.toggle("with-menu", on);
    this.menuButton.setAttribute("aria-expanded", String(on));
  }

  openAbout() {
    const dialog = h("dialog", { class: "about", "aria-labelledby": "about-title" },
      iconButton("close", t("close"), () => dialog.close(), { class: "icon close" }),
      h("div", { class: "about-inner", tabindex: "0" }, h("h2", { id: "about-title" }, this.meta.title), aboutContents(this.meta, this.map.projection)));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }

  async copyLink() {
    this.state.write();
    const link = location.href.replace(/#.*/, "") + this.state.hash();
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      const field = h("textarea", { class: "visually-hidden" }, link);
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    this.hint.hidden = false;
    this.hint.textContent = t("linkCopied");
    setTimeout(() => this.say(""), 2000);
  }

  key(e) {
    if (e.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (this.map.drawing) {
      this.map.dragSection = null;
      this.map.setDrawing(false);
      this.map.drawOverlay();
    } else if (document.body.classList.contains("with-menu")) this.toggleMenu(false);
    else if (this.state.values.selected) this.select(null);
  }

  // --- data ---------------------------------------------------------------------------------

  async start() {
    this.hadDrawer = false;
    this.openDrawer();
    const places = load("places").then((p) => this.map.takePlaces(p));
    const coast = load("coast").then((c) => this.map.takeCoast(c));
    const nodes = load("nodes").then((n) => {
      this.map.takeNodes(n);
      this.sidebar.build();
    });
    const first = this.visiblePieces();
    await Promise.all([coast, nodes, places]);
    this.map.resize();
    this.filter();
    this.viewChanged();
    this.map.readyAt = performance.now();
    window.atlasReady = { ms: this.map.readyAt };
    let waiting = [];
    for (const k of first) {
      waiting.push(this.events.fetchPiece(k).then(() => this.map.takePiece(k)));
      if (waiting.length === 2) {
        await Promise.all(waiting);
        waiting = [];
        this.filterSoon();
      }
    }
    await Promise.all(waiting);
    this.findDepthEnd();
    this.filter();
    this.sidebar.drawHistograms();
    window.atlasComplete = { ms: performance.now(), events: this.passing };
    if (this.state.values.selected) this.showSelected(false);
    if (this.state.values.drawer) this.openDrawer();
  }

  /** Depth that all but the deepest hundredth of the events lie above, for the colors. */
  findDepthEnd() {
    const column = this.events.columns.depth_km;
    if (!column || !this.events.count) return;
    const step = Math.max(1, Math.floor(this.events.count / 20000));
    const found = [];
    for (let i = 0; i < this.events.count; i += step) if (column.whole[i] !== column.missing) found.push(column.at(i));
    found.sort((a, b) => a - b);
    if (found.length) this.map.depthEnd = Math.ceil(found[Math.floor(0.99 * (found.length - 1))]);
  }

  /** Pieces, those in the first view before the others. */
  visiblePieces() {
    const [lon, lat] = this.state.values.center || this.map.projection.middle;
    const away = ([, , west, east, south, north]) => Math.hypot(Math.max(west - lon, 0, lon - east), Math.max(south - lat, 0, lat - north));
    return this.meta.pieces.map((p, k) => [away(p), k]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, k]) => k);
  }
}

async function main() {
  try {
    const meta = await load("meta");
    const app = new App(meta);
    window.quakeloomAtlas = app; // for tests and for the curious
    await app.start();
  } catch (error) {
    const host = document.getElementById("atlas");
    host.append(h("p", { class: "error", role: "alert" }, `${t("failed")}: ${error.message}`));
    throw error;
  }
}

main();
export { number };
