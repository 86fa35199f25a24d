import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskContext } from '../../src/tasks/types.ts';

// Outside of vitest, whose own module loader reads files that Node would refuse, and the other way round.
const { announcement, loadTask, loadTasks, TaskLoadError }: typeof import('../../src/tasks/load.ts') =
  await tsImport('../../src/tasks/load.ts', import.meta.url);

let root = '';
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-tasks-'));
});
afterAll(() => rm(root, { recursive: true }));

async function folder(files: Record<string, string>): Promise<string> {
  count += 1;
  const dir = join(root, String(count));
  await mkdir(dir);
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text)));
  return dir;
}

/** Each fault as `file: reason`, the folder's path left out. */
async function faultsOf(files: Record<string, string>): Promise<string[]> {
  const dir = await folder(files);
  const error = await loadTasks(dir).catch((thrown: unknown) => thrown);
  if (!(error instanceof TaskLoadError)) throw new Error('the folder was loaded');
  for (const { file, reason } of error.faults) expect(error.message).toContain(`${file}: ${reason}`);
  return error.faults.map(({ file, reason }) => `${file}: ${reason}`.replaceAll(`${dir}/`, ''));
}

const run = (handler: (payload: unknown, ctx: TaskContext) => unknown, payload: unknown) =>
  handler(payload, {} as TaskContext);

const MODULE = { 'package.json': '{ "type": "module" }' };

describe('loadTasks', () => {
  it('names a function after its file', async () => {
    const dir = await folder({ 'double.mjs': 'export default (n) => 2 * n;' });
    const task = (await loadTasks(dir)).get('double');
    expect(task).toMatchObject({ name: 'double', file: join(dir, 'double.mjs'), thread: false, options: {} });
    expect(task && run(task.handler, 4)).toBe(8);
    expect(task?.validateInput({ any: 'thing' })).toEqual([]);
    expect(task?.validateOutput(undefined)).toEqual([]);
  });

  it('reads the object form', async () => {
    const dir = await folder({
      'a.mjs': `export default {
        name: 'img:resize', attempts: 3, timeoutMs: '2m', thread: true,
        backoff: { type: 'fixed', delay: '1s', max: 5000 },
        input: { type: 'object', required: ['n'] }, output: { type: ['integer', 'null'] },
        handler: () => 1,
      };`,
    });
    const task = (await loadTasks(dir)).get('img:resize');
    expect(task).toMatchObject({ thread: true, attempts: 3, timeoutMs: 120_000 });
    expect(task?.validateInput({})).toEqual([{ pointer: '/n', detail: 'is required' }]);
    expect(task?.validateOutput('x')).toEqual([{ pointer: '', detail: 'must be integer or null' }]);
    expect(task?.validateOutput(undefined)).toEqual([]);
    expect(task && announcement(task)).toEqual({
      name: 'img:resize',
      attempts: 3,
      timeoutMs: 120_000,
      backoff: { type: 'fixed', delay: 1_000, max: 5_000 },
      input: { type: 'object', required: ['n'] },
      output: { type: ['integer', 'null'] },
    });
  });

  it.each([
    ['an ES module .js', { ...MODULE, 'a.js': 'export default () => 1;' }],
    ['an ES module .js without package.json', { 'a.js': 'export default () => 1;' }],
    ['module.exports', { 'a.js': 'module.exports = () => 1;' }],
    ['exports.default', { 'a.js': 'exports.default = () => 1;' }],
    [
      'a compiled ES module',
      { 'a.js': 'exports.__esModule = true; exports.default = { handler: () => 1 };' },
    ],
    ['a .ts ES module', { ...MODULE, 'a.ts': 'export default (n: number): number => 1;' }],
    ['a .ts file without package.json', { 'a.ts': 'export default (n: number): number => 1;' }],
    [
      'a .ts file that imports another',
      {
        ...MODULE,
        '_b.ts': 'export const one: number = 1;',
        'a.ts': "import { one } from './_b.ts'; export default () => one;",
      },
    ],
  ])('loads %s', async (_, files) => {
    const task = (await loadTasks(await folder(files))).get('a');
    expect(task && run(task.handler, null)).toBe(1);
  });

  it('passes over what is no task module', async () => {
    const bad = 'throw new Error("loaded");';
    const dir = await folder({
      'a.mjs': 'export default () => 1;',
      '_helper.mjs': bad,
      '.hidden.mjs': bad,
      'a.d.ts': bad,
      'a.test.ts': bad,
      'a.mjs.map': bad,
      'README.md': bad,
    });
    await mkdir(join(dir, 'sub.mjs'));
    expect([...(await loadTasks(dir)).keys()]).toEqual(['a']);
  });

  it('follows symbolic links to files', async () => {
    const dir = await folder({ '_real.mjs': 'export default () => 1;' });
    await symlink(join(dir, '_real.mjs'), join(dir, 'linked.mjs'));
    await symlink(root, join(dir, 'folder.mjs'));
    expect([...(await loadTasks(dir)).keys()]).toEqual(['linked']);
  });

  it('announces a schema as JSON sees it', async () => {
    const dir = await folder({
      'a.mjs': `export default { handler: () => 1, input: { type: 'string', toJSON: () => ({ type: 'integer' }) } };`,
    });
    const task = (await loadTasks(dir)).get('a');
    expect(task?.input).toEqual({ type: 'integer' });
    expect(task?.validateInput('x')).toEqual([{ pointer: '', detail: 'must be integer' }]);
  });
});

