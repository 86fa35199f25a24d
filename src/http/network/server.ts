import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { TlsPair } from '../../config/tls.ts';

/** How long the parts of a connection may take, ms. */
export interface ServerBounds {
  /** From the first byte of a request, or from the connect, to the end of its headers. */
  readonly headersMs: number;
  /** To the end of its body. A slow body ends much earlier: see `isTooSlow` of a connection. */
  readonly requestMs: number;
  /** Between two requests. Longer than the minute that most load balancers keep an idle connection. */
  readonly keepAliveMs: number;
  readonly handshakeMs: number;
  /** Between two looks for connections that have reached a bound. */
  readonly lookMs: number;
}

export const SERVER_BOUNDS: ServerBounds = {
  headersMs: 15_000,
  requestMs: 300_000,
  keepAliveMs: 72_000,
  handshakeMs: 10_000,
  lookMs: 5_000,
};

/** The request line and headers together, bytes. */
const MAX_HEADER_BYTES = 16_384;

/** What HTTPS needs at the start, and again after each change of the files. */
export const secureOptions = ({ cert, key }: TlsPair): SecureContextOptions => ({
  cert,
  key,
  minVersion: 'TLSv1.2',
});

export const isSecure = (server: Server): server is SecureServer => server instanceof SecureServer;

/** Makes the server of an API: HTTPS if there is a certificate, with every bound set on purpose. */
export function serverFactory(
  tls: TlsPair | undefined,
  maxConnections: number,
  bounds = SERVER_BOUNDS,
): (listener: RequestListener) => Server {
  const options: ServerOptions = {
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.keepAliveMs,
    connectionsCheckingInterval: bounds.lookMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    // A request without Host gets a problem document from us.
    requireHostHeader: false,
  };
  return (listener) => {
    const server =
      tls === undefined
        ? createServer(options, listener)
        : createSecureServer(
            {
              ...options,
              ...secureOptions(tls),
              ALPNProtocols: ['http/1.1'],
              handshakeTimeout: bounds.handshakeMs,
            },
            listener,
          );
    server.maxConnections = maxConnections;
    return server;
  };
}
