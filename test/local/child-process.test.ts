import { afterEach, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../../src/local/child-process.ts';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import { until } from '../helpers/redis/server.ts';

let reaper: OrphanReaper;
let child: Child;

afterEach(async () => {
  await child.stop(5_000);
  reaper.end();
});

async function start(script: string, onMessage?: (message: unknown) => void): Promise<void> {
  reaper = createOrphanReaper();
  child = await startChild({
    name: 'One',
    command: process.execPath,
    args: ['-e', script],
    reaper,
    onMessage,
  });
}

describe('the IPC channel to a child', () => {
  it('carries messages both ways', async () => {
    const heard: unknown[] = [];
    await start(`process.on('message', (one) => process.send({ back: one }))`, (one) => heard.push(one));
    child.send({ a: 1 });
    await until(() => heard.length === 1, 'an answer');
    expect(heard).toEqual([{ back: { a: 1 } }]);
  });

  it('throws when there is none, and when the child has closed it', async () => {
    await start('setInterval(() => {}, 1_000)');
    expect(() => child.send('hello')).toThrow('One has no IPC channel, or has ended.');
    await child.stop(5_000);
    await start('process.disconnect()', () => {});
    await child.exited;
    expect(() => child.send('hello')).toThrow('One has no IPC channel, or has ended.');
  });
});
