import type { Logger } from 'pino';
import type { Listener } from '../observer.ts';

/** Writes a line for each request that has ended. No member is a text of the client but its request id, which is sane. */
export function requestLog(logger: Logger): Listener {
  const isWritten = logger.isLevelEnabled('info');
  return {
    wants: (kind) => isWritten && kind === 'http-request',
    observe: (event) => {
      if (event.kind !== 'http-request') return;
      const { method, route, status, durationMs, caller, reqId, job, isAborted } = event;
      const line = {
        method,
        route,
        status,
        ms: Math.round(durationMs * 10) / 10,
        ...(caller !== undefined && { key: caller }),
        requestId: reqId,
        ...(job !== undefined && { job }),
        ...(isAborted === true && { aborted: true }),
      };
      logger.info(line, 'request');
    },
  };
}
