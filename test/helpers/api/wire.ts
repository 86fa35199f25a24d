import { connect } from 'node:net';

/** Sends bytes as they are, and resolves to everything that comes back until the server hangs up. */
export function wire(origin: string, ...parts: (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(received).toString('utf8')));
    for (const part of parts) socket.write(part);
  });
}

/** The text of a request that asks the server to hang up after it, unless headers say otherwise. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  if (body !== '') lines.push(['content-length', String(Buffer.byteLength(body))]);
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

export interface WireAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** The answers in what came over the wire; interim ones (1xx) have no body. */
export function parseAnswers(text: string): WireAnswer[] {
  const answers: WireAnswer[] = [];
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const body = Buffer.from(rest.slice(end + 4), 'utf8');
    const length = Number(headers.get('content-length') ?? 0);
    answers.push({ status: Number(first.split(' ')[1]), headers, body: body.subarray(0, length).toString() });
    rest = body.subarray(length).toString();
  }
  return answers;
}
