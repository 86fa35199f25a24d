import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../errors.ts';
import type { Problem } from '../schemas/problem.ts';

import { closeGently, DRAIN_BOUNDS } from './connections/close-gently.ts';
import { PROBLEMS, problemType } from './problems/problems.ts';
import { REQUEST_ID_HEADER } from './telemetry/request-ids.ts';

interface Fault {
  readonly status: number;
  readonly detail: string;
  readonly code?: ErrorCode;
  /** Whether the client has been slow, or has too much: it gets little time to read the answer. */
  readonly isBrief?: boolean;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The headers of the request are too long. Send at most 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    detail: 'The request did not arrive in time. Send it again.',
    isBrief: true,
  },
};
const NOT_HTTP: Fault = { status: 400, detail: 'The request is not valid HTTP/1.1.' };
const TOO_MANY: Fault = {
  status: 503,
  detail:
    'Your address has too many connections open (MAX_CONNECTIONS_PER_ADDRESS). Close some, or use them again.',
  code: 'too-many-connections',
  isBrief: true,
};

/** What a brief close still reads. */
const BRIEF_BOUNDS = { bytes: 65_536, totalMs: 2_000, silenceMs: 1_000 };
/** Refused connections that are open for a moment, so that the client reads why. Further ones are cut. */
const MAX_BRIEF = 100;
let brief = 0;

/** Answers what is not valid HTTP. There is no request to reply to, so this writes to the socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const isSilent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
  if (!socket.writable || isSilent || isBeforeHandshake(socket)) {
    socket.destroy();
    return;
  }
  answerOnSocket(FAULTS[error.code ?? ''] ?? NOT_HTTP, socket);
}

/** Closes a connection that is one too many, with a reason. */
export function refuseConnection(socket: Socket): void {
  answerOnSocket(TOO_MANY, socket);
}

/** Whether nothing can be written because the handshake of TLS has failed, or has not ended. */
const isBeforeHandshake = (socket: Socket): boolean =>
  'secureConnecting' in socket && socket.secureConnecting === true;

function answerOnSocket(fault: Fault, socket: Socket): void {
  if (fault.isBrief && brief >= MAX_BRIEF) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const body = problemText(fault, requestId);
  const head = [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${requestId}`,
    'x-content-type-options: nosniff',
    ...(fault.status === 503 ? ['retry-after: 1'] : []),
    'connection: close',
  ].join('\r\n');
  socket.write(`${head}\r\n\r\n${body}`);
  if (fault.isBrief) {
    brief += 1;
    socket.once('close', () => {
      brief -= 1;
    });
  }
  closeGently(socket, fault.isBrief ? BRIEF_BOUNDS : DRAIN_BOUNDS);
}

/** Answers a request that expects something else than 100-continue (RFC 9110, 10.1.1). Node hands it to no route. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const detail = `The service cannot meet "Expect: ${request.headers.expect?.slice(0, 100)}". Send the request without it.`;
  const requestId = randomUUID();
  const body = problemText({ status: 417, detail }, requestId);
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    [REQUEST_ID_HEADER]: requestId,
    connection: 'close',
  };
  response.writeHead(417, headers).end(body);
}

function problemText({ status, detail, code = 'invalid-request' }: Fault, requestId: string): string {
  const problem: Problem = {
    type: problemType(code),
    title: PROBLEMS[code].title,
    status,
    detail,
    instance: '',
    code,
    requestId,
  };
  return JSON.stringify(problem);
}
