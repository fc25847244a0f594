// The cross-section along a line of the map.

import { css, REGIME, rgb } from "./colors.js";
import { h } from "./dom.js";
import { classifyMechanism, distanceAzimuth, EARTH_KM, paintBall, RAD, sectionView } from "./sources.js";
import { count, number, t } from "./texts.js";

export class SectionPlot {
  constructor(meta, events, map, state, select) {
    Object.assign(this, { meta, events, map, state, select });
    this.canvas = h("canvas", { role: "img", "aria-label": t("section"), on: { click: (e) => this.click(e) } });
    this.message = h("p", { class: "empty" }, t("sectionNone"));
    this.countText = h("span", { class: "count", role: "status" });
    this.width = h("input", { type: "range", min: "1", max: "100", step: "1", "aria-label": t("sectionWidth"), on: { input: (e) => this.state.set({ halfWidth: Number(e.target.value) }) } });
    this.widthText = h("output", {});
    this.host = h("div", { class: "section-plot" }, this.canvas, this.message);
    this.element = h("div", { class: "section-panel" },
      h("div", { class: "drawer-tools" }, this.countText,
        h("label", {}, t("sectionWidth"), this.width, this.widthText),
        h("button", { type: "button", class: "quiet", on: { click: () => this.map.setDrawing(true) } }, t("drawSection"))),
      this.host);
    new ResizeObserver(() => this.draw()).observe(this.host);
    this.points = [];
  }

  /** Events within reach of the line: along and depth in km. */
  gather() {
    const [[lon1, lat1], [lon2, lat2]] = this.state.values.section;
    const [length, azimuth] = distanceAzimuth(lon1, lat1, lon2, lat2);
    const half = this.state.values.halfWidth;
    const found = [];
    const { longitude, latitude } = this.events.columns;
    const cosine = Math.cos(((lat1 + lat2) / 2) * RAD);
    const reach = length + half;
    for (let i = 0; i < this.events.count; i++) {
      if (!this.map.pass[i]) continue;
      const [lon, lat] = [longitude.at(i), latitude.at(i)];
      if (Math.abs(lat - lat1) * 111 > reach * 1.05 + 5 && Math.abs(lon - lon1) * 111 * cosine > reach * 1.2 + 5) continue;
      const [d, a] = distanceAzimuth(lon1, lat1, lon, lat);
      const turn = (a - azimuth) * RAD;
      const across = Math.asin(Math.sin(d / EARTH_KM) * Math.sin(turn)) * EARTH_KM;
      if (Math.abs(across) > half) continue;
      const along = Math.atan2(Math.sin(d / EARTH_KM) * Math.cos(turn), Math.cos(d / EARTH_KM)) * EARTH_KM;
      if (along < 0 || along > length) continue;
      const depth = this.events.at("depth_km", i);
      if (isFinite(depth)) found.push([i, along, depth]);
    }
    return { found, length, azimuth };
  }

  draw() {
    const ends = this.state.values.section;
    this.canvas.hidden = !ends;
    this.message.hidden = Boolean(ends);
    if (!ends) {
      this.countText.textContent = "";
      return;
    }
    const box = this.host.getBoundingClientRect();
    if (box.width < 50 || box.height < 50) return;
    const { found, length, azimuth } = this.gather();
    const half = this.state.values.halfWidth;
    this.width.max = String(Math.max(10, Math.round(length / 2), Math.ceil(half)));
    this.width.value = String(half);
    this.widthText.textContent = `${number(half, 0)} km`;
    this.countText.textContent = `${count(found.length)} ${t("events")}, ${number(length, 0)} km, N${number(azimuth, 0)}°E`;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = box.width * ratio;
    this.canvas.height = box.height * ratio;
    const c = this.canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const theme = this.map.theme;
    const room = { left: 56, right: 18, top: 24, bottom: 40 };
    const [w, hgt] = [box.width - room.left - room.right, box.height - room.top - room.bottom];
    const deepest = found.reduce((m, p) => Math.max(m, p[2]), 1);
    const top = Math.min(0, found.reduce((m, p) => Math.min(m, p[2]), 0));
    // one scale for both axes where it fits, so that dips are true
    const k = Math.min(w / length, hgt / ((deepest - top) * 1.06));
    const left = room.left + (w - k * length) / 2;
    const at = (along, depth) => [left + k * along, room.top + k * (depth - top)];
    const height = Math.min(hgt, Math.max(1.12 * k * (deepest - top), 60));
    const bottom = top + height / k;
    c.fillStyle = theme.land;
    c.fillRect(left, room.top, k * length, height);
    this.axes(c, theme, { left, top, bottom, length, k, room, height });
    this.points = [];
    this.drawEvents(c, found, at, azimuth, theme);
    c.font = "600 13px system-ui, sans-serif";
    c.fillStyle = theme.accent;
    c.textAlign = "center";
    c.fillText("A", left, room.top - 9);
    c.fillText("B", left + k * length, room.top - 9);
  }

