import { Agent, type Dispatcher, request } from 'undici';
import type { RequestHeaders } from './headers.ts';
import { checkUrl, guardedLookup, type Network } from './network.ts';
import type { HttpRequest, HttpResponse } from './schemas.ts';

/** One request of a chain of redirects. */
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
 * Sends one request on a connection of its own and reads at most `maxBytes` of the body (bytes).
 *
 * @throws {RequestRefused} when the URL or its address may not be reached; what undici throws on a broken exchange.
 */
export async function sendHop(
  hop: Hop,
  maxBytes: number,
  signal: AbortSignal,
  network: Network,
): Promise<HopResult> {
  checkUrl(hop.url, network);
  const agent = new Agent({
    // The socket's own signal: undici hears a request's only once it is connected.
    connect: { lookup: guardedLookup(network), signal },
    // No limits of undici's own on waiting: the signal bounds the whole exchange.
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
    // Leaving the loop ends the stream, and with it the transfer.
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

/** Undefined when the bytes are no UTF-8. A cut may go through a character: its first bytes are left out. */
function decodeUtf8(bytes: Buffer, cut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
  } catch {
    return undefined;
  }
}
