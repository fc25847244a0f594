// Curves of the selection: events through time, and how many are at least as large.

import uPlot from "uplot";
import { h, replace } from "./dom.js";
import { t } from "./texts.js";

const BINS = 80;

export class Charts {
  constructor(meta, events, map) {
    Object.assign(this, { meta, events, map });
    this.host = h("div", { class: "charts", tabindex: "0", role: "region", "aria-label": t("charts") });
    this.element = h("div", { class: "charts-panel" }, this.host);
    new ResizeObserver(() => this.draw()).observe(this.host);
  }

  draw() {
    const box = this.host.getBoundingClientRect();
    if (box.width < 80 || box.height < 80) return;
    for (const plot of this.plots || []) plot.destroy();
    this.plots = [];
    const wide = box.width > 700;
    const size = { width: Math.floor(wide ? box.width / 2 - 16 : box.width - 8), height: Math.max(150, Math.floor(wide ? box.height - 34 : 220)) };
    const style = this.map.theme;
    const axis = { stroke: style.muted, grid: { stroke: style.grid, width: 1 }, ticks: { stroke: style.grid, width: 1 }, font: "11px system-ui, sans-serif" };
    const figures = [];
    const make = (title, options, data) => {
      const inner = h("div", { role: "img", "aria-label": title });
      figures.push(h("figure", {}, h("figcaption", {}, title), inner));
      this.plots.push(new uPlot({ ...size, legend: { show: false }, cursor: { show: false }, ...options }, data, inner));
    };
    const times = this.sorted("time_s");
    if (times.length > 1) {
      const [first, last] = [times[0], times[times.length - 1]];
      const step = Math.max((last - first) / BINS, 1);
      const xs = Array.from({ length: BINS }, (_, i) => first + (i + 0.5) * step);
      const counts = new Array(BINS).fill(0);
      for (const x of times) counts[Math.min(BINS - 1, Math.floor((x - first) / step))]++;
      let total = 0;
      const sums = counts.map((n) => (total += n));
      make(`${t("cumulative")} (${t("perBin")}, ${t("cumulativeNumber")})`, {
        axes: [axis, { ...axis, label: t("perBin"), labelFont: axis.font, labelSize: 16, size: 52 }, { ...axis, side: 1, scale: "sum", grid: { show: false }, label: t("cumulativeNumber"), labelFont: axis.font, labelSize: 16, size: 60 }],
        scales: { x: { time: true }, y: { range: (u, a, b) => [0, b * 1.05 || 1] }, sum: { range: (u, a, b) => [0, b * 1.05 || 1] } },
        series: [{}, { fill: `${style.accent}55`, stroke: style.accent, width: 1, paths: uPlot.paths.bars({ size: [0.92] }), points: { show: false } }, { scale: "sum", stroke: "#d55e00", width: 2, points: { show: false } }],
        tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
      }, [xs, counts, sums]);
    }
    const magnitudes = this.sorted("magnitude");
    if (magnitudes.length > 1) {
      const low = Math.floor(magnitudes[0] * 10) / 10;
      const high = magnitudes[magnitudes.length - 1];
      const xs = [];
      const over = [];
      let at = 0;
      for (let m = low; m <= high + 1e-9; m += 0.1) {
        while (at < magnitudes.length && magnitudes[at] < m - 1e-6) at++;
        xs.push(m);
        over.push(Math.max(magnitudes.length - at, 0.5));
      }
      make(t("frequency"), {
        axes: [{ ...axis, label: t("magnitude"), labelFont: axis.font, labelSize: 16 }, { ...axis, size: 56 }],
        scales: { x: { time: false }, y: { distr: 3 } },
        series: [{}, { stroke: style.accent, width: 2, points: { show: xs.length < 90, size: 5 } }],
      }, [xs, over]);
    }
    replace(this.host, figures.length ? figures : h("p", { class: "empty" }, t("noMatch")));
  }

  /** Values of the selected events in ascending order. */
  sorted(name) {
    const column = this.events.columns[name];
    if (!column) return [];
    const found = new Float64Array(this.events.count);
    let n = 0;
    for (let i = 0; i < this.events.count; i++) if (this.map.pass[i] && column.whole[i] !== column.missing) found[n++] = column.at(i);
    return found.subarray(0, n).sort();
  }
}
