// The page at work: what it reads and when, and what a person can do.

const state = { hours: 24, find: "", operations: [], details: new Map(), schedules: [], now: Date.now(), more: false, busy: false, act };
const MOST_PAGES = 20, PAGE = 1000, DETAILS = 20, REFRESH = 30000;
const $ = id => document.getElementById(id);
let loading = null; // the AbortController of the load in progress
let timer = 0;

function notice(text, bad = false) {
  $("notice").textContent = text;
  $("notice").className = bad ? "bad" : "";
}

// show replaces the content. What had the focus keeps it: somebody may be on the way through the links.
function show(...nodes) {
  const main = $("main"), key = e => e.id || e.getAttribute("href") || e.textContent;
  const alike = k => [...main.querySelectorAll("a, button, input, [tabindex]")].filter(e => key(e) === k);
  const focused = main.contains(document.activeElement) && document.activeElement !== main ? key(document.activeElement) : null;
  const place = focused === null ? -1 : alike(focused).indexOf(document.activeElement);
  main.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  if (place >= 0) alike(focused)[place]?.focus();
}

// query returns the list that the address asks for: of one model, or all.
function query() {
  const r = route(location.hash), q = new URLSearchParams({ since: new Date(state.now - state.hours * HOUR).toISOString(), maxresults: PAGE });
  const id = r.view === "operation" ? r.id.split("_") : [];
  if (r.view === "model") { q.set("workspaceId", r.workspaceId); q.set("datasetId", r.datasetId); }
  if (id.length === 4) { q.set("workspaceId", id[0]); q.set("datasetId", id[1]); q.delete("since"); q.set("maxresults", 200); }
  return { path: "/api/operations?" + q, most: r.view === "overview" ? MOST_PAGES : 1 };
}

async function load() {
  if (loading) loading.abort();
  const mine = loading = new AbortController();
  clearTimeout(timer);
  state.now = Date.now();
  try {
    const list = [], { path, most } = query();
    const rest = await pages(path, most, mine.signal, value => {
      list.push(...value);
      if (mine.signal.aborted) return;
      state.operations = list;
      render();
    });
    state.more = Boolean(rest);
    await Promise.all([details(mine.signal), schedules(mine.signal)]);
    if (mine.signal.aborted) return;
    $("controls").hidden = false;
    $("forget").hidden = !sessionStorage.getItem(KEY);
    if ($("notice").className === "bad") notice("");
    render();
    timer = setTimeout(load, REFRESH);
  } catch (error) {
    if (error.name !== "AbortError") failed(error);
  }
}

// details reads how what is open stands, and the operation of the address.
async function details(signal) {
  const r = route(location.hash);
  const ids = r.view === "operation" ? [r.id] : state.operations.filter(isOpen).slice(0, DETAILS).map(o => o.id);
  await Promise.all(ids.map(async id => {
    try { state.details.set(id, await call("/api/operations/" + encodeURIComponent(id), { signal })); } catch (error) {
      if (error.name === "AbortError" || r.view === "operation") throw error;
    }
  }));
}

async function schedules(signal) {
  if (route(location.hash).view !== "overview") return;
  try { state.schedules = (await call("/api/schedules", { signal })).schedules || []; } catch (error) {
    if (error.name === "AbortError") throw error;
    state.schedules = []; // the policy may forbid it
  }
}

function render() {
  const r = route(location.hash);
  if (r.view === "overview") return show(overview(state));
  if (r.view === "model") {
    const m = byModel(state.operations).find(m => m.workspaceId === r.workspaceId && m.datasetId === r.datasetId)
      || { ...r, name: "Model " + r.datasetId.slice(0, 8), workspace: "", operations: [] };
    document.title = m.name + " - pbirefresh";
    return show(modelView(m, state));
  }
  const d = state.details.get(r.id), o = state.operations.find(o => o.id === r.id) || fromDetail(d);
  if (o) {
    document.title = modelName(o) + ": " + o.status + " - pbirefresh";
    show(operationView(o, d, state));
  }
}

