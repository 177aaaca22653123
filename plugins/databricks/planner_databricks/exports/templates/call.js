function prepared(target, model, type) {
  const host = (__ENV.DATABRICKS_HOST || '').replace(/^(?!https?:)/, 'https://').replace(/\/$/, '');
  return {
    url: target.routed ? __ENV.DATABRICKS_ENDPOINT_URL : `${host}${target.path}`,
    headers: { 'Content-Type': type, Authorization: `Bearer ${__ENV.DATABRICKS_TOKEN}` },
  };
}
