import { Agent, request } from 'undici';
import { type KeySet, MAX_SET_BYTES, parseKeySet } from './key-set.ts';

/**
 * Reads a key set over HTTP, on a connection of its own: no redirects, at most 256 KiB, and no longer than `timeoutMs` in all.
 *
 * @throws {Error} for any other answer than 200 with a key set.
 */
export async function fetchKeySet(url: string, timeoutMs: number): Promise<KeySet> {
  const signal = AbortSignal.timeout(timeoutMs);
  // undici passes the signal of a request on only after the connect, so the socket has it, too.
  const agent = new Agent({ connect: { signal }, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const { statusCode, body } = await request(url, { dispatcher: agent, signal, headers });
    if (statusCode !== 200) throw new Error(`the answer has the status ${statusCode}`);
    return parseKeySet(await readText(body));
  } finally {
    await agent.destroy();
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_SET_BYTES) throw new Error(`the answer has more than ${MAX_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
