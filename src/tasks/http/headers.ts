import type { Trace } from '../../schemas/values/trace.ts';
import { RequestRefused } from './refused.ts';

export type RequestHeaders = Readonly<Record<string, string>>;

/** Headers of the connection or the message framing. They belong to the transport (RFC 9110, 7.6.1). */
const TRANSPORT_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const DEFAULTS: RequestHeaders = {
  accept: '*/*',
  // The body is returned as received: a small response cannot decompress into a large one.
  'accept-encoding': 'identity',
  'user-agent': 'millrace',
};

/** The only headers that another origin receives: any other header may hold a credential. */
const SHAREABLE = new Set([...Object.keys(DEFAULTS), 'accept-language', 'content-language', 'content-type']);

/**
 * The headers of the first request: the caller's, in lower case, and the defaults for the others. A caller who names a trace
 * of his own gets no part of `trace`.
 *
 * @throws {RequestRefused} for a header that belongs to the transport.
 */
export function requestHeaders(given: RequestHeaders = {}, trace?: Trace): RequestHeaders {
  const headers: Record<string, string> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (TRANSPORT_HEADERS.has(lower)) throw new RequestRefused(`The header ${name} may not be set`);
    headers[lower] = value;
  }
  if (trace === undefined || 'traceparent' in headers || 'tracestate' in headers) return headers;
  return { ...headers, ...trace };
}

/** The headers that another origin may receive. */
export const shareableHeaders = (headers: RequestHeaders): RequestHeaders =>
  keep(headers, (name) => SHAREABLE.has(name));

/** The headers of a request that a redirect has made a GET without a body. */
export const withoutContentHeaders = (headers: RequestHeaders): RequestHeaders =>
  keep(headers, (name) => !name.startsWith('content-'));

const keep = (headers: RequestHeaders, isKept: (name: string) => boolean): RequestHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
