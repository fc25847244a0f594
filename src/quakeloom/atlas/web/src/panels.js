// The panel of what was clicked: a node, an event, a station, a fault.

import { REGIME, REGIMES } from "./colors.js";
import { load } from "./data.js";
import { h } from "./dom.js";
import { saveText } from "./export.js";
import { histogramFigure, misfitFigure, mohrFigure, regimeFigure, roseFigure, smallBall, sphereFigure, stereonetFigure, tendencyFigure } from "./plots.js";
import { auxiliaryPlane, axisVector, classifyMechanism } from "./sources.js";
import { count, degrees, isJapanese, moment, number, placeText, t, words } from "./texts.js";

const LISTED = 12;

/** Name of the file of a node's place in the static interface: both coordinates, five decimals. */
export function cellName(longitude, latitude) {
  const turned = ((((longitude + 180) % 360) + 360) % 360) - 180;
  return `${turned.toFixed(5)}_${latitude.toFixed(5)}`.replace(/-(0\.00000)/g, "$1");
}

export class Panels {
  constructor(meta, events, map, select) {
    this.meta = meta;
    this.events = events;
    this.map = map;
    this.select = select;
  }

  /** Build the panel of an object; a promise of its elements, or null where there is none. */
  async build({ kind, row }) {
    if (kind === "node") return this.node(row);
    if (kind === "event") return this.event(row);
    if (kind === "station") return this.station(row);
    if (kind === "fault") return this.fault(row);
    return null;
  }

  meaning(names) {
    const rows = names.filter((n) => this.meta.meanings[n]).map((n) => {
      const m = this.meta.meanings[n];
      const japanese = isJapanese() && m.ja;
      return [h("dt", {}, h("code", {}, n), m.unit && m.unit !== "1" ? ` (${m.unit})` : ""), h("dd", { lang: japanese ? "ja" : "en" }, japanese ? m.ja : m.en)];
    });
    return h("details", { class: "meanings" }, h("summary", {}, t("whatNumbers")), h("dl", {}, rows));
  }

  heading(kind, title, subtitle) {
    return h("header", {}, h("p", { class: "kind" }, t(kind)), h("h2", { tabindex: "-1" }, title), subtitle && h("p", { class: "place" }, subtitle));
  }

