import { fileURLToPath } from 'node:url';
import { type Child, describeExit, startChild } from '../local/child-process.ts';
import type { OrphanReaper } from '../orphan-reaper.ts';

const SERVER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/src/server.js' : '../server.js', import.meta.url),
);

export interface ApiProcess {
  readonly child: Child;
  readonly url: string;
}

/**
 * Starts an API on any free port, and waits until it listens.
 *
 * @throws {Error} with its last output when it ends before.
 */
export async function startApi(env: NodeJS.ProcessEnv, reaper: OrphanReaper): Promise<ApiProcess> {
  let listens: (url: string) => void = () => undefined;
  const address = new Promise<string>((resolve) => {
    listens = resolve;
  });
  const child = await startChild({
    name: 'The API',
    command: process.execPath,
    args: [SERVER],
    env: { ...env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' },
    reaper,
    onLine: (line) => {
      const url = addressIn(line);
      if (url !== undefined) listens(url);
    },
  });
  const ended = child.exited.then((exit): never => {
    const lines = child.lastLines().map((line) => `\n  ${line}`);
    throw new Error(`The API did not start (${describeExit(exit)}). Its last output:${lines.join('')}`);
  });
  const url = await Promise.race([address, ended]);
  ended.catch(() => undefined);
  return { child, url };
}

/** The address in the log line that says that the API is ready. */
function addressIn(line: string): string | undefined {
  if (!line.includes('"ready"')) return undefined;
  const entry: unknown = JSON.parse(line);
  return typeof entry === 'object' && entry !== null && 'address' in entry
    ? String(entry.address)
    : undefined;
}
