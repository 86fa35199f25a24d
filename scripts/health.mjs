// Exits with 0 when this container's main process does its work: the API is ready to take jobs; the worker says on
// HEALTH_PORT that it is ready or, without that, holds leases that have not run out. Otherwise it says why not and exits with 1.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { loadConfig } from '../dist/src/config.js';

const LIMIT_MS = 4_000;

const config = loadConfig();

async function faultAt({ get }, host, port) {
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      path: '/readyz',
      // It asks its own process: the certificate is for the names by which others call it.
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(LIMIT_MS),
    };
    const request = get(options, async (response) => {
      const body = await text(response);
      resolve(response.statusCode === 200 ? undefined : body);
    });
    request.once('error', reject);
  });
}

const apiFault = () => faultAt(config.tlsCertFile === '' ? http : https, '127.0.0.1', config.port);

/** The address at which this container reaches its own HEALTH_PORT. */
function healthHost() {
  const host = config.metricsHost || config.host;
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** A container has a host name of its own. */
async function workerFault() {
  if (config.healthPort > 0) return faultAt(http, healthHost(), config.healthPort);
  // Loaded only here: the API is asked often, and needs none of it.
  const { newConsumerName, parseWorkerName } = await import('../dist/src/lifecycle/consumer-name.js');
  const { redisTarget } = await import('../dist/src/config/redis.js');
  const { connectForRequests, whenReady } = await import('../dist/src/redis/connect.js');
  const { queueKeys, queuesKey } = await import('../dist/src/redis/keys.js');
  const { servedQueues } = await import('../dist/src/schemas/values/queue-patterns.js');
  const redis = connectForRequests({ ...redisTarget(config), name: 'millrace-health', scripts: [] });
  try {
    if (!(await whenReady(redis, LIMIT_MS))) return 'Redis does not answer.';
    const { host } = parseWorkerName(newConsumerName(process.pid));
    const [seconds] = await redis.time();
    const existing = (await redis.smembers(queuesKey(config.prefix))).sort();
    for (const queue of servedQueues(config.queues, existing).queues) {
      const { leases } = queueKeys(config.prefix, queue);
      const names = await redis.zrange(leases, Number(seconds) * 1_000, '+inf', 'BYSCORE');
      if (!names.some((name) => parseWorkerName(name).host === host))
        return `There is no lease on queue ${queue}.`;
    }
    return undefined;
  } finally {
    redis.disconnect();
  }
}

const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
const isWorker = words.some((word) => word.endsWith('workers/main.js')) || words.includes('worker');
const fault = await (isWorker ? workerFault() : apiFault()).catch((error) => String(error));
if (fault !== undefined) console.error(fault);
process.exit(fault === undefined ? 0 : 1);
