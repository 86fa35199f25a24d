import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Problem } from '../schemas/problem.ts';
import { closeGently } from './connections/close-gently.ts';
import { REQUEST_ID_HEADER } from './telemetry/request-ids.ts';

interface Fault {
  status: number;
  detail: string;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The headers of the request are too long. Send at most 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time. Send it again.' },
};
const NOT_HTTP: Fault = { status: 400, detail: 'The request is not valid HTTP/1.1.' };

/** Answers what is not valid HTTP. There is no request to reply to, so this writes to the socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const { status, detail } = FAULTS[error.code ?? ''] ?? NOT_HTTP;
  const requestId = randomUUID();
  const body = problemText(status, detail, requestId);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${requestId}`,
    'connection: close',
  ].join('\r\n');
  socket.write(`${head}\r\n\r\n${body}`);
  closeGently(socket);
}

/** Answers a request that expects something else than 100-continue (RFC 9110, 10.1.1). Node hands it to no route. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const detail = `The service cannot meet "Expect: ${request.headers.expect?.slice(0, 100)}". Send the request without it.`;
  const requestId = randomUUID();
  const body = problemText(417, detail, requestId);
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    [REQUEST_ID_HEADER]: requestId,
    connection: 'close',
  };
  response.writeHead(417, headers).end(body);
}

function problemText(status: number, detail: string, requestId: string): string {
  const problem: Problem = {
    type: 'urn:millrace:problem:invalid-request',
    title: 'The request is not valid',
    status,
    detail,
    instance: '',
    code: 'invalid-request',
    requestId,
  };
  return JSON.stringify(problem);
}
