// What the atlas is, how to cite it, what every number means.

import { h } from "./dom.js";
import { count, isJapanese, t } from "./texts.js";

function size(bytes) {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

export function aboutContents(meta, projection) {
  const { counts } = meta;
  const rows = [
    [t("events"), count(counts.events)], [t("mechanisms"), count(counts.mechanisms)],
    [t("nodes"), count(counts.nodes)], [t("stations"), count(counts.stations)],
    [t("faults"), count(counts.faults)], [t("projection"), t(projection.name)],
    [t("coastSource"), meta.coast || "–"], ["quakeloom", meta.quakeloom],
  ];
  const meanings = Object.entries(meta.meanings).map(([name, m]) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, m.unit === "1" ? "" : m.unit), h("td", { lang: isJapanese() && m.ja ? "ja" : "en" }, isJapanese() && m.ja ? m.ja : m.en)));
  return [
    meta.description && h("p", { class: "lead" }, meta.description),
    meta.synthetic && h("p", { class: "lead" }, t("syntheticHint")),
    h("dl", { class: "facts" }, rows.map(([a, b]) => h("div", {}, h("dt", {}, a), h("dd", {}, b)))),
    meta.said.length ? [h("h3", {}, t("missing")), h("ul", {}, meta.said.map((x) => h("li", {}, isJapanese() ? x.ja : x.en)))] : null,
    h("h3", {}, t("cite")), h("p", { class: "cite", lang: "en" }, meta.citation),
    meta.versions.length ? [h("h3", {}, t("versions")), h("ul", {}, meta.versions.map((v) => h("li", {}, h("strong", {}, v.version), ` ${v.made} ${v.message} `, h("code", {}, v.digest.slice(0, 16)))))] : null,
    Object.keys(meta.digests).length ? [h("h3", {}, t("digests")), h("dl", { class: "facts mono" }, Object.entries(meta.digests).map(([a, b]) => h("div", {}, h("dt", {}, a.replace("_digest", "")), h("dd", {}, b))))] : null,
    meta.downloads.length ? [h("h3", {}, t("files")), h("ul", { class: "files" }, [...meta.downloads.map((f) => h("li", {}, f.files > 1 ? h("strong", {}, f.name) : h("a", { href: f.name, download: "" }, f.name), ` ${size(f.bytes)}${f.files > 1 ? `, ${count(f.files)} ${t("filesCount")}` : ""}. `, isJapanese() ? f.ja : f.what)), h("li", {}, h("a", { href: "api/v1/index.json" }, "api/v1/index.json"), ` ${t("interface")}`)])] : null,
    h("h3", {}, t("whatNumbers")), h("p", {}, t("approximate")),
    h("table", { class: "small meanings-table" }, h("thead", {}, h("tr", {}, [t("variable"), t("unit"), t("meaning")].map((x) => h("th", { scope: "col" }, x)))), h("tbody", {}, meanings)),
    h("h3", {}, t("keys")), h("p", {}, t("keysText")),
    h("p", {}, h("a", { href: "licenses.txt" }, t("licenses"))),
  ];
}
