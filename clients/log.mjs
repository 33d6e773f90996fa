// Log a run and read a trace from Node 18 or newer: HEADWATER_URL is the service, HEADWATER_TOKEN a token.
const { HEADWATER_URL = "http://127.0.0.1:8765", HEADWATER_TOKEN } = process.env;
const headers = { "content-type": "application/json" };
if (HEADWATER_TOKEN) headers.authorization = `Bearer ${HEADWATER_TOKEN}`;

async function headwater(path, body) {
  const request = { method: body ? "POST" : "GET", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${HEADWATER_URL}/api/v1/${path}`, request);
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${document.error.message} ${document.error.hint}`);
  return document;
}

const run = { id: "node-1", component: "predict", started_at: "2026-03-01T12:00:00Z", ended_at: "2026-03-01T12:00:05Z" };
await headwater("runs", { ...run, inputs: [{ name: "model.joblib" }], outputs: [{ name: "node.csv" }] });
console.log(JSON.stringify(await headwater(`trace?of=${encodeURIComponent("node.csv")}`)));
