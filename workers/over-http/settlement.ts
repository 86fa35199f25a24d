import type { Outcome } from '../../src/attempts/outcome.ts';

/** The request that tells the API of an outcome. */
export interface Settlement {
  readonly verb: 'complete' | 'fail' | 'release';
  /** JSON text. */
  readonly body: string;
}

/** Undefined where there is nothing to tell, as the job runs elsewhere. */
export function settlementOf(lease: string, outcome: Outcome): Settlement | undefined {
  const start = `{"lease":${JSON.stringify(lease)}`;
  switch (outcome.kind) {
    case 'completed':
      return { verb: 'complete', body: `${start},"result":${outcome.result}}` };
    case 'failed': {
      const { error, retryable, retryInMs } = outcome;
      const { attempt: _, at: __, ...told } = error;
      const rest = JSON.stringify({ error: told, retryable, ...(retryInMs !== undefined && { retryInMs }) });
      return { verb: 'fail', body: `${start},${rest.slice(1)}` };
    }
    case 'released':
      return { verb: 'release', body: `${start},"delayMs":${outcome.delayMs}}` };
    case 'cancelled':
      // A job that somebody asked to cancel is cancelled by that.
      return {
        verb: 'fail',
        body: `${start},"error":{"name":"JobAborted","message":"The job was cancelled"}}`,
      };
    default:
      return undefined;
  }
}
