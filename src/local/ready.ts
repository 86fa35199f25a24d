import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';

/** Much longer than a start takes on a slow machine. A part that dies ends the wait at once, by `signal`. */
const READY_MS = 60_000;
const ONE_REQUEST_MS = 2_000;

/** Waits up to `patienceMs` for the port: parts of a killed run may still hold it for a moment. */
export async function untilPortFree(
  host: string,
  port: number,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = systemClock.monotonic() + patienceMs;
  for (;;) {
    const fault = await tryPort(host, port);
    if (fault === undefined) return;
    if (fault !== 'EADDRINUSE') {
      throw new Error(`The API cannot listen on ${host}:${port} (${fault}). Check HOST and PORT.`);
    }
    if (systemClock.monotonic() >= deadline) {
      throw new Error(
        `Port ${port} on ${host} is in use. Stop the process that uses it, or choose another one: PORT=${port + 1}, or --port ${port + 1} for millrace dev.`,
      );
    }
    signal.throwIfAborted();
    await sleep(100);
  }
}

function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}

/** Waits until `/readyz` answers 200; at the deadline the error has the last answer. */
export function untilApiReady(url: string, signal: AbortSignal): Promise<void> {
  return until('The API', signal, async () => {
    const { status, body } = await getLocally(`${url}/readyz`);
    return status === 200 ? undefined : `${status} ${body}`;
  });
}

/** Waits until each queue has a worker with a lease. @param key with the scope `read`, where the API needs one. */
export async function untilWorkerReady(
  url: string,
  queues: readonly string[],
  signal: AbortSignal,
  key = '',
): Promise<void> {
  for (const queue of queues) {
    await until(`The worker of queue ${queue}`, signal, async () => {
      const { status, body } = await getLocally(`${url}/queues/${queue}/stats`, key);
      if (status !== 200) return `${status} ${body}`;
      const stats: unknown = JSON.parse(body);
      return hasWorker(stats) ? undefined : 'no lease';
    });
  }
}

/** Asks the API on this machine. Its certificate is for the names by which others call it, so it is not checked. */
function getLocally(url: string, key = ''): Promise<{ status: number | undefined; body: string }> {
  const get = url.startsWith('https:') ? https.get : http.get;
  return new Promise((resolve, reject) => {
    const options = {
      rejectUnauthorized: false,
      agent: false,
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(ONE_REQUEST_MS),
    };
    const request = get(url, options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    request.once('error', reject);
  });
}

const hasWorker = (stats: unknown): boolean =>
  typeof stats === 'object' &&
  stats !== null &&
  'workers' in stats &&
  Array.isArray(stats.workers) &&
  stats.workers.length > 0;

/** Repeats `missing` until it returns undefined: nothing is missing. */
async function until(
  what: string,
  signal: AbortSignal,
  missing: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = systemClock.monotonic() + READY_MS;
  for (;;) {
    const reason = await missing().catch((error: unknown) => String(error));
    if (reason === undefined) return;
    if (systemClock.monotonic() >= deadline) {
      throw new Error(`${what} was not ready within ${READY_MS / 1_000} s: ${reason}`);
    }
    signal.throwIfAborted();
    await sleep(20);
  }
}
