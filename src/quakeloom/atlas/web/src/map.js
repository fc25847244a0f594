// The map: layers are drawn into a buffer larger than the view, which follows the hand at once and is
// drawn anew when the hand rests.

import { REGIME, css, rgb, table } from "./colors.js";
import { Projection } from "./projection.js";
import { EARTH_KM, classifyMechanism, distanceAzimuth, paintBall } from "./sources.js";
import { degrees, number } from "./texts.js";

const MARGIN = 0.3; // of the view, on every side of the buffer
const MOST_BALLS = 450;
const SPLAT_FROM = 2500; // events from which points are written as pixels
const REST_MS = 90;

export class MapView {
  constructor(meta, events, state, host) {
    this.meta = meta;
    this.events = events;
    this.state = state;
    this.host = host;
    this.projection = new Projection(meta.extent);
    this.x = new Float32Array(events.count);
    this.y = new Float32Array(events.count);
    this.pass = new Uint8Array(events.count);
    this.bins = new Uint8Array(events.count);
    this.nodes = {};
    this.nodePass = new Uint8Array(0);
    this.places = { stations: {}, faults: {} };
    this.land = null;
    this.palettes = Object.fromEntries(Object.entries(meta.palettes).map(([k, v]) => [k, table(v)]));
    this.sprites = new Map();
    this.balls = [];
    this.onPick = () => {};
    this.onView = () => {};
    this.onSection = () => {};
    this.drawing = false;
    this.canvas = document.createElement("canvas");
    this.overlay = document.createElement("canvas");
    this.overlay.setAttribute("aria-hidden", "true");
    this.buffer = document.createElement("canvas");
    host.append(this.canvas, this.overlay);
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.fit();
    this.listen();
    this.readTheme();
    new ResizeObserver(() => this.resize()).observe(host);
  }

  // --- view ---------------------------------------------------------------------------------

  fit() {
    const [left, right, top, bottom] = this.projection.box(this.meta.extent);
    this.home = { x: (left + right) / 2, y: (top + bottom) / 2, width: Math.max(right - left, 1e-4), height: Math.max(bottom - top, 1e-4) };
    this.view = { x: this.home.x, y: this.home.y, k: 1 };
    this.frame = this.projection.box(this.meta.frame);
  }

  scaleOfHome() {
    return 0.92 * Math.min(this.width / this.home.width, this.height / this.home.height);
  }

