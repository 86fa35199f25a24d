import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../src/tasks/types.ts';
import { folder, loadTask, loadTasks, MODULE, toAnnouncement } from './task-folder.ts';

const run = (handler: (payload: unknown, ctx: TaskContext) => unknown, payload: unknown) =>
  handler(payload, {} as TaskContext);

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
    expect(task && toAnnouncement(task)).toEqual({
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

  it('skips files that are not task modules', async () => {
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
    await symlink(await folder({}), join(dir, 'folder.mjs'));
    expect([...(await loadTasks(dir)).keys()]).toEqual(['linked']);
  });

  it('announces a schema in its JSON form', async () => {
    const dir = await folder({
      'a.mjs': `export default { handler: () => 1, input: { type: 'string', toJSON: () => ({ type: 'integer' }) } };`,
    });
    const task = (await loadTasks(dir)).get('a');
    expect(task?.input).toEqual({ type: 'integer' });
    expect(task?.validateInput('x')).toEqual([{ pointer: '', detail: 'must be integer' }]);
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

  it('rejects with the faults of the file', async () => {
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
