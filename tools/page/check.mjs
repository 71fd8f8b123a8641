// Checks the page of GET /api/dashboard in Chromium: what a person can find and do, by mouse and by keyboard, in
// light and dark, at three widths, and without barriers that axe-core finds. The page comes from the app; the API
// answers from data.mjs, so that every state can be shown. Screenshots: build/page.
//
//   PBIREFRESH_URL=... CHROMIUM=/usr/bin/chromium SHOTS=folder node --test check.mjs
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import { chromium } from "playwright-core";
import * as data from "./data.mjs";

const [url, executablePath, folder] = [process.env.PBIREFRESH_URL, process.env.CHROMIUM, process.env.SHOTS];
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let browser;

before(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
after(() => browser.close());

// open shows the page. The API takes the key "right"; posts are kept in sent.
async function open(t, list, { hash = "#/", width = 1280, colorScheme = "light", key = "right", guarded = true, refused } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  t.after(() => context.close());
  const page = await context.newPage(), sent = [], problems = [];
  page.on("pageerror", e => problems.push(e.message));
  page.on("console", m => { if (m.type() === "error" && !m.text().includes("Failed to load resource")) problems.push(m.text()); });
  page.on("dialog", d => d.accept());
  const answer = f => async r => {
    if (refused) return r.fulfill(refused);
    if (guarded && r.request().headers()["x-functions-key"] !== "right") return r.fulfill({ status: 401 });
    const [status, json] = f(r.request());
    await r.fulfill({ status, json });
  };
  const find = r => list.find(o => o.id === decodeURIComponent(new URL(r.url()).pathname.split("/")[3]));
  const missing = [404, { error: { code: "NotFound", message: "There is no such operation." } }];
  await page.route(/\/api\/operations\?/, answer(r => {
    const dataset = new URL(r.url()).searchParams.get("datasetId");
    return [200, { value: list.filter(o => !dataset || o.datasetId === dataset) }];
  }));
  await page.route(/\/api\/operations\/[^/?]+$/, answer(r => find(r) ? [find(r).status === "Failed" ? 409 : 200, data.detail(find(r))] : missing));
  await page.route(/\/api\/operations\/[^/?]+\/[a-z-]+$/, answer(r => {
    sent.push(r);
    if (r.url().endsWith("/cancel-for-all")) return [403, { error: { code: "CallerNotAllowed", message: "The policy does not let key:adf cancel-all refreshes of that model." } }];
    const o = { ...find(r), id: find(r).id.replace(/\d+$/, "999"), status: "Running", error: undefined, createdDateTime: new Date().toISOString() };
    list.unshift(o);
    return [202, data.detail(o)];
  }));
  await page.route(/\/api\/schedules/, answer(() => [200, data.schedules]));
  if (key) await page.addInitScript(k => sessionStorage.setItem("pbirefresh.key", k), key);
  await page.goto(url + "/api/dashboard" + hash);
  await page.waitForSelector("main section");
  t.after(() => assert.deepEqual(problems, [], "errors in the browser's console"));
  return { page, sent };
}

async function barriers(page) {
  await page.evaluate(readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join(" | ")), []);
}

test("from an alert mail: why did Sales fail, what do I do, is it running again", async t => {
  const { list, failed } = data.night();
  const { page } = await open(t, list, { hash: "#/operations/" + encodeURIComponent(failed.id) });
  const text = await page.innerText("main");
  for (const words of ["Sales", "Failed", "Cause: credentials", "The credentials provided for the SQL source are invalid", "Let the owner of the model set the data source's credentials", "Yes: it is running."])
    assert.ok(text.includes(words), "the page does not say " + words + ":\n" + text);
  await page.screenshot({ path: folder + "/walk-1-why.png", fullPage: true });
  await page.getByRole("link", { name: "Yes: it is running." }).click();
  await page.getByText("expected end").waitFor();
  assert.match(await page.innerText("main"), /FactSales/);
  await page.screenshot({ path: folder + "/walk-2-running-again.png", fullPage: true });
});

