import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Response } from 'supertest';

/** The part of supertest's answer that tests look at. */
export type Answer = Pick<Response, 'status' | 'headers' | 'body' | 'text'>;

export interface Message {
  method?: string;
  /** Sent as it is. */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer | undefined;
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };

/** A request with nothing added to it and no part of it mended, unlike those of supertest and fetch. */
export function send(
  origin: string,
  { method = 'POST', path = '/jobs', headers = {}, body }: Message,
): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      text(incoming).then((received) => {
        const isJson = /json/.test(incoming.headers['content-type'] ?? '') && received !== '';
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Answer['headers'],
          body: isJson ? JSON.parse(received) : undefined,
          text: received,
        });
      }, reject);
    });
    // Node's client leaves the length out where a method seldom has a body.
    const announced = outgoing.hasHeader('content-length') || outgoing.hasHeader('transfer-encoding');
    if (body !== undefined && !announced) outgoing.setHeader('content-length', Buffer.byteLength(body));
    outgoing.end(body);
  });
}
