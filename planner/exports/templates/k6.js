//   SCALE         multiplies every rate, 1 where not set
//   BODY_FILE     a file with one request
//   CONTENT_TYPE  of that request, application/json where not set
import exec from 'k6/execution';
import http from 'k6/http';
import { sha256 } from 'k6/crypto';
import { Rate } from 'k6/metrics';

const TESTS = {};

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

