import type { IncomingHttpHeaders } from 'node:http';

/** Methods that change nothing (RFC 9110, 9.2.1). */
const isSafe = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE';

interface Call {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The host that the client has called, with its port. */
  readonly host: string;
}

/**
 * Whether a page of a foreign site has made a browser send this request. A browser asks nobody before it sends a POST
 * without a body, or with a form. Programs send neither of the two headers.
 *
 * The order is that of `CrossOriginProtection` in Go's net/http: Sec-Fetch-Site decides, else Origin against the host.
 *
 * @param origins that may send requests: those of CORS_ORIGINS and of PUBLIC_URL.
 */
export function isForeignCall(call: Call, origins: ReadonlySet<string>): boolean {
  const { headers } = call;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  if ((site === undefined && origin === undefined) || isSafe(call.method)) return false;
  if (site === 'same-origin' || site === 'none') return false;
  if (origin !== undefined && origins.has(origin)) return false;
  if (site !== undefined) return true;
  const { host } = call;
  return origin !== `http://${host}` && origin !== `https://${host}`;
}
