import { describe, expect, it } from 'vitest';
import { Loop } from '../../src/maintenance/loop.ts';
import { NO_OBSERVER } from '../../src/observer.ts';
import { until } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';

describe('a loop', () => {
  it('runs its pass again after the pause, or at once when it is woken', async () => {
    let passes = 0;
    const loop = new Loop('test', async () => (++passes < 3 ? 0 : 3_600_000), NO_OBSERVER);
    loop.start();
    await until(() => passes === 3, 'three passes');
    // The pause begins once the pass has resolved.
    await until(() => {
      loop.wake();
      return passes > 3;
    }, 'a pass after the wake');
    await loop.stop();
  });

  it('waits for the pass under way when it stops, and begins no other', async () => {
    let passes = 0;
    let finish = () => {};
    const pass = async () => {
      passes += 1;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return 0;
    };
    const loop = new Loop('test', pass, NO_OBSERVER);
    loop.start();
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).toBe(false);
    finish();
    await stopped;
    expect(passes).toBe(1);
  });

  it('reports a pass that throws, and goes on', async () => {
    const { observe, events } = recordEvents();
    const error = new Error('broken');
    let passes = 0;
    const pass = async () => {
      passes += 1;
      if (passes === 1) throw error;
      return 3_600_000;
    };
    const loop = new Loop('test', pass, observe);
    loop.start();
    await until(() => passes === 2, 'a second pass');
    await loop.stop();
    expect(events).toEqual([{ kind: 'defect', where: 'test', error }]);
  });
});
