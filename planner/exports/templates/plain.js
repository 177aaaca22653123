function prepared(target, model, type) {
  const headers = { 'Content-Type': type };
  if (__ENV.ENDPOINT_TOKEN) headers.Authorization = `Bearer ${__ENV.ENDPOINT_TOKEN}`;
  return { url: __ENV.ENDPOINT_URL, headers };
}
