import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

type Post = (path: string, type: string, body: string, headers?: readonly string[]) => Promise<number>;

/** Sends bodies with another process, so that this one does the work of the API alone. Resolves to the status. */
export function usePost(api: { readonly origin: string }): Post {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-bodies-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return async (path, type, body, headers = []) => {
    const file = join(dir, 'body');
    await writeFile(file, body);
    const options = [`content-type: ${type}`, ...headers].flatMap((header) => ['-H', header]);
    const output = ['-s', '-o', join(dir, 'answer'), '-w', '%{http_code}'];
    const args = [...output, ...options, '--data-binary', `@${file}`, api.origin + path];
    const { stdout } = await promisify(execFile)('curl', args);
    return Number(stdout);
  };
}
