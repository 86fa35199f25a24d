import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AppError, invalidRequest } from '../../errors.ts';
import { unsupportedType } from '../plugins/errors.ts';
import { withoutMark } from './bom.ts';
import { type JsonReading, MAX_BYTES_AT_ONCE, readJson, readLongJson } from './read-json.ts';
import { routeFacts } from './route.ts';

/** Whether the charset or coding of the body would be misread. */
function hasForeignEncoding({ headers }: IncomingMessage): boolean {
  // The headers of most requests.
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined)
    return false;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) return true;
  const coding = headers['content-encoding'];
  return coding !== undefined && coding.toLowerCase() !== 'identity';
}

/** HTTP/1.1 requires a host (RFC 9112, 3.2). Node would answer without a problem document. */
const lacksHost = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.host === undefined && httpVersion === '1.1';

const noHost = () => invalidRequest([{ pointer: '/host', detail: 'is required in HTTP/1.1' }], 'headers');

/** Why the service does not read a request any further; undefined for most requests. */
export function headFault({ raw }: FastifyRequest): ((request: FastifyRequest) => AppError) | undefined {
  if (lacksHost(raw)) return noHost;
  return hasForeignEncoding(raw) ? unsupportedType : undefined;
}

/** Reads bodies of JSON; answers 415 for other types. */
export function readOnlyJson(app: FastifyInstance): void {
  // Fastify accepts text/plain by default. Such a body would fail later and less clearly.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { json } = routeFacts(request);
    // Some clients send Content-Type with every request, even without a body.
    if (body.length === 0) done(null, undefined);
    else {
      const bytes = withoutMark(typeof body === 'string' ? Buffer.from(body) : body);
      if (bytes.length <= MAX_BYTES_AT_ONCE) done(null, readJson(bytes, 'The body', json));
      else readLongJson(bytes, 'The body', json).then((value) => done(null, value), done);
    }
  });
  app.addContentTypeParser('*', (request, _payload, done) => {
    // Some send another type with an empty body, such as `curl -d ''`.
    if (request.headers['content-length'] === '0') done(null, undefined);
    else done(unsupportedType(request));
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    json?: JsonReading;
  }
}
