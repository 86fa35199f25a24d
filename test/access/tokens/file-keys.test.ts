import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileKeys } from '../../../src/access/tokens/file-keys.ts';
import { type IssuerKey, keySet, newKey } from '../../helpers/access/issuer.ts';
import { until } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';

let first: IssuerKey;
let second: IssuerKey;
let dir: string;
let path: string;
let keys: FileKeys;
const recorder = recordEvents('keys-trouble');

beforeAll(async () => {
  [first, second] = await Promise.all([newKey('first'), newKey('second')]);
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-keys-'));
  path = join(dir, 'keys.json');
  keys = new FileKeys(path, recorder.observe);
});
afterEach(async () => {
  await keys.stop();
  await rm(dir, { recursive: true });
});

const find = async ({ kid, alg }: IssuerKey) => keys.find({ kid, alg }, { payload: '', signature: '' });

describe('keys in a file', () => {
  it('are read again when the file is replaced, and a withdrawn key goes', async () => {
    await writeFile(path, keySet(first));
    await keys.start();
    await expect(find(first)).resolves.toBeDefined();
    const { version } = keys;
    await writeFile(`${path}.new`, keySet(second));
    await rename(`${path}.new`, path);
    await until(() => keys.version !== version, 'the new keys');
    await expect(find(second)).resolves.toBeDefined();
    await expect(find(first)).rejects.toThrow();
  });

  it('stay as they are while the file cannot be read', async () => {
    await writeFile(path, keySet(first));
    await keys.start();
    const before = recorder.events.length;
    await writeFile(path, '{"keys":');
    await until(() => recorder.events.length > before, 'a report');
    await expect(find(first)).resolves.toBeDefined();
  });

  it.each([
    ['is missing', undefined],
    ['has no keys', '{}'],
    ['is too long', ' '.repeat(300_000)],
  ])('fail the start when the file %s', async (_what, text) => {
    if (text !== undefined) await writeFile(path, text);
    await expect(keys.start()).rejects.toThrow();
  });
});
