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
