// Small figures of the panel, as SVG.

import { REGIME, REGIMES, rgb } from "./colors.js";
import { h, s } from "./dom.js";
import {
  auxiliaryPlane, axisVector, classifyMechanism, cross, dot, faultVectors, lowerHemisphere, norm,
  paintBall, planeCurve, rayVector, RAD,
} from "./sources.js";
import { isJapanese, number, t } from "./texts.js";

function figure(width, height, label, ...children) {
  return s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "plot" }, ...children);
}

function captioned(plot, caption) {
  return h("figure", {}, plot, h("figcaption", {}, caption));
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

function compass(cx, cy, r) {
  const marks = [];
  for (let a = 0; a < 360; a += 30) {
    const [x, y] = [Math.sin(a * RAD), -Math.cos(a * RAD)];
    marks.push(s("line", { x1: cx + r * x, y1: cy + r * y, x2: cx + (r + 4) * x, y2: cy + (r + 4) * y, class: "rule" }));
  }
  marks.push(s("text", { x: cx, y: cy - r - 8, class: "tick", "text-anchor": "middle" }, "N"));
  return marks;
}

/** Rose of SHmax with its best direction and 95 % range. */
export function roseFigure(shares, best, low, high, color) {
  const [cx, cy, r] = [110, 116, 92];
  const petals = [];
  const width = 180 / shares.length;
  shares.forEach((share, i) => {
    if (!(share > 0)) return;
    const length = r * Math.sqrt(share);
    for (const turn of [0, 180]) {
      const a = (i * width + turn) * RAD;
      const b = ((i + 1) * width + turn) * RAD;
      petals.push(s("path", {
        d: `M${cx} ${cy}L${cx + length * Math.sin(a)} ${cy - length * Math.cos(a)}A${length} ${length} 0 0 1 ${cx + length * Math.sin(b)} ${cy - length * Math.cos(b)}Z`,
        fill: color, class: "petal",
      }));
    }
  });
  const lines = [];
  const ray = (angle, attributes) => {
    const [x, y] = [r * Math.sin(angle * RAD), -r * Math.cos(angle * RAD)];
    lines.push(s("line", { x1: cx - x, y1: cy - y, x2: cx + x, y2: cy + y, ...attributes }));
  };
  if (isFinite(low)) ray(low, { class: "range" });
  if (isFinite(high)) ray(high, { class: "range" });
  ray(best, { class: "best" });
  return captioned(
    figure(220, 222, `${t("rose")}: ${number(best, 0)}°`, s("circle", { cx, cy, r, class: "frame" }), petals, compass(cx, cy, r), lines),
    t("rose"),
  );
}

/** Principal axes on the lower hemisphere with the cones that hold 95 %. */
export function stereonetFigure(axes) {
  const [cx, cy, r] = [110, 116, 92];
  const symbols = [];
  const shapes = { 1: "M0-7L6 5H-6Z", 2: "M-5-5H5V5H-5Z", 3: "M0-6.5A6.5 6.5 0 1 0 0 6.5A6.5 6.5 0 1 0 0-6.5Z" };
  const colors = { 1: "#d55e00", 2: "#7b7b7b", 3: "#0067a5" };
  axes.forEach(({ azimuth, plunge, cone }, k) => {
    if (!isFinite(azimuth)) return;
    const axis = axisVector(azimuth, plunge);
    if (isFinite(cone)) symbols.push(...coneArea(axis, Math.min(cone, 89), cx, cy, r, colors[k + 1]));
  });
  axes.forEach(({ azimuth, plunge }, k) => {
    if (!isFinite(azimuth)) return;
    const [x, y] = lowerHemisphere(axisVector(azimuth, plunge));
    symbols.push(s("path", { d: shapes[k + 1], transform: `translate(${cx + r * x} ${cy + r * y})`, fill: colors[k + 1], class: "symbol" }));
    const side = x > 0.6 ? -1 : 1;
    symbols.push(s("text", { x: cx + r * x + side * 10, y: cy + r * y + 4, class: "tick strong", "text-anchor": side > 0 ? "start" : "end" }, `S${k + 1}`));
  });
  return captioned(figure(220, 222, t("stereonet"), s("circle", { cx, cy, r, class: "frame" }), compass(cx, cy, r), symbols), t("stereonet"));
}

function coneArea(axis, angle, cx, cy, r, color) {
  const other = Math.abs(axis[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const u = norm(cross(axis, other));
  const v = cross(axis, u);
  const [c, sn] = [Math.cos(angle * RAD), Math.sin(angle * RAD)];
  const parts = [];
  let run = [];
  let sign = 0;
  for (let k = 0; k <= 120; k++) {
    const a = (k / 120) * 2 * Math.PI;
    const p = axis.map((x, i) => c * x + sn * (Math.cos(a) * u[i] + Math.sin(a) * v[i]));
    const now = p[2] < 0 ? -1 : 1;
    if (sign && now !== sign) {
      parts.push(run);
      run = [];
    }
    sign = now;
    const [x, y] = lowerHemisphere(p);
    run.push([cx + r * x, cy + r * y]);
  }
  parts.push(run);
  const whole = parts.length === 1;
  return parts.filter((q) => q.length > 1).map((q) => s("path", { d: path(q) + (whole ? "Z" : ""), stroke: color, fill: whole ? color : "none", "fill-opacity": 0.14, class: "cone" }));
}

/** Mohr circles of the reduced stress with the nodal planes of mechanisms. */
export function mohrFigure(ratio, low, high, axes, mechanisms) {
  const [x0, y0, w] = [14, 128, 250];
  const at = (normal, shear) => [x0 + w * normal, y0 - w * shear];
  const arc = (a, b, name) => s("path", { d: `M${at(a, 0).join(" ")}A${(w * (b - a)) / 2} ${(w * (b - a)) / 2} 0 0 1 ${at(b, 0).join(" ")}`, class: name });
  const parts = [s("line", { x1: x0 - 4, y1: y0, x2: x0 + w + 8, y2: y0, class: "rule" })];
  for (const edge of [low, high]) if (isFinite(edge)) parts.push(arc(0, edge, "mohr faint"), arc(edge, 1, "mohr faint"));
  parts.push(arc(0, 1, "mohr"), arc(0, ratio, "mohr"), arc(ratio, 1, "mohr"));
  const values = [1, ratio, 0];
  for (const angles of mechanisms.slice(0, 300)) {
    for (const plane of [angles, auxiliaryPlane(...angles)]) {
      const [n] = faultVectors(...plane);
      let [normal, square] = [0, 0];
      axes.forEach((axis, k) => {
        const q = dot(n, axis) ** 2;
        normal += q * values[k];
        square += q * values[k] ** 2;
      });
      const [x, y] = at(normal, Math.sqrt(Math.max(0, square - normal * normal)));
      parts.push(s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2, class: "dot" }));
    }
  }
  for (const [v, text] of [[0, "S3"], [ratio, "S2"], [1, "S1"]]) parts.push(s("text", { x: at(v, 0)[0], y: y0 + 13, "text-anchor": "middle", class: "tick" }, text));
  parts.push(s("text", { x: x0 + w / 2, y: y0 + 30, "text-anchor": "middle", class: "tick" }, t("normalStress")));
  return captioned(figure(280, 164, t("mohr"), parts), t("mohr"));
}

/** Histogram of the shape ratio. */
export function histogramFigure(shares, best) {
  const [x0, y0, w, hgt] = [14, 62, 250, 52];
  const each = w / shares.length;
  const parts = shares.map((v, i) => v > 0 && s("rect", { x: x0 + i * each + 0.5, y: y0 - hgt * v, width: each - 1, height: hgt * v, class: "bar" }));
  parts.push(s("line", { x1: x0, y1: y0, x2: x0 + w, y2: y0, class: "rule" }));
  parts.push(s("line", { x1: x0 + w * best, y1: y0, x2: x0 + w * best, y2: y0 - hgt - 4, class: "best" }));
  for (const v of [0, 0.5, 1]) parts.push(s("text", { x: x0 + w * v, y: y0 + 13, "text-anchor": "middle", class: "tick" }, number(v, 1)));
  return captioned(figure(280, 80, `${t("ratioHistogram")}: ${number(best, 2)}`, parts), t("ratioHistogram"));
}

/** Histogram of the misfits of polarities of the mechanisms of a node, 0 to 1. */
export function misfitFigure(values) {
  const counts = new Array(20).fill(0);
  for (const x of values) counts[Math.min(19, Math.floor(20 * x))]++;
  const most = Math.max(...counts);
  const [x0, y0, w, hgt] = [14, 62, 250, 52];
  const each = w / counts.length;
  const parts = counts.map((v, i) => v > 0 && s("rect", { x: x0 + i * each + 0.5, y: y0 - (hgt * v) / most, width: each - 1, height: (hgt * v) / most, class: "bar" }));
  parts.push(s("line", { x1: x0, y1: y0, x2: x0 + w, y2: y0, class: "rule" }));
  for (const v of [0, 0.5, 1]) parts.push(s("text", { x: x0 + w * v, y: y0 + 13, "text-anchor": "middle", class: "tick" }, `${number(100 * v, 0)} %`));
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return captioned(figure(280, 80, `${t("misfits")}: ${number(100 * middle, 0)} % (${t("median")})`, parts), t("misfits"));
}

/** Slip tendency from 0 to 1 with its 95 % range. */
export function tendencyFigure(value, low, high) {
  if (!isFinite(value)) return null;
  const [x0, y0, w] = [14, 24, 250];
  const at = (v) => x0 + w * Math.min(1, Math.max(0, v));
  const parts = [s("line", { x1: x0, y1: y0, x2: x0 + w, y2: y0, class: "rule" })];
  if (isFinite(low) && isFinite(high)) parts.push(s("rect", { x: at(low), y: y0 - 7, width: Math.max(at(high) - at(low), 1), height: 14, class: "bar" }));
  parts.push(s("line", { x1: at(value), y1: y0 - 12, x2: at(value), y2: y0 + 12, class: "best" }));
  for (const v of [0, 0.5, 1]) parts.push(s("text", { x: at(v), y: y0 + 26, "text-anchor": "middle", class: "tick" }, number(v, 1)));
  const label = `${t("tendency")}, ${t("range95")}`;
  return captioned(figure(280, 56, `${label}: ${number(low, 2)} – ${number(high, 2)}`, parts), label);
}

/** Bar of the probabilities of regimes. */
export function regimeFigure(probabilities) {
  const [x0, w] = [14, 250];
  let at = 0;
  const total = probabilities.reduce((a, b) => a + (b || 0), 0) || 1;
  const parts = [];
  const keys = [];
  REGIMES.forEach((name, i) => {
    const share = (probabilities[i] || 0) / total;
    if (share < 0.005) return;
    parts.push(s("rect", { x: x0 + w * at, y: 4, width: Math.max(w * share - 1, 0.5), height: 16, fill: REGIME[name] }, s("title", {}, `${t(name)}: ${number(100 * share, 0)} %`)));
    keys.push(h("li", {}, h("span", { class: "swatch", style: `background:${REGIME[name]}` }), `${t(name)} ${number(100 * share, 0)} %`));
    at += share;
  });
  const label = `${t("regimeProbability")}: ${keys.map((k) => k.textContent).join(", ")}`;
  return h("figure", {}, figure(280, 24, label, parts), h("ul", { class: "keys" }, keys), h("figcaption", {}, t("regimeProbability")));
}

/** A small beachball in a line of text. */
export function smallBall(angles, size = 26) {
  const canvas = paintBall(size * 2, angles, rgb(REGIME[classifyMechanism(...angles)]));
  canvas.className = "small-ball";
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

/** The focal sphere of an event with acceptable planes and first motions. */
export function sphereFigure(angles, details, stationName) {
  const [cx, cy, r] = [150, 156, 132];
  const parts = [];
  const color = angles ? REGIME[classifyMechanism(...angles)] : REGIME.U;
  if (angles) {
    const ball = paintBall(528, angles, rgb(color).map((v) => Math.round(v + 0.35 * (255 - v))));
    parts.push(s("image", { href: ball.toDataURL(), x: cx - r - 0.5, y: cy - r - 0.5, width: 2 * r + 1, height: 2 * r + 1 }));
  }
  parts.push(s("circle", { cx, cy, r, class: angles ? "frame open" : "frame ball" }), compass(cx, cy, r));
  const place = ([x, y]) => [cx + r * x, cy + r * y];
  for (const plane of (details && details.accepted) || []) {
    for (const p of [plane, auxiliaryPlane(...plane)]) parts.push(s("path", { d: path(planeCurve(p[0], p[1]).map(place)), class: "accepted" }));
  }
  if (angles) for (const p of [angles, auxiliaryPlane(...angles)]) parts.push(s("path", { d: path(planeCurve(p[0], p[1]).map(place)), class: "nodal" }));
  for (const reading of (details && details.readings) || []) {
    if (!isFinite(reading.takeoff)) continue;
    const [x, y] = place(lowerHemisphere(rayVector(reading.azimuth, reading.takeoff)));
    const used = reading.use === "" || reading.use === "used";
    const sure = Math.abs(2 * reading.up - 1);
    const size = 2.5 + 2.6 * sure;
    const name = stationName(reading.place);
    const title = `${name}: ${reading.up >= 0.5 ? t("up") : t("down")} (${number(100 * Math.max(reading.up, 1 - reading.up), 0)} %)${used ? "" : `, ${t("notUsed")}`}`;
    parts.push(s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: size.toFixed(1), class: `motion ${reading.up >= 0.5 ? "up" : "down"}${used ? "" : " unused"}` }, s("title", {}, title)));
  }
  const label = details ? t("sphere") : t("sphereNoDetails");
  const figureBox = captioned(figure(300, 302, label, parts), label);
  if (details && details.readings.length) {
    const up = details.readings.filter((q) => q.up >= 0.5).length;
    figureBox.append(h("p", { class: "key-line" }, h("span", { class: "motion-key up" }), `${t("up")} ${up} `, h("span", { class: "motion-key down" }), `${t("down")} ${details.readings.length - up}`, details.accepted.length ? ` · ${details.accepted.length} ${t("acceptedPlanes")}` : ""));
  }
  return figureBox;
}

export { isJapanese };
