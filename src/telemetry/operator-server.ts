import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OperatorAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Where it listens. */
export interface OperatorAddress {
  readonly host: string;
  readonly port: number;
}

/** What a path answers. A rejection is a 500. */
export type OperatorPage = () => Promise<OperatorAnswer>;

/** Few clients ask: monitors and probes. */
const MOST_CONNECTIONS = 100;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** A client that reads nothing for this long loses its connection. */
const SILENT_MS = 15_000;
/** Longer than the usual pause between two scrapes. */
const KEEP_ALIVE_MS = 75_000;

/** A small HTTP server for those who run the service: GET of fixed paths, without a key. */
export class OperatorServer {
  readonly #server: Server;

  /** @param pages by path, such as `/livez`. */
  constructor(pages: Readonly<Record<string, OperatorPage>>) {
    const known = new Map(Object.entries(pages));
    const options = { maxHeaderSize: 8_192, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
    this.#server = createServer(
      { ...options, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: HEADERS_MS },
      (request, response) => void answer(known, request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.timeout = SILENT_MS;
  }

  /** @throws {Error} when the address is taken or is none of this machine. */
  async listen({ host, port }: OperatorAddress): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, resolve);
    });
  }

  /** The same at the start of a program, which ends if the address cannot be used. */
  async listenOrExit({ host, port, variable }: OperatorAddress & { variable: string }): Promise<void> {
    try {
      await this.listen({ host, port });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.error(
        `${reason}. Set ${variable} to a free port, and METRICS_HOST to an address of this machine.`,
      );
      process.exit(1);
    }
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Closes at once, open requests too: who asks will ask again. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

async function answer(
  pages: ReadonlyMap<string, OperatorPage>,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const page = pages.get(url.split('?', 1)[0] ?? '');
  const isRead = method === 'GET' || method === 'HEAD';
  const { status, type, body } = await (page === undefined
    ? plain(404, `There is only ${[...pages.keys()].join(', ')}.`)
    : isRead
      ? page().catch(() => plain(500, 'This page could not be made. The log may say why.'))
      : plain(405, 'Send GET.'));
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

const plain = (status: number, text: string): OperatorAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
});

/** An answer of JSON. */
export const jsonAnswer = (status: number, value: object): OperatorAnswer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
