// Calls of the API. The function key is in a header, never in an address; it is kept for this tab only.

const KEY = "pbirefresh.key";

class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function call(path, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  const key = sessionStorage.getItem(KEY);
  if (key) headers["x-functions-key"] = key;
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "NoAnswer", "The app does not answer. Check the network, then reload.");
  }
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* the host's own answers have no body */ }
  if (response.status === 401) {
    const error = new ApiError(401, "Unauthorized", "The function key is missing or wrong.");
    error.signIn = response.headers.has("www-authenticate"); // of App Service authentication; the host's own 401 has none
    throw error;
  }
  // 409 with a status is how a failed operation stands: no error of the call.
  if (!response.ok && !(response.status === 409 && body && body.status)) {
    const e = body && body.error;
    throw new ApiError(response.status, e ? e.code : "HTTP " + response.status, e ? e.message : "The app answered HTTP " + response.status + ".");
  }
  return body;
}

// pages reads a list to its end, at most `most` pages, and reports each one.
async function pages(path, most, signal, report) {
  for (let n = 0; path && n < most; n++) {
    const page = await call(path, { signal });
    path = page.nextLink ? new URL(page.nextLink, location).pathname + new URL(page.nextLink, location).search : "";
    report(page.value, Boolean(path));
  }
  return path;
}

function send(path, body) {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  if (body) headers["Content-Type"] = "application/json";
  return call(path, { method: "POST", headers, body: body && JSON.stringify(body) });
}