  resize() {
    const box = this.host.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const before = this.width ? Math.log2(this.view.k / this.scaleOfHome()) : null;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = box.width;
    this.height = box.height;
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = Math.round(box.width * this.ratio);
      canvas.height = Math.round(box.height * this.ratio);
    }
    this.marginX = Math.round(this.width * MARGIN);
    this.marginY = Math.round(this.height * MARGIN);
    this.buffer.width = Math.round((this.width + 2 * this.marginX) * this.ratio);
    this.buffer.height = Math.round((this.height + 2 * this.marginY) * this.ratio);
    if (before === null) this.goHome(true);
    else this.view.k = this.scaleOfHome() * 2 ** before;
    this.render();
  }

  goHome(fromLink = false) {
    const v = this.state.values;
    this.view = { x: this.home.x, y: this.home.y, k: this.scaleOfHome() };
    if (fromLink) {
      if (v.center) [this.view.x, this.view.y] = this.projection.point(v.center[0], v.center[1]);
      this.view.k *= 2 ** v.zoom;
    } else {
      this.moved();
    }
  }

  zoomBy(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.plane(px, py);
    const low = this.scaleOfHome() * 0.5;
    const k = Math.min(Math.max(this.view.k * factor, low), EARTH_KM * 2000);
    this.view.k = k;
    this.view.x = x - (px - this.width / 2) / k;
    this.view.y = y - (py - this.height / 2) / k;
    this.moved();
  }

  panBy(dx, dy) {
    this.view.x -= dx / this.view.k;
    this.view.y -= dy / this.view.k;
    this.moved();
  }

  goTo(longitude, latitude, k = 0) {
    [this.view.x, this.view.y] = this.projection.point(longitude, latitude);
    if (k) this.view.k = k;
    this.moved();
  }

  moved() {
    // one cannot leave the land that is drawn
    const [left, right, top, bottom] = this.frame;
    this.view.x = Math.min(Math.max(this.view.x, left), right);
    this.view.y = Math.min(Math.max(this.view.y, top), bottom);
    const center = this.projection.place(this.view.x, this.view.y);
    const zoom = Math.log2(this.view.k / this.scaleOfHome());
    this.state.set({ center, zoom });
    this.blit();
    clearTimeout(this.rest);
    if (!this.covers()) this.soon();
    else this.rest = setTimeout(() => this.render(), REST_MS);
    this.onView();
  }

  /** Whether the buffer still covers the view. */
  covers() {
    const d = this.drawn;
    if (!d) return false;
    const f = this.view.k / d.k;
    if (f > 3 || f < 0.6) return false;
    const reachX = (this.width / 2 + this.marginX) / d.k - this.width / 2 / this.view.k;
    const reachY = (this.height / 2 + this.marginY) / d.k - this.height / 2 / this.view.k;
    return Math.abs(this.view.x - d.x) <= reachX && Math.abs(this.view.y - d.y) <= reachY;
  }

  soon() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.render();
    });
  }

  screen(x, y) {
    return [(x - this.view.x) * this.view.k + this.width / 2, (y - this.view.y) * this.view.k + this.height / 2];
  }

  plane(px, py) {
    return [this.view.x + (px - this.width / 2) / this.view.k, this.view.y + (py - this.height / 2) / this.view.k];
  }

  kmPerPixel() {
    const [lon, lat] = this.projection.place(this.view.x, this.view.y);
    const [lon2, lat2] = this.projection.place(this.view.x + 20 / this.view.k, this.view.y);
    const [km] = distanceAzimuth(lon, lat, lon2, lat2);
    return km / 20;
  }

  // --- data ---------------------------------------------------------------------------------

  takePiece(k) {
    const [start, end] = this.meta.pieces[k];
    const { longitude, latitude } = this.events.columns;
    for (let i = start; i < end; i++) {
      const p = this.projection.point(longitude.at(i), latitude.at(i));
      this.x[i] = p[0];
      this.y[i] = p[1];
    }
    this.priority = null;
  }

  takeCoast(coast) {
    if (!coast.ring_length) return;
    const { longitude, latitude, ring_length: lengths } = coast;
    const fill = new Path2D();
    let at = 0;
    for (const length of lengths.whole) {
      for (let i = 0; i < length; i++) {
        const [x, y] = this.projection.point(longitude.at(at + i), latitude.at(at + i));
        if (i) fill.lineTo(x, y);
        else fill.moveTo(x, y);
      }
      fill.closePath();
      at += length;
    }
    this.land = fill;
  }

  takeNodes(nodes) {
    this.nodes = nodes;
    const n = nodes.longitude ? nodes.longitude.whole.length : 0;
    this.nodeX = new Float64Array(n);
    this.nodeY = new Float64Array(n);
    this.nodeNorth = new Float64Array(n);
    this.cells = this.meta.gridded ? new Float64Array(8 * n) : null;
    const [w, hgt] = this.meta.step;
    for (let i = 0; i < n; i++) {
      const [lon, lat] = [nodes.longitude.at(i), nodes.latitude.at(i)];
      [this.nodeX[i], this.nodeY[i]] = this.projection.point(lon, lat);
      this.nodeNorth[i] = this.projection.north(lon, lat);
      if (this.cells) {
        const corners = [[-w, -hgt], [w, -hgt], [w, hgt], [-w, hgt]];
        corners.forEach(([a, b], q) => {
          const p = this.projection.point(lon + a / 2, Math.max(-90, Math.min(90, lat + b / 2)));
          this.cells[8 * i + 2 * q] = p[0];
          this.cells[8 * i + 2 * q + 1] = p[1];
        });
      }
    }
    this.spacing = this.nodeSpacing();
  }

  nodeSpacing() {
    const n = this.nodeX.length;
    if (this.meta.step[1] > 0) {
      const lat = this.projection.middle[1];
      const [x, y] = this.projection.point(this.projection.middle[0], lat);
      const [u, v] = this.projection.point(this.projection.middle[0], lat + this.meta.step[1]);
      const [q, r] = this.projection.point(this.projection.middle[0] + (this.meta.step[0] || this.meta.step[1]), lat);
      return Math.min(Math.hypot(u - x, v - y), Math.hypot(q - x, r - y));
    }
    return n ? 0.06 * Math.max(this.home.width, this.home.height) : 0;
  }

  takePlaces(places) {
    this.places = places;
    for (const kind of ["stations", "faults"]) {
      const columns = places[kind];
      const n = (columns.longitude || []).length;
      columns.xy = [];
      for (let i = 0; i < n; i++) {
        const lon = columns.longitude[i];
        columns.xy.push(lon === null || columns.latitude[i] === null ? null : this.projection.point(lon, columns.latitude[i]));
      }
      columns.corners = (columns.outline || []).map((o) => o && [0, 2, 4, 6].map((k) => this.projection.point(o[k], o[k + 1])));
    }
  }

  /** Give every event a color of the palette by what the visitor chose. */
  colorEvents() {
    const v = this.state.values;
    const n = this.events.count;
    this.bins.fill(255);
    if (v.color === "regime") {
      const { strike_deg: strike, dip_deg: dip, rake_deg: rake } = this.events.columns;
      const names = Object.keys(REGIME);
      for (let i = 0; i < n; i++) {
        const solved = strike && strike.whole[i] !== strike.missing;
        this.bins[i] = solved ? names.indexOf(classifyMechanism(strike.at(i), dip.at(i), rake.at(i))) : names.length - 1;
      }
      return;
    }
    const range = this.colorRange();
    const column = this.events.columns[range.column];
    if (!column) return;
    const [low, high] = [column.wholeOf(range.low), column.wholeOf(range.high)];
    const span = Math.max(high - low, 1e-9);
    for (let i = 0; i < n; i++) {
      const w = column.whole[i];
      this.bins[i] = w === column.missing ? 255 : Math.min(254, Math.max(0, Math.round((254 * (w - low)) / span)));
    }
  }

  colorRange() {
    const v = this.state.values;
    const bounds = this.meta.bounds;
    const column = { depth: "depth_km", time: "time_s", magnitude: "magnitude", regime: "" }[v.color];
    const ends = v[v.color] || null;
    const [a, b] = bounds[column] || [0, 1];
    let low = ends && isFinite(ends[0]) ? ends[0] : a;
    let high = ends && isFinite(ends[1]) ? ends[1] : b;
    if (v.color === "depth" && !ends) {
      low = Math.min(0, a);
      high = Math.max(this.depthEnd ?? b, 1);
    }
    return { column, low, high: Math.max(high, low + 1e-6) };
  }

  eventPalette() {
    const v = this.state.values;
    if (v.color === "regime") {
      const colors = Object.values(REGIME).map(rgb);
      return Array.from({ length: 256 }, (_, i) => colors[Math.min(i, colors.length - 1)]);
    }
    const found = [...this.palettes[v.color === "time" ? "time" : "depth"]];
    found[255] = rgb("#8a8a8a");
    return found;
  }

  fieldColor(row) {
    const name = this.state.values.field;
    if (name === "regime") {
      const code = this.meta.codes.regime[this.nodes.regime.whole[row]];
      return code ? REGIME[code] : null;
    }
    const column = this.nodes[name];
    if (!column) return null;
    const value = column.at(row);
    if (!isFinite(value)) return null;
    const range = this.fieldRange();
    const at = Math.round((255 * (value - range.low)) / (range.high - range.low));
    return css(this.palettes[range.palette][Math.min(255, Math.max(0, at))]);
  }

  fieldRange() {
    const name = this.state.values.field;
    switch (name) {
      case "a_phi": return { low: 0, high: 3, palette: "a_phi", decimals: 1 };
      case "shmax_std_deg": return { low: 0, high: 40, palette: "uncertainty", decimals: 0, unit: "°" };
      case "shape_ratio": return { low: 0, high: 1, palette: "ratio", decimals: 1 };
      case "shape_ratio_std": return { low: 0, high: 0.3, palette: "uncertainty", decimals: 1 };
      case "resolution": return { low: 0, high: 1, palette: "ratio", decimals: 1 };
      default: {
        let high = 1;
        const column = this.nodes[name];
        if (column) for (let i = 0; i < column.whole.length; i++) high = Math.max(high, column.at(i) || 0);
        return { low: 0, high, palette: "uncertainty", decimals: 0 };
      }
    }
  }

  // --- drawing ------------------------------------------------------------------------------

  readTheme() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    this.theme = { sea: color("sea"), land: color("land"), coast: color("coast"), grid: color("grid"), ink: color("ink"), halo: color("halo"), muted: color("muted"), accent: color("accent") };
    this.sprites.clear();
  }

  render() {
    clearTimeout(this.rest);
    if (!this.width) return;
    const began = performance.now();
    this.drawn = { ...this.view };
    const c = this.buffer.getContext("2d");
    const [w, hgt] = [this.width + 2 * this.marginX, this.height + 2 * this.marginY];
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = this.theme.sea;
    c.fillRect(0, 0, w, hgt);
    this.bw = w;
    this.bh = hgt;
    this.drawLand(c);
    const { layers } = this.state.values;
    if (layers.has("field")) this.drawField(c);
    if (layers.has("graticule")) this.drawGraticule(c);
    this.drawCoast(c);
    if (layers.has("hypocenters")) this.drawEvents(c);
    if (layers.has("stations")) this.drawStations(c);
    if (layers.has("fans")) this.drawFans(c);
    if (layers.has("bars")) this.drawBars(c);
    if (layers.has("faults")) this.drawFaults(c);
    this.balls = [];
    if (layers.has("balls")) this.drawBalls(c);
    this.renderMs = performance.now() - began;
    this.blit();
  }

  /** Place of the buffer of a place on the plane. */
  at(x, y) {
    return [(x - this.drawn.x) * this.drawn.k + this.bw / 2, (y - this.drawn.y) * this.drawn.k + this.bh / 2];
  }

  inBuffer(px, py, room = 20) {
    return px > -room && py > -room && px < this.bw + room && py < this.bh + room;
  }

  blit() {
    if (!this.drawn) return;
    const c = this.canvas.getContext("2d");
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = this.theme.sea;
    c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const f = this.view.k / this.drawn.k;
    const dx = (this.drawn.x - this.view.x) * this.view.k + this.width / 2 - (f * this.bw) / 2;
    const dy = (this.drawn.y - this.view.y) * this.view.k + this.height / 2 - (f * this.bh) / 2;
    c.imageSmoothingEnabled = f !== 1;
    c.drawImage(this.buffer, Math.round(dx * this.ratio), Math.round(dy * this.ratio), Math.round(f * this.buffer.width), Math.round(f * this.buffer.height));
    this.drawOverlay();
  }

  onPlane(c, draw) {
    c.save();
    const k = this.drawn.k;
    c.translate(this.bw / 2 - this.drawn.x * k, this.bh / 2 - this.drawn.y * k);
    c.scale(k, k);
    draw(k);
    c.restore();
  }

  drawLand(c) {
    if (!this.land) return;
    this.onPlane(c, () => {
      c.fillStyle = this.theme.land;
      c.fill(this.land, "evenodd");
    });
  }

  drawCoast(c) {
    if (!this.land) return;
    this.onPlane(c, (k) => {
      // over a field of colors the coast must be darker to be seen
      const field = this.state.values.layers.has("field") && this.state.values.field !== "none";
      c.strokeStyle = field ? this.theme.ink : this.theme.coast;
      c.globalAlpha = field ? 0.7 : 1;
      c.lineWidth = 0.8 / k;
      c.lineJoin = "round";
      c.stroke(this.land);
    });
  }

  drawField(c) {
    if (!this.nodeX) return;
    c.save();
    c.globalAlpha = 0.82;
    const size = Math.max(this.spacing * this.drawn.k, 6);
    for (let i = 0; i < this.nodeX.length; i++) {
      if (!this.nodePass[i]) continue;
      const [x, y] = this.at(this.nodeX[i], this.nodeY[i]);
      if (!this.inBuffer(x, y, size)) continue;
      const color = this.fieldColor(i);
      if (!color) continue;
      c.fillStyle = color;
      c.beginPath();
      if (this.cells) {
        for (let q = 0; q < 4; q++) {
          const p = this.at(this.cells[8 * i + 2 * q], this.cells[8 * i + 2 * q + 1]);
          if (q) c.lineTo(p[0], p[1]);
          else c.moveTo(p[0], p[1]);
        }
      } else {
        c.arc(x, y, Math.min(size / 2, 30), 0, 7);
      }
      c.fill();
      if (this.cells) {
        // closes the hair between neighboring cells
        c.strokeStyle = color;
        c.lineWidth = 0.6;
        c.stroke();
      }
    }
    c.restore();
  }

  graticuleStep() {
    const span = (Math.min(this.width, this.height) / this.view.k) * (180 / Math.PI);
    const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
    return steps.find((x) => x >= span / 5) || 30;
  }

  /** Lines of longitude and latitude in sight of a margin, as lists of places on the plane. */
  graticuleLines() {
    const step = this.graticuleStep();
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i <= 8; i++) {
      for (let j = 0; j <= 8; j++) {
        const [x, y] = this.plane((this.width * (i * 1.4 - 1.6)) / 8, (this.height * (j * 1.4 - 1.6)) / 8);
        const [lon, lat] = this.projection.place(x, y);
        if (!isFinite(lon)) continue;
        west = Math.min(west, lon);
        east = Math.max(east, lon);
        south = Math.min(south, lat);
        north = Math.max(north, lat);
      }
    }
    const lines = [];
    if (!isFinite(west)) return lines;
    south = Math.max(south - step, -90);
    north = Math.min(north + step, 90);
    for (let lon = Math.floor(west / step) * step; lon <= east + step; lon += step) {
      const points = [];
      for (let q = 0; q <= 24; q++) points.push(this.projection.point(lon, south + ((north - south) * q) / 24));
      lines.push({ points, meridian: true, value: lon });
    }
    for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
      const points = [];
      for (let q = 0; q <= 24; q++) points.push(this.projection.point(west - step + ((east - west + 2 * step) * q) / 24, lat));
      lines.push({ points, meridian: false, value: lat });
    }
    return lines;
  }

  drawGraticule(c) {
    c.strokeStyle = this.theme.grid;
    c.lineWidth = 0.7;
    this.lines = this.graticuleLines();
    for (const { points } of this.lines) {
      c.beginPath();
      points.forEach(([x, y], i) => {
        const p = this.at(x, y);
        if (i) c.lineTo(p[0], p[1]);
        else c.moveTo(p[0], p[1]);
      });
      c.stroke();
    }
  }

  pointRadius(visible) {
    const zoom = Math.log2(this.drawn.k / this.scaleOfHome());
    const base = visible > 60000 ? 0.8 : visible > 10000 ? 1.2 : visible > 1500 ? 1.8 : 2.8;
    return Math.min(base + 0.35 * Math.max(zoom, 0), 4.5);
  }

  drawEvents(c) {
    const { x, y, pass, bins } = this;
    const { k } = this.drawn;
    const [ox, oy] = [this.bw / 2 - this.drawn.x * k, this.bh / 2 - this.drawn.y * k];
    const n = this.events.count;
    let visible = 0;
    const rows = (this.visibleRows ||= new Uint32Array(n));
    for (let i = 0; i < n; i++) {
      if (!pass[i]) continue;
      const px = x[i] * k + ox;
      const py = y[i] * k + oy;
      if (px < -5 || py < -5 || px > this.bw + 5 || py > this.bh + 5) continue;
      rows[visible++] = i;
    }
    this.visible = visible;
    const radius = this.pointRadius(visible);
    const palette = this.eventPalette();
    if (visible > SPLAT_FROM) {
      this.splat(c, rows, visible, radius, palette, k, ox, oy);
      return;
    }
    const magnitude = this.events.columns.magnitude;
    c.lineWidth = 0.6;
    c.strokeStyle = this.theme.halo;
    for (let q = 0; q < visible; q++) {
      const i = rows[q];
      const m = magnitude ? magnitude.at(i) : NaN;
      const r = radius * (isFinite(m) ? Math.min(Math.max(0.7 + 0.16 * m, 0.6), 2) : 1);
      c.beginPath();
      c.arc(x[i] * k + ox, y[i] * k + oy, r, 0, 7);
      c.fillStyle = css(palette[bins[i]], 0.85);
      c.fill();
      c.stroke();
    }
  }

  /** Write points as pixels: hundreds of thousands in some milliseconds. */
  splat(c, rows, visible, radius, palette, k, ox, oy) {
    const [w, hgt] = [this.buffer.width, this.buffer.height];
    if (!this.pixels || this.pixels.width !== w || this.pixels.height !== hgt) {
      this.pixels = new ImageData(w, hgt);
      this.pixels32 = new Uint32Array(this.pixels.data.buffer);
      this.pixelCanvas = document.createElement("canvas");
      this.pixelCanvas.width = w;
      this.pixelCanvas.height = hgt;
    }
    const out = this.pixels32;
    out.fill(0);
    const colors = new Uint32Array(256);
    palette.forEach(([r, g, b], i) => (colors[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0));
    const size = Math.max(1, Math.round(2 * radius * this.ratio));
    const offsets = [];
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const [u, v] = [a + 0.5 - size / 2, b + 0.5 - size / 2];
        if (size < 3 || u * u + v * v <= (size * size) / 4) offsets.push((b - (size >> 1)) * w + a - (size >> 1));
      }
    }
    const reach = size;
    for (let q = 0; q < visible; q++) {
      const i = rows[q];
      const px = Math.round((this.x[i] * k + ox) * this.ratio);
      const py = Math.round((this.y[i] * k + oy) * this.ratio);
      if (px < reach || py < reach || px >= w - reach || py >= hgt - reach) continue;
      const at = py * w + px;
      const color = colors[this.bins[i]];
      for (let o = 0; o < offsets.length; o++) out[at + offsets[o]] = color;
    }
    this.pixelCanvas.getContext("2d").putImageData(this.pixels, 0, 0);
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalAlpha = 0.9;
    c.drawImage(this.pixelCanvas, 0, 0);
    c.restore();
  }

  /** Nodes to draw: where they are denser than bars can be told apart, the surest of each cell. */
  shownNodes() {
    const n = this.nodeX ? this.nodeX.length : 0;
    const apart = this.spacing * this.drawn.k;
    const rows = [];
    const least = 13;
    if (apart >= least || !n) {
      for (let i = 0; i < n; i++) if (this.nodePass[i]) rows.push(i);
      return { rows, apart };
    }
    const best = new Map();
    const std = this.nodes.shmax_std_deg;
    for (let i = 0; i < n; i++) {
      if (!this.nodePass[i]) continue;
      const [x, y] = this.at(this.nodeX[i], this.nodeY[i]);
      if (!this.inBuffer(x, y)) continue;
      // cells that stay where they are on the plane, so that bars do not change while moving
      const key = Math.floor((this.nodeX[i] * this.drawn.k) / least) * 65536 + Math.floor((this.nodeY[i] * this.drawn.k) / least);
      const other = best.get(key);
      if (other === undefined || std.whole[i] < std.whole[other]) best.set(key, i);
    }
    return { rows: [...best.values()], apart: least };
  }

  barHalf(row, apart) {
    const std = this.nodes.shmax_std_deg.at(row);
    const sure = isFinite(std) ? Math.max(0.45, 1 - std / 52) : 0.45;
    return Math.min(0.47 * apart, 24) * sure;
  }

  drawBars(c) {
    if (!this.nodes.shmax_deg) return;
    const { rows, apart } = this.shownNodes();
    const width = apart > 26 ? 3 : apart > 16 ? 2.4 : 1.8;
    const codes = this.meta.codes.regime;
    c.lineCap = "round";
    for (const pass of ["halo", "color"]) {
      for (const i of rows) {
        const azimuth = this.nodes.shmax_deg.at(i);
        if (!isFinite(azimuth)) continue;
        const [x, y] = this.at(this.nodeX[i], this.nodeY[i]);
        if (!this.inBuffer(x, y)) continue;
        const a = (azimuth * Math.PI) / 180 + this.nodeNorth[i];
        const half = this.barHalf(i, apart);
        const [dx, dy] = [half * Math.sin(a), -half * Math.cos(a)];
        c.strokeStyle = pass === "halo" ? this.theme.halo : REGIME[codes[this.nodes.regime.whole[i]]] || REGIME.U;
        c.lineWidth = pass === "halo" ? width + 1.8 : width;
        c.beginPath();
        c.moveTo(x - dx, y - dy);
        c.lineTo(x + dx, y + dy);
        c.stroke();
      }
    }
    c.lineCap = "butt";
  }

  drawFans(c) {
    const { shmax_low_deg: low, shmax_high_deg: high } = this.nodes;
    if (!low || !high) return;
    const { rows, apart } = this.shownNodes();
    const codes = this.meta.codes.regime;
    c.save();
    c.globalAlpha = 0.3;
    for (const i of rows) {
      if (!isFinite(low.at(i))) continue;
      const [x, y] = this.at(this.nodeX[i], this.nodeY[i]);
      if (!this.inBuffer(x, y)) continue;
      const radius = this.barHalf(i, apart);
      c.fillStyle = REGIME[codes[this.nodes.regime.whole[i]]] || REGIME.U;
      for (const turn of [0, Math.PI]) {
        const a = (low.at(i) * Math.PI) / 180 + this.nodeNorth[i] - Math.PI / 2 + turn;
        const b = (high.at(i) * Math.PI) / 180 + this.nodeNorth[i] - Math.PI / 2 + turn;
        c.beginPath();
        c.moveTo(x, y);
        c.arc(x, y, radius, a, b);
        c.closePath();
        c.fill();
      }
    }
    c.restore();
  }

  drawStations(c) {
    const { stations } = this.places;
    c.lineWidth = 0.8;
    (stations.xy || []).forEach((p, i) => {
      if (!p) return;
      const [x, y] = this.at(p[0], p[1]);
      if (!this.inBuffer(x, y)) return;
      const reversed = (stations.verdict || [])[i] === "reversed";
      c.fillStyle = reversed ? "#cc3311" : this.theme.muted;
      c.strokeStyle = this.theme.halo;
      c.beginPath();
      c.moveTo(x, y - 4.6);
      c.lineTo(x + 4.2, y + 3);
      c.lineTo(x - 4.2, y + 3);
      c.closePath();
      c.fill();
      c.stroke();
    });
  }

  drawFaults(c) {
    const { faults } = this.places;
    const palette = this.palettes.tendency;
    (faults.xy || []).forEach((p, i) => {
      if (!p) return;
      const tendency = faults.slip_tendency ? faults.slip_tendency[i] : null;
      const color = tendency === null ? "#8a8a8a" : css(palette[Math.round(255 * Math.min(1, Math.max(0, tendency)))]);
      if (faults.corners[i]) this.drawPlane(c, faults.corners[i], color, faults.fault_status[i] === "stable");
      let [x, y] = this.at(p[0], p[1]);
      if (!this.inBuffer(x, y)) return;
      const edge = faults.corners[i] && faults.corners[i].slice(0, 2).map((q) => this.at(q[0], q[1]));
      const a = (faults.strike_deg[i] * Math.PI) / 180 + this.projection.north(faults.longitude[i], faults.latitude[i]);
      const [dx, dy] = [15 * Math.sin(a), -15 * Math.cos(a)];
      const [nx, ny] = [Math.cos(a), Math.sin(a)];
      if (edge && Math.hypot(edge[0][0] - edge[1][0], edge[0][1] - edge[1][1]) > 24) {
        // the outline shows where it is and how it strikes
        [x, y] = [(edge[0][0] + edge[1][0]) / 2, (edge[0][1] + edge[1][1]) / 2];
      } else {
        for (const [stroke, width] of [[this.theme.halo, 7.5], [this.theme.ink, 5.5], [color, 4]]) {
          c.strokeStyle = stroke;
          c.lineWidth = width;
          c.beginPath();
          c.moveTo(x - dx, y - dy);
          c.lineTo(x + dx, y + dy);
          c.stroke();
        }
      }
      // a tooth to the side that the fault dips to
      c.fillStyle = this.theme.ink;
      c.beginPath();
      c.moveTo(x - 0.28 * dx + 2.5 * nx, y - 0.28 * dy + 2.5 * ny);
      c.lineTo(x + 9 * nx, y + 9 * ny);
      c.lineTo(x + 0.28 * dx + 2.5 * nx, y + 0.28 * dy + 2.5 * ny);
      c.fill();
    });
  }

  /** A found plane seen from above: its outline, dashed where it is doubtful, and its upper edge. */
  drawPlane(c, corners, color, stable) {
    const points = corners.map((q) => this.at(q[0], q[1]));
    c.save();
    c.lineJoin = "round";
    c.beginPath();
    points.forEach(([x, y], k) => (k ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.closePath();
    c.globalAlpha = 0.3;
    c.fillStyle = color;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = this.theme.ink;
    c.lineWidth = 1.2;
    if (!stable) c.setLineDash([5, 4]);
    c.stroke();
    for (const [stroke, width] of [[this.theme.ink, 5], [color, 3.4]]) {
      c.strokeStyle = stroke;
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(...points[0]);
      c.lineTo(...points[1]);
      c.stroke();
    }
    c.restore();
  }

  /** Solved events, the best and largest first. */
  order() {
    if (this.priority) return this.priority;
    const { strike_deg: strike, magnitude, quality } = this.events.columns;
    const rows = [];
    if (strike) {
      for (let i = 0; i < this.events.count; i++) if (strike.whole[i] !== strike.missing) rows.push(i);
      const rank = (i) => (quality && quality.whole[i] !== 255 ? -1.2 * quality.whole[i] : -7) + (magnitude && magnitude.whole[i] !== magnitude.missing ? magnitude.at(i) : 0);
      const score = new Float32Array(this.events.count);
      for (const i of rows) score[i] = rank(i);
      rows.sort((a, b) => score[b] - score[a] || a - b);
    }
    this.priority = Uint32Array.from(rows);
    return this.priority;
  }

  ballSize(row) {
    const magnitude = this.events.at("magnitude", row);
    const size = isFinite(magnitude) ? 15 + 2.6 * magnitude : 20;
    return Math.round(Math.min(Math.max(size, 15), 38));
  }

  sprite(row, size) {
    const key = row * 64 + size;
    let found = this.sprites.get(key);
    if (!found) {
      const e = this.events;
      const angles = [e.at("strike_deg", row), e.at("dip_deg", row), e.at("rake_deg", row)];
      found = paintBall(Math.round(size * this.ratio), angles, rgb(REGIME[classifyMechanism(...angles)]));
      if (this.sprites.size > 4000) this.sprites.clear();
      this.sprites.set(key, found);
    }
    return found;
  }

  drawBalls(c) {
    const cell = 15;
    const taken = new Set();
    const columns = Math.ceil(this.bw / cell) + 4;
    for (const i of this.order()) {
      if (!this.pass[i]) continue;
      const [x, y] = this.at(this.x[i], this.y[i]);
      if (!this.inBuffer(x, y, 0)) continue;
      const size = this.ballSize(i);
      const reach = Math.ceil(size / 2 / cell);
      const [cx, cy] = [Math.floor(x / cell), Math.floor(y / cell)];
      let free = true;
      for (let a = -reach; a <= reach && free; a++) for (let b = -reach; b <= reach; b++) if (taken.has((cy + b + 2) * columns + cx + a + 2)) { free = false; break; }
      if (!free) continue;
      for (let a = -reach + 1; a < reach; a++) for (let b = -reach + 1; b < reach; b++) taken.add((cy + b + 2) * columns + cx + a + 2);
      taken.add((cy + 2) * columns + cx + 2);
      this.balls.push([i, x, y, size]);
      if (this.balls.length >= MOST_BALLS * 1.96) break;
    }
    c.lineWidth = 0.9;
    c.strokeStyle = "#23272e";
    for (const [i, x, y, size] of [...this.balls].reverse()) {
      const north = this.projection.north(this.events.at("longitude", i), this.events.at("latitude", i));
      c.save();
      c.translate(x, y);
      c.rotate(north);
      c.drawImage(this.sprite(i, size), -size / 2, -size / 2, size, size);
      c.beginPath();
      c.arc(0, 0, size / 2 - 0.3, 0, 7);
      c.stroke();
      c.restore();
    }
  }

  // --- overlay ------------------------------------------------------------------------------

  drawOverlay() {
    const c = this.overlay.getContext("2d");
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    if (this.state.values.layers.has("graticule")) this.labelGraticule(c);
    this.drawSection(c);
    const selected = this.selectedPlace();
    if (selected) {
      const [x, y] = this.screen(selected[0], selected[1]);
      for (const [color, width] of [[this.theme.halo, 5], [this.theme.accent, 2.5]]) {
        c.strokeStyle = color;
        c.lineWidth = width;
        c.beginPath();
        c.arc(x, y, selected[2], 0, 7);
        c.stroke();
      }
    }
    if (document.activeElement === this.canvas && this.byKeys) {
      const [x, y] = [this.width / 2, this.height / 2];
      c.strokeStyle = this.theme.accent;
      c.lineWidth = 1.5;
      c.beginPath();
      for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        c.moveTo(x + 5 * a, y + 5 * b);
        c.lineTo(x + 14 * a, y + 14 * b);
      }
      c.stroke();
    }
  }

  selectedPlace() {
    const object = this.state.values.selected;
    if (!object) return null;
    const { kind, row } = object;
    if (kind === "event" && row < this.events.count && this.x[row]) {
      const ball = this.balls.find((b) => b[0] === row);
      return [this.x[row], this.y[row], ball ? ball[3] / 2 + 4 : 9];
    }
    if (kind === "node" && this.nodeX && row < this.nodeX.length) return [this.nodeX[row], this.nodeY[row], Math.max(12, Math.min(26, 0.6 * this.spacing * this.view.k))];
    const places = this.places[`${kind}s`];
    const p = places && places.xy && places.xy[row];
    return p ? [p[0], p[1], kind === "fault" ? 21 : 11] : null;
  }

  labelGraticule(c) {
    c.font = "11px system-ui, sans-serif";
    c.lineWidth = 3;
    c.strokeStyle = this.theme.halo;
    c.fillStyle = this.theme.muted;
    const step = this.graticuleStep();
    const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
    // where labels would touch, every second, fifth or tenth line has one, the same while panning
    const [lon, lat] = this.projection.place(...this.plane(this.width / 2, this.height / 2));
    const [west, east] = [lon, lon + step].map((x) => this.screen(...this.projection.point(x, lat))[0]);
    const apart = Math.abs(east - west);
    const wide = c.measureText(`${number(180, decimals)}°W`).width + 14;
    const every = [1, 2, 5, 10].find((n) => n * apart > wide) || 20;
    for (const { points, meridian, value } of this.lines || []) {
      if (meridian && Math.round(value / step) % every) continue;
      const screen = points.map(([x, y]) => this.screen(x, y));
      const edge = meridian ? 12 : 8;
      for (let i = 1; i < screen.length; i++) {
        const [a, b] = [screen[i - 1], screen[i]];
        const axis = meridian ? 1 : 0;
        if ((a[axis] - edge) * (b[axis] - edge) > 0) continue;
        const f = (edge - a[axis]) / (b[axis] - a[axis] || 1);
        const along = meridian ? a[0] + f * (b[0] - a[0]) : a[1] + f * (b[1] - a[1]);
        const lon = ((((value + 180) % 360) + 360) % 360) - 180;
        const text = meridian
          ? `${number(Math.abs(lon), decimals)}°${Math.abs(lon) < 1e-9 || Math.abs(lon + 180) < 1e-9 ? "" : lon < 0 ? "W" : "E"}`
          : `${number(Math.abs(value), decimals)}°${Math.abs(value) < 1e-9 ? "" : value < 0 ? "S" : "N"}`;
        if (meridian ? along < 40 || along > this.width - 60 : along < 30 || along > this.height - 30) break;
        c.textAlign = meridian ? "center" : "left";
        c.textBaseline = "middle";
        const [x, y] = meridian ? [along, edge] : [edge, along];
        c.strokeText(text, x, y);
        c.fillText(text, x, y);
        break;
      }
    }
  }

  drawSection(c) {
    const ends = this.dragSection || this.state.values.section;
    if (!ends) return;
    const [a, b] = ends.map(([lon, lat]) => this.screen(...this.projection.point(lon, lat)));
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const half = this.state.values.halfWidth / this.kmPerPixel();
    const [nx, ny] = [(-(b[1] - a[1]) / length) * half, ((b[0] - a[0]) / length) * half];
    c.fillStyle = this.theme.accent;
    c.globalAlpha = 0.12;
    c.beginPath();
    c.moveTo(a[0] + nx, a[1] + ny);
    c.lineTo(b[0] + nx, b[1] + ny);
    c.lineTo(b[0] - nx, b[1] - ny);
    c.lineTo(a[0] - nx, a[1] - ny);
    c.fill();
    c.globalAlpha = 1;
    for (const [color, width] of [[this.theme.halo, 4.5], [this.theme.accent, 2]]) {
      c.strokeStyle = color;
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(...a);
      c.lineTo(...b);
      c.stroke();
    }
    c.font = "600 13px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    [["A", a, -1], ["B", b, 1]].forEach(([text, p, side]) => {
      const [x, y] = [p[0] + (side * 12 * (b[0] - a[0])) / length, p[1] + (side * 12 * (b[1] - a[1])) / length];
      c.lineWidth = 4;
      c.strokeStyle = this.theme.halo;
      c.strokeText(text, x, y);
      c.fillStyle = this.theme.accent;
      c.fillText(text, x, y);
    });
  }

  // --- hands --------------------------------------------------------------------------------

  listen() {
    const canvas = this.canvas;
    const pointers = new Map();
    let start = null;
    let moved = 0;
    const place = (e) => {
      const box = canvas.getBoundingClientRect();
      return [e.clientX - box.left, e.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (e) => {
      canvas.setPointerCapture(e.pointerId);
      this.byKeys = false;
      pointers.set(e.pointerId, place(e));
      start = place(e);
      moved = 0;
      if (this.drawing && pointers.size === 1) {
        const p = this.projection.place(...this.plane(...start));
        this.dragSection = [p, p];
      }
    });
    canvas.addEventListener("pointermove", (e) => {
      const before = pointers.get(e.pointerId);
      if (!before) return;
      const now = place(e);
      if (this.drawing && pointers.size === 1) {
        this.dragSection = [this.dragSection[0], this.projection.place(...this.plane(...now))];
        moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
        pointers.set(e.pointerId, now);
        this.drawOverlay();
        return;
      }
      if (pointers.size === 2) {
        const [other] = [...pointers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
        const d0 = Math.hypot(before[0] - other[0], before[1] - other[1]);
        const d1 = Math.hypot(now[0] - other[0], now[1] - other[1]);
        pointers.set(e.pointerId, now);
        moved = 99;
        this.panBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
        if (d0 > 5 && d1 > 5) this.zoomBy(d1 / d0, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
        return;
      }
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      pointers.set(e.pointerId, now);
      if (moved > 3) this.panBy(now[0] - before[0], now[1] - before[1]);
    });
    const end = (e) => {
      if (!pointers.delete(e.pointerId)) return;
      if (this.drawing) {
        const ends = this.dragSection;
        this.dragSection = null;
        this.setDrawing(false);
        if (ends && moved > 8 && ends.flat().every(isFinite)) this.onSection(ends);
        else this.drawOverlay();
        return;
      }
      if (moved <= 4 && start && e.type === "pointerup") this.pick(...start);
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("wheel", (e) => {
      e.preventDefault();
      const unit = e.deltaMode === 1 ? 18 : 1;
      this.zoomBy(2 ** (-Math.max(-240, Math.min(240, e.deltaY * unit)) / 240), ...place(e));
    }, { passive: false });
    canvas.addEventListener("dblclick", (e) => this.zoomBy(2, ...place(e)));
    canvas.addEventListener("keydown", (e) => this.key(e));
    canvas.addEventListener("focus", () => this.drawOverlay());
    canvas.addEventListener("blur", () => this.drawOverlay());
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const step = e.shiftKey ? 200 : 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    this.byKeys = true;
    if (moves[e.key]) this.panBy(...moves[e.key]);
    else if (e.key === "+" || e.key === "=") this.zoomBy(1.5);
    else if (e.key === "-" || e.key === "_") this.zoomBy(1 / 1.5);
    else if (e.key === "0" || e.key === "Home") this.goHome();
    else if (e.key === "Enter" || e.key === " ") this.pick(this.width / 2, this.height / 2, 60);
    else if (e.key === "s" || e.key === "S") this.keySection();
    else return;
    e.preventDefault();
  }

  /** A section by keys: west to east through the middle of the view. */
  keySection() {
    const y = this.height / 2;
    this.onSection([this.projection.place(...this.plane(0.15 * this.width, y)), this.projection.place(...this.plane(0.85 * this.width, y))]);
  }

  setDrawing(on) {
    this.drawing = on;
    this.canvas.classList.toggle("drawing", on);
    this.onDrawing?.(on);
  }

  /** The found plane above which a place of the screen lies, the last drawn first; -1 for none. */
  planeAt(px, py) {
    const corners = this.places.faults.corners || [];
    for (let i = corners.length - 1; i >= 0; i--) {
      if (!corners[i]) continue;
      const points = corners[i].map((q) => this.screen(q[0], q[1]));
      let odd = false;
      points.forEach(([x, y], k) => {
        const [u, v] = points[(k + 3) % 4];
        if (y > py !== v > py && px < x + ((u - x) * (py - y)) / (v - y)) odd = !odd;
      });
      if (odd) return i;
    }
    return -1;
  }

  /** What lies at a place of the screen: the symbol on top, else an event, else a node. */
  find(px, py, room = 0) {
    const layers = this.state.values.layers;
    let best = null;
    const offer = (kind, row, distance, reach) => {
      if (distance <= reach + room && (!best || distance - reach < best.over)) best = { kind, row, over: distance - reach };
    };
    const away = (x, y) => {
      const p = this.screen(x, y);
      return Math.hypot(p[0] - px, p[1] - py);
    };
    if (layers.has("balls")) for (const [i, , , size] of this.balls) offer("event", i, away(this.x[i], this.y[i]), size / 2);
    for (const [layer, kind, reach] of [["stations", "station", 8], ["faults", "fault", 14]]) {
      if (!layers.has(layer)) continue;
      (this.places[layer].xy || []).forEach((p, i) => p && offer(kind, i, away(p[0], p[1]), reach));
    }
    if (best) return best;
    const inside = layers.has("faults") ? this.planeAt(px, py) : -1;
    if (layers.has("bars") && this.nodeX) {
      for (let i = 0; i < this.nodeX.length; i++) if (this.nodePass[i]) offer("node", i, away(this.nodeX[i], this.nodeY[i]), 7);
      if (best) return best;
    }
    if (layers.has("hypocenters")) {
      const [x, y] = this.plane(px, py);
      const reach = (7 + room) / this.view.k;
      for (let i = 0; i < this.events.count; i++) {
        if (!this.pass[i] || Math.abs(this.x[i] - x) > reach || Math.abs(this.y[i] - y) > reach) continue;
        offer("event", i, away(this.x[i], this.y[i]), 6);
      }
      if (best) return best;
    }
    if (inside >= 0) return { kind: "fault", row: inside, over: 0 };
    if ((layers.has("bars") || layers.has("field") || layers.has("fans")) && this.nodeX) {
      const reach = Math.max(14, 0.71 * this.spacing * this.view.k);
      for (let i = 0; i < this.nodeX.length; i++) if (this.nodePass[i]) offer("node", i, away(this.nodeX[i], this.nodeY[i]), reach);
    }
    return best;
  }

  pick(px, py, room = 0) {
    const found = this.find(px, py, room);
    this.onPick(found ? { kind: found.kind, row: found.row } : null);
  }

  /** A round length of a scale bar and its width in pixels. */
  scaleBar() {
    const km = this.kmPerPixel();
    const most = 110 * km;
    const power = 10 ** Math.floor(Math.log10(most));
    const round = [5, 2, 1].find((m) => m * power <= most) * power;
    return { text: round >= 1 ? `${number(round, 0)} km` : `${number(round * 1000, 0)} m`, width: round / km };
  }
}

export { degrees };
