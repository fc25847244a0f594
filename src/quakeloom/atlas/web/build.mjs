// Build the page: one classic script, one style sheet and the licences, into ../assets.
// `node build.mjs --check` only compares what is there with what the sources give.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, "..", "assets");
const PARTS = ["d3-geo", "d3-array", "internmap", "uplot"];

const script = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.js"],
  bundle: true,
  format: "iife",
  minify: true,
  target: ["chrome100", "firefox113", "safari16.4"],
  legalComments: "none",
  write: false,
});
const style = await build({
  absWorkingDir: here,
  entryPoints: ["src/atlas.css"],
  bundle: true,
  minify: true,
  target: ["chrome100", "firefox113", "safari16.4"],
  write: false,
});

const licenses = PARTS.map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license, homepage } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = readFileSync(join(folder, "LICENSE"), "utf8").trim();
  return `${name} ${version} (${license}), ${homepage}\n\n${text}\n`;
});
const intro = `The page of the atlas is part of quakeloom, GPL-3.0-or-later.
It contains these packages, under their own licences:

`;

const made = {
  "atlas.js": script.outputFiles[0].text,
  "atlas.css": style.outputFiles[0].text,
  "licenses.txt": intro + licenses.join(`\n${"-".repeat(72)}\n\n`),
};
let differing = 0;
for (const [name, text] of Object.entries(made)) {
  const path = join(assets, name);
  if (process.argv.includes("--check")) {
    let there = "";
    try {
      there = readFileSync(path, "utf8");
    } catch {
      // absent: differs
    }
    if (there !== text) {
      differing++;
      console.error(`${name} is not what the sources give; run "npm run build" in ${here}`);
    }
  } else {
    writeFileSync(path, text);
    console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
  }
}
process.exitCode = differing ? 1 : 0;
