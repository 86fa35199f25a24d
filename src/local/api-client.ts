import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import type { Job } from '../schemas/job.ts';

/** The API did not do what the demo expects. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

export interface Stats {
  counts: Record<'queued' | 'scheduled' | 'running' | 'retrying' | 'failed', number>;
  totals: Record<'submitted' | 'completed' | 'failed' | 'recovered', number>;
  workers: { name: string; pid: number }[];
}

export interface ApiResponse<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Api {
  readonly url: string;
  send<T>(method: 'GET' | 'POST', path: string, body?: unknown, prefer?: string): Promise<ApiResponse<T>>;
  /** Polls the job until it has finished. `seen`: its statuses in order. */
  follow(path: string): Promise<{ job: Job; seen: string[]; requests: number }>;
}

const REQUEST_MS = 40_000;
const FOLLOW_MS = 60_000;
const POLL_MS = 50;

export const createApi = (url: string): Api => ({
  url,
  send: (method, path, body, prefer) => send(url, method, path, body, prefer),
  follow: (path) => follow(url, path),
});

async function send<T>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  prefer?: string,
): Promise<ApiResponse<T>> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(prefer === undefined ? {} : { prefer }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new DemoError(`${method} ${path} was answered with ${response.status}: ${text}`);
  const value: T = JSON.parse(text);
  return { status: response.status, headers: response.headers, body: value };
}

async function follow(url: string, path: string): Promise<{ job: Job; seen: string[]; requests: number }> {
  const deadline = systemClock.monotonic() + FOLLOW_MS;
  const seen: string[] = [];
  for (let requests = 1; ; requests += 1) {
    const { body: job } = await send<Job>(url, 'GET', path);
    if (seen.at(-1) !== job.status) seen.push(job.status);
    if (job.finishedAt !== undefined) return { job, seen, requests };
    if (systemClock.monotonic() > deadline) {
      throw new DemoError(`${path} was still ${job.status} after ${FOLLOW_MS / 1_000} s.`);
    }
    await sleep(POLL_MS);
  }
}
