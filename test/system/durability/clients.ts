import { Pool } from 'undici';

/** What one client was told: the job's id, the payload it had sent, and when the 202 came. */
export interface Accepted {
  id: string;
  payload: string;
  /** Monotonic ms. */
  at: number;
}

const CLIENTS = 64;
const ANSWER_MS = 10_000;
/** Nobody submits for longer than this, whatever happens to Redis. */
const LONGEST_MS = 60_000;

const poolFor = (origin: string): Pool =>
  new Pool(origin, { connections: CLIENTS, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });

/**
 * Submits jobs from 64 connections at a time, each of which goes on until it is refused for the first time.
 *
 * @returns every job that was accepted, kept in this process alone.
 * @throws {Error} when a job is refused before `cut` is aborted.
 */
export async function submitUntilRefused(origin: string, cut: AbortSignal): Promise<Accepted[]> {
  const pool = poolFor(origin);
  const accepted: Accepted[] = [];
  const deadline = performance.now() + LONGEST_MS;
  const client = async (name: number): Promise<void> => {
    for (let count = 0; performance.now() < deadline; count += 1) {
      const payload = `${name}/${count}`;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/jobs',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ task: 'echo', payload }),
      });
      const text = await body.text();
      if (statusCode === 202) accepted.push({ id: JSON.parse(text).id, payload, at: performance.now() });
      else if (cut.aborted) return;
      else throw new Error(`A job was refused before the cut: ${statusCode} ${text}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  } finally {
    await pool.destroy();
  }
  return accepted;
}

/**
 * Reads all of them back, and gives those that are not there any more.
 *
 * @throws {Error} when one is there with another payload, or is not waiting to be run.
 */
export async function findLost(origin: string, accepted: readonly Accepted[]): Promise<Accepted[]> {
  const pool = poolFor(origin);
  const left = accepted.values();
  const lost: Accepted[] = [];
  const reader = async (): Promise<void> => {
    for (const job of left) {
      const { statusCode, body } = await pool.request({ method: 'GET', path: `/jobs/${job.id}` });
      const text = await body.text();
      if (statusCode === 404 || statusCode === 410) {
        lost.push(job);
        continue;
      }
      const found = statusCode === 200 ? JSON.parse(text) : {};
      if (found.status !== 'queued' || found.payload !== job.payload) {
        throw new Error(`${job.id} was read back as ${statusCode} ${text}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, reader));
  } finally {
    await pool.destroy();
  }
  return lost;
}