// fromDetail makes an entry of the list from a status document: of an operation that the list no longer has.
function fromDetail(d) {
  if (!d) return null;
  const inner = d.error && d.error.innererror, detail = d.error && d.error.details && d.error.details[0];
  return { ...d, error: d.error && { code: d.error.code, message: d.error.message, reason: detail && detail.code, powerBI: inner && inner.message, remedy: detail && detail.message } };
}

function failed(error) {
  if (error.status === 401) return gate(error.signIn);
  $("controls").hidden = false;
  notice(error.message, true);
  if (route(location.hash).view === "operation" && error.status === 404) show(section("No such operation", el("p", {}, "Check the link. Operations are kept as long as the storage's rule says."), el("p", {}, el("a", { href: "#/" }, "All operations"))));
  timer = setTimeout(load, REFRESH);
}

// gate asks for the function key, or first for a sign-in where App Service authentication wants one.
function gate(signIn = false) {
  const wrong = !signIn && sessionStorage.getItem(KEY);
  if (signIn) {
    const back = encodeURIComponent(location.pathname + location.hash);
    $("controls").hidden = true;
    return show(el("section", { class: "gate" }, el("h2", {}, "Sign in"), el("p", {}, "This app is behind App Service authentication: sign in first. The function key comes after that."),
      el("p", {}, el("a", { href: "/.auth/login/aad?post_login_redirect_uri=" + back }, "Sign in with Microsoft Entra ID"))));
  }
  sessionStorage.removeItem(KEY);
  $("controls").hidden = true;
  notice(wrong ? "The app does not accept this key." : "", true);
  const input = el("input", { type: "password", id: "key", autocomplete: "off", required: true, spellcheck: "false" });
  show(el("section", { class: "gate" }, el("h2", {}, "Function key"),
    el("p", {}, "The list needs a function key of the app. This browser tab keeps it until you close it, and sends it in a header."),
    el("form", { onsubmit: event => { event.preventDefault(); sessionStorage.setItem(KEY, input.value.trim()); notice(""); load(); } },
      el("label", { for: "key" }, "Function key", input), el("button", { class: "main" }, "Show the operations"))));
  input.focus();
}

const ACTIONS = {
  refresh: m => ({ ask: "Refresh " + m.name + " now?", path: "/api/refreshes", body: { workspaceId: m.workspaceId, datasetId: m.datasetId, labels: ["dashboard"] } }),
  rerun: o => ({ ask: "Run the refresh of " + modelName(o) + " again?", path: "/api/operations/" + encodeURIComponent(o.id) + "/rerun" }),
  cancel: o => ({ ask: "Cancel the refresh of " + modelName(o) + " for every caller?", path: "/api/operations/" + encodeURIComponent(o.id) + "/cancel-for-all", stay: true }),
};

async function act(name, subject) {
  const action = ACTIONS[name](subject);
  if (!confirm(action.ask)) return;
  state.busy = true;
  render();
  try {
    const d = await send(action.path, action.body);
    notice(action.stay ? "The cancellation is under way." : "Accepted. This is the new operation.");
    state.details.set(d.id, d);
    if (!action.stay) location.hash = "#/operations/" + encodeURIComponent(d.id);
  } catch (error) { notice(error.message, true); }
  state.busy = false;
  await load();
}

function start() {
  $("zone").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of document.querySelectorAll("input[name=hours]")) input.addEventListener("change", () => { state.hours = Number(input.value); load(); });
  $("find").addEventListener("input", () => { state.find = $("find").value.trim().toLowerCase(); render(); });
  document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); $("main").focus(); }); // # is for the views
  $("reload").addEventListener("click", load);
  $("forget").addEventListener("click", () => { sessionStorage.removeItem(KEY); notice(""); gate(); });
  addEventListener("hashchange", () => { document.title = "pbirefresh"; load().then(() => $("main").focus({ preventScroll: true })); scrollTo(0, 0); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); else clearTimeout(timer); });
  load();
}

start();
