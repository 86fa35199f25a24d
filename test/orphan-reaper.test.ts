import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../src/orphan-reaper.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const STUBBORN = `process.on('SIGTERM', () => {});`;

/** On SIGTERM: prints whether the process still runs, then exits. A zombie is dead, though nobody has waited for it. */
const printState = (pid: number): string => `process.on('SIGTERM', () => {
  let stat = '';
  try { stat = require('node:fs').readFileSync('/proc/${pid}/stat', 'utf8'); } catch {}
  process.stdout.write(stat === '' || stat.includes(') Z ') ? 'dead' : 'alive', () => process.exit(0));
});`;

/** A process with this code on SIGTERM. Resolves when its handlers are there. */
async function startProcess({ onTerm = '' } = {}) {
  const code = `${onTerm} setInterval(() => {}, 1000); console.log('up');`;
  const child = spawn(process.execPath, ['-e', code]);
  children.push(child);
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('no process id');
  return { pid: child.pid, exited: once(child, 'exit') as Promise<[number | null, string | null]>, child };
}

describe('the reaper', () => {
  it('ends watched processes, and not those it no longer watches', async () => {
    const reaper = createOrphanReaper();
    const [first, spared, last] = [await startProcess(), await startProcess(), await startProcess()];
    for (const { pid } of [first, spared, last]) reaper.watch(pid);
    reaper.unwatch(spared.pid);
    reaper.end();
    expect([await first.exited, await last.exited]).toEqual([
      [null, 'SIGTERM'],
      [null, 'SIGTERM'],
    ]);
    expect(spared.child.exitCode ?? spared.child.signalCode).toBeNull();
  });

  it('ends the newest process first, and waits for it', async () => {
    const reaper = createOrphanReaper({ graceS: 1 });
    const newest = await startProcess({ onTerm: STUBBORN });
    const oldest = await startProcess({ onTerm: printState(newest.pid) });
    const stateOfNewest = once(oldest.child.stdout, 'data');
    reaper.watch(oldest.pid);
    reaper.watch(newest.pid);
    reaper.end();
    expect(String(await stateOfNewest)).toBe('dead');
    expect([await newest.exited, await oldest.exited]).toEqual([
      [null, 'SIGKILL'],
      [0, null],
    ]);
  });

  it('ends all processes at once with `together`', async () => {
    const reaper = createOrphanReaper({ graceS: 60, together: true });
    const [polite, stubborn] = [await startProcess(), await startProcess({ onTerm: STUBBORN })];
    reaper.watch(polite.pid);
    reaper.watch(stubborn.pid);
    reaper.end();
    // One after the other, the polite one would wait a minute for the stubborn one.
    expect(await polite.exited).toEqual([null, 'SIGTERM']);
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
  });
});
