// Double couples, stress axes and places on the sphere. Axes are north, east, down; strike, dip and
// rake follow Aki & Richards; angles are degrees.

export const RAD = Math.PI / 180;
export const EARTH_KM = 6371;

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const norm = (a) => {
  const length = Math.hypot(...a) || 1;
  return a.map((v) => v / length);
};
export { cross, dot, norm };

/** Normal (up) and slip vector of a plane. */
export function faultVectors(strike, dip, rake) {
  const [cs, ss] = [Math.cos(strike * RAD), Math.sin(strike * RAD)];
  const [cd, sd] = [Math.cos(dip * RAD), Math.sin(dip * RAD)];
  const [cr, sr] = [Math.cos(rake * RAD), Math.sin(rake * RAD)];
  return [
    [-sd * ss, sd * cs, -cd],
    [cr * cs + cd * sr * ss, cr * ss - cd * sr * cs, -sr * sd],
  ];
}

/** Strike, dip and rake of the other plane. */
export function auxiliaryPlane(strike, dip, rake) {
  let [slip, normal] = faultVectors(strike, dip, rake);
  if (normal[2] > 0) {
    normal = normal.map((v) => -v);
    slip = slip.map((v) => -v);
  }
  const d = Math.acos(Math.min(1, Math.max(-1, -normal[2])));
  const st = Math.atan2(-normal[0], normal[1]);
  const along = slip[0] * Math.cos(st) + slip[1] * Math.sin(st);
  const r = Math.atan2(Math.sin(d) > 1e-6 ? -slip[2] / Math.sin(d) : 0, along);
  return [(st / RAD + 360) % 360, d / RAD, r / RAD];
}

/** Axes P, B, T of a double couple, pointing down. */
export function principalAxes(strike, dip, rake) {
  const [n, u] = faultVectors(strike, dip, rake);
  const down = (a) => (a[2] < 0 ? a.map((v) => -v) : a);
  return [
    down(norm([n[0] - u[0], n[1] - u[1], n[2] - u[2]])),
    down(norm(cross(n, u))),
    down(norm([n[0] + u[0], n[1] + u[1], n[2] + u[2]])),
  ];
}

/** Class of the World Stress Map (Zoback 1992) by the plunges of P, B, T. */
export function classifyMechanism(strike, dip, rake) {
  const [p, b, t] = principalAxes(strike, dip, rake).map((a) => Math.asin(Math.min(1, a[2])) / RAD);
  if (p >= 52 && t <= 35) return "NF";
  if (p >= 40 && t <= 20) return "NS";
  if (b >= 45 && ((p < 40 && t <= 20) || (p <= 20 && t < 40))) return "SS";
  if (p <= 20 && t >= 40 && t < 52) return "TS";
  if (p <= 35 && t >= 52) return "TF";
  return "U";
}

/** Unit vector of an axis by azimuth and plunge. */
export function axisVector(azimuth, plunge) {
  const c = Math.cos(plunge * RAD);
  return [c * Math.cos(azimuth * RAD), c * Math.sin(azimuth * RAD), Math.sin(plunge * RAD)];
}

/** Unit vector of a ray by azimuth and take-off angle from straight down. */
export function rayVector(azimuth, takeoff) {
  const sine = Math.sin(takeoff * RAD);
  return [sine * Math.cos(azimuth * RAD), sine * Math.sin(azimuth * RAD), Math.cos(takeoff * RAD)];
}

/** Place on the lower hemisphere in equal area: east to the right, north up (y down the screen). */
export function lowerHemisphere(vector) {
  const v = vector[2] < 0 ? vector.map((x) => -x) : vector;
  const f = 1 / Math.sqrt(1 + v[2]);
  return [v[1] * f, -v[0] * f];
}

/** The three directions in which a ball is seen: right, down the page, away from the eye. */
export const FROM_ABOVE = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]];

/** Directions of a vertical section whose right is an azimuth. */
export function sectionView(azimuth) {
  const u = [Math.cos(azimuth * RAD), Math.sin(azimuth * RAD), 0];
  return [u, [0, 0, 1], cross(u, [0, 0, 1])];
}

/** Draw a beachball of a double couple into a canvas of a size; equal area, far hemisphere. */
export function paintBall(size, [strike, dip, rake], color, view = FROM_ABOVE, ground = [255, 255, 255]) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  const image = context.createImageData(size, size);
  const [n, u] = faultVectors(strike, dip, rake);
  const [nr, nd, nf] = view.map((v) => dot(n, v));
  const [ur, ud, uf] = view.map((v) => dot(u, v));
  const radius = size / 2 - 0.5;
  const middle = size / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let inside = 0;
      let filled = 0;
      for (let k = 0; k < 4; k++) {
        const a = (x + 0.25 + 0.5 * (k & 1) - middle) / radius;
        const b = (y + 0.25 + 0.5 * (k >> 1) - middle) / radius;
        const r2 = a * a + b * b;
        if (r2 > 1) continue;
        inside++;
        const f = Math.sqrt(2 - r2);
        const c = 1 - r2;
        if ((nr * a * f + nd * b * f + nf * c) * (ur * a * f + ud * b * f + uf * c) > 0) filled++;
      }
      if (!inside) continue;
      const share = filled / inside;
      const at = 4 * (y * size + x);
      for (let q = 0; q < 3; q++) image.data[at + q] = ground[q] + share * (color[q] - ground[q]);
      image.data[at + 3] = (255 * inside) / 4;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Points of a nodal plane on the lower hemisphere, as an open line. */
export function planeCurve(strike, dip) {
  const [s, d] = [strike * RAD, dip * RAD];
  const along = [Math.cos(s), Math.sin(s), 0];
  const down = [-Math.sin(s) * Math.cos(d), Math.cos(s) * Math.cos(d), Math.sin(d)];
  const points = [];
  for (let k = 0; k <= 36; k++) {
    const a = (k / 36) * Math.PI;
    const v = along.map((x, i) => Math.cos(a) * x + Math.sin(a) * down[i]);
    const f = 1 / Math.sqrt(1 + v[2]);
    points.push([v[1] * f, -v[0] * f]);
  }
  return points;
}

/** Distance in km and azimuth in degrees between two places, on the sphere. */
export function distanceAzimuth(lon1, lat1, lon2, lat2) {
  const [a, b] = [lat1 * RAD, lat2 * RAD];
  const l = (lon2 - lon1) * RAD;
  const y = Math.sin(l) * Math.cos(b);
  const x = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(l);
  const c = Math.sin(a) * Math.sin(b) + Math.cos(a) * Math.cos(b) * Math.cos(l);
  return [EARTH_KM * Math.atan2(Math.hypot(x, y), c), (Math.atan2(y, x) / RAD + 360) % 360];
}
