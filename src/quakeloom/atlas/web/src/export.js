// The selection as CSV, GeoJSON or QuakeML, made in the page.

import { auxiliaryPlane } from "./sources.js";

const COLUMNS = ["event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude", "status", "quality", "strike_deg", "dip_deg", "rake_deg", "fault_plane_uncertainty_deg", "auxiliary_plane_uncertainty_deg", "mechanism_probability", "polarity_count", "polarity_misfit"];
const DECIMALS = { longitude: 5, latitude: 5, depth_km: 2, magnitude: 2, strike_deg: 1, dip_deg: 1, rake_deg: 1, fault_plane_uncertainty_deg: 1, auxiliary_plane_uncertainty_deg: 1, mechanism_probability: 3, polarity_count: 0, polarity_misfit: 3 };

function value(events, names, row, column) {
  if (column === "event_id") return names[row];
  if (column === "origin_time") {
    const seconds = events.at("time_s", row);
    return isFinite(seconds) ? new Date(seconds * 1000).toISOString().slice(0, 19) + "Z" : "";
  }
  if (column === "status" || column === "quality") return events.code(column, row);
  let number = events.at(column, row);
  if (column === "longitude") number = ((((number + 180) % 360) + 360) % 360) - 180;
  return isFinite(number) ? Number(number.toFixed(DECIMALS[column])) : "";
}

function cell(text) {
  // a text that a spreadsheet would take for a formula stays text
  const found = String(text);
  const safe = typeof text === "string" && /^[=+\-@\t\r]/.test(found) ? `'${found}` : found;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csvText(events, names, rows) {
  const lines = [COLUMNS.join(",")];
  for (const row of rows) lines.push(COLUMNS.map((c) => cell(value(events, names, row, c))).join(","));
  return lines.join("\n") + "\n";
}

export function geojsonText(events, names, rows) {
  const features = Array.from(rows, (row) => {
    const properties = {};
    for (const c of COLUMNS) {
      const v = value(events, names, row, c);
      if (c !== "longitude" && c !== "latitude") properties[c] = v === "" ? null : v;
    }
    const coordinates = [value(events, names, row, "longitude"), value(events, names, row, "latitude")];
    return JSON.stringify({ type: "Feature", id: names[row], geometry: { type: "Point", coordinates }, properties });
  });
  return `{"type":"FeatureCollection","features":[\n${features.join(",\n")}\n]}\n`;
}

const XML = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text for XML: markup escaped, letters that XML has no place for left out. */
function xml(text) {
  // eslint-disable-next-line no-control-regex
  return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[&<>"']/g, (c) => XML[c]);
}

/** A resource identifier of QuakeML; letters that it may not have become their number. */
function resource(kind, name) {
  return `smi:local/${kind}/${String(name).replace(/[^A-Za-z0-9._-]/g, (c) => `~${c.codePointAt(0).toString(16)}`)}`;
}

export function quakemlText(events, names, rows) {
  const real = (tag, number) => (number === "" ? "" : `<${tag}><value>${number}</value></${tag}>`);
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">\n<eventParameters publicID="smi:local/catalog">\n'];
  for (const row of rows) {
    const v = (c) => value(events, names, row, c);
    const name = names[row];
    const time = v("origin_time");
    const depth = v("depth_km");
    let text = `<event publicID="${resource("event", name)}"><description><text>${xml(name)}</text><type>earthquake name</type></description>`;
    text += `<preferredOriginID>${resource("origin", name)}</preferredOriginID>`;
    if (time) {
      text += `<origin publicID="${resource("origin", name)}"><time><value>${time}</value></time>${real("longitude", v("longitude"))}${real("latitude", v("latitude"))}${depth === "" ? "" : real("depth", Math.round(depth * 1000))}</origin>`;
    } else {
      text = text.replace(/<preferredOriginID>.*<\/preferredOriginID>/, "");
    }
    if (v("magnitude") !== "") text += `<magnitude publicID="${resource("magnitude", name)}">${real("mag", v("magnitude"))}</magnitude>`;
    if (events.solved(row)) {
      const plane = [v("strike_deg"), v("dip_deg"), v("rake_deg")];
      const other = auxiliaryPlane(...plane).map((x) => Number(x.toFixed(1)));
      const nodal = (tag, p) => `<${tag}>${real("strike", p[0])}${real("dip", p[1])}${real("rake", p[2])}</${tag}>`;
      text += `<focalMechanism publicID="${resource("mechanism", name)}"><nodalPlanes preferredPlane="1">${nodal("nodalPlane1", plane)}${nodal("nodalPlane2", other)}</nodalPlanes></focalMechanism>`;
    }
    parts.push(`${text}</event>\n`);
  }
  parts.push("</eventParameters>\n</q:quakeml>\n");
  return parts.join("");
}

export function saveText(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 30000);
}
