import { startClusterBed } from '../failover/cluster-bed.ts';
import { playFailover } from '../failover/play.ts';
import { startSentinelBed } from '../failover/sentinel-bed.ts';
import type { Scenario } from '../scenario-run.ts';
import { dropReplies } from './drop-replies.ts';
import { killApis } from './kill-apis.ts';
import { killHttpWorkers } from './kill-http-workers.ts';
import { killRedis } from './kill-redis.ts';
import { killWorkers } from './kill-workers.ts';
import { limits } from './limits.ts';
import { mix } from './mix.ts';
import { network } from './network.ts';
import { restartRedisIdle } from './restart-redis-idle.ts';
import { stopApis } from './stop-apis.ts';
import { stopWorkers } from './stop-workers.ts';
import { zombie } from './zombie.ts';

interface Entry {
  readonly play: Scenario;
  /** Defaults of the long form. */
  readonly jobs: number;
  readonly faults: number;
}

/** All scenarios by name. */
export const SCENARIOS: Readonly<Record<string, Entry>> = {
  'kill-workers': { play: killWorkers, jobs: 10_000, faults: 50 },
  'kill-http-workers': { play: killHttpWorkers, jobs: 5_000, faults: 30 },
  'kill-apis': { play: killApis, jobs: 5_000, faults: 20 },
  'kill-redis': { play: killRedis, jobs: 5_000, faults: 20 },
  'stop-workers': { play: stopWorkers, jobs: 5_000, faults: 20 },
  'stop-apis': { play: stopApis, jobs: 2_000, faults: 10 },
  'drop-replies': { play: dropReplies, jobs: 2_000, faults: 50 },
  'restart-redis-idle': { play: restartRedisIdle, jobs: 0, faults: 20 },
  zombie: { play: zombie, jobs: 0, faults: 20 },
  limits: { play: limits, jobs: 10_000, faults: 60 },
  network: { play: network, jobs: 1_000, faults: 18 },
  cluster: { play: (options) => playFailover('cluster', options, startClusterBed), jobs: 0, faults: 14 },
  sentinel: { play: (options) => playFailover('sentinel', options, startSentinelBed), jobs: 0, faults: 8 },
  mix: { play: mix, jobs: 0, faults: 1 },
};
