import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate {
  readonly origin: string;
  /** Lets all requests pass from now on. */
  open(): void;
  close(): Promise<void>;
  /** Resolves when it holds a request. */
  readonly holds: Promise<void>;
}

/** In front of an API: it lets reads and `passes` other requests pass, and holds the next ones until it is opened. */
export async function startGate(target: string, passes = 1): Promise<Gate> {
  let steps = 0;
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let hold = (): void => {};
  const holds = new Promise<void>((resolve) => {
    hold = resolve;
  });
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', headers, url = '' } = incoming;
    if (method !== 'GET') steps += 1;
    if (steps > passes) {
      hold();
      await opened;
    }
    const onward = request(target + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    holds,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
