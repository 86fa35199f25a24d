import type { Bed, BedProcess, Figures } from '../contract.ts';
import type { OpenLoad, RunLoad } from '../load/client.ts';
import type { LoadResult } from '../load/closed-loop.ts';
import type { RequestParts } from '../load/http.ts';
import { Usage } from '../usage.ts';

const CLIENT = new URL('../load/client.ts', import.meta.url);

/** An HTTP server that is measured. */
export interface Server {
  readonly process: BedProcess;
  readonly port: number;
}

export interface HttpLoad {
  readonly connections: number;
  readonly request: RequestParts;
  readonly expected: number;
  /** In one request. */
  readonly jobs: number;
}

/** How long is warmed up and measured, ms. */
export const stretches = ({ quick }: Bed) =>
  quick ? { warmUpMs: 1_000, measureMs: 1_000 } : { warmUpMs: 1_500, measureMs: 2_500 };

/** Puts the server under load from a process of its own; `accepted` jobs are those of the warm-up, too. */
export async function loadOverHttp(
  bed: Bed,
  server: Server,
  { connections, request, expected, jobs }: HttpLoad,
): Promise<{ figures: Figures; accepted: number }> {
  const { warmUpMs, measureMs } = stretches(bed);
  const client = await bed.start({ name: 'The load', file: CLIENT });
  const run = (ms: number) => client.ask<LoadResult>({ do: 'run', ms } satisfies RunLoad);
  const open: OpenLoad = { do: 'open', port: server.port, connections, request, expected };
  await client.ask(open);
  const warmUp = await run(warmUpMs);
  const usage = await Usage.since(bed, { apiCpu: [server.process] });
  const { count, seconds } = await run(measureMs);
  const spent = await usage.perJob(count * jobs, 0);
  return {
    figures: { rate: (count * jobs) / seconds, ...spent },
    accepted: (warmUp.count + count) * jobs,
  };
}
