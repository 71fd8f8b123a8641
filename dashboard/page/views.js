// The three views. Each gets the state and returns the nodes of the page.

// again says whether the model of a failed operation is being refreshed again.
function again(o, operations) {
  const next = since(o, operations);
  if (!next) return el("span", { class: "Failed" }, "Not since: no later refresh has succeeded or is running.");
  const answer = next.status === "Succeeded" ? "Yes: a later refresh succeeded." : next.status === "Running" ? "Yes: it is running." : "Yes: the next refresh waits.";
  return el("span", {}, operationLink(next, answer));
}

function remedy(e) { return el("p", {}, e.remedy ? capital(e.remedy) + "." : e.message); }

function words(e) { return e.powerBI ? [el("p", { class: "quiet" }, "Power BI says:"), el("blockquote", { class: "words" }, e.powerBI)] : ""; }

function capital(s) { return (s.charAt(0).toUpperCase() + s.slice(1)).replace(/\.$/, ""); }

function overview(state) {
  const { operations, now } = state;
  const begin = now - state.hours * HOUR, shown = operations.filter(o => !state.find || (modelName(o) + " " + (o.workspaceName || "") + " " + modelKey(o)).toLowerCase().includes(state.find));
  const open = shown.filter(isOpen), models = byModel(shown), failed = shown.filter(o => o.status === "Failed");
  return [
    el("ul", { class: "counts" },
      count(open.filter(o => o.status === "Running").length, "running"), count(open.filter(o => o.status !== "Running").length, "waiting"),
      count(failed.length, "failed", failed.length ? "bad" : ""), count(shown.filter(o => o.status === "Succeeded").length, "succeeded"), count(models.length, "models")),
    section("Now", nowList(open, state)),
    failures(failed, operations),
    timeline(models, begin, now, state),
    waits(models, now),
    slots(state),
  ];
}

function count(n, name, kind = "") { return el("li", { class: kind }, el("strong", {}, String(n)), name); }

function nowList(open, state) {
  if (open.length === 0) return el("p", { class: "quiet" }, "Nothing is running or waiting.");
  return el("ul", { class: "list" }, open.slice(0, 20).map(o => el("li", {}, nowItem(o, state.details.get(o.id), state.now))),
    open.length > 20 ? el("li", { class: "quiet" }, "and " + (open.length - 20) + " more") : "");
}

function nowItem(o, d, now) {
  const percent = d && d.progress ? d.progress.percent : undefined, end = d && d.progress && d.progress.expectedEndDateTime;
  const how = o.status === "Running" ? "for " + span(now - time(o.startedDateTime || o.createdDateTime)) + (end ? ", expected end " + shortClock.format(time(end)) : "")
    : "for " + span(waiting(o, now)) + (d && d.blockedBy ? ": " + (d.blockedBy.message || d.blockedBy.reason) : "");
  return [el("div", { class: "spread" }, operationLink(o, modelName(o)), el("span", {}, statusOf(o), " ", how)),
    o.status === "Running" && percent >= 0 ? el("progress", { max: 100, value: percent, "aria-label": modelName(o) + ", progress" }, percent + " %") : ""];
}

function failures(failed, operations) {
  if (failed.length === 0) return section("Failures", el("p", { class: "quiet" }, "None in this period."));
  return section("Failures", causes(failed).map(g => el("article", { class: "failure" },
    el("h3", {}, g.name + ": " + g.operations.length + (g.operations.length === 1 ? " failure" : " failures")), remedy(g.latest.error), words(g.latest.error),
    el("ul", { class: "list" }, g.models.slice(0, 10).map(m => el("li", { class: "spread" },
      el("span", {}, operationLink(m.operations[0], m.name), " ", el("span", { class: "quiet" }, shortClock.format(time(m.operations[0].createdDateTime)))),
      el("span", {}, "Again? ", again(m.operations[0], operations)))), g.models.length > 10 ? el("li", { class: "quiet" }, "and " + (g.models.length - 10) + " more models") : ""))));
}

function timeline(models, begin, end, state) {
  if (models.length === 0) return section("Timeline", el("p", { class: "quiet" }, "No operations in this period."));
  return section("Timeline", axis(begin, end), models.map(m => timelineRow(m, begin, end, end)), legend(),
    state.more ? el("p", { class: "quiet" }, "There are older operations that are not shown: choose a shorter period.") : "");
}

// waits lists the models whose refreshes waited longest, beside how long they ran.
function waits(models, now) {
  const sum = (list, f) => list.reduce((n, o) => n + (f(o) || 0), 0);
  const rows = models.map(m => ({ m, waited: sum(m.operations, o => waiting(o, now)), ran: sum(m.operations, running) }))
    .filter(r => r.waited + r.ran > 0).sort((a, b) => b.waited - a.waited).slice(0, 8);
  if (rows.length === 0) return "";
  return section("Waiting and running", el("p", { class: "quiet" }, "The models that waited longest in this period."),
    table("Waiting and running time by model", ["Model", "Waited", "Ran", "Operations"], rows.map(r => [modelLink(r.m, r.m.name), span(r.waited), span(r.ran), String(r.m.operations.length)])));
}