describe('loadTasks refuses', () => {
  it('a missing folder', async () => {
    const missing = join(root, 'missing');
    await expect(loadTasks(missing)).rejects.toMatchObject({
      faults: [{ file: missing, reason: expect.stringContaining('ENOENT') }],
    });
  });

  it('an empty folder', async () => {
    const dir = await folder({ '_a.mjs': '', 'README.md': '' });
    await expect(loadTasks(dir)).rejects.toMatchObject({
      faults: [{ file: dir, reason: 'holds no task module (.js, .mjs or .ts)' }],
    });
  });

  const object = (members: string) => `export default { handler: () => 1, ${members} };`;
  it.each([
    ['a syntax error', 'export default (', /^fails on import: SyntaxError: /],
    ['a module that throws', 'throw new TypeError("no key");', /^fails on import: TypeError: no key$/],
    ['a module that throws no error', 'throw "no key";', /^fails on import: no key$/],
    ['a missing dependency', 'import "no-such-package";', /^fails on import: Error: Cannot find package/],
    ['no default export', 'export const handler = () => 1;', /^has no default export/],
    ['a default export of a wrong type', 'export default 7;', /^its default export is of type number/],
    ['null', 'export default null;', /^its default export is null/],
    ['an array', 'export default [];', /^its default export is an array/],
    ['no handler', 'export default { attempts: 3 };', /^handler is missing, not a function$/],
    ['a handler of a wrong type', 'export default { handler: "x" };', /^handler is of type string/],
    ['a bad name', object('name: "a b"'), /^name does not have the right form\. /],
    ['bad attempts', object('attempts: 0'), /^attempts must be >= 1$/],
    ['a bad time-out', object('timeoutMs: "1 day"'), /^timeoutMs does not have the right form\. /],
    ['a time-out beyond the limit', object('timeoutMs: "25d"'), /^timeoutMs must be <= 2073600000 ms$/],
    ['a bad back-off', object('backoff: { type: "fixed", delay: -1 }'), /^backoff\.delay must be >= 0$/],
    [
      'a back-off beyond the limit',
      object('backoff: { type: "fixed", delay: 1, max: "9999d" }'),
      /^backoff\.max must be <= /,
    ],
    ['an unknown member', object('retries: 3'), /^retries is not a known field; known are: name, input, /],
    ['a bad input schema', object('input: { type: "nonsense" }'), /^input is not a JSON Schema: /],
    ['a schema that is no object', object('input: "string"'), /^input must be object or boolean/],
    ['an output with a broken $ref', object('output: { $ref: "#/x" }'), /^output is not a JSON Schema: /],
    ['a schema that is no JSON', object('input: { maximum: 1n }'), /^input cannot be written as JSON$/],
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

  it('a file name that is no task name', async () => {
    expect(await faultsOf({ 'a b.mjs': 'export default () => 1;' })).toEqual([
      expect.stringMatching(/^a b\.mjs: name does not have the right form/),
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

describe('loadTask', () => {
  it('loads a single file', async () => {
    const dir = await folder({ 'a.mjs': 'export default () => 1;', 'b.mjs': 'not a module' });
    expect(await loadTask(join(dir, 'a.mjs'))).toMatchObject({ name: 'a', file: join(dir, 'a.mjs') });
  });

  it('loads in a worker thread, TypeScript included', async () => {
    const file = join(
      await folder({ ...MODULE, 'a.ts': 'export default (n: number): number => 1;' }),
      'a.ts',
    );
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import('tsx/esm/api')
        .then(({ tsImport }) => tsImport(workerData.load, workerData.load))
        .then(({ loadTask }) => loadTask(workerData.file))
        .then((task) => parentPort.postMessage({ name: task.name, result: task.handler() }));
    `;
    const load = new URL('../../src/tasks/load.ts', import.meta.url).href;
    const worker = new Worker(code, { eval: true, workerData: { load, file } });
    const [message] = await once(worker, 'message');
    expect(message).toEqual({ name: 'a', result: 1 });
    await worker.terminate();
  });

  it('lists the faults of that file', async () => {
    const file = join(await folder({ 'a.mjs': 'export default { attempts: 0 };' }), 'a.mjs');
    await expect(loadTask(file)).rejects.toMatchObject({
      name: 'TaskLoadError',
      faults: [
        { file, reason: expect.stringContaining('handler') },
        { file, reason: expect.stringContaining('attempts') },
      ],
    });
  });
});
