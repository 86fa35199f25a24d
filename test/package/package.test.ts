import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathInProject } from '../helpers/local/pages.ts';
import { type Installed, installPackage, startDev } from './installed.ts';

let installed: Installed;

beforeAll(async () => {
  installed = await installPackage();
});

afterAll(() => installed.remove());

const binary = (name: string) => pathInProject(`node_modules/.bin/${name}`);

/** A program that uses each export, with types that a wrong payload breaks. */
const PROGRAM = `
import { Millrace } from 'millrace/client';
import { defineTask, type TaskContext } from 'millrace/task';
import { startMillrace } from 'millrace/testing';
import { createWorker, httpWorker, type ProgramWorker } from 'millrace/worker';

const greet = defineTask({
  name: 'greet',
  handler: ({ name }: { name: string }, ctx: TaskContext) => ({ text: \`Hello \${name}, \${ctx.job.attempt}\` }),
});
const stack = await startMillrace({ tasks: [greet], queues: ['a'] });
const workers: ProgramWorker[] = [
  createWorker({ redisUrl: stack.redisUrl, queues: ['b'], tasks: [greet], concurrency: 2 }),
  httpWorker({ url: stack.url, queues: ['c'], tasks: { greet }, concurrency: 2 }),
];
await Promise.all(workers.map((worker) => worker.ready));
const mr = new Millrace({ url: stack.url });
const texts: string[] = [];
for (const queue of ['a', 'b', 'c']) {
  const job = await mr.submit(greet, { name: queue }, { queue });
  texts.push((await job.result({ timeout: '60s' })).text);
}
// @ts-expect-error: the payload has no name.
const wrong = () => mr.submit(greet, { age: 7 });
await Promise.all(workers.map((worker) => worker.stop()));
await stack.stop();
console.log(texts.join('; '), typeof wrong);
`;

describe('the tarball', () => {
  it('holds the program, the dashboard, types and the documentation, and nothing else', async () => {
    const { stdout } = await promisify(execFile)('tar', ['-tzf', installed.tarball]);
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''));
    const known =
      /^(package\.json|README\.md|LICENSE|dist\/(src|routes|workers)\/.*\.js|dist\/dashboard\/.*|dist\/types\/.*\.d\.ts|docs\/(?!decisions).*\.md|docs\/dashboard\.png|llms\.txt)$/;
    expect(files.filter((file) => !known.test(file))).toEqual([]);
    for (const file of [
      'dist/src/cli/main.js',
      'dist/workers/tasks/fib.js',
      'dist/dashboard/index.html',
      'docs/README.md',
      'llms.txt',
    ])
      expect(files).toContain(file);
    expect(files.filter((file) => file.endsWith('.d.ts')).length).toBeLessThan(100);
  });

  it('is right by publint and by arethetypeswrong', async () => {
    const { messages } = await publint({
      pkgDir: join(installed.dir, 'node_modules/millrace'),
      strict: true,
    });
    expect(messages).toEqual([]);
    await promisify(execFile)(binary('attw'), [installed.tarball, '--profile', 'esm-only']);
  });
});

const JSON_TYPE = { 'content-type': 'application/json' };
const RESIZE = JSON.stringify({ task: 'resize', payload: {} });

describe('in an empty folder', () => {
  it('runs dev with a task file, a job by the command line, and stops all on Ctrl-C', async () => {
    await mkdir(join(installed.dir, 'tasks'));
    await installed.write(
      'tasks/greet.mts',
      `import { defineTask } from 'millrace/task';
export default defineTask(({ name }: { name: string }) => ({ text: \`Hello \${name}\` }));`,
    );
    await installed.write(
      'tasks/resize.mts',
      `import type { TaskContext } from 'millrace/task';
export default { attempts: 2, backoff: { type: 'fixed', delay: 0 }, handler: (_: unknown, ctx: TaskContext) => {
  ctx.log('begins');
  ctx.log('is slow', 'warn');
  throw new Error('cannot decode');
} };`,
    );
    const dev = await startDev(installed.dir);
    const env = { MILLRACE_URL: dev.url };
    await installed.run('npx', ['millrace', 'submit', 'resize'], env);
    await expect.poll(dev.errors).toContain('no attempt follows');
    const told = dev.errors().replaceAll(/default~n\w+-\d+/g, 'ID');
    expect(told.split('\n').filter((line) => line.includes('resize'))).toEqual([
      'worker  resize ID: begins',
      'worker  warning: resize ID: is slow',
      'worker  resize ID attempt 1/2 failed at tasks/resize.mts:5:9: cannot decode, again at once',
      'worker  resize ID: begins',
      'worker  warning: resize ID: is slow',
      'worker  resize ID attempt 2/2 failed at tasks/resize.mts:5:9: cannot decode, no attempt follows',
    ]);
    expect(told).not.toContain('{"level"');
    const args = ['millrace', 'submit', 'greet', '{"name":"Ada"}', '--wait', '--json'];
    expect(await installed.run('npx', args, env)).toContain('Hello Ada');
    const { status } = await fetch(`${dev.url}/ui/`);
    expect(status).toBe(200);
    // A task that is gone is refused at once, and would else be known for a day.
    await rm(join(installed.dir, 'tasks/resize.mts'));
    const submit = () => fetch(`${dev.url}/jobs`, { method: 'POST', headers: JSON_TYPE, body: RESIZE });
    const isGone = async () => (await (await submit()).text()).includes('"knownTasks":["greet"]');
    await expect.poll(isGone, { interval: 100 }).toBe(true);
    expect(await dev.stop()).toBe(0);
    await expect(fetch(`${dev.url}/readyz`)).rejects.toThrow();
    const again = await startDev(installed.dir);
    const jobs = await installed.run('npx', ['millrace', 'queues', '--json'], { MILLRACE_URL: again.url });
    expect(jobs).toContain('default');
    expect(await again.stop()).toBe(0);
  });

  it('gives programs in TypeScript and in JavaScript each export, with types', async () => {
    await installed.write('package.json', '{ "type": "module", "dependencies": { "millrace": "*" } }');
    await installed.write('program.ts', PROGRAM);
    await installed.run(binary('tsc'), [
      ...['--strict', '--skipLibCheck', 'false', '--skipDefaultLibCheck'],
      ...['--target', 'ES2023', '--module', 'NodeNext'],
      ...['--typeRoots', pathInProject('node_modules/@types'), '--types', 'node', 'program.ts'],
    ]);
    expect(await installed.run('node', ['program.js'])).toBe('Hello a, 1; Hello b, 1; Hello c, 1 function\n');
  });
});
