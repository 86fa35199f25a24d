import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Network } from '../../../src/tasks/http/network.ts';
import { addressRefusal } from '../../../src/tasks/http/public-address.ts';

export interface Site {
  readonly port: number;
  /** A URL whose host `network` resolves to 127.0.0.1. */
  readonly url: (path?: string, host?: string) => string;
  readonly requests: IncomingMessage[];
}

/** A server on 127.0.0.1 that closes after the test. */
export async function serve(listener: RequestListener): Promise<Site> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const { port } = server.address() as AddressInfo;
  return { port, requests, url: (path = '/', host = 'site.test') => `http://${host}:${port}${path}` };
}

/**
 * A network in which 127.0.0.1 counts as public; every other address is checked as usual. Each lookup of a given name
 * returns its next list of addresses, and the last list from then on. Any other name is at 127.0.0.1.
 */
export function network(names: Record<string, string[][]> = {}): Network & { lookups: string[] } {
  const lookups: string[] = [];
  return {
    lookups,
    refusal: (address) => (address === '127.0.0.1' ? undefined : addressRefusal(address)),
    resolve: async (host) => {
      const answers = names[host] ?? [['127.0.0.1']];
      const nth = lookups.filter((name) => name === host).length;
      lookups.push(host);
      return (answers[nth] ?? answers.at(-1) ?? []).map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }));
    },
  };
}

export const never = new AbortController().signal;
