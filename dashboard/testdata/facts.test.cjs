const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const vm = require("node:vm");

vm.runInThisContext(readFileSync(path.join(__dirname, "../page/facts.js"), "utf8"));
/* global span, percentile, trend, since, causes, bars, route, waiting, HOUR */

const at = n => new Date(Date.UTC(2026, 4, 31, n)).toISOString();
const op = (n, status, more = {}) => ({ id: "o" + n, workspaceId: "w", datasetId: "d", status, createdDateTime: at(n), startedDateTime: at(n), endedDateTime: at(n + 1), ...more });

test("lengths of time", () => {
  for (const [s, want] of [[0, "0 s"], [89, "89 s"], [90, "2 min"], [3600, "60 min"], [5400, "1 h 30 min"], [7200, "2 h"], [180000, "2 d 2 h"]]) assert.equal(span(s * 1000), want);
  assert.equal(span(NaN), "unknown");
});

test("percentiles are of the numbers themselves", () => {
  assert.equal(percentile([1, 2, 3, 4], 50), 2);
  assert.equal(percentile([1, 2, 3, 4], 95), 4);
  assert.ok(Number.isNaN(percentile([], 50)));
});

test("a trend has the refreshes that succeeded, and marks outliers", () => {
  const t = trend([...[1, 2, 3, 4, 5].map(n => op(n, "Succeeded")), op(6, "Succeeded", { endedDateTime: at(20) }), op(7, "Failed"), op(8, "Succeeded", { startedDateTime: undefined })]);
  assert.deepEqual([t.points.length, t.p50, t.points.filter(p => p.outlier).map(p => p.id)], [6, HOUR, ["o6"]]);
});

test("a failure is followed by what is open, or succeeded, later and of that model", () => {
  const failed = op(5, "Failed");
  assert.equal(since(failed, [failed, op(4, "Succeeded"), op(6, "Succeeded", { datasetId: "other" })]), null);
  assert.equal(since(failed, [op(7, "Failed"), op(6, "Succeeded"), failed]).id, "o6");
  assert.equal(since(failed, [op(7, "Running"), op(6, "Succeeded"), failed]).id, "o7");
});

test("failures are grouped by cause, the most frequent first", () => {
  const error = reason => ({ error: { code: "RefreshFailed", reason } });
  const groups = causes([op(4, "Failed", error("memory")), op(3, "Failed", error("credentials")), op(2, "Failed", error("credentials")), op(1, "Succeeded")]);
  assert.deepEqual(groups.map(g => [g.name, g.operations.length, g.latest.id]), [["credentials", 2, "o3"], ["memory", 1, "o4"]]);
});

test("bars lie inside the line, and waiting comes before running", () => {
  const begin = Date.parse(at(0)), end = Date.parse(at(10));
  const list = bars([op(4, "Succeeded", { startedDateTime: at(5), endedDateTime: at(6) }), op(-5, "Failed"), op(9, "Running", { endedDateTime: undefined })], begin, end, 1000, end);
  assert.deepEqual(list.map(b => [b.o.id, b.waiting, b.x, b.width]), [["o4", true, 400, 100], ["o4", false, 500, 100], ["o9", false, 900, 100]]);
  assert.equal(waiting(op(9, "NotStarted", { startedDateTime: undefined, endedDateTime: undefined }), end), HOUR);
});

test("addresses", () => {
  assert.deepEqual(route("#/operations/a_b"), { view: "operation", id: "a_b" });
  assert.deepEqual(route("#/models/w/d"), { view: "model", workspaceId: "w", datasetId: "d" });
  for (const hash of ["", "#/", "#/operations/", "#/models/w", "#/x"]) assert.equal(route(hash).view, "overview");
});
