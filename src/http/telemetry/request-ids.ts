import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Ids of clients that are safe in a header, a log line and a problem document. */
const SANE = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives each request its id: the one that it names if that is sane, else one that is unique across processes: a random
 * process prefix and a counter.
 */
export function requestIds(): (request: { readonly headers: IncomingHttpHeaders }) => string {
  const process = randomBytes(9).toString('base64url');
  let count = 0;
  return ({ headers }) => {
    const given = headers[REQUEST_ID_HEADER];
    if (typeof given === 'string' && SANE.test(given)) return given;
    count += 1;
    return `${process}-${count.toString(36)}`;
  };
}
