// The projection of an atlas: fixed once by its extent, so that moving about is a shift and a scale.

import { geoAzimuthalEqualArea, geoEqualEarth, geoStereographic } from "d3-geo";
import { RAD } from "./sources.js";

const CONFORMAL_DEG = 50;
const AZIMUTHAL_DEG = 130;

export class Projection {
  constructor([west, east, south, north]) {
    const middle = [(west + east) / 2, (south + north) / 2];
    const across = Math.max((east - west) * Math.cos(middle[1] * RAD), north - south);
    let make = geoEqualEarth;
    this.name = "equal_earth";
    if (across < CONFORMAL_DEG) {
      // angles are true everywhere: bars, fans and beachballs keep their directions
      make = geoStereographic;
      this.name = "stereographic";
    } else if (across < AZIMUTHAL_DEG && Math.max(Math.abs(south), Math.abs(north)) < 89) {
      make = geoAzimuthalEqualArea;
      this.name = "azimuthal";
    }
    const turn = make === geoEqualEarth ? [-middle[0], 0] : [-middle[0], -middle[1]];
    this.forward = make().rotate(turn).scale(1).translate([0, 0]).precision(0);
    this.middle = middle;
  }

  /** Place on the plane in radii of the Earth, y to the south. */
  point(longitude, latitude) {
    return this.forward([longitude, latitude]);
  }

  /** Longitude and latitude of a place on the plane, near the middle of the atlas. */
  place(x, y) {
    const found = this.forward.invert([x, y]);
    if (!found || !isFinite(found[0])) return [NaN, NaN];
    const m = this.middle[0];
    return [m + ((((found[0] - m + 180) % 360) + 360) % 360) - 180, found[1]];
  }

  /** Angle of north at a place on the page: clockwise from straight up, radians. */
  north(longitude, latitude) {
    const [x, y] = this.point(longitude, latitude);
    const step = latitude > 89.9 ? -0.01 : 0.01;
    const [u, v] = this.point(longitude, latitude + step);
    const sign = step < 0 ? -1 : 1;
    return Math.atan2(sign * (u - x), -sign * (v - y));
  }

  /** The box of a frame of longitudes and latitudes on the plane: left, right, top, bottom. */
  box([west, east, south, north]) {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let k = 0; k <= 24; k++) {
      const lon = west + ((east - west) * k) / 24;
      const lat = south + ((north - south) * k) / 24;
      for (const p of [[lon, south], [lon, north], [west, lat], [east, lat]]) {
        const [x, y] = this.point(p[0], p[1]);
        if (!isFinite(x) || !isFinite(y)) continue;
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
    }
    return [left, right, top, bottom];
  }
}
