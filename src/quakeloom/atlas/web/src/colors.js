// Colors of the map. Regimes by Okabe & Ito (2008), which eyes of every kind tell apart.

export const REGIME = {
  NF: "#d55e00", NS: "#e69f00", SS: "#009e73", TS: "#56b4e9", TF: "#0067a5", U: "#7b7b7b",
};
export const REGIMES = ["NF", "NS", "SS", "TS", "TF", "U"];

export function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** A table of 256 colors of a palette. */
export function table(stops) {
  const colors = stops.map(rgb);
  const found = [];
  for (let k = 0; k < 256; k++) {
    const at = (k / 255) * (colors.length - 1);
    const i = Math.min(Math.floor(at), colors.length - 2);
    const f = at - i;
    found.push(colors[i].map((v, q) => Math.round(v + f * (colors[i + 1][q] - v))));
  }
  return found;
}

export const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;
