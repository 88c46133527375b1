// Opens a report in headless Chromium and checks that it does what it says. Called by tests/outside/check-report.sh:
//
//   node check-report.mjs PAGE.html TABLE.csv [SCREENSHOTS]
//
// Needs node 20 or later, Chromium (CHROMIUM, /usr/bin/chromium) and puppeteer-core below PUPPETEER, the directory
// that it was installed into.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pageFile, csvFile, pictures] = process.argv.slice(2);
const require = createRequire(join(resolve(process.env.PUPPETEER ?? "."), "here.js"));
const puppeteer = require("puppeteer-core");

/** Lines of a CSV file as lists of cells. */
const parse = (text) => {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (quoted) {
      if (c === '"' && text[at + 1] === '"') cell += text[at++];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ",") rows.at(-1).push(cell), (cell = "");
    else if (c === "\n") rows.at(-1).push(cell), (cell = ""), rows.push([]);
    else cell += c;
  }
  rows.pop();
  return rows;
};

const csv = parse(readFileSync(csvFile, "utf8"));
const head = csv[0];
const byHash = (hash) => csv.slice(1).filter((row) => row[head.indexOf("hash")] === hash);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const errors = [];
const page = await browser.newPage();
page.on("console", (message) => ["error", "warn"].includes(message.type()) && errors.push(message.text()));
page.on("pageerror", (error) => errors.push(String(error)));
page.on("dialog", (dialog) => (errors.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
const url = pathToFileURL(resolve(pageFile)).href;
page.on("request", (request) => {
  const to = request.url();
  if (to !== url && !/^(data|blob):/.test(to)) errors.push(`a request to ${to}`);
});
await page.evaluateOnNewDocument(() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.sample}`));
});

/** What the rows of a table say in a column, from the top, as they are sorted by. */
const column = (section, at) =>
  page.evaluate(
    (section, at) => {
      const table = document.querySelectorAll("section.stream")[section].querySelector("table.board");
      const number = table.tHead.rows[0].cells[at].hasAttribute("data-number");
      return [...table.tBodies].map((body) => {
        const cell = body.rows[0].cells[at];
        if (number) return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
        return cell.textContent === "—" ? null : cell.textContent;
      });
    },
    section,
    at,
  );

const press = (section, at, key) =>
  page.evaluate(
    (section, at) => document.querySelectorAll("section.stream")[section].querySelectorAll(".board > thead button")[at].focus(),
    section,
    at,
  ).then(() => (key ? page.keyboard.press(key) : page.evaluate(() => document.activeElement.click())));

const sortOf = (section) =>
  page.evaluate(
    (section) =>
      [...document.querySelectorAll("section.stream")[section].querySelectorAll(".board > thead th")].map((th) =>
        th.getAttribute("aria-sort"),
      ),
    section,
  );

/** Checks the order of a column whose missing values have to stand last. */
const ordered = (values, direction, what) => {
  const there = values.filter((value) => value !== null);
  assert.ok(values.slice(0, there.length).every((value) => value !== null), `${what}: — is not last`);
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  for (let at = 1; at < there.length; at++) {
    const [a, b] = [there[at - 1], there[at]];
    const order = typeof a === "number" ? a - b : collator.compare(a, b);
    assert.ok(direction === "ascending" ? order <= 0 : order >= 0, `${what}, ${direction}: ${a} before ${b}`);
  }
};

const checkSorting = async (section) => {
  const columns = (await sortOf(section)).length;
  const initial = await column(section, 1);
  for (let at = 0; at < columns; at++) {
    const seen = new Set();
    for (const key of [null, at % 2 ? "Enter" : "Space"]) {
      await press(section, at, key);
      const sorts = await sortOf(section);
      assert.equal(sorts.filter((sort) => sort !== "none").length, 1, "one column is sorted");
      seen.add(sorts[at]);
      ordered(await column(section, at), sorts[at], `stream ${section}, column ${at}`);
    }
    assert.deepEqual([...seen].sort(), ["ascending", "descending"]);
  }
  const reset = async () =>
    page.evaluate((s) => document.querySelectorAll("section.stream")[s].querySelector("button.reset").click(), section);
  await reset();
  assert.deepEqual(await column(section, 1), initial, "a reset restores the order");
  // Stable: by a column without differences, rows stay as they are.
  const seeds = (await column(section, await headed(section, "seeds"))).every((value, _, all) => value === all[0]);
  if (seeds) {
    await press(section, await headed(section, "seeds"), null);
    assert.deepEqual(await column(section, 1), initial, "equal rows keep their order");
    await reset();
  }
};

const headed = (section, name) =>
  page.evaluate(
    (section, name) =>
      [...document.querySelectorAll("section.stream")[section].querySelectorAll(".board > thead th")].findIndex(
        (th) => th.textContent === name,
      ),
    section,
    name,
  );

const checkFilter = async (section) => {
  const result = await page.evaluate((s) => {
    const section = document.querySelectorAll("section.stream")[s];
    const input = section.querySelector("input[type=search]");
    const bodies = [...section.querySelectorAll(".board > tbody")];
    const shown = () => bodies.filter((body) => body.getClientRects().length > 0).length;
    const type = (text) => {
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const name = bodies.at(-1).rows[0].querySelector(".method").textContent;
    const settings = bodies.map((body) => [...body.rows[0].querySelectorAll(".method, .settings")].map((c) => c.textContent).join(" ").toLowerCase());
    const fit = name.toLowerCase().split(/\s+/).filter(Boolean);
    const out = { all: shown(), rows: bodies.length, expected: settings.filter((t) => fit.every((w) => t.includes(w))).length };
    type(name);
    out.named = shown();
    out.count = section.querySelector("output").textContent;
    type("no such method at all");
    out.none = shown();
    type("");
    out.selects = [...section.querySelectorAll("select")].map((select) => {
      const value = select.options[1].value;
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      const expected = bodies.filter((body) => body.rows[0].cells[select.dataset.column].textContent === value).length;
      const found = shown();
      select.value = "";
      select.dispatchEvent(new Event("change", { bubbles: true }));
      return [expected, found];
    });
    return out;
  }, section);
  assert.equal(result.all, result.rows);
  assert.equal(result.named, result.expected);
  assert.ok(result.named >= 1);
  assert.equal(result.count, `${result.named} of ${result.rows} rows`);
  assert.equal(result.none, 0);
  for (const [expected, found] of result.selects) assert.ok(expected >= 1 && found === expected, `${expected} ${found}`);
};

/** Every metric's and count's number in the table is the CSV's, in the same row. */
const checkNumbers = async (section) => {
  const data = await page.evaluate((s) => {
    const section = document.querySelectorAll("section.stream")[s];
    const { hash, metrics } = JSON.parse(section.querySelector("script.data").textContent);
    const heads = [...section.querySelectorAll(".board > thead th")];
    const scores = heads.flatMap((th, at) => (th.matches(".lead, .score") ? [at] : []));
    const rows = [...section.querySelectorAll(".board > tbody")].map((body) => [...body.rows[0].cells].map((cell) => cell.dataset.value ?? ""));
    return { hash, keys: metrics.map((metric) => metric.key), scores, rows, heads: heads.map((th) => th.textContent) };
  }, section);
  const rows = byHash(data.hash);
  assert.ok(rows.length > 0 && rows.length === data.rows.length, "as many rows as in the CSV");
  const pairs = data.keys.map((key, at) => [key, data.scores[at]]);
  const counts = { flops: "operations", examples: "examples", replayed: "replayed", state_bytes: "state", n_seeds: "seeds" };
  for (const [key, name] of Object.entries(counts)) pairs.push([key, data.heads.indexOf(name)]);
  let compared = 0;
  for (const [key, at] of pairs) {
    rows.forEach((row, index) => {
      assert.equal(data.rows[index][at], row[head.indexOf(key)], `${key} of row ${index}`);
      compared++;
    });
  }
  return compared;
};

const checkDownload = async (section) => {
  const into = mkdtempSync(join(tmpdir(), "report-"));
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: into });
  const name = await page.evaluate((s) => {
    const section = document.querySelectorAll("section.stream")[s];
    section.querySelector("button.csv").click();
    return [section.dataset.file, JSON.parse(section.querySelector("script.data").textContent).hash];
  }, section);
  const file = join(into, name[0]);
  for (let tries = 0; !existsSync(file) && tries < 100; tries++) await new Promise((done) => setTimeout(done, 50));
  assert.ok(existsSync(file), `${name[0]} is not among ${readdirSync(into)}`);
  assert.deepEqual(parse(readFileSync(file, "utf8")), [head, ...byHash(name[1])]);
  rmSync(into, { recursive: true });
};

const checkTheme = async () => {
  const ink = () => page.evaluate(() => [document.body, document.querySelector(".scroll")].map((e) => getComputedStyle(e).backgroundColor).join());
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const before = await ink();
    await page.click("button.theme");
    assert.notEqual(await ink(), before, "the theme changes");
    assert.equal(await page.$eval("button.theme", (b) => b.getAttribute("aria-pressed")), String(scheme === "light"));
    await page.click("button.theme");
    assert.equal(await ink(), before, "and changes back");
    await page.evaluate(() => delete document.documentElement.dataset.theme);
  }
};

/** Texts whose contrast with what is behind them is below 4.5. */
const checkContrast = async () => {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const low = await page.evaluate(() => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const rgb = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
      };
      const light = (colour) =>
        colour.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
          .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
      const behind = (element) => {
        for (; element; element = element.parentElement) {
          const colour = rgb(getComputedStyle(element).backgroundColor);
          if (colour[3] === 255) return colour;
        }
      };
      const found = new Set();
      for (const element of [...document.querySelectorAll("body *:not(svg, svg *)")].slice(0, 3000)) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!text || !element.getClientRects().length) continue;
        const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) found.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
      }
      return [...found];
    });
    assert.deepEqual(low, [], `contrast, ${scheme}`);
  }
};

const checkOpening = async () => {
  const [before, after] = await page.evaluate(() => {
    const body = document.querySelector(".board > tbody");
    const shown = () => body.querySelector(".more").getClientRects().length;
    const before = shown();
    body.querySelector("summary").click();
    return [before, shown()];
  });
  assert.deepEqual([before, after], [0, 1], "a row opens");
};

const checkWidth = async (width) => {
  await page.setViewport({ width, height: 800 });
  const [scroll, client] = await page.evaluate(() => {
    const root = document.documentElement;
    return [root.scrollWidth, root.clientWidth];
  });
  assert.ok(scroll <= client, `at ${width} px the page is ${scroll} px wide`);
};

const shoot = async (name, full = false) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${basename(pageFile, ".html")}-${name}.png`), fullPage: full });
};

