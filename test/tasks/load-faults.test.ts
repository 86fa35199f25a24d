import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, loadTasks, MODULE, TaskLoadError } from './task-folder.ts';

/** Each fault as `file: reason`, without the path of the folder. */
async function faultsOf(files: Record<string, string>): Promise<string[]> {
  const dir = await folder(files);
  const error = await loadTasks(dir).catch((thrown: unknown) => thrown);
  if (!(error instanceof TaskLoadError)) throw new Error('the folder was loaded without a fault');
  for (const { file, reason } of error.faults) expect(error.message).toContain(`${file}: ${reason}`);
  return error.faults.map(({ file, reason }) => `${file}: ${reason}`.replaceAll(`${dir}/`, ''));
}

describe('loadTasks refuses', () => {
  it('a missing folder', async () => {
    const missing = join(await folder({}), 'missing');
    await expect(loadTasks(missing)).rejects.toMatchObject({
      faults: [{ file: missing, reason: expect.stringContaining('ENOENT') }],
    });
  });

  it('an empty folder', async () => {
    const dir = await folder({ '_a.mjs': '', 'README.md': '' });
    await expect(loadTasks(dir)).rejects.toMatchObject({
      faults: [{ file: dir, reason: 'has no task module (.js, .mjs, .ts or .mts)' }],
    });
  });

  const object = (members: string) => `export default { handler: () => 1, ${members} };`;
  it.each([
    ['a syntax error', 'export default (', /^fails on import: SyntaxError: /],
    ['a module that throws', 'throw new TypeError("no key");', /^fails on import: TypeError: no key$/],
    [
      'a module whose error has causes',
      'throw new Error("no settings", { cause: new Error("no file", { cause: Object.assign(new Error("open /x"), { code: "ENOENT" }) }) });',
      /^fails on import: Error: no settings: no file: open \/x \(ENOENT\)$/,
    ],
    [
      'a module whose error has parts',
      'throw new AggregateError([new Error("no key"), new Error("no host")], "two faults");',
      /^fails on import: AggregateError: two faults: no key; no host$/,
    ],
    ['a module that throws a text', 'throw "no key";', /^fails on import: no key$/],
    ['a missing dependency', 'import "no-such-package";', /^fails on import: Error: Cannot find package/],
    ['no default export', 'export const handler = () => 1;', /^has no default export/],
    ['an option of a wrong type', object('attempts: 0'), /^attempts must be >= 1$/],
    ['a schema that is no object', object('input: "string"'), /^input must be object or boolean/],
    ['an output with a broken $ref', object('output: { $ref: "#/x" }'), /^output is not a JSON Schema: /],
  ])('%s', async (_, text, reason) => {
    const faults = await faultsOf({ 'a.mjs': text });
    expect(faults).toEqual([expect.stringMatching(/^a\.mjs: /)]);
    expect(faults[0]?.slice('a.mjs: '.length)).toMatch(reason);
  });

  it('a TypeScript syntax error', async () => {
    expect(await faultsOf({ ...MODULE, 'a.ts': 'export default (p: => 1;' })).toEqual([
      expect.stringMatching(/^a\.ts: fails on import: /),
    ]);
  });

  it('two files with one name', async () => {
    const faults = await faultsOf({ 'a.mjs': 'export default () => 1;', 'b.mjs': object('name: "a"') });
    expect(faults).toEqual(['b.mjs: has the same task name, "a", as a.mjs']);
  });

  it('every faulty file at once, with all its faults', async () => {
    const files = {
      'a.mjs': object('attempts: 0, retries: 1'),
      'b.mjs': 'export {};',
      'c.mjs': 'export default () => 1;',
    };
    expect(await faultsOf(files)).toEqual([
      expect.stringMatching(/^a\.mjs: retries /),
      expect.stringMatching(/^a\.mjs: attempts /),
      expect.stringMatching(/^b\.mjs: has no default export/),
    ]);
  });
});
