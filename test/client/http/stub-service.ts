import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/** Answers one request. */
export type Reply = (response: ServerResponse, request: IncomingMessage) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Reply =>
  json(
    status,
    { type: `/problems/${code}`, code, status, detail: `it is ${code}`, requestId: 'r1' },
    headers,
  );

/** The connection breaks, and nobody knows whether the request was done. */
export const cut: Reply = (response) => response.destroy();

/** A service that answers as the test says, request by request; the last reply is used for all further ones. */
export function useStubService() {
  let origin = '';
  let replies: Reply[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    request.resume().on('end', () => reply?.(response, request));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests.length = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get origin() {
      return origin;
    },
    requests,
    reply(...given: Reply[]) {
      replies = given;
    },
  };
}
