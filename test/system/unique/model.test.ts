import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { replayOf } from '../replay.ts';
import { move } from './moves.ts';
import { QUEUE, Run } from './run.ts';

const RUNS = 40;
const MOST_MOVES = 60;

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
let worker: ManualWorker;
beforeAll(async () => {
  worker = await workerOf(QUEUE);
});

describe('unique jobs under random moves', () => {
  it('are as the model says, and never two at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: MOST_MOVES, size: 'max' }), async (moves) => {
        const run = new Run(redis, api, worker);
        await run.prepare();
        for (const one of moves) {
          await run.act(one);
          await run.compare();
        }
        await run.drain();
      }),
      replayOf('UNIQUE', RUNS),
    );
  }, 600_000);
});
