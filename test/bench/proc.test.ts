import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { usageOf } from '../../bench/proc.ts';
import { until } from '../helpers/redis.ts';

const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

/** A process whose own child does the work; it ends when its standard input does. */
function startParent(work: string): number {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(work)}], { stdio: ['pipe', 'ignore', 'inherit'] });
    process.stdin.resume().on('end', () => child.kill());`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'inherit'] });
  started.push(child);
  if (child.pid === undefined) throw new Error('not started');
  return child.pid;
}

const BUSY_S = 0.3;
const BUSY = `const end = performance.now() + ${BUSY_S * 1_000 + 500}; while (process.cpuUsage().user < ${BUSY_S * 1e6} && performance.now() < end * 20);`;

describe.runIf(process.platform === 'linux')('usageOf', () => {
  it('counts children that run, and their memory', async () => {
    const pid = startParent(`${BUSY} process.stdin.resume().on('end', () => process.exit());`);
    const seen = await until(async () => {
      const usage = await usageOf(pid);
      return usage.cpuSeconds >= BUSY_S && usage;
    }, 'the CPU time of a child that runs');
    expect(seen.rssBytes).toBeGreaterThan(40 * 2 ** 20);
  });

  it('counts children that have ended', async () => {
    const pid = startParent(BUSY);
    await until(
      async () => (await usageOf(pid)).cpuSeconds >= BUSY_S,
      'the CPU time of a child that has ended',
    );
    const after = await usageOf(pid);
    expect(after.cpuSeconds).toBeGreaterThanOrEqual(BUSY_S);
  });

  it('knows nothing of a process that is not there', async () => {
    expect(await usageOf(2 ** 22 + 1)).toEqual({ cpuSeconds: 0, rssBytes: 0 });
  });
});
