import { Agent, type Dispatcher, request } from 'undici';
import type { RequestHeaders } from './headers.ts';
import { checkUrl, guardedLookup, type Network } from './network.ts';
import type { HttpRequest, HttpResponse } from './schemas.ts';

/** One request in a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: NonNullable<HttpRequest['method']>;
  readonly headers: RequestHeaders;
  readonly body: string | undefined;
}

export type HopResult =
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  | { readonly kind: 'response'; readonly response: HttpResponse };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends one request on its own connection and reads at most `maxBytes` of the response body.
 *
 * @throws {RequestRefused} when the URL or its address is refused; the error of undici when the exchange fails.
 */
export async function sendHop(
  hop: Hop,
  maxBytes: number,
  signal: AbortSignal,
  network: Network,
): Promise<HopResult> {
  checkUrl(hop.url, network);
  const agent = new Agent({
    // undici passes a request's signal on only after the connect, so the socket has its own.
    connect: { lookup: guardedLookup(network), signal },
    // No timeouts of undici: the signal bounds the whole exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    const { url, method, headers, body = null } = hop;
    const received = await request(url, { method, headers, body, dispatcher: agent });
    const location = [received.headers['location']].flat()[0];
    if (REDIRECTS.has(received.statusCode) && location !== undefined) {
      return { kind: 'redirect', status: received.statusCode, location };
    }
    return { kind: 'response', response: await readResponse(url, received, maxBytes) };
  } finally {
    await agent.destroy();
  }
}

async function readResponse(
  url: URL,
  { statusCode, headers, body }: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<HttpResponse> {
  const { bytes, truncated } = await readAtMost(body, maxBytes);
  const text = decodeUtf8(bytes, truncated);
  return {
    status: statusCode,
    url: url.href,
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    body: text ?? bytes.toString('base64'),
    encoding: text === undefined ? 'base64' : 'utf8',
    truncated,
  };
}

async function readAtMost(body: AsyncIterable<Buffer>, maxBytes: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the stream and ends the transfer.
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

/** Undefined when the bytes are not UTF-8. Drops the first bytes of a character that truncation has split. */
function decodeUtf8(bytes: Buffer, truncated: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
  } catch {
    return undefined;
  }
}
