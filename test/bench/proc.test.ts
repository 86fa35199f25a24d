import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { usageOf } from '../../bench/proc.ts';
import { until } from '../helpers/redis/server.ts';

const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

/** A process whose own child does the work; it says so when that has ended. */
async function startParent(work: string): Promise<{ pid: number; childEnded: Promise<unknown> }> {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(work)}], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.on('exit', () => console.log('ended'));
    process.stdin.resume().on('end', () => process.exit());`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(parent);
  await once(parent, 'spawn');
  return { pid: parent.pid ?? 0, childEnded: once(parent.stdout, 'data') };
}

const BUSY_S = 0.3;
const BUSY = `while (process.cpuUsage().user < ${BUSY_S * 1e6});`;
/** The end of its standard input is that of its parent. */
const UNTIL_ORPHANED = "process.stdin.resume().on('end', () => process.exit());";

describe.runIf(process.platform === 'linux')('usageOf', () => {
  it('counts children that run, and their memory', async () => {
    const { pid } = await startParent(BUSY + UNTIL_ORPHANED);
    const seen = await until(async () => {
      const usage = await usageOf(pid);
      return usage.cpuSeconds >= BUSY_S && usage;
    }, 'the CPU time of a child that runs');
    expect(seen.rssBytes).toBeGreaterThan(40 * 2 ** 20);
  });

  it('counts children that have ended', async () => {
    const { pid, childEnded } = await startParent(BUSY);
    await childEnded;
    expect((await usageOf(pid)).cpuSeconds).toBeGreaterThanOrEqual(BUSY_S);
  });

  it('knows nothing of a process that is not there', async () => {
    expect(await usageOf(2 ** 22 + 1)).toEqual({ cpuSeconds: 0, rssBytes: 0 });
  });
});
