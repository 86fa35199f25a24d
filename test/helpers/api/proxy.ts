import { once } from 'node:events';
import { createServer, request } from 'node:http';

export interface BreakableProxy {
  readonly url: string;
  /** Breaks open connections and refuses requests, until it is called with false. */
  breakOff(isAway: boolean): void;
  /** The requests that came, as `POST /leases`. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** Stands between a client and an API that can be away for the client alone. */
export async function startProxy(target: string): Promise<BreakableProxy> {
  let isAway = false;
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    if (isAway) return incoming.socket.destroy();
    const { method = 'GET', headers } = incoming;
    const onward = request(target + incoming.url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    outgoing.once('close', () => onward.destroy());
    return incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    breakOff: (away) => {
      isAway = away;
      if (away) server.closeAllConnections();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
