// One script for all runs: LOAD=steps, users, rate or over.
import http from "k6/http";

const LOADS = {
  steps: {
    executor: "ramping-vus",
    startVUs: 1,
    gracefulStop: "2s",
    stages: [1, 2, 4, 8].flatMap((users) => [
      { target: users, duration: "0s" },
      { target: users, duration: "8s" },
    ]),
  },
  users: { executor: "constant-vus", vus: 4, duration: "8s" },
  rate: {
    executor: "constant-arrival-rate",
    rate: 30,
    timeUnit: "1s",
    duration: "10s",
    preAllocatedVUs: 16,
  },
  over: {
    executor: "constant-arrival-rate",
    rate: 80,
    timeUnit: "1s",
    duration: "8s",
    preAllocatedVUs: 8,
  },
};

export const options = {
  scenarios: { [__ENV.LOAD]: LOADS[__ENV.LOAD] },
  summaryTrendStats: ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"],
};

export default function () {
  http.post(__ENV.URL, "{}");
}

export function handleSummary(data) {
  return { [`${__ENV.LOAD}_summary.json`]: JSON.stringify(data, null, 1) };
}
