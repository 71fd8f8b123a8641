// Holds a document against the mappers of a Microsoft SDK: the description, made
// from the service's published API, by which the SDK reads and writes JSON.
// Stricter than the SDK: members that it does not know are problems, also where
// it would pass them on.
import { readFileSync } from "node:fs";

// load reads a module of a package whose package.json does not say that it is one.
async function load(path) {
  return import("data:text/javascript," + encodeURIComponent(readFileSync(path, "utf8")));
}

// loadModels returns the mappers and the published values of a package.
export async function loadModels(folder) {
  const mappers = await load(`${folder}/dist-esm/src/models/mappers.js`);
  const values = await load(`${folder}/dist-esm/src/models/index.js`);
  return {
    mappers,
    allowed: {
      "WebActivity.method": values.KnownWebActivityMethod,
      "WebHookActivity.method": values.KnownWebHookActivityMethod,
      "AzureFunctionActivity.method": values.KnownAzureFunctionActivityMethod,
      "ActivityDependency.dependencyConditions": values.KnownDependencyCondition,
      "ParameterSpecification.type": values.KnownParameterType,
    },
  };
}

// check returns what is wrong with a value that should be of a class.
export function check(models, className, value, known = []) {
  const problems = [];
  composite({ models, known, tell: (path, text) => problems.push(`${path || "."}: ${text}`) }, models.mappers[className].type, value, "");
  return problems;
}

function typed(c, type, value, path, name) {
  const wrong = (what) => c.tell(path, `must be ${what}, not ${JSON.stringify(value)}`);
  switch (type.name) {
    case "Composite":
      return composite(c, type.modelProperties ? type : c.models.mappers[type.className].type, value, path);
    case "Sequence":
      if (!Array.isArray(value)) return wrong("an array");
      return value.forEach((item, i) => typed(c, type.element.type, item, `${path}[${i}]`, name));
    case "Dictionary":
      if (!isObject(value)) return wrong("an object");
      return Object.entries(value).forEach(([key, item]) => typed(c, type.value.type, item, `${path}.${key}`, name));
    case "String": {
      const allowed = c.models.allowed[name];
      if (typeof value !== "string") return wrong("a text");
      if (allowed && !Object.values(allowed).some((v) => v.toLowerCase() === value.toLowerCase())) wrong(`one of ${Object.values(allowed)}`);
      return;
    }
    case "Number":
    case "Boolean":
      if (typeof value !== type.name.toLowerCase()) wrong(`a ${type.name.toLowerCase()}`);
      return;
    case "any":
    case "Object":
      return;
    default:
      c.tell(path, `the type ${type.name} is not known to this check`);
  }
}

function composite(c, type, value, path) {
  if (!isObject(value)) return c.tell(path, "must be an object");
  const exact = polymorphic(c, type, value, path);
  if (!exact) return;
  const places = new Map(); // "typeProperties.url" -> property
  for (const [name, p] of Object.entries(exact.modelProperties)) places.set(p.serializedName, { name, ...p });
  members(c, exact, places, value, path, "");
  for (const [place, p] of places) {
    const found = place.split(".").reduce((v, key) => v?.[key], value);
    if (found === undefined) {
      if (p.required) c.tell(`${path}.${place}`, "is required");
      continue;
    }
    const low = p.constraints?.InclusiveMinimum, high = p.constraints?.InclusiveMaximum;
    if (found < low || found > high) c.tell(`${path}.${place}`, `must be from ${low} to ${high}`);
    typed(c, p.type, found, `${path}.${place}`, `${exact.className}.${p.name}`);
  }
}

// members tells of each member that the class does not have.
function members(c, type, places, value, path, prefix) {
  for (const key of Object.keys(value)) {
    const place = prefix + key;
    if (places.has(place) || c.known.includes(`${type.className}.${place}`)) continue;
    if ([...places.keys()].some((p) => p.startsWith(`${place}.`))) members(c, type, places, value[key], path, `${place}.`);
    else c.tell(`${path}.${place}`, `is not a member of ${type.className}`);
  }
}

// polymorphic finds the class that the value says it is.
function polymorphic(c, type, value, path) {
  const by = type.polymorphicDiscriminator?.serializedName;
  if (!by) return type;
  const found = Object.entries(c.models.mappers.discriminators).find(([key, mapper]) =>
    key.endsWith(`.${value[by]}`) && inherits(c, mapper.type, type.uberParent));
  if (!found) c.tell(`${path}.${by}`, `there is no ${type.uberParent} of the type ${JSON.stringify(value[by])}`);
  return found?.[1].type;
}

function inherits(c, type, parent) {
  for (let name = type.uberParent; name; ) {
    if (name === parent) return true;
    const up = c.models.mappers[name]?.type.uberParent;
    if (up === name) return false; // the root is its own parent
    name = up;
  }
  return false;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
