-- ad-bidder: requests are those of system.serving.endpoint_usage, logged within an hour at best effort
-- ad-bidder: usage is tracked where its AI gateway is told to, and without latencies
-- ad-bidder: whether refused requests (429) are logged is not documented
-- ad-bidder: the tables do not have latency-p50, latency-p99, cpu, memory, fullness
-- ad-bidder: without alerts.workspace one of that name in another workspace counts, too

-- requests by the minute and their status
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 1 DAY AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
)
SELECT date_trunc('MINUTE', request_time) AS minute, status_code, sum(weight) AS requests
FROM requests
GROUP BY date_trunc('MINUTE', request_time), status_code
ORDER BY minute, status_code;

-- share of 429 by the hour: requests that came when there was no room (row D9)
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 7 DAYS AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
)
SELECT date_trunc('HOUR', request_time) AS hour,
  sum(CASE WHEN status_code = 429 THEN weight ELSE 0 END) / sum(weight) AS share_of_429
FROM requests
GROUP BY date_trunc('HOUR', request_time)
ORDER BY hour;

-- errors over 1 % in 2 of 3 minutes: more failed requests than this are a fault; slo.availability of a spec goes before it
-- threshold error-share, row D7 of docs/coverage.md; planner doctor ad-bidder
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 1 DAY AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
)
SELECT date_trunc('MINUTE', request_time) AS minute, sum(weight) AS requests,
  sum(CASE WHEN status_code >= 500 THEN weight ELSE 0 END) / sum(weight) AS share_of_5xx,
  0.01 AS alarm_over
FROM requests
GROUP BY date_trunc('MINUTE', request_time)
ORDER BY minute;

-- refused over 1 % in 5 of 5 minutes: more failed requests than this are a fault; slo.availability of a spec goes before it
-- threshold error-share, row D7 of docs/coverage.md; planner doctor ad-bidder
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 1 DAY AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
)
SELECT date_trunc('MINUTE', request_time) AS minute, sum(weight) AS requests,
  sum(CASE WHEN status_code >= 400 AND status_code < 500 THEN weight ELSE 0 END) / sum(weight) AS share_of_4xx,
  0.01 AS alarm_over
FROM requests
GROUP BY date_trunc('MINUTE', request_time)
ORDER BY minute;

-- rate over 75,000/s in 15 of 15 minutes: a mean rate further than this from the spec's is other traffic than was planned for
-- threshold traffic-apart, row D7 of docs/coverage.md; planner doctor ad-bidder
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 1 DAY AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
)
SELECT date_trunc('MINUTE', request_time) AS minute, sum(weight) AS requests,
  sum(weight) / 60 AS requests_per_s,
  75000.0 AS alarm_over
FROM requests
GROUP BY date_trunc('MINUTE', request_time)
ORDER BY minute;

-- no request in 24 h: row L4, planner doctor ad-bidder
WITH requests AS (
  SELECT request_time, status_code, 1.0 AS weight
  FROM system.serving.endpoint_usage
  WHERE request_time >= now() - INTERVAL 1500 MINUTES AND served_entity_id IN (
    SELECT served_entity_id FROM system.serving.served_entities
    WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
), entities AS (
  SELECT coalesce(min(change_time), now()) AS since FROM system.serving.served_entities
  WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL
)
SELECT CASE WHEN (SELECT max(since) FROM entities) >= now() - INTERVAL 1500 MINUTES THEN 1 ELSE count(*) END
  AS requests
FROM requests;

-- tokens by the day, for models that have some
SELECT to_date(request_time) AS day, count(*) AS requests,
  sum(input_token_count) AS input_tokens, sum(output_token_count) AS output_tokens
FROM system.serving.endpoint_usage
WHERE request_time >= now() - INTERVAL 30 DAYS AND served_entity_id IN (
  SELECT served_entity_id FROM system.serving.served_entities
  WHERE endpoint_name = 'ad-bidder' AND endpoint_delete_time IS NULL)
GROUP BY to_date(request_time)
ORDER BY day;

-- cost by the day at list prices, and what the plan comes to
SELECT used.usage_date AS day, sum(used.usage_quantity) AS dbu,
  sum(used.usage_quantity * listed.pricing.default) AS usd,
  288.96 AS planned_usd
FROM system.billing.usage AS used
LEFT JOIN system.billing.list_prices AS listed
  ON used.cloud = listed.cloud AND used.sku_name = listed.sku_name
  AND used.usage_unit = listed.usage_unit
  AND used.usage_start_time >= listed.price_start_time
  AND (listed.price_end_time IS NULL OR used.usage_start_time < listed.price_end_time)
WHERE used.usage_metadata.endpoint_name = 'ad-bidder'
  AND used.usage_date >= current_date() - INTERVAL 30 DAYS
GROUP BY used.usage_date
ORDER BY day;
