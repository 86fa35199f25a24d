import { RequestRefused } from './refused.ts';

export type RequestHeaders = Readonly<Record<string, string>>;

/** They describe the connection or the message's frame, which belong to the transport (RFC 9110, 7.6.1). */
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
  // The body is handed on as received, so a small answer cannot unfold into a large one.
  'accept-encoding': 'identity',
  'user-agent': 'millrace',
};

/** All that another origin may see: any other header may be a credential under a name of its own. */
const SHAREABLE = new Set([...Object.keys(DEFAULTS), 'accept-language', 'content-language', 'content-type']);

/**
 * The headers of the first request: the caller's in lower case, over the defaults.
 *
 * @throws {RequestRefused} for a header that belongs to the transport.
 */
export function requestHeaders(given: RequestHeaders = {}): RequestHeaders {
  const headers: Record<string, string> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (TRANSPORT_HEADERS.has(lower)) throw new RequestRefused(`The header ${name} may not be set`);
    headers[lower] = value;
  }
  return headers;
}

/** What may go along to another origin. */
export const shareableHeaders = (headers: RequestHeaders): RequestHeaders =>
  keep(headers, (name) => SHAREABLE.has(name));

/** For a request that lost its body on the way. */
export const withoutContentHeaders = (headers: RequestHeaders): RequestHeaders =>
  keep(headers, (name) => !name.startsWith('content-'));

const keep = (headers: RequestHeaders, wanted: (name: string) => boolean): RequestHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)));
