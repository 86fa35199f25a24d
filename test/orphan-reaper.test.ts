import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../src/orphan-reaper.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that ignores SIGTERM if it is stubborn. Resolves when its handlers are there. */
async function startProcess({ stubborn = false } = {}) {
  const onTerm = stubborn ? `process.on('SIGTERM', () => {});` : '';
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
    const [oldest, newest] = [await startProcess(), await startProcess({ stubborn: true })];
    reaper.watch(oldest.pid);
    reaper.watch(newest.pid);
    const order: string[] = [];
    void oldest.exited.then(() => order.push('oldest'));
    void newest.exited.then(() => order.push('newest'));
    reaper.end();
    expect([await newest.exited, await oldest.exited]).toEqual([
      [null, 'SIGKILL'],
      [null, 'SIGTERM'],
    ]);
    expect(order).toEqual(['newest', 'oldest']);
  });

  it('ends all processes at once with `together`', async () => {
    const reaper = createOrphanReaper({ graceS: 60, together: true });
    const [polite, stubborn] = [await startProcess(), await startProcess({ stubborn: true })];
    reaper.watch(polite.pid);
    reaper.watch(stubborn.pid);
    reaper.end();
    // One after the other, the polite one would wait a minute for the stubborn one.
    expect(await polite.exited).toEqual([null, 'SIGTERM']);
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
  });
});
