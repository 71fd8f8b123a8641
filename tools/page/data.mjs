// What the API answers in the checks of the page: operations of the last days, made up but in the form of the API.

const GUID = n => "00000000-0000-4000-8000-" + String(n).padStart(12, "0");
const iso = t => new Date(t).toISOString();

export const workspace = GUID(1);

// operations are made for models, each of which is refreshed every `every` hours for `days` days.
export function operations(models, days, every, now = Date.now()) {
  const list = [];
  for (let m = 0; m < models; m++) {
    for (let n = 0, at = now - days * 86400000 + m * 61000; at < now - 3600000; n++, at += every * 3600000) list.push(ended(m, n, at));
  }
  return list.sort((a, b) => b.createdDateTime.localeCompare(a.createdDateTime));
}

function ended(m, n, at) {
  const waited = (n * 37 + m) % 5 * 30000, took = 240000 + (n * 7919 + m * 104729) % 600000 + (n % 17 === 5 ? 2400000 : 0);
  const fails = (n * 31 + m * 17) % 23 === 3;
  return {
    id: [workspace, GUID(100 + m), "0123456789abcdef", n + 1].join("_"), workspaceId: workspace, datasetId: GUID(100 + m), workspaceName: "Finance",
    modelName: m === 0 ? "Sales" : "Model " + m, status: fails ? "Failed" : "Succeeded", createdDateTime: iso(at), startedDateTime: iso(at + waited), endedDateTime: iso(at + waited + took),
    endSeenDateTime: iso(at + waited + took + 25000), caller: "key:adf", callers: 1 + n % 3, labels: ["run-" + (4000 + n)], attempts: fails ? 3 : 1,
    ...(fails ? { error: FAULTS[(n + m) % FAULTS.length] } : {}),
  };
}

const FAULTS = [
  { code: "RefreshFailed", reason: "credentials", message: "The data source's credentials are missing, wrong or expired.", powerBI: "DMTS_OAuthTokenRefreshFailedError: The credentials provided for the SQL source are invalid. (Source at sql-prod;sales.)", remedy: "let the owner of the model set the data source's credentials in the model's settings" },
  { code: "RefreshFailed", reason: "memory", message: "The refresh needs more memory than the capacity gives it.", powerBI: "Resource Governing: This operation was canceled because there wasn't enough memory to finish running it.", remedy: "refresh fewer tables at a time, or move the model to a larger capacity" },
];

// night is the morning after: Sales failed at night and runs again, Stock waits.
export function night(now = Date.now()) {
  const list = operations(12, 1, 6, now).filter(o => o.modelName !== "Sales" || o.status !== "Failed");
  const sales = list.find(o => o.modelName === "Sales");
  const failed = { ...sales, id: sales.id.replace(/\d+$/, "900"), status: "Failed", createdDateTime: iso(now - 5 * 3600000), startedDateTime: iso(now - 5 * 3600000 + 20000), endedDateTime: iso(now - 5 * 3600000 + 400000), attempts: 3, error: FAULTS[0] };
  const runs = { ...sales, id: sales.id.replace(/\d+$/, "901"), status: "Running", createdDateTime: iso(now - 300000), startedDateTime: iso(now - 290000), endedDateTime: undefined, endSeenDateTime: undefined, attempts: 1 };
  const waits = { ...sales, id: runs.id.replace(GUID(100), GUID(107)), datasetId: GUID(107), modelName: "Stock", status: "NotStarted", createdDateTime: iso(now - 120000), startedDateTime: undefined, endedDateTime: undefined, endSeenDateTime: undefined, attempts: 0 };
  return { list: [waits, runs, ...list, failed].sort((a, b) => b.createdDateTime.localeCompare(a.createdDateTime)), failed, runs, waits };
}

// detail is the status document of an operation.
export function detail(o) {
  const attempt = { refreshId: GUID(7), kind: "enhanced", requestedDateTime: o.startedDateTime, startedDateTime: o.startedDateTime, endedDateTime: o.endedDateTime, outcome: o.status === "Failed" ? "failed" : "completed" };
  return {
    ...o, error: o.error && { code: o.error.code, message: o.error.message, details: [{ code: o.error.reason, message: o.error.remedy, target: "class" }], innererror: { code: "x", message: o.error.powerBI } },
    phase: o.status.toLowerCase(), attempts: o.startedDateTime ? [attempt] : [],
    progress: o.status === "Running" ? { percent: 62, expectedEndDateTime: iso(Date.now() + 180000), objects: [{ table: "FactSales", partition: "2026", status: "InProgress" }, { table: "DimDate", status: "Completed" }] } : undefined,
    blockedBy: o.status === "NotStarted" ? { reason: "foreignRefresh", message: "A refresh that this service did not start occupies the model." } : undefined,
  };
}

export const schedules = { source: {}, schedules: [{ name: "nightly", enabled: true, nextSlots: [iso(Date.now() + 7200000)], models: [{}, {}, {}] }, { name: "hourly", enabled: true, nextSlots: [iso(Date.now() + 1200000)], models: [{}] }] };
