// ad-bidder: set DATABRICKS_ENDPOINT_URL to the endpoint's own URL, which exists once it does, and DATABRICKS_TOKEN to an OAuth token: it takes no other
// ad-bidder: requests are filler; set BODY_FILE to a file with a real one
// ad-bidder: the objective holds at the endpoint, and the test measures at the client: run it in the region of the endpoint
// ad-bidder: k6 spaces requests evenly; those of the spec come by chance, and wait longer
//   SCALE         multiplies every rate, 1 where not set
//   BODY_FILE     a file with one request
//   CONTENT_TYPE  of that request, application/json where not set
import exec from 'k6/execution';
import http from 'k6/http';
import { sha256 } from 'k6/crypto';
import { Rate } from 'k6/metrics';

const TESTS = {
  "ad-bidder": {"bytes": 1024, "clients": 7200, "failed": null, "latency": [{"ms": 30.0, "quantile": 0.5}, {"ms": 60.0, "quantile": 0.99}], "models": [], "poisson": true, "refused": null, "slowest_s": 0.06, "steps": [[600.0, 60000.0]], "target": {"path": "/serving-endpoints/ad-bidder/invocations", "routed": true}},
};

const SCALE = Number(__ENV.SCALE || 1);
const TYPE = __ENV.CONTENT_TYPE || 'application/json';
const GIVEN = __ENV.BODY_FILE ? open(__ENV.BODY_FILE) : null;

// Rates are whole numbers to k6: per hour nothing is lost.
const hourly = (rate) => Math.round(rate * SCALE * 3600);

function scenario(test) {
  const stages = [];
  for (const [seconds, rate] of test.steps) {
    stages.push({ target: hourly(rate), duration: '0s' });
    stages.push({ target: hourly(rate), duration: `${seconds}s` });
  }
  const clients = Math.max(2, Math.ceil(test.clients * SCALE));
  return {
    executor: 'ramping-arrival-rate',
    startRate: hourly(test.steps[0][1]),
    timeUnit: '1h',
    preAllocatedVUs: clients,
    maxVUs: 4 * clients,
    stages,
  };
}

function bound({ quantile, ms }) {
  if (quantile === null) return `avg<=${ms}`;
  return quantile === 1 ? `max<=${ms}` : `p(${Number((quantile * 100).toFixed(6))})<=${ms}`;
}

function thresholds() {
  const found = {};
  for (const [name, test] of Object.entries(TESTS)) {
    const own = `{scenario:${name}}`;
    if (test.latency.length) found[`http_req_duration${own}`] = test.latency.map(bound);
    if (test.refused !== null) found[`refused${own}`] = [`rate<=${test.refused}`];
    if (test.failed !== null) found[`failed${own}`] = [`rate<=${test.failed}`];
    // Requests that k6 could not send were not measured: the test says nothing then.
    found[`dropped_iterations${own}`] = ['count<1'];
  }
  return found;
}

export const options = {
  discardResponseBodies: true,
  scenarios: Object.fromEntries(Object.entries(TESTS).map(([name, t]) => [name, scenario(t)])),
  thresholds: thresholds(),
  summaryTrendStats: ['avg', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
};

const refused = new Rate('refused');
const failed = new Rate('failed');

const bodies = {};
for (const [name, test] of Object.entries(TESTS)) {
  const text = GIVEN === null ? `"${'x'.repeat(Math.max(0, test.bytes - 2))}"` : GIVEN;
  bodies[name] = { text, digest: sha256(text, 'hex') };
}

function chosen(test) {
  if (!test.target.models) return undefined;
  const drawn = Math.random();
  return test.target.models[test.models.find(([, reached]) => drawn < reached)[0]];
}

export default function () {
  const test = TESTS[exec.scenario.name];
  const body = bodies[exec.scenario.name];
  const { url, headers } = prepared(test.target, chosen(test), TYPE, body.digest);
  const answer = http.post(url, body.text, { headers, tags: { name: exec.scenario.name } });
  refused.add(answer.status === 429);
  failed.add(answer.status === 0 || answer.status >= 500);
}

function prepared(target, model, type) {
  const host = (__ENV.DATABRICKS_HOST || '').replace(/^(?!https?:)/, 'https://').replace(/\/$/, '');
  return {
    url: target.routed ? __ENV.DATABRICKS_ENDPOINT_URL : `${host}${target.path}`,
    headers: { 'Content-Type': type, Authorization: `Bearer ${__ENV.DATABRICKS_TOKEN}` },
  };
}
