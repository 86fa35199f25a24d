import { errors } from 'undici';
import type { Trace } from '../../schemas/values/trace.ts';
import { type Hop, type HopResult, sendHop } from './exchange.ts';
import { failureTest, StatusFailure } from './fail-on.ts';
import { requestHeaders, shareableHeaders, withoutContentHeaders } from './headers.ts';
import { type Network, PUBLIC_NETWORK } from './network.ts';
import { RequestRefused } from './refused.ts';
import { DEFAULT_MAX_BYTES, DEFAULT_TIMEOUT_MS, type HttpRequest, type HttpResponse } from './schemas.ts';

const MAX_REDIRECTS = 5;

/**
 * Sends an HTTP request to a public host and follows up to five redirects. Checks each redirect like the first URL.
 * A status that `failOn` names is an error, each other one a result.
 *
 * @param signal aborts the request, which then throws the reason of the signal.
 * @param network the addresses that may be reached; only tests pass one.
 * @param trace is sent on unless the request names its own.
 * @throws {RequestRefused} (`retryable: false`) when the target, a redirect or a header is refused; a `StatusFailure` for an
 *   answer that fails the attempt; a retryable Error when the network fails or `timeoutMs`, the limit of the whole
 *   exchange, has passed.
 */
export async function sendRequest(
  input: HttpRequest,
  signal: AbortSignal,
  network: Network = PUBLIC_NETWORK,
  trace?: Trace,
): Promise<HttpResponse> {
  const isFailure = failureTest(input.failOn);
  const response = await receive(input, signal, network, trace);
  if (isFailure(response.status)) throw new StatusFailure(input.method ?? 'GET', response);
  return response;
}

async function receive(
  input: HttpRequest,
  signal: AbortSignal,
  network: Network,
  trace: Trace | undefined,
): Promise<HttpResponse> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = input;
  const first = firstHop(input, trace);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    return await followRedirects(first, maxBytes, AbortSignal.any([signal, deadline.signal]), network);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (deadline.signal.aborted) throw new Error(`${nameOf(first)} did not complete within ${timeoutMs} ms`);
    throw toRequestError(first, error);
  } finally {
    clearTimeout(timer);
  }
}

function firstHop({ url, method = 'GET', headers, body }: HttpRequest, trace: Trace | undefined): Hop {
  if (!URL.canParse(url)) throw new RequestRefused('url is not a valid URL');
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw new RequestRefused(`A ${method} request has no body`);
  }
  return { url: new URL(url), method, headers: requestHeaders(headers, trace), body };
}

async function followRedirects(
  first: Hop,
  maxBytes: number,
  signal: AbortSignal,
  network: Network,
): Promise<HttpResponse> {
  let hop = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const result = await sendHop(hop, maxBytes, signal, network);
    if (result.kind === 'response') return result.response;
    hop = nextHop(hop, result);
  }
  throw new RequestRefused(`${nameOf(first)} was redirected more than ${MAX_REDIRECTS} times`);
}

/** The request after a redirect: by the Fetch standard, but with fewer headers for another origin. */
function nextHop(hop: Hop, { status, location }: Extract<HopResult, { kind: 'redirect' }>): Hop {
  if (!URL.canParse(location, hop.url.href)) throw new RequestRefused('A redirect has an invalid URL');
  const url = new URL(location, hop.url);
  const headers = url.origin === hop.url.origin ? hop.headers : shareableHeaders(hop.headers);
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  return becomesGet
    ? { url, method: 'GET', headers: withoutContentHeaders(headers), body: undefined }
    : { ...hop, url, headers };
}

const nameOf = ({ method, url }: Hop): string => `${method} ${url.origin}`;

function toRequestError(first: Hop, error: unknown): Error {
  if (error instanceof RequestRefused) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const reason = cause.message || ('code' in cause ? String(cause.code) : cause.name);
  // undici rejects an invalid header or URL before it sends anything.
  if (error instanceof errors.InvalidArgumentError) return new RequestRefused(reason);
  return new Error(`${nameOf(first)} failed: ${reason}`, { cause });
}
