// The legend of the map and its scale bar.

import { css, REGIME, REGIMES } from "./colors.js";
import { h, replace } from "./dom.js";
import { smallBall } from "./plots.js";
import { moment, number, t } from "./texts.js";

function scale(colors, low, high, title) {
  const stops = [0, 51, 102, 153, 204, 255].map((i) => css(colors[Math.min(i, 254)]));
  return h("div", { class: "scale" }, h("p", {}, title), h("div", { class: "gradient", style: `background:linear-gradient(90deg,${stops.join(",")})` }), h("div", { class: "ends" }, h("span", {}, low), h("span", {}, high)));
}

export function fillLegend(element, meta, map, values) {
  const { layers } = values;
  const parts = [];
  const regimes = layers.has("bars") || layers.has("fans") || layers.has("balls") || (layers.has("field") && values.field === "regime") || (layers.has("hypocenters") && values.color === "regime");
  if (regimes && (meta.counts.nodes || meta.counts.mechanisms)) {
    parts.push(h("ul", { class: "keys" }, REGIMES.map((r) => h("li", {}, h("span", { class: "swatch", style: `background:${REGIME[r]}` }), t(r)))));
  }
  if (layers.has("bars") && meta.counts.nodes) parts.push(h("p", { class: "note" }, t("barLegend")));
  if (layers.has("balls") && meta.counts.mechanisms) {
    parts.push(h("p", { class: "balls-key" }, [["NF", [0, 45, -90]], ["SS", [0, 90, 0]], ["TF", [0, 45, 90]]].map(([r, a]) => h("span", {}, smallBall(a, 20), t(r)))));
    parts.push(h("p", { class: "note" }, t("ballLegend")));
  }
  if (layers.has("field") && values.field !== "none" && values.field !== "regime" && meta.counts.nodes) {
    const r = map.fieldRange();
    parts.push(scale(map.palettes[r.palette], `${number(r.low, r.decimals)}${r.unit || ""}`, `${number(r.high, r.decimals)}${r.unit || ""}`, t(`f_${values.field}`)));
  }
  if (layers.has("hypocenters") && meta.counts.events && values.color !== "regime") {
    const r = map.colorRange();
    const text = (x) => (values.color === "time" ? moment(x, false) : values.color === "depth" ? `${number(x, 0)} km` : number(x, 1));
    parts.push(scale(map.palettes[values.color === "time" ? "time" : "depth"], text(r.low), text(r.high), `${t("hypocenters")}: ${t(`c_${values.color}`)}`));
  }
  if (layers.has("faults") && meta.counts.faults) {
    parts.push(scale(map.palettes.tendency, "0", "1", t("tendency")));
    if ((map.places.faults.outline || []).some(Boolean)) parts.push(h("p", { class: "note" }, t("planeLegend")));
  }
  replace(element, parts);
  element.parentElement.hidden = parts.length === 0;
}