  facts(rows) {
    return h("dl", { class: "facts" }, rows.filter((r) => r && r[1] !== null && r[1] !== undefined && r[1] !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  async node(row) {
    const nodes = this.map.nodes;
    if (!nodes.longitude || row >= nodes.longitude.whole.length) return null;
    const v = (name) => (nodes[name] ? nodes[name].at(row) : NaN);
    const code = this.meta.codes.regime[nodes.regime.whole[row]] || "U";
    const letter = this.meta.codes.stress_quality[nodes.stress_quality.whole[row]] || "–";
    const axes = [1, 2, 3].map((k) => ({ azimuth: v(`s${k}_azimuth_deg`), plunge: v(`s${k}_plunge_deg`), cone: v(`s${k}_95_deg`) }));
    const near = this.eventsOfNode(row);
    const angles = near.map((i) => this.angles(i));
    const figures = [];
    if (this.meta.posterior) {
      const roses = await load("roses");
      const bins = (name, size) => Array.from({ length: size }, (_, i) => roses[name].at(row * size + i));
      figures.push(roseFigure(bins("rose", 36), v("shmax_deg"), v("shmax_low_deg"), v("shmax_high_deg"), REGIME[code]));
      figures.push(stereonetFigure(axes));
      figures.push(regimeFigure(REGIMES.map((r) => v(`probability_${r.toLowerCase()}`))));
      figures.push(histogramFigure(bins("ratio_histogram", 20), v("shape_ratio")));
    } else {
      figures.push(stereonetFigure(axes), regimeFigure(REGIMES.map((r) => v(`probability_${r.toLowerCase()}`))));
    }
    figures.push(mohrFigure(v("shape_ratio"), v("shape_ratio_low"), v("shape_ratio_high"), axes.map((a) => axisVector(a.azimuth, a.plunge)), angles));
    const misfits = near.map((i) => this.events.at("polarity_misfit", i)).filter((x) => isFinite(x));
    if (misfits.length) figures.push(misfitFigure(misfits));
    const extra = [];
    if (isFinite(v("depth_km"))) extra.push([t("depth"), `${number(v("depth_km"), 1)} km`]);
    if (isFinite(v("time_year"))) extra.push([t("time"), number(v("time_year"), 2)]);
    return [
      this.heading("node", `${t("shmax")} ${degrees(v("shmax_deg"))}`, placeText(v("longitude"), v("latitude"))),
      this.facts([
        [t("regime"), h("span", {}, h("span", { class: "swatch", style: `background:${REGIME[code]}` }), t(code))],
        [t("shmax"), `${degrees(v("shmax_deg"), 1)} ± ${degrees(v("shmax_std_deg"), 1)}`],
        [t("range95"), `${degrees(v("shmax_low_deg"), 1)} – ${degrees(v("shmax_high_deg"), 1)}`],
        [t("shapeRatio"), `${number(v("shape_ratio"), 2)} (${number(v("shape_ratio_low"), 2)} – ${number(v("shape_ratio_high"), 2)})`],
        ["A_phi", `${number(v("a_phi"), 2)} (${number(v("a_phi_low"), 2)} – ${number(v("a_phi_high"), 2)})`],
        [t("qualityLetter"), letter],
        [t("mechanismCount"), count(v("mechanism_count") || 0)],
        [t("resolution"), isFinite(v("resolution")) ? `${number(100 * v("resolution"), 0)} %` : ""],
        ...extra,
      ]),
      h("div", { class: "figures" }, figures),
      h("h3", {}, t("axes")),
      h("table", { class: "small" },
        h("thead", {}, h("tr", {}, [t("axis"), t("azimuth"), t("plunge"), t("within95")].map((x) => h("th", { scope: "col" }, x)))),
        h("tbody", {}, axes.map((a, k) => h("tr", {}, h("th", { scope: "row" }, `S${k + 1}`), [a.azimuth, a.plunge, a.cone].map((x) => h("td", {}, degrees(x))))))),
      near.length ? h("h3", {}, `${t("itsMechanisms")} (${near.length})`) : null,
      near.length ? this.eventList(near) : null,
      h("p", { class: "links" }, this.meta.cells && h("a", { href: `api/v1/cells/${cellName(v("longitude"), v("latitude"))}.json`, download: "" }, t("cellFile")), this.meta.cells && " ", h("button", { type: "button", class: "quiet", on: { click: () => saveText(`${this.meta.name}-${cellName(v("longitude"), v("latitude"))}.csv`, this.nodeCsv(row), "text/csv") } }, t("cellCsv"))),
      this.provenance(),
      this.meaning(["shmax_deg", "shmax_std_deg", "shmax_low_deg", "shmax_high_deg", "shape_ratio", "a_phi", "regime", "stress_quality", "mechanism_count", "data_weight", "resolution", "s1_azimuth_deg", "s1_plunge_deg", "s1_95_deg"]),
    ];
  }

  /** What is known of a node as CSV: its columns, rounded as the page has them. */
  nodeCsv(row) {
    const names = Object.keys(this.map.nodes);
    const value = (n) => (n === "regime" ? this.meta.codes.regime[this.map.nodes[n].whole[row]] : n === "stress_quality" ? this.meta.codes.stress_quality[this.map.nodes[n].whole[row]] : this.map.nodes[n].at(row));
    return `${names.join(",")}\n${names.map((n) => { const x = value(n); return typeof x === "number" ? (isFinite(x) ? Number(x.toPrecision(9)) : "") : (x ?? ""); }).join(",")}\n`;
  }

  /** Which data made a number: the digests of the run. */
  provenance() {
    const rows = Object.entries(this.meta.digests);
    return rows.length ? h("details", { class: "meanings" }, h("summary", {}, t("digests")), h("dl", {}, rows.map(([a, b]) => [h("dt", {}, a.replace("_digest", "")), h("dd", { class: "mono" }, b)]))) : null;
  }

  angles(row) {
    const e = this.events;
    return [e.at("strike_deg", row), e.at("dip_deg", row), e.at("rake_deg", row)];
  }

  /** Solved events whose nearest node on the map it is. */
  eventsOfNode(row) {
    const { nodeX, nodeY, spacing, x, y, nodePass } = this.map;
    const found = [];
    const reach = spacing || Infinity;
    const near = [];
    for (let i = 0; i < nodeX.length; i++) if (i !== row && nodePass[i] && Math.hypot(nodeX[i] - nodeX[row], nodeY[i] - nodeY[row]) < 3 * reach) near.push(i);
    const depths = this.meta.slices.depth_km;
    for (const i of this.map.order()) {
      const d = Math.hypot(x[i] - nodeX[row], y[i] - nodeY[row]);
      if (d > 1.5 * reach) continue;
      if (near.some((q) => Math.hypot(x[i] - nodeX[q], y[i] - nodeY[q]) < d)) continue;
      if (depths) {
        const own = this.map.nodes.depth_km.at(row);
        const depth = this.events.at("depth_km", i);
        if (depths.some((z) => Math.abs(z - depth) < Math.abs(own - depth))) continue;
      }
      found.push(i);
    }
    return found;
  }

  eventList(rows) {
    const shown = rows.slice(0, LISTED);
    return h("ul", { class: "event-list" }, shown.map((row) => h("li", {}, h("button", { type: "button", on: { click: () => this.select({ kind: "event", row }) } },
      smallBall(this.angles(row)),
      h("span", {}, moment(this.events.at("time_s", row), false), h("br"), `M ${number(this.events.at("magnitude", row), 1)} · ${number(this.events.at("depth_km", row), 1)} km · ${this.events.code("quality", row) || "–"}`)))),
    rows.length > LISTED && h("li", { class: "more" }, `+ ${count(rows.length - LISTED)} ${t("moreEvents")}`));
  }

  async event(row) {
    const e = this.events;
    if (row >= e.count) return null;
    const [name, details] = await Promise.all([e.fetchName(row), e.fetchDetails(row)]);
    const solved = e.solved(row);
    const angles = solved ? this.angles(row) : null;
    const other = solved ? auxiliaryPlane(...angles) : null;
    const v = (column) => e.at(column, row);
    const stations = this.map.places.stations;
    const stationName = (i) => (i < 0 ? t("station") : [stations.network[i], stations.station[i]].filter(Boolean).join("."));
    const type = solved ? classifyMechanism(...angles) : "";
    return [
      this.heading("event", `M ${number(v("magnitude"), 1)}, ${moment(v("time_s"), false)}`, name),
      solved || (details && details.readings.length) ? h("div", { class: "figures one" }, sphereFigure(angles, details, stationName)) : null,
      this.facts([
        [t("time"), `${moment(v("time_s"))} UTC`],
        [t("place"), placeText(v("longitude"), v("latitude"))],
        [t("depth"), `${number(v("depth_km"), 2)} km`],
        [t("depthRange"), isFinite(v("depth_025_km")) ? `${number(v("depth_025_km"), 1)} – ${number(v("depth_975_km"), 1)} km` : ""],
        [t("ellipse"), isFinite(v("ellipse_major_km")) ? `${number(v("ellipse_major_km"), 2)} × ${number(v("ellipse_minor_km"), 2)} km, ${degrees(v("ellipse_azimuth_deg"))}` : ""],
        [t("magnitude"), number(v("magnitude"), 2)],
        [t("status"), words(e.code("status", row))],
        [t("qualityLetter"), e.code("quality", row)],
        solved && [t("regime"), h("span", {}, h("span", { class: "swatch", style: `background:${REGIME[type]}` }), t(type))],
        isFinite(v("mechanism_probability")) && [t("probability"), `${number(100 * v("mechanism_probability"), 0)} %`],
        isFinite(v("polarity_count")) && [t("polarities"), count(v("polarity_count"))],
        isFinite(v("polarity_misfit")) && [t("misfit"), `${number(100 * v("polarity_misfit"), 0)} %`],
        isFinite(v("azimuthal_gap_deg")) && [t("gap"), degrees(v("azimuthal_gap_deg"))],
      ].filter(Boolean)),
      solved && h("table", { class: "small" },
        h("thead", {}, h("tr", {}, [t("planes"), t("strike"), t("dip"), t("rake"), t("uncertainty")].map((x) => h("th", { scope: "col" }, x)))),
        h("tbody", {}, [[angles, v("fault_plane_uncertainty_deg")], [other, v("auxiliary_plane_uncertainty_deg")]].map(([p, u], k) => h("tr", {}, h("th", { scope: "row" }, k + 1), p.map((x) => h("td", {}, degrees(x))), h("td", {}, degrees(u)))))),
      this.meaning(["origin_time", "depth_km", "magnitude", "quality", "status", "strike_deg", "dip_deg", "rake_deg", "fault_plane_uncertainty_deg", "mechanism_probability", "polarity_count", "polarity_misfit", "azimuthal_gap_deg", "depth_025_km", "depth_975_km", "azimuth_deg", "takeoff_deg", "probability_up"]),
    ];
  }

  station(row) {
    const c = this.map.places.stations;
    if (!c.station || row >= c.station.length) return null;
    const v = (name) => (c[name] ? c[name][row] : null);
    return [
      this.heading("station", [v("network"), v("station")].filter(Boolean).join("."), v("longitude") === null ? "" : placeText(v("longitude"), v("latitude"))),
      this.facts([
        [t("elevation"), v("elevation_m") === null ? "" : `${number(v("elevation_m"), 0)} m`],
        [t("verdict"), v("verdict") && words(v("verdict"))],
        [t("polarities"), v("polarity_count") === null ? "" : count(v("polarity_count"))],
        [t("contradict"), v("contradiction_rate") === null ? "" : `${count(v("contradiction_count") || 0)} (${number(100 * v("contradiction_rate"), 1)} %)`],
      ]),
      v("reason") && h("p", {}, v("reason")),
      this.meaning(["network", "station", "elevation_m", "polarity_count", "contradiction_count", "contradiction_rate", "verdict"]),
    ];
  }

  fault(row) {
    const c = this.map.places.faults;
    if (!c.fault || row >= c.fault.length) return null;
    const v = (name) => (c[name] && c[name][row] !== null ? c[name][row] : NaN);
    const range = (a, b, decimals = 2) => `${number(v(a), decimals)} – ${number(v(b), decimals)}`;
    return [
      this.heading("fault", c.fault[row], placeText(v("longitude"), v("latitude"))),
      this.facts([
        [t("tendency"), isFinite(v("slip_tendency")) ? `${number(v("slip_tendency"), 2)} ± ${number(v("slip_tendency_std"), 2)}` : t("outsideMap")],
        isFinite(v("slip_tendency_low")) && [t("range95"), range("slip_tendency_low", "slip_tendency_high")],
        [t("strike"), `${degrees(v("strike_deg"))}${isFinite(v("strike_std_deg")) ? ` ± ${degrees(v("strike_std_deg"))}` : ""}`],
        [t("dip"), `${degrees(v("dip_deg"))}${isFinite(v("dip_std_deg")) ? ` ± ${degrees(v("dip_std_deg"))}` : ""}`],
        isFinite(v("rake_deg")) && [t(c.outline && c.outline[row] ? "rake" : "knownRake"), degrees(v("rake_deg"))],
        isFinite(v("predicted_rake_deg")) && [t("predictedRake"), `${degrees(v("predicted_rake_deg"))} ± ${degrees(v("predicted_rake_std_deg"))}`],
        ...this.foundPlane(c, row),
      ].filter(Boolean)),
      tendencyFigure(v("slip_tendency"), v("slip_tendency_low"), v("slip_tendency_high")),
      c.reason && c.reason[row] ? h("p", { lang: "en" }, c.reason[row]) : null,
      this.meaning(["slip_tendency", "slip_tendency_std", "slip_tendency_low", "slip_tendency_high", "dip_std_deg", "predicted_rake_deg", "predicted_rake_std_deg", "rake_misfit_deg", ...(c.outline && c.outline[row] ? ["fault_status", "strike_std_deg", "fault_length_km", "fault_width_km", "fault_thickness_km", "expected_event_count", "start_share", "draw_share", "fault_chance", "known_status"] : [])]),
    ];
  }

  /** What is known of a fault that was found in the hypocenters; nothing of one that was given. */
  foundPlane(c, row) {
    if (!c.outline || !c.outline[row]) return [];
    const v = (name) => (c[name] && c[name][row] !== null ? c[name][row] : NaN);
    const pm = (name, unit) => `${number(v(`${name}_km`), 1)} ± ${number(v(`${name}_std_km`), 1)} ${unit}`;
    const known = [c.known_status[row] && words(c.known_status[row]), c.known_fault[row]].filter(Boolean).join(", ");
    return [
      [t("foundStatus"), words(c.fault_status[row])],
      [t("depth"), `${number(v("depth_km"), 1)} km`],
      [t("faultLength"), pm("fault_length", "km")],
      [t("faultWidth"), pm("fault_width", "km")],
      [t("faultEvents"), number(v("expected_event_count"), 0)],
      [t("faultChance"), number(v("fault_chance"), 3)],
      known && [t("knownFault"), known],
    ].filter(Boolean);
  }
}
