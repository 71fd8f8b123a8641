// Follows a refresh with the poller of the JavaScript SDKs, @azure/core-lro:
//
//	node lro.mjs <tools folder> <3 or 2> <both, operation-location or location> <app URL> <workspaceId> <datasetId>
//
// with the function key in PBIREFRESH_KEY. It prints {"polls", "status", "result", "message"}.
// With CANCEL set, it cancels the refresh after the first poll, as somebody else would.
// Requests go through the SDKs' pipeline with its own retries. Of the two headers
// that show the way, only the named one is passed on.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [tools, version, way, app, workspaceId, datasetId] = process.argv.slice(2);
const fromTools = createRequire(pathToFileURL(`${tools}/package.json`));
const { createHttpPoller } = fromTools(version === "3" ? "@azure/core-lro" : "core-lro-2");
const { createDefaultHttpClient, createHttpHeaders, createPipelineFromOptions, createPipelineRequest } = fromTools("@azure/core-rest-pipeline");

const pipeline = createPipelineFromOptions({});
const client = createDefaultHttpClient();
const key = { "content-type": "application/json", "x-functions-key": process.env.PBIREFRESH_KEY };
let polls = 0;

async function send(method, url, headers, body) {
  const request = createPipelineRequest({ method, url, headers: createHttpHeaders(headers), body, allowInsecureConnection: true });
  const response = await pipeline.sendRequest(client, request);
  const raw = response.headers.toJSON();
  for (const header of ["location", "operation-location"]) if (way !== "both" && way !== header) delete raw[header];
  const answer = response.bodyAsText ? JSON.parse(response.bodyAsText) : undefined;
  return { flatResponse: answer, rawResponse: { statusCode: response.status, headers: raw, body: answer, request: { method, url } } };
}

const requestPath = `${app}/api/refreshes`;
const made = createHttpPoller(
  {
    requestMethod: "POST",
    requestPath,
    sendInitialRequest: async () => {
      const answer = await send("POST", requestPath,
        { ...key, "idempotency-key": `"lro-${datasetId}"` },
        JSON.stringify({ workspaceId, datasetId }));
      // The generated clients throw here, with the answer's error (@azure-rest/core-client, createRestError).
      if (answer.rawResponse.statusCode >= 400) throw new Error(answer.flatResponse?.error?.message);
      return answer;
    },
    sendPollRequest: async (url) => {
      const answer = await send("GET", url, {});
      if (++polls === 1 && process.env.CANCEL) await send("POST", answer.flatResponse.terminatePostUri, key);
      return answer;
    },
  },
  { intervalInMs: 200, resolveOnUnsuccessful: false },
);

const out = {};
let poller;
try {
  poller = version === "3" ? made : await made; // to await a poller of version 3 is to await its end
  out.result = await poller.pollUntilDone();
} catch (error) {
  out.message = error.message;
}
out.polls = polls;
out.status = (version === "3" ? poller.operationState : poller?.getOperationState())?.status ?? "failed"; // without a state the POST was refused
console.log(JSON.stringify(out));
