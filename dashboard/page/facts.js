// Pure functions: what the page makes of the lists of the API. test/facts.test.js tests them.

const HOUR = 3600000;

function time(text) { return text ? Date.parse(text) : NaN; }

function modelKey(o) { return o.workspaceId + "/" + o.datasetId; }

function modelName(o) { return o.modelName || "Model " + o.datasetId.slice(0, 8); }

function isOpen(o) { return o.status === "Running" || o.status === "NotStarted" || o.status === "Unknown"; }

// running returns how long a refresh ran at Power BI, in ms; NaN if it has not run to an end.
function running(o) { return time(o.endedDateTime) - time(o.startedDateTime); }

// waiting returns how long an operation waited before it started, or until now or its end.
function waiting(o, now) {
  const until = o.startedDateTime || o.endedDateTime;
  return Math.max(0, (until ? time(until) : now) - time(o.createdDateTime));
}

// percentile returns the p-th percentile of numbers in ascending order (nearest rank).
function percentile(sorted, p) {
  if (sorted.length === 0) return NaN;
  return sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)];
}

// trend returns the durations of the refreshes that succeeded, oldest first, with percentiles. An outlier
// took longer than the third quartile and one and a half times the distance of the quartiles (Tukey).
function trend(operations) {
  const points = operations.filter(o => o.status === "Succeeded" && running(o) >= 0)
    .map(o => ({ id: o.id, at: time(o.startedDateTime), took: running(o) })).sort((a, b) => a.at - b.at);
  const sorted = points.map(p => p.took).sort((a, b) => a - b);
  const q1 = percentile(sorted, 25), q3 = percentile(sorted, 75);
  const fence = sorted.length >= 4 ? q3 + 1.5 * (q3 - q1) : Infinity;
  for (const p of points) p.outlier = p.took > fence;
  return { points, p50: percentile(sorted, 50), p95: percentile(sorted, 95) };
}

// byModel groups operations by model, newest operation first.
function byModel(operations) {
  const models = new Map();
  for (const o of operations) {
    const key = modelKey(o);
    if (!models.has(key)) models.set(key, { key, name: modelName(o), workspace: o.workspaceName || "", workspaceId: o.workspaceId, datasetId: o.datasetId, operations: [] });
    models.get(key).operations.push(o);
  }
  return [...models.values()];
}

// since returns how a model stands after an operation failed: what is open, or succeeded later.
function since(failed, operations) {
  const later = operations.filter(o => modelKey(o) === modelKey(failed) && time(o.createdDateTime) > time(failed.createdDateTime));
  return later.find(isOpen) || later.find(o => o.status === "Succeeded") || null;
}

// causes groups failed operations by the class of their failure, the most frequent first.
function causes(operations) {
  const groups = new Map();
  for (const o of operations) {
    if (o.status !== "Failed" || !o.error) continue;
    const name = o.error.reason || o.error.code;
    if (!groups.has(name)) groups.set(name, { name, operations: [] });
    groups.get(name).operations.push(o);
  }
  for (const g of groups.values()) {
    g.latest = g.operations[0];
    g.models = byModel(g.operations);
  }
  return [...groups.values()].sort((a, b) => b.operations.length - a.operations.length);
}

// bars lays operations out on a line of that width, from begin to end in ms.
function bars(operations, begin, end, width, now) {
  const x = t => Math.min(width, Math.max(0, (t - begin) / (end - begin) * width));
  const list = [];
  for (const o of operations) {
    const created = time(o.createdDateTime), started = o.startedDateTime ? time(o.startedDateTime) : NaN;
    const stopped = o.endedDateTime ? time(o.endedDateTime) : now;
    if (stopped < begin || created > end) continue;
    const from = Number.isNaN(started) ? stopped : started;
    if (x(from) - x(created) >= 1) list.push({ o, waiting: true, x: x(created), width: x(from) - x(created) });
    list.push({ o, waiting: false, x: Math.min(x(from), width - 2), width: Math.max(2, x(stopped) - x(from)) });
  }
  return list;
}

// span writes a length of time: "45 s", "12 min", "3 h 5 min", "2 d 4 h".
function span(ms) {
  if (Number.isNaN(ms)) return "unknown";
  const s = Math.round(Math.max(0, ms) / 1000), m = Math.round(s / 60), h = Math.floor(m / 60);
  if (s < 90) return s + " s";
  if (m < 90) return m + " min";
  if (h < 48) return h + " h" + (m % 60 ? " " + m % 60 + " min" : "");
  return Math.floor(h / 24) + " d" + (h % 24 ? " " + h % 24 + " h" : "");
}

// route reads the part of the address behind #.
function route(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (parts[0] === "operations" && parts[1]) return { view: "operation", id: parts[1] };
  if (parts[0] === "models" && parts[2]) return { view: "model", workspaceId: parts[1], datasetId: parts[2] };
  return { view: "overview" };
}
