import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll } from 'vitest';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'millrace';

/** A pair of keys of an issuer, by its name in the key set. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function newKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The key set of these keys, as JSON. */
export const keySet = (...keys: readonly IssuerKey[]): string =>
  JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });

/** A token that is good for an hour, with other claims on request; an undefined claim is left out. */
export function token(
  { kid, alg, privateKey }: IssuerKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: now + 3_600, scope: 'read', ...claims };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(present).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface JwksServer {
  readonly url: string;
  /** Requests so far. */
  readonly requests: number;
  /** What it does from now on; by default it answers 200 with the text of `serve`. */
  answer: Answer;
  serve(text: string): void;
  /** Closes the port; `open` opens the same one again. */
  close(): Promise<void>;
  open(): Promise<void>;
}

/** The server of a JWKS_URL for the tests of one file. */
export function useJwksServer(): JwksServer {
  let port = 0;
  let requests = 0;
  const answerWith =
    (text: string): Answer =>
    (response) =>
      response.setHeader('content-type', 'application/jwk-set+json').end(text);
  const server = createServer((request, response) => {
    requests += 1;
    own.answer(response, request);
  });
  const own: JwksServer = {
    get url() {
      return `http://127.0.0.1:${port}/keys`;
    },
    get requests() {
      return requests;
    },
    answer: answerWith('{"keys":[]}'),
    serve(text) {
      own.answer = answerWith(text);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async open() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    },
  };
  beforeAll(() => own.open());
  afterAll(() => (server.listening ? own.close() : undefined));
  return own;
}
