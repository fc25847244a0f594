// The atlas in a headless Chromium: every feature is clicked, from file:// and from a server.
//
//   node --test tests/atlas/pages.test.mjs        (ATLASES names the folder of make_atlases.py)
//
// SCREENSHOTS names a folder for pictures at several widths, to be looked at.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

const need = createRequire(new URL("../../src/quakeloom/atlas/web/package.json", import.meta.url));
const puppeteer = (await import(pathToFileURL(need.resolve("puppeteer-core")))).default;
const axe = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");

const ATLASES = process.env.ATLASES;
const BROWSER = process.env.QUAKELOOM_BROWSER || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const truth = JSON.parse(readFileSync(join(ATLASES, "truth.json"), "utf8"));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain" };

let browser;
let server;
let port;

before(async () => {
  browser = await puppeteer.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--js-flags=--expose-gc"] });
  server = createServer((request, answer) => {
    const path = join(ATLASES, decodeURIComponent(new URL(request.url, "http://x").pathname));
    if (!path.startsWith(ATLASES) || !existsSync(path)) {
      answer.writeHead(404).end();
      return;
    }
    answer.writeHead(200, { "content-type": TYPES[extname(path)] || "application/octet-stream" });
    answer.end(readFileSync(path));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  port = server.address().port;
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function openAtlas(name, hash = "#v=1&a=en", { http = false, width = 1280, height = 800, scheme = "light" } = {}) {
  const page = await browser.newPage();
  page.trouble = [];
  page.asked = [];
  page.on("pageerror", (error) => page.trouble.push(error.message));
  page.on("console", (m) => ["error", "warn"].includes(m.type()) && page.trouble.push(m.text()));
  page.on("request", (r) => page.asked.push(r.url()));
  page.on("dialog", (d) => { page.trouble.push(`dialog ${d.message()}`); d.dismiss(); });
  await page.setViewport({ width, height, hasTouch: width < 500, isMobile: width < 500 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const start = http ? `http://127.0.0.1:${port}/${name}` : pathToFileURL(join(ATLASES, name)).href;
  await page.goto(`${start}/index.html${hash}`);
  await page.waitForFunction("window.atlasComplete");
  page.start = start;
  return page;
}

async function closeAtlas(page) {
  assert.deepEqual(page.trouble, []);
  for (const url of page.asked) assert.ok(url.startsWith(page.start) || url.startsWith("data:") || url.startsWith("blob:"), url);
  assert.equal(await page.evaluate("window.broken"), undefined);
  await page.close();
}

const settle = (page) => page.evaluate(() => new Promise((done) => setTimeout(done, 450)));
const text = (page, selector) => page.$eval(selector, (e) => e.textContent);

async function placeOf(page, kind, row) {
  return page.evaluate((k, r) => {
    const m = window.quakeloomAtlas.map;
    const box = m.canvas.getBoundingClientRect();
    const xy = k === "node" ? [m.nodeX[r], m.nodeY[r]] : k === "event" ? [m.x[r], m.y[r]] : m.places[`${k}s`].xy[r];
    const [x, y] = m.screen(...xy);
    return [x + box.left, y + box.top];
  }, kind, row);
}

for (const http of [false, true]) {
  describe(http ? "from a server" : "from file://", () => {
    test("a click on a node shows its numbers, rose, Mohr circles and mechanisms", async () => {
      const page = await openAtlas("region", "#v=1&l=bars,fans&a=en", { http });
      const shown = await page.evaluate(() => [...window.quakeloomAtlas.map.nodePass].flatMap((p, i) => (p ? [i] : [])));
      assert.equal(shown.length, truth.stress.filter((r) => r.depth_km === 10 && r.time_year === 2010).length);
      for (const row of shown.filter((_, i) => i % 2 === 0).slice(0, 20)) {
        await page.evaluate((r) => { const a = window.quakeloomAtlas; a.select(null); a.map.goTo(a.map.nodes.longitude.at(r), a.map.nodes.latitude.at(r)); }, row);
        await settle(page);
        await page.mouse.click(...(await placeOf(page, "node", row)));
        await page.waitForSelector(".panel .facts");
        const node = truth.stress[row];
        // rounded to hundredths in the page
        const heading = /^SHmax (\d+)°$/.exec(await text(page, ".panel h2"));
        assert.ok(Math.abs(Number(heading[1]) - node.shmax_deg) < 0.506, heading[0]);
        const facts = await text(page, ".panel .facts");
        const shmax = /SHmax([\d.]+)° ± ([\d.]+)°/.exec(facts);
        assert.ok(Math.abs(Number(shmax[1]) - node.shmax_deg) < 0.056, facts);
        assert.ok(Math.abs(Number(shmax[2]) - node.shmax_std_deg) < 0.056, facts);
        assert.ok(facts.includes(`Mechanisms${node.mechanism_count}`), facts);
      }
      assert.ok((await page.$$(".panel .petal")).length > 2);
      assert.ok((await page.$$(".panel .mohr")).length >= 3);
      assert.ok((await page.$$(".panel .cone")).length >= 3);
      await closeAtlas(page);
    });

    test("a click on an event shows its beachball, acceptable planes and first motions", async () => {
      const page = await openAtlas("region", "#v=1&l=hypocenters,balls&a=en", { http });
      const row = await page.evaluate(() => window.quakeloomAtlas.map.balls[0][0]);
      await page.mouse.click(...(await placeOf(page, "event", row)));
      await page.waitForSelector(".panel .motion");
      const name = await text(page, ".panel .place");
      const event = truth.mechanisms.find((e) => e.event_id === name);
      const facts = await text(page, ".panel .facts");
      assert.ok(facts.includes(`${event.depth_km.toFixed(2)} km`), facts);
      assert.ok(facts.includes(`Quality${event.quality}`), facts);
      const cells = await page.$$eval(".panel table.small tbody tr:first-child td", (x) => x.map((e) => e.textContent));
      assert.equal(cells[0], `${event.strike_deg.toFixed(0)}°`);
      assert.equal(cells[1], `${event.dip_deg.toFixed(0)}°`);
      assert.equal((await page.$$(".panel .motion")).length, 24);
      assert.ok((await page.$$(".panel .accepted")).length > 20);
      assert.ok((await page.$$(".panel .unused")).length > 0);
      await closeAtlas(page);
    });

    test("stations and faults open", async () => {
      const page = await openAtlas("region", "#v=1&l=stations,faults&a=en", { http });
      await page.mouse.click(...(await placeOf(page, "fault", 0)));
      await page.waitForFunction(() => document.querySelector(".panel h2")?.textContent === "North fault");
      assert.match(await text(page, ".panel .facts"), /0\.82 ± 0\.10.*0\.60 – 0\.95/);
      await page.mouse.click(...(await placeOf(page, "station", 23)));
      await page.waitForFunction(() => document.querySelector(".panel h2")?.textContent === "XX.S23");
      assert.match(await text(page, ".panel .facts"), /reversed.*30 \(75\.0 %\)/);
      await page.mouse.click(...(await placeOf(page, "fault", 2)));
      await page.waitForFunction(() => document.querySelector(".panel h2")?.textContent === "F0001");
      assert.match(await text(page, ".panel .facts"), /outside the stress map.*stable.*120\.0 ± 6\.0 km.*matched, North fault/);
      await closeAtlas(page);
    });
  });
}

test("a found plane opens where its outline is clicked, and its tendency has a range", async () => {
  const page = await openAtlas("region", "#v=1&l=faults&a=en");
  const [x, y] = await page.evaluate(() => {
    const m = window.quakeloomAtlas.map;
    const box = m.canvas.getBoundingClientRect();
    const points = m.places.faults.corners[2].map((q) => m.screen(...q));
    return [0, 1].map((k) => 0.7 * points[2][k] + 0.3 * points[0][k] + [box.left, box.top][k]);
  });
  await page.mouse.click(x, y);
  await page.waitForFunction(() => document.querySelector(".panel h2")?.textContent === "F0001");
  await page.evaluate(() => window.quakeloomAtlas.select({ kind: "fault", row: 0 }, true));
  await page.waitForFunction(() => document.querySelector(".panel figure")?.textContent.includes("Slip tendency"));
  assert.match(await page.$eval(".panel figure svg", (e) => e.getAttribute("aria-label")), /0\.60 – 0\.95/);
  await closeAtlas(page);
});

test("a node leads to its file, and is saved as CSV", async () => {
  const page = await openAtlas("region", "#v=1&a=en&o=node3", { http: true });
  await page.waitForSelector(".panel .links a");
  const address = await page.$eval(".panel .links a", (e) => e.href);
  assert.ok(address.startsWith(`${page.start}/api/v1/cells/`), address);
  const cell = JSON.parse(readFileSync(join(ATLASES, new URL(address).pathname), "utf8"));
  const row = truth.stress[3];
  const node = cell.nodes.find((n) => n.depth_km === row.depth_km && n.time_year === row.time_year);
  assert.ok(Math.abs(node.shmax_deg - row.shmax_deg) < 1e-4);
  const csv = await page.evaluate(() => window.quakeloomAtlas.panels.nodeCsv(3));
  const [head, values] = csv.trim().split("\n").map((line) => line.split(","));
  assert.equal(head.length, values.length);
  assert.ok(Math.abs(Number(values[head.indexOf("shmax_deg")]) - row.shmax_deg) < 0.006);
  assert.equal(values[head.indexOf("regime")], row.regime);
  assert.ok((await text(page, ".panel")).includes("0123456789abcdef"));
  await closeAtlas(page);
});

test("without scripts there is a map, tables and files, and nothing is asked of a network", async () => {
  for (const [name, width] of [["region", 1280], ["region", 360], ["hostile", 768]]) {
    const page = await browser.newPage();
    const asked = [];
    page.on("request", (r) => asked.push(r.url()));
    await page.setJavaScriptEnabled(false);
    await page.setViewport({ width, height: 800 });
    await page.goto(`${pathToFileURL(join(ATLASES, name)).href}/index.html`);
    const picture = await (await page.$(".plain img")).boundingBox();
    assert.ok(picture.width > 0.7 * Math.min(width, 640) && picture.y < 400, JSON.stringify(picture));
    assert.ok(picture.x >= 0 && picture.x + picture.width <= width);
    for (const url of asked) assert.ok(url.startsWith("file://") || url.startsWith("data:"), url);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `plain-${name}-${width}.png`), fullPage: true });
    await page.close();
  }
});

test("filters, letters, slices and layers change what is drawn", async () => {
  const page = await openAtlas("region");
  const passing = () => page.evaluate(() => window.quakeloomAtlas.passing);
  const shallow = truth.mechanisms.filter((e) => e.depth_km <= 20).length;
  const fields = await page.$$(".range");
  await fields[0].$$eval("input[type=number]", ([, high]) => { high.value = "20"; high.dispatchEvent(new Event("change")); });
  await settle(page);
  assert.ok(Math.abs((await passing()) - shallow) <= 1, `${await passing()} ${shallow}`);
  await page.evaluate(() => [...document.querySelectorAll(".letters input")][0].click());
  await settle(page);
  const rest = truth.mechanisms.filter((e) => e.depth_km <= 20 && e.quality !== "A").length;
  assert.ok(Math.abs((await passing()) - rest) <= 1);
  const before = await page.evaluate(() => [...window.quakeloomAtlas.map.nodePass].join(""));
  await page.$eval(".slice input", (e) => { e.value = "1"; e.dispatchEvent(new Event("input")); });
  await settle(page);
  assert.notEqual(await page.evaluate(() => [...window.quakeloomAtlas.map.nodePass].join("")), before);
  await page.evaluate(() => document.querySelector(".sidebar section:last-child > button").click());
  await settle(page);
  assert.equal(await passing(), truth.mechanisms.length);
  for (const field of ["a_phi", "regime", "shmax_std_deg", "shape_ratio", "mechanism_count", "resolution"]) {
    await page.select(".sidebar select[aria-label=Field]", field);
    await settle(page);
    assert.ok((await page.evaluate(() => location.hash)).includes(`f=${field}`));
  }
  for (const color of ["time", "magnitude", "regime"]) await page.select(".sidebar select[aria-label='Color by']", color);
  await closeAtlas(page);
});

test("a link opens the same picture again", async () => {
  const hash = "#v=1&c=137.0000,36.5000&z=2.10&l=field,bars&f=a_phi&k=time&q=A,B&d=5..30&sd=1&o=node5&x=136.0000,36.0000,138.0000,37.0000,30&p=section&a=en";
  const first = await openAtlas("region", hash);
  await settle(first);
  const link = await first.evaluate(() => location.hash);
  for (const part of hash.slice(1).split("&")) assert.ok(link.includes(part), `${part} in ${link}`);
  const picture = () => document.querySelector(".map-host canvas").toDataURL();
  const one = await first.evaluate(picture);
  const second = await openAtlas("region", link);
  await settle(second);
  assert.equal(await second.evaluate(picture), one);
  await closeAtlas(second);
  await closeAtlas(first);
});

test("a damaged link is no matter", async () => {
  const page = await openAtlas("region", "#v=x&c=a,b&z=NaN&l=<img>&q=%00&d=..&o=node99999&x=1,2&p=__proto__&sd=-4&a=xx");
  assert.equal(await page.evaluate(() => window.quakeloomAtlas.passing), truth.mechanisms.length);
  await closeAtlas(page);
});

test("a line on the map gives a section", async () => {
  const page = await openAtlas("region");
  await page.click(".section-button");
  const [a, b] = [await placeOf(page, "fault", 1), await placeOf(page, "fault", 0)];
  await page.mouse.move(...a);
  await page.mouse.down();
  await page.mouse.move(...b, { steps: 6 });
  await page.mouse.up();
  await page.waitForSelector(".section-plot canvas:not([hidden])");
  await settle(page);
  assert.match(await text(page, ".section-panel .count"), /^\d+ events, \d+ km, N\d+°E$/);
  assert.ok((await page.evaluate(() => window.quakeloomAtlas.section.points.length)) > 3);
  const place = await page.evaluate(() => {
    const s = window.quakeloomAtlas.section;
    const box = s.canvas.getBoundingClientRect();
    return [s.points.at(-1)[1] + box.left, s.points.at(-1)[2] + box.top];
  });
  await page.mouse.click(...place);
  await page.waitForFunction(() => document.querySelector(".panel .kind")?.textContent === "Earthquake");
  await closeAtlas(page);
});

test("the table sorts, searches and selects, and the selection is saved in three formats", async () => {
  const page = await openAtlas("region", "#v=1&p=table&a=en");
  await page.waitForFunction(() => window.quakeloomAtlas.table?.rows.length === 400);
  await page.click('[data-column="magnitude"] button');
  await settle(page);
  const column = () => page.$$eval(".table-rows .table-row", (rows) => rows.map((r) => Number(r.children[5].textContent)));
  const down = await column();
  assert.deepEqual(down, [...down].sort((x, y) => y - x));
  assert.equal(down[0], Math.max(...truth.mechanisms.map((e) => e.magnitude)));
  await page.click('[data-column="magnitude"] button');
  await settle(page);
  const up = await column();
  assert.deepEqual(up, [...up].sort((x, y) => x - y));
  await page.type(".table-panel input[type=search]", "0000001");
  await page.waitForFunction(() => window.quakeloomAtlas.table.rows.length === 11);
  const folder = mkdtempSync(join(tmpdir(), "atlas-"));
  const session = await page.createCDPSession();
  await session.send("Page.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
  for (const button of await page.$$(".group button")) {
    await button.click();
    await settle(page);
  }
  const files = readdirSync(folder).sort();
  assert.deepEqual(files, ["region-selection.csv", "region-selection.geojson", "region-selection.xml"]);
  const csv = readFileSync(join(folder, files[0]), "utf8").trim().split("\n");
  assert.equal(csv.length, 12);
  const event = truth.mechanisms.find((e) => csv[1].startsWith(e.event_id));
  assert.equal(Number(csv[1].split(",")[4]), event.depth_km);
  const geojson = JSON.parse(readFileSync(join(folder, files[1]), "utf8"));
  assert.equal(geojson.features.length, 11);
  assert.match(readFileSync(join(folder, files[2]), "utf8"), /<q:quakeml[\s\S]*<nodalPlane1>/);
  await page.focus(".table-scroll");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector(".table-row.selected");
  await closeAtlas(page);
});

test("keys move, zoom, open and close", async () => {
  const page = await openAtlas("region", "#v=1&l=bars&a=en");
  await page.focus(".map-host canvas");
  const view = () => page.evaluate(() => ({ ...window.quakeloomAtlas.map.view }));
  const before = await view();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("+");
  const moved = await view();
  assert.ok(moved.x > before.x);
  assert.ok(moved.k > before.k);
  await page.keyboard.press("0");
  assert.equal((await view()).k, before.k);
  await page.evaluate(() => { const a = window.quakeloomAtlas; a.map.goTo(a.map.nodes.longitude.at(0), a.map.nodes.latitude.at(0)); });
  await page.keyboard.press("Enter");
  await page.waitForSelector(".panel:not([hidden])");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".panel[hidden]");
  assert.ok(await page.evaluate(() => document.activeElement.tagName === "CANVAS"));
  await page.keyboard.press("s");
  await page.waitForSelector(".section-panel");
  await closeAtlas(page);
});

test("search finds events, stations, faults and places", async () => {
  const page = await openAtlas("region");
  for (const [typed, title] of [["north f", "North fault"], ["S05", "XX.S05"]]) {
    await page.$eval(".search input", (e) => (e.value = ""));
    await page.type(".search input", typed);
    await page.waitForSelector(".results:not([hidden]) .kind");
    await settle(page);
    await page.keyboard.press("Enter");
    await page.waitForFunction((x) => document.querySelector(".panel h2")?.textContent === x, {}, title);
  }
  await page.$eval(".search input", (e) => (e.value = ""));
  await page.type(".search input", "35.5, 136.25");
  await settle(page);
  await page.keyboard.press("Enter");
  await settle(page);
  assert.match(await page.evaluate(() => location.hash), /c=136\.2500,35\.5000/);
  await closeAtlas(page);
});

test("Japanese, dark mode and print", async () => {
  const page = await openAtlas("region", "#v=1&a=en&o=node3");
  await page.click(".language");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ja");
  assert.match(await text(page, ".sidebar"), /レイヤー/);
  await page.waitForFunction(() => document.querySelector(".panel .kind")?.textContent === "応力格子点");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.click("[aria-pressed]");
  assert.notEqual(await ground(), light);
  const pdf = await page.pdf({ format: "A4", landscape: true });
  assert.ok(pdf.length > 10_000);
  await closeAtlas(page);
});

test("names with markup are text everywhere", async () => {
  const page = await openAtlas("hostile", "#v=1&l=balls,stations,faults,hypocenters&p=table&a=en");
  for (const kind of ["event", "station", "fault"]) {
    for (let row = 0; row < (kind === "event" ? 12 : kind === "station" ? 3 : 1); row++) {
      await page.evaluate((k, r) => window.quakeloomAtlas.select({ kind: k, row: r }, true), kind, row);
      await page.waitForFunction(() => document.querySelector(".panel").textContent.includes("onerror"));
    }
  }
  // the selection with such names is XML and JSON that reads back
  const kept = await page.evaluate(async () => {
    const { csvText, geojsonText, quakemlText } = window.quakeloomAtlas.exports;
    const e = window.quakeloomAtlas.events;
    const names = await e.fetchNames();
    const rows = [0, 1, 2];
    const xml = new DOMParser().parseFromString(quakemlText(e, names, rows), "application/xml");
    return { names: rows.map((r) => names[r]), csv: csvText(e, names, rows), ids: JSON.parse(geojsonText(e, names, rows)).features.map((f) => f.id), texts: [...xml.getElementsByTagName("text")].map((n) => n.textContent), wrong: xml.getElementsByTagName("parsererror").length };
  });
  assert.deepEqual(kept.ids, kept.names);
  assert.deepEqual(kept.texts, kept.names);
  assert.equal(kept.wrong, 0);
  assert.ok(kept.csv.includes(kept.names[0].replaceAll('"', '""')));
  await page.click(".tools .icon:last-child");
  await page.waitForSelector("dialog[open]");
  assert.equal((await page.$$("#atlas img, dialog img, #atlas script, dialog script")).length, 0);
  await closeAtlas(page);
});

for (const name of ["nothing", "unsolved", "point"]) {
  test(`an atlas of ${name} opens`, async () => {
    const page = await openAtlas(name);
    for (const tab of ["table", "section", "charts"]) {
      await page.click(`#tab-${tab}`);
      await settle(page);
    }
    await page.click(".tools .icon:last-child");
    assert.match(await text(page, "dialog"), /There is no stress map/);
    await closeAtlas(page);
  });
}

const LOOKS = [
  ["desktop", "#v=1&a=en&l=bars,fans,balls,hypocenters,stations,faults,graticule&o=node4&p=table", {}],
  ["dark", "#v=1&a=en&l=field,bars,graticule&f=a_phi&o=event7&p=charts", { scheme: "dark" }],
  ["tablet", "#v=1&a=en&l=bars,hypocenters,graticule&x=134,34.5,137,37,60&p=section", { width: 768, height: 1024 }],
  ["phone", "#v=1&a=en&l=bars,balls,graticule&o=fault0", { width: 360, height: 740 }],
  ["phone-dark-japanese", "#v=1&a=ja&l=bars,faults&o=node4", { width: 360, height: 740, scheme: "dark" }],
  ["phone-section", "#v=1&a=en&l=balls,hypocenters&x=134,34.5,137,37,60&p=section", { width: 360, height: 740 }],
  ["tablet-dark", "#v=1&a=en&l=field,faults,stations&f=shape_ratio&o=fault2", { width: 768, height: 1024, scheme: "dark" }],
  ["wide", "#v=1&a=ja&l=bars,balls,faults,hypocenters&o=event7&p=charts", { width: 1440, height: 900 }],
  ["japanese", "#v=1&a=ja&l=bars,fans,hypocenters,graticule&o=node4&p=table", {}],
];

for (const [name, hash, options] of LOOKS) {
  test(`axe finds no fault: ${name}`, async () => {
    const page = await openAtlas("region", hash, options);
    await settle(page);
    const inspect = async () => {
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).slice(0, 3).join(" | ")}`);
    };
    if (process.env.SCREENSHOTS) {
      mkdirSync(process.env.SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
    }
    assert.deepEqual(await inspect(), []);
    await page.$eval(".tools .icon:last-child", (e) => e.click());
    await page.waitForSelector("dialog[open]");
    assert.deepEqual(await inspect(), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} pixels too wide`);
    await page.close();
  });
}

test("a nation keeps its budget", async () => {
  const page = await openAtlas("nation", "#v=1&l=bars,hypocenters,graticule&a=en");
  await page.evaluate(() => globalThis.gc?.());
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
  assert.ok(heap < 150e6, `${heap / 1e6} MB`);
  await page.click("#tab-table");
  await page.waitForFunction(() => window.quakeloomAtlas.table?.rows.length === 216528);
  assert.ok((await page.$$(".table-rows .table-row")).length < 60);
  await page.$eval(".table-scroll", (e) => (e.scrollTop = e.scrollHeight));
  await settle(page);
  const last = await page.$$eval(".table-rows .table-row", (rows) => Number(rows.at(-1).getAttribute("aria-rowindex")));
  assert.equal(last, 216528 + 1);
  let size = 0;
  for (const file of readdirSync(join(ATLASES, "nation"), { recursive: true, withFileTypes: true })) if (file.isFile()) size += readFileSync(join(file.parentPath ?? file.path, file.name)).length;
  assert.ok(size < 12e6, `${size / 1e6} MB`);
  await closeAtlas(page);
});