try {
  await page.setViewport({ width: 1280, height: 900 });
  const start = performance.now();
  await page.goto(url, { waitUntil: "load" });
  const loaded = performance.now() - start;
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await shoot("light");
  const sections = await page.$$eval("section.stream", (all) => all.length);
  assert.ok(sections > 0);
  let numbers = 0;
  for (let section = 0; section < sections; section++) {
    numbers += await checkNumbers(section);
    await checkSorting(section);
    await checkFilter(section);
    await checkDownload(section);
  }
  const sorted = await page.evaluate(() => {
    const start = performance.now();
    document.querySelectorAll(".board > thead button")[4].click();
    document.body.offsetHeight;
    return performance.now() - start;
  });
  await page.evaluate(() => document.querySelector("button.reset").click());
  await checkTheme();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot("dark");
  await checkOpening();
  await checkContrast();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await page.evaluate(() => document.querySelector(".controls").scrollIntoView({ behavior: "instant" }));
  await shoot("open");
  for (const width of [1280, 768, 360, 320]) await checkWidth(width);
  await page.setViewport({ width: 360, height: 780 });
  await shoot("narrow-open");
  await page.evaluate(() => document.querySelector(".board summary").click());
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await shoot("narrow");
  await page.evaluate(() => document.querySelector(".controls").scrollIntoView({ behavior: "instant" }));
  await shoot("narrow-table");
  await page.setViewport({ width: 1280, height: 900 });
  if (sections < 10 && loaded < 3000) await shoot("whole", true);
  errors.push(...(await page.evaluate(() => window.violations)));
  assert.deepEqual(errors, [], "the console is silent");
  console.log(
    `${basename(pageFile)}: ${sections} streams, ${numbers} numbers as in the CSV, ` +
      `loaded in ${loaded.toFixed(0)} ms, sorted in ${sorted.toFixed(0)} ms`,
  );
} finally {
  await browser.close();
}
