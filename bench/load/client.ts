// The HTTP load generator, as a process of its own: its CPU time is not the server's.
import { serve } from '../serve.ts';
import { ClosedLoop, type LoadResult } from './closed-loop.ts';
import { type RequestParts, requestBytes } from './http.ts';

/** What the process is asked to do first. */
export interface OpenLoad {
  readonly do: 'open';
  readonly port: number;
  readonly connections: number;
  readonly request: RequestParts;
  /** Status of every answer. */
  readonly expected: number;
}

/** One stretch of load; a warm-up is a stretch of its own. */
export interface RunLoad {
  readonly do: 'run';
  readonly ms: number;
}

let loop: ClosedLoop | undefined;

serve({
  open: async ({ port, connections, request, expected }: OpenLoad): Promise<void> => {
    loop = await ClosedLoop.open({ port, connections, request: requestBytes(request), expected });
  },
  run: ({ ms }: RunLoad): Promise<LoadResult> => {
    if (loop === undefined) throw new Error('open comes first');
    return loop.run(ms);
  },
});
