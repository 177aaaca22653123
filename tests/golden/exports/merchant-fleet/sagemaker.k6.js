// merchant-forecast: credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; a profile is not read
// merchant-forecast: requests are filler; set BODY_FILE to a file with a real one
// merchant-forecast: the objective holds at the endpoint, and the test measures at the client: run it in the region of the endpoint
// merchant-forecast: k6 spaces requests evenly; those of the spec come by chance, and wait longer
//   SCALE         multiplies every rate, 1 where not set
//   BODY_FILE     a file with one request
//   CONTENT_TYPE  of that request, application/json where not set
import exec from 'k6/execution';
import http from 'k6/http';
import { sha256 } from 'k6/crypto';
import { Rate } from 'k6/metrics';

const TESTS = {
  "merchant-forecast": {"bytes": 2048, "clients": 660, "failed": null, "latency": [{"ms": 100.0, "quantile": 0.9}, {"ms": 1500.0, "quantile": 0.99}], "models": [["m4d3e7c-1302", 1.0]], "poisson": true, "refused": null, "slowest_s": 1.5, "steps": [[300.0, 218.143], [300.0, 218.755], [300.0, 219.246], [300.0, 219.615], [300.0, 219.861], [600.0, 219.985], [300.0, 219.861], [300.0, 219.615], [300.0, 219.246], [300.0, 218.755], [300.0, 218.143]], "target": {"models": {"mffdcfd-1939": "mffdcfd-1939/model.tar.gz"}, "path": "/endpoints/merchant-forecast/invocations", "region": "us-east-1", "url": "https://runtime.sagemaker.us-east-1.amazonaws.com"}},
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

// Signature Version 4 (docs.aws.amazon.com IAM/latest/UserGuide reference_sigv-create-signed-request)
import { hmac, sha256 as sha } from 'k6/crypto';

function prepared(target, model, type, digest) {
  const base = __ENV.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME || target.url;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = stamp.slice(0, 8);
  const signed = {
    'content-type': type,
    host: base.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
    'x-amz-content-sha256': digest,
    'x-amz-date': stamp,
  };
  if (__ENV.AWS_SESSION_TOKEN) signed['x-amz-security-token'] = __ENV.AWS_SESSION_TOKEN;
  if (model !== undefined) signed['x-amzn-sagemaker-target-model'] = model;
  const names = Object.keys(signed).sort();
  const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
  const request = ['POST', target.path, '', lines, names.join(';'), digest].join('\n');
  const scope = `${day}/${target.region}/sagemaker/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', stamp, scope, sha(request, 'hex')].join('\n');
  const steps = [day, target.region, 'sagemaker', 'aws4_request'];
  const key = steps.reduce(
    (secret, step) => hmac('sha256', secret, step, 'binary'),
    `AWS4${__ENV.AWS_SECRET_ACCESS_KEY}`,
  );
  const { host, ...headers } = signed;
  const credential = `${__ENV.AWS_ACCESS_KEY_ID}/${scope}`;
  const signature = hmac('sha256', key, text, 'hex');
  headers.authorization =
    `AWS4-HMAC-SHA256 Credential=${credential}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { url: `${base}${target.path}`, headers };
}
