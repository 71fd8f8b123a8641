// Drawing: elements, links, and SVG. Data becomes text and attributes, never markup.

function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== ""));
  return node;
}

function operationLink(o, text) { return el("a", { href: "#/operations/" + encodeURIComponent(o.id) }, text); }

function modelLink(m, text) { return el("a", { href: "#/models/" + m.workspaceId + "/" + m.datasetId }, text); }

function statusOf(o) { return el("span", { class: "status " + o.status }, o.status === "NotStarted" ? "Waiting" : o.status); }

function section(title, ...children) { return el("section", {}, el("h2", {}, title), ...children); }

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });

function when(text) { return el("time", { datetime: text }, clock.format(time(text))); }

function facts(pairs) {
  return el("dl", {}, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function table(caption, head, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "hidden" }, caption), el("thead", {}, el("tr", {}, head.map(h => el("th", { scope: "col" }, h)))),
      el("tbody", {}, rows.map(row => el("tr", {}, row.map(cell => el("td", {}, cell)))))));
}

// legend names the colours of the timeline.
function legend() {
  return el("p", { class: "key" }, ["Succeeded", "Failed", "Running", "Canceled"].map(s => el("span", { class: "status " + s }, s)), el("span", {}, "pale: waiting"));
}

const WIDTH = 1000;

// axis draws the scale of the timeline.
function axis(begin, end) {
  const steps = 6, marks = [];
  for (let i = 0; i < steps; i++) {
    const t = begin + (end - begin) * i / steps;
    marks.push(el("span", {}, shortClock.format(t)));
  }
  return el("div", { class: "row axis", "aria-hidden": "true" }, el("span"), el("div", {}, marks));
}

// timelineRow draws one model's operations.
function timelineRow(model, begin, end, now) {
  const list = bars(model.operations, begin, end, WIDTH, now);
  const failed = model.operations.filter(o => o.status === "Failed").length;
  const words = model.operations.length + " operations" + (failed ? ", " + failed + " failed" : "");
  return el("div", { class: "row" }, modelLink(model, model.name),
    svg("svg", { viewBox: "0 0 " + WIDTH + " 22", height: 22, preserveAspectRatio: "none", role: "img", "aria-label": model.name + ": " + words },
      svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: 21.5, y2: 21.5 }),
      list.map(b => svg("rect", { class: b.waiting ? "waiting" : "bar " + b.o.status, x: b.x.toFixed(1), width: b.width.toFixed(1), y: b.waiting ? 8 : 4, height: b.waiting ? 6 : 14, rx: 1.5 },
        svg("title", {}, b.waiting ? "waited" : b.o.status + ", " + shortClock.format(time(b.o.createdDateTime)) + ", " + span(running(b.o)))))));
}

// trendChart draws the durations of a model's refreshes.
function trendChart(t) {
  const height = 180, left = 60, top = t.points.reduce((m, p) => Math.max(m, p.took), 1) * 1.1;
  const first = t.points[0].at, last = t.points[t.points.length - 1].at;
  const x = at => left + (WIDTH - left - 12) * (last === first ? 0.5 : (at - first) / (last - first));
  const y = took => height - 16 - took / top * (height - 28);
  const line = (value, name) => [svg("line", { class: "mark", x1: left, x2: WIDTH, y1: y(value), y2: y(value) }), svg("text", { x: 0, y: y(value) + 4 }, name + " " + span(value))];
  return svg("svg", { viewBox: "0 0 " + WIDTH + " " + height, role: "img", "aria-label": t.points.length + " refreshes: half of them took at most " + span(t.p50) + ", 95 % at most " + span(t.p95) },
    svg("line", { class: "grid", x1: left, x2: WIDTH, y1: height - 16, y2: height - 16 }),
    line(t.p50, "p50"), Math.abs(y(t.p50) - y(t.p95)) > 12 ? line(t.p95, "p95") : [],
    t.points.map(p => svg("circle", { class: p.outlier ? "outlier" : "bar Succeeded", cx: x(p.at).toFixed(1), cy: y(p.took).toFixed(1), r: p.outlier ? 5 : 3.5 },
      svg("title", {}, shortClock.format(p.at) + ": " + span(p.took) + (p.outlier ? ", an outlier" : "")))),
    svg("text", { x: left, y: height - 2 }, shortClock.format(first)), svg("text", { x: WIDTH, y: height - 2, "text-anchor": "end" }, shortClock.format(last)));
}
