// Usage: npm run network -- [connections]
// Holds 2,000 slow connections (or so many) against an API: silent ones, and headers, bodies and chunks at a byte a second. Shows what
// an honest client feels, when the connections are closed, and what the API keeps. Exits with 1 if it is more than promised.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../../src/local/redis-server.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { send } from '../../helpers/api/send.ts';
import { until } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';

/** All connections must be closed within this time: three looks at a body, and one more. */
const CLOSED_MS = 30_000;
const LIMIT_MS = 60_000;
const HONEST_MS = 10_000;
const WAVES = 5;
/** The API tells what it holds after a collection of garbage, when it gets SIGWINCH. Most other signals stop it. */
const TELL_MEMORY =
  'data:text/javascript,process.on(%22SIGWINCH%22,()=>{gc();console.log(JSON.stringify(process.memoryUsage()))})';
/** What the honest client's p99 may grow by, beside the doubling, ms: the noise of one request. */
const NOISE_MS = 1;
/** What the API may hold after the last wave more than after the first one, MB. */
const KEPT_MB = 2;

const count = Number(process.argv[2] ?? 2_000);

/** Latencies of a client that submits one job after the other, ms, until the signal. */
async function honest(origin: string, until: () => boolean): Promise<number[]> {
  const latencies: number[] = [];
  const message = {
    path: '/jobs',
    headers: { 'content-type': 'application/json' },
    body: '{"task":"echo","queue":"honest"}',
  };
  while (!until()) {
    const start = performance.now();
    const { status } = await persistently(() => send(origin, message));
    latencies.push(performance.now() - start);
    if (status !== 202) throw new Error(`the honest client got ${status}`);
  }
  return latencies;
}

/** Repeats a request whose connection the system has refused: the time counts. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error && error.syscall === 'connect')) throw error;
      await sleep(10);
    }
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

interface Footprint {
  readonly heapMb: number;
  readonly rssMb: number;
  readonly files: number;
}

async function footprint({ child }: ApiProcess): Promise<Footprint> {
  const isTold = (text: string) => text.startsWith('{"rss"');
  const told = child.lastLines().filter(isTold).length;
  process.kill(child.pid, 'SIGWINCH');
  const line = await until(() => child.lastLines().filter(isTold)[told], 'its memory');
  const { rss, heapUsed, external } = JSON.parse(line) as NodeJS.MemoryUsage;
  const files = (await readdir(`/proc/${child.pid}/fd`)).length;
  return { heapMb: (heapUsed + external) / 1_048_576, rssMb: rss / 1_048_576, files };
}

const shown = ({ heapMb, rssMb, files }: Footprint): string =>
  `${heapMb.toFixed(1)} MB of heap, ${rssMb.toFixed()} MB in all, ${files} open files`;

const median = (values: readonly number[]): number => quantile(values, 0.5);

function startAttackers(port: number): ChildProcess {
  const file = fileURLToPath(new URL('attackers.ts', import.meta.url));
  const args = [...process.execArgv, file, String(port), String(count), String(LIMIT_MS)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function wave(api: ApiProcess) {
  const attackers = startAttackers(api.port);
  const ended = once(attackers, 'exit');
  const lines = createInterface({ input: attackers.stdout ?? process.stdin })[Symbol.asyncIterator]();
  await lines.next();
  let isOver = false;
  const last = lines.next().then(({ value }) => {
    isOver = true;
    return JSON.parse(String(value)) as { left: number; told: number; lasted: string[] };
  });
  const start = performance.now();
  const latencies = await honest(api.origin, () => isOver || performance.now() - start > LIMIT_MS);
  const result = await last;
  await ended;
  return {
    ...result,
    seconds: (performance.now() - start) / 1_000,
    latencies,
    kept: await footprint(api),
  };
}

const dir = await mkdtemp(join(tmpdir(), 'mr-network-'));
const reaper = createOrphanReaper();
const redis = await startRedis({ dir, persistent: false });
const NODE_OPTIONS = `--expose-gc --import ${TELL_MEMORY}`;
const api = await startApiProcess(redis.url, reaper, { UNKNOWN_TASKS: 'accept', NODE_OPTIONS });
try {
  const warm = performance.now();
  await honest(api.origin, () => performance.now() - warm > HONEST_MS / 2);
  const before = await footprint(api);
  console.log(`before: ${shown(before)}`);
  const calm: number[] = [];
  const attacked: number[] = [];
  const held: number[] = [];
  for (let number = 1; number <= WAVES; number += 1) {
    const start = performance.now();
    calm.push(quantile(await honest(api.origin, () => performance.now() - start > HONEST_MS), 0.99));
    const { left, told, lasted, seconds, latencies, kept } = await wave(api);
    attacked.push(quantile(latencies, 0.99));
    held.push(kept.heapMb);
    console.log(
      `wave ${number}: p99 ${calm.at(-1)?.toFixed(2)} ms before, ${attacked.at(-1)?.toFixed(2)} ms with ${count} slow connections; all closed after ${seconds.toFixed(1)} s (${lasted.join(', ')}), ${told} got 408; ${shown(kept)}`,
    );
    if (left > 0 || seconds * 1_000 > CLOSED_MS || kept.files > before.files + 5) process.exitCode = 1;
  }
  console.log(
    `p99, median: ${median(calm).toFixed(2)} ms before, ${median(attacked).toFixed(2)} ms with them`,
  );
  if (median(attacked) > 2 * median(calm) + NOISE_MS) process.exitCode = 1;
  if ((held.at(-1) ?? 0) - (held[0] ?? 0) > KEPT_MB) process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'That is more than promised.' : 'All as promised.');
} catch (error) {
  console.error(api.child.lastLines().join('\n'));
  throw error;
} finally {
  await api.stop();
  await redis.stop();
  reaper.end();
  await rm(dir, { recursive: true, force: true });
}