test("without a key the page asks for it, keeps it out of addresses, and refuses a wrong one", async t => {
  const { list } = data.night();
  const { page } = await open(t, list, { key: "" });
  const asked = [];
  page.on("request", r => asked.push(r.url()));
  await page.getByLabel("Function key").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("does not accept this key").waitFor();
  await barriers(page);
  await page.getByLabel("Function key").fill("right");
  await page.getByRole("button", { name: "Show the operations" }).click();
  await page.getByRole("heading", { name: "Failures", exact: true }).waitFor();
  assert.ok(asked.every(u => !u.includes("right") && !u.includes("wrong")), "a key is in an address");
  await page.getByRole("button", { name: "Forget the key" }).click();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("where App Service authentication wants a sign-in, the page leads there", async t => {
  const { page } = await open(t, data.night().list, { refused: { status: 401, headers: { "WWW-Authenticate": "Bearer" } } });
  const link = page.getByRole("link", { name: "Sign in with Microsoft Entra ID" });
  assert.equal(await link.getAttribute("href"), "/.auth/login/aad?post_login_redirect_uri=" + encodeURIComponent("/api/dashboard#/"));
  await barriers(page);
});

test("an app with open paths needs no key", async t => {
  const { page } = await open(t, data.night().list, { key: "", guarded: false });
  await page.getByRole("heading", { name: "Now" }).waitFor();
});

test("a failed operation is run again, with a key of its own", async t => {
  const { list, failed } = data.night();
  const { page, sent } = await open(t, list, { hash: "#/operations/" + encodeURIComponent(failed.id) });
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByText("This is the new operation").waitFor();
  assert.ok(page.url().endsWith("_999"));
  assert.equal(sent.length, 1);
  assert.match(sent[0].headers()["idempotency-key"], /^[0-9a-f-]{36}$/);
});

test("a refusal of the API is shown in its words", async t => {
  const { list, runs } = data.night();
  const { page } = await open(t, list, { hash: "#/operations/" + encodeURIComponent(runs.id) });
  await page.getByRole("button", { name: "Cancel for all callers" }).click();
  await page.getByText("The policy does not let key:adf").waitFor();
});

test("keyboard alone leads from the list to an operation", async t => {
  const { page } = await open(t, data.night().list);
  await page.getByText("expected end").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const on = () => page.evaluate(() => document.activeElement.getAttribute("href"));
  const link = await on();
  await page.evaluate(() => load()); // the page reads again while somebody is on a link
  assert.equal(await on(), link);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Details" }).waitFor();
});

test("finding a model narrows the page", async t => {
  const { page } = await open(t, data.night().list);
  await page.getByLabel("Find a model").fill("sales");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 2); // the scale, and Sales
});

test("texts of callers and of Power BI are never markup", async t => {
  const { list, failed } = structuredClone(data.night());
  failed.error.powerBI = failed.modelName = "<img src=x onerror=document.title='run'>";
  failed.labels = ["<script>document.title='run'</script>"];
  const { page } = await open(t, list, { hash: "#/operations/" + encodeURIComponent(failed.id) });
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.ok((await page.innerText("main")).includes("<img src=x"));
});

for (const colorScheme of ["light", "dark"])
  for (const width of [390, 800, 1280])
    test(`${colorScheme}, ${width} wide: no barriers, nothing cut off`, async t => {
      const { list, failed } = data.night();
      const views = { overview: "#/", operation: "#/operations/" + encodeURIComponent(failed.id), model: `#/models/${data.workspace}/${failed.datasetId}` };
      for (const [name, hash] of Object.entries(views)) {
        const { page } = await open(t, structuredClone(list), { hash, width, colorScheme });
        await page.waitForTimeout(200);
        await barriers(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, name + " is " + wide + " pixels too wide");
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    });

// The API that answers here is the app's own.
test("the app itself: the list has a refresh, another one is requested and ends", async t => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.on("dialog", d => d.accept());
  await page.addInitScript(k => sessionStorage.setItem("pbirefresh.key", k), process.env.PBIREFRESH_KEY);
  await page.goto(url + "/api/dashboard");
  await page.locator(".row").getByRole("link", { name: "Sales" }).click();
  await page.getByRole("button", { name: "Refresh the whole model" }).click();
  await page.getByRole("heading", { name: "Details" }).waitFor();
  for (let n = 0; n < 60 && !(await page.innerText("main")).includes("Succeeded"); n++) {
    await page.waitForTimeout(1000);
    await page.getByRole("button", { name: "Reload" }).click();
  }
  const text = await page.innerText("main");
  for (const words of ["Sales", "Succeeded", "dashboard", "Attempts"]) assert.ok(text.includes(words), "the page does not say " + words + ":\n" + text);
  await page.screenshot({ path: folder + "/app-operation.png", fullPage: true });
});

test("500 models, 7 days: the times are printed", async t => {
  const list = data.operations(500, 7, 12);
  const { page } = await open(t, list, { width: 1280 });
  await page.waitForFunction(() => document.querySelectorAll(".row").length > 500);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const began = Date.now();
  await page.getByLabel("Find a model").fill("model 499");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 2);
  t.diagnostic(`${list.length} operations: first paint after ${Math.round(paint)} ms, a search takes ${Date.now() - began} ms`);
});
