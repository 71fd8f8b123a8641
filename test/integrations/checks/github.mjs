// Reads a GitHub workflow with the parser of GitHub's own language server.
import { register } from "node:module";
import { pathToFileURL } from "node:url";

// The package is made for bundlers: it imports JSON as Node does not.
const jsonAsModule = `
import { readFileSync } from "node:fs";
export async function load(url, context, next) {
  if (!url.endsWith(".json")) return next(url, context);
  return { format: "module", shortCircuit: true, source: "export default " + readFileSync(new URL(url), "utf8") };
}`;

// problems returns what GitHub would say about a workflow.
export async function problems(tools, file, text) {
  register("data:text/javascript," + encodeURIComponent(jsonAsModule));
  const parser = await import(pathToFileURL(`${tools}/node_modules/@actions/workflow-parser/dist/index.js`).href);
  const result = parser.parseWorkflow({ name: file, content: text }, new parser.NoOperationTraceWriter());
  if (result.value) await parser.convertWorkflowTemplate(result.context, result.value);
  return result.context.errors.getErrors().map((e) => e.message);
}