function slots(state) {
  const next = state.schedules.filter(e => e.enabled && e.nextSlots && e.nextSlots.length)
    .map(e => ({ e, at: time(e.nextSlots[0]) })).sort((a, b) => a.at - b.at).slice(0, 8);
  if (next.length === 0) return "";
  return section("Next scheduled starts", table("Next scheduled starts", ["Schedule", "Next start", "Models"], next.map(({ e, at }) => [e.name, shortClock.format(at), String((e.models || []).length)])));
}

function operationView(o, d, state) {
  const e = o.error, open = isOpen(o);
  return [
    el("p", { class: "back" }, el("a", { href: "#/" }, "All operations")),
    section(modelName(o) + (o.workspaceName ? " in " + o.workspaceName : ""),
      el("p", {}, statusOf(o), " ", open ? "for " + span(state.now - time(o.createdDateTime)) : el("span", {}, "at ", when(o.endedDateTime || o.createdDateTime))),
      e ? [el("h3", {}, "Why"), el("p", {}, e.reason ? "Cause: " + e.reason + "." : e.message), words(e), el("h3", {}, "What to do"), remedy(e),
        o.status === "Failed" ? [el("h3", {}, "Is it running again?"), el("p", {}, again(o, state.operations))] : ""] : "",
      open ? nowItem(o, d, state.now) : "", actions(o, state)),
    section("Details", facts([["Model", modelLink(o, modelName(o))], ["Created", when(o.createdDateTime)], ["Started", o.startedDateTime ? when(o.startedDateTime) : ""],
      ["Ended", o.endedDateTime ? when(o.endedDateTime) : ""], ["Waited", span(waiting(o, state.now))], ["Ran", running(o) >= 0 ? span(running(o)) : ""],
      ["Requested by", o.caller ? (o.callerName || o.caller) + (o.callers > 1 ? " and " + (o.callers - 1) + " more requests" : "") : ""],
      ["Labels", (o.labels || []).join(", ")], ["Error code", e ? e.code : ""], ["Operation", el("code", {}, o.id)], ["Dataset", el("code", {}, o.datasetId)]])),
    d && d.attempts && d.attempts.length ? section("Attempts", table("Attempts", ["Started", "Ended", "Outcome", "Kind", "Power BI's id", "Error"], d.attempts.map(a => [
      shortClock.format(time(a.startedDateTime || a.requestedDateTime)), a.endedDateTime ? shortClock.format(time(a.endedDateTime)) : "", a.outcome || "", a.kind, a.refreshId || "", a.error ? a.error.code : ""]))) : "",
    d && d.progress && d.progress.objects && d.progress.objects.length ? section("Tables", table("Tables", ["Table", "Partition", "State"], d.progress.objects.map(p => [p.table, p.partition || "", p.status || ""]))) : "",
  ];
}

function actions(o, state) {
  const busy = state.busy;
  return el("div", { class: "actions" },
    isOpen(o) ? el("button", { type: "button", class: "danger", disabled: busy, onclick: () => state.act("cancel", o) }, "Cancel for all callers")
      : el("button", { type: "button", class: "main", disabled: busy, onclick: () => state.act("rerun", o) }, "Run again with the same options"));
}

function modelView(m, state) {
  const t = trend(m.operations), last = m.operations[0];
  return [
    el("p", { class: "back" }, el("a", { href: "#/" }, "All operations")),
    section(m.name + (m.workspace ? " in " + m.workspace : ""),
      last ? el("p", {}, "Last operation: ", operationLink(last, shortClock.format(time(last.createdDateTime))), " ", statusOf(last)) : el("p", { class: "quiet" }, "No operations in this period."),
      last && last.error && last.status === "Failed" ? [remedy(last.error), words(last.error)] : "",
      el("div", { class: "actions" }, el("button", { type: "button", class: "main", disabled: state.busy, onclick: () => state.act("refresh", m) }, "Refresh the whole model"))),
    m.operations.length ? section("Timeline", axis(state.now - state.hours * HOUR, state.now), timelineRow(m, state.now - state.hours * HOUR, state.now, state.now), legend()) : "",
    t.points.length ? section("Duration", el("p", { class: "quiet" }, "Half of the refreshes took at most " + span(t.p50) + ", 95 % at most " + span(t.p95) + ". Circles are outliers."), trendChart(t)) : "",
    m.operations.length ? section("Operations", table("Operations", ["Created", "Status", "Waited", "Ran", "Requested by", "Cause"], m.operations.slice(0, 100).map(o => [
      operationLink(o, shortClock.format(time(o.createdDateTime))), statusOf(o), span(waiting(o, state.now)), running(o) >= 0 ? span(running(o)) : "", o.callerName || o.caller || "", o.error ? o.error.reason || o.error.code : ""]))) : "",
  ];
}