  axes(c, theme, { left, top, bottom, length, k, room, height }) {
    c.font = "11px system-ui, sans-serif";
    c.strokeStyle = theme.grid;
    c.fillStyle = theme.muted;
    c.lineWidth = 1;
    const step = (span, most) => [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((x) => span / x <= most) || 2000;
    const sx = step(length, Math.max(3, (k * length) / 70));
    c.textAlign = "center";
    for (let x = 0; x <= length; x += sx) {
      c.beginPath();
      c.moveTo(left + k * x, room.top);
      c.lineTo(left + k * x, room.top + height);
      c.stroke();
      c.fillText(number(x, sx < 1 ? 1 : 0), left + k * x, room.top + height + 15);
    }
    const sy = step(bottom - top, Math.max(3, height / 40));
    c.textAlign = "right";
    for (let z = Math.ceil(top / sy) * sy; z <= bottom; z += sy) {
      const y = room.top + k * (z - top);
      c.beginPath();
      c.moveTo(left, y);
      c.lineTo(left + k * length, y);
      c.stroke();
      c.fillText(number(z, sy < 1 ? 1 : 0), left - 6, y + 4);
    }
    c.textAlign = "center";
    c.fillText(t("along"), left + (k * length) / 2, room.top + height + 32);
    c.save();
    c.translate(left - 40, room.top + height / 2);
    c.rotate(-Math.PI / 2);
    c.fillText(t("depthKm"), 0, 0);
    c.restore();
  }

  drawEvents(c, found, at, azimuth, theme) {
    const palette = this.map.eventPalette();
    const many = found.length > 3000;
    const { depth_025_km: low, depth_975_km: high } = this.events.columns;
    for (const [i, along, depth] of found) {
      const [x, y] = at(along, depth);
      c.fillStyle = css(palette[this.map.bins[i]], 0.85);
      if (low && !many && isFinite(low.at(i))) {
        c.strokeStyle = c.fillStyle;
        c.lineWidth = 1;
        c.beginPath();
        c.moveTo(x, at(along, low.at(i))[1]);
        c.lineTo(x, at(along, high.at(i))[1]);
        c.stroke();
      }
      if (many) c.fillRect(x - 1, y - 1, 2, 2);
      else {
        c.beginPath();
        c.arc(x, y, 3, 0, 7);
        c.fill();
      }
      this.points.push([i, x, y, 6]);
    }
    if (!this.state.values.layers.has("balls")) return;
    const places = new Map(found.map((p) => [p[0], p]));
    const taken = [];
    const view = sectionView(azimuth);
    for (const i of this.map.order()) {
      const p = places.get(i);
      if (!p) continue;
      const [x, y] = at(p[1], p[2]);
      const size = this.map.ballSize(i);
      if (taken.some(([a, b, q]) => Math.hypot(a - x, b - y) < 0.8 * (q + size) * 0.5)) continue;
      taken.push([x, y, size]);
      const angles = ["strike_deg", "dip_deg", "rake_deg"].map((n) => this.events.at(n, i));
      c.drawImage(paintBall(size * 2, angles, rgb(REGIME[classifyMechanism(...angles)]), view), x - size / 2, y - size / 2, size, size);
      c.strokeStyle = "#23272e";
      c.lineWidth = 0.9;
      c.beginPath();
      c.arc(x, y, size / 2 - 0.3, 0, 7);
      c.stroke();
      this.points.push([i, x, y, size / 2]);
      if (taken.length >= 250) break;
    }
  }

  click(e) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [e.clientX - box.left, e.clientY - box.top];
    let best = null;
    for (const [i, a, b, reach] of this.points) {
      const d = Math.hypot(a - x, b - y);
      if (d <= Math.max(reach, 8) && (!best || d <= best[1])) best = [i, d];
    }
    if (best) this.select({ kind: "event", row: best[0] }, true);
  }
}
