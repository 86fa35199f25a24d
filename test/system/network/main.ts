// Usage: npm run network -- [connections]
// Holds 2,000 slow connections (or so many) against an API: silent ones, and headers, bodies and chunks at a byte a second. Shows what
// an honest client feels, when the connections are closed, and what the API keeps. Exits with 1 if it is more than promised.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../../src/local/redis-server.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { send } from '../../helpers/api/send.ts';
import { startApiProcess } from '../../helpers/workers/built-processes.ts';

/** All connections must be closed within this time: three looks at a body, and one more. */
const CLOSED_MS = 30_000;
const LIMIT_MS = 60_000;
const HONEST_MS = 10_000;
const WAVES = 3;
/** What the honest client's p99 may grow by, beside the doubling, ms: the noise of one request. */
const NOISE_MS = 1;
/** What the API may keep after the last wave more than after the first one, MB. */
const KEPT_MB = 16;

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
    const { status } = await send(origin, message);
    latencies.push(performance.now() - start);
    if (status !== 202) throw new Error(`the honest client got ${status}`);
  }
  return latencies;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function footprint(pid: number): Promise<{ rssMb: number; files: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rssMb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024;
  return { rssMb, files: (await readdir(`/proc/${pid}/fd`)).length };
}

function startAttackers(port: number): ChildProcess {
  const file = fileURLToPath(new URL('attackers.ts', import.meta.url));
  const args = [...process.execArgv, file, String(port), String(count), String(LIMIT_MS)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function wave(api: { origin: string; port: number; child: { pid: number } }) {
  const attackers = startAttackers(api.port);
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
  await once(attackers, 'exit');
  return {
    ...result,
    seconds: (performance.now() - start) / 1_000,
    latencies,
    ...(await footprint(api.child.pid)),
  };
}

const dir = await mkdtemp(join(tmpdir(), 'mr-network-'));
const reaper = createOrphanReaper();
const redis = await startRedis({ dir, persistent: false });
const api = await startApiProcess(redis.url, reaper, { UNKNOWN_TASKS: 'accept' });
try {
  const warm = performance.now();
  await honest(api.origin, () => performance.now() - warm > HONEST_MS / 2);
  const start = performance.now();
  const calm = quantile(await honest(api.origin, () => performance.now() - start > HONEST_MS), 0.99);
  const before = await footprint(api.child.pid);
  console.log(`before: p99 ${calm.toFixed(2)} ms, ${before.rssMb.toFixed()} MB, ${before.files} open files`);
  const kept: number[] = [];
  for (let number = 1; number <= WAVES; number += 1) {
    const { left, told, lasted, seconds, latencies, rssMb, files } = await wave(api);
    const p99 = quantile(latencies, 0.99);
    kept.push(rssMb);
    console.log(
      `wave ${number} of ${count}: p99 ${p99.toFixed(2)} ms of ${latencies.length} requests, all closed after ${seconds.toFixed(1)} s (${lasted.join(', ')}), ${told} got 408, ${rssMb.toFixed()} MB, ${files} open files`,
    );
    if (left > 0 || seconds * 1_000 > CLOSED_MS) process.exitCode = 1;
    if (p99 > 2 * calm + NOISE_MS || files > before.files + 5) process.exitCode = 1;
  }
  if ((kept.at(-1) ?? 0) - (kept[0] ?? 0) > KEPT_MB) process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'That is more than promised.' : 'All as promised.');
} finally {
  await api.stop();
  await redis.stop();
  reaper.end();
  await rm(dir, { recursive: true, force: true });
}
