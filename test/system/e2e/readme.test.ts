import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { cloneProject } from '../../helpers/local/clone.ts';
import { until } from '../../helpers/redis/server.ts';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The commands of the README in their order, each with the block of output that follows it, if any. */
const BLOCKS = [...README.matchAll(/```(sh|json|js)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({
  kind,
  text: (text ?? '').trim(),
}));
const COMMANDS = BLOCKS.filter(({ kind }) => kind === 'sh').map(({ text }) => text);
const CURLS = COMMANDS.filter((command) => command.includes('curl '));

/** `npm test` is what runs this. */
const NOT_RUN = ['npm test'];

let project: ReturnType<typeof cloneProject>;
let stack: ChildProcess | undefined;

beforeAll(() => {
  project = cloneProject();
});
afterEach(async () => {
  if (stack?.exitCode === null && stack.signalCode === null) await interrupt(stack);
});
afterAll(() => project.remove());

/** Ctrl-C: the terminal signals everything that it started. */
async function interrupt(child: ChildProcess): Promise<void> {
  process.kill(-(child.pid ?? Number.NaN), 'SIGINT');
  await once(child, 'close');
}

function run(command: string, port: number): { child: ChildProcess; output: () => string } {
  // Vitest's own settings are no business of what a reader runs.
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST|REDIS_URL)/.test(name));
  const child = spawn('bash', ['-c', command], {
    cwd: project.dir,
    detached: true,
    env: { ...Object.fromEntries(own), PORT: String(port), PROCESSES: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  return { child, output: () => output };
}

async function runToEnd(command: string, port: number): Promise<string> {
  const { child, output } = run(command, port);
  const [code] = (await once(child, 'close')) as [number];
  expect(code, `${command}\n${output()}`).toBe(0);
  return output();
}

/** Starts the stack by a command of the README and resolves when it says that it is ready. */
async function start(command: string, port: number): Promise<void> {
  const { child, output } = run(command, port);
  stack = child;
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (output().includes('Millrace is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`${command} ended:\n${output()}`)));
  });
}

const curl = (command: string, port: number) =>
  runToEnd(command.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`), port);

// Whole programs start and stop here, npm included; they take their time on a busy machine.
describe('the README', () => {
  it('has the commands that this test knows', () => {
    expect(COMMANDS.filter((command) => !command.includes('curl '))).toEqual([
      'npm run demo',
      'npm start',
      'TASKS_DIR=./tasks npm start',
      'npm run build',
      ...NOT_RUN,
    ]);
  });

  it('npm run demo shows the 100,000th Fibonacci number', async () => {
    expect(await runToEnd('npm run demo', await freePort())).toContain('746875');
  });

  it('npm start serves the requests that follow it', async () => {
    const port = await freePort();
    await start('npm start', port);
    const [first = '', delayed = '', batch = '', stats = '', nightly = '', events = ''] = CURLS;
    const shown = JSON.parse(BLOCKS.find(({ kind }) => kind === 'json')?.text ?? '');
    const job = JSON.parse(await curl(first, port));
    expect(Object.keys(job)).toEqual(Object.keys(shown));
    const { id, createdAt, startedAt, finishedAt, expiresAt, worker, ...stable } = shown;
    expect(job).toMatchObject(stable);
    expect([id, createdAt, startedAt, finishedAt, expiresAt, worker]).not.toContain(undefined);

    const answer = await curl(delayed, port);
    expect(answer).toMatch(/^HTTP\/1.1 202 Accepted\r\nlocation: \/jobs\/default~/);
    expect(JSON.parse(await curl(batch, port)).items.map(({ status }: { status: number }) => status)).toEqual(
      [202, 202],
    );
    expect(JSON.parse(await curl(stats, port)).totals.submitted).toBe(4);
    expect(JSON.parse(await curl(nightly, port))).toMatchObject({
      id: 'nightly',
      nextAt: expect.any(String),
    });
    const [submitted = '', taken = ''] = CURLS.slice(7);
    await curl(submitted, port);
    const lease = JSON.parse(await curl(taken, port));
    const shownLease = JSON.parse(BLOCKS.filter(({ kind }) => kind === 'json')[1]?.text ?? '');
    expect(Object.keys(lease)).toEqual(Object.keys(shownLease));
    expect(Object.keys(lease.jobs[0])).toEqual(Object.keys(shownLease.jobs[0]));
    const stream = run(events.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`), port);
    await until(() => stream.output().includes(`"job":"${job.id}"`), 'the end of the first job');
    expect(stream.output()).toMatch(/^event: completed\nid: \d+-\d+-1\ndata: \{/m);
    await interrupt(stream.child);
    const docs = await fetch(`http://127.0.0.1:${port}/docs`);
    expect(docs.status).toBe(200);
    await interrupt(stack as ChildProcess);
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow('fetch failed');
  });

  it('the task that it shows can be run', async () => {
    const module = BLOCKS.find(({ kind }) => kind === 'js')?.text ?? '';
    const [, file = ''] = /^\/\/ (\S+)/.exec(module) ?? [];
    mkdirSync(join(project.dir, 'tasks'));
    writeFileSync(join(project.dir, file), module);
    const port = await freePort();
    await start('TASKS_DIR=./tasks npm start', port);
    const job = JSON.parse(await curl(CURLS[6] ?? '', port));
    expect(job).toMatchObject({ status: 'completed', result: { text: 'Hello Ada, this is attempt 1' } });
  });

  it('npm run build builds both programs', async () => {
    await runToEnd('npm run build', await freePort());
    for (const [, program = ''] of README.matchAll(/`node (dist\/[a-z/]+\.js)`/g)) {
      expect(readFileSync(join(project.dir, program), 'utf8')).not.toBe('');
    }
  });

  it('names every setting with its default', async () => {
    const { loadConfig } = await import('../../../src/config.ts');
    const rows = [...README.matchAll(/^\| (`[A-Z_`, ]+) \| (.*?) \|/gm)];
    const names = rows.flatMap(([, cell = '']) => [...cell.matchAll(/[A-Z_]{4,}/g)].map(([name]) => name));
    expect(names).toHaveLength(Object.keys(loadConfig({})).length);
    const values = rows.flatMap(([, , cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, value]) => value),
    );
    const defaults = Object.values(loadConfig({})).map((value) => String(value));
    for (const value of values) expect(defaults).toContain(value);
  });

  it('names every endpoint', () => {
    const described = JSON.parse(
      readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8'),
    );
    const table = README.replace(/`(POST \S+)\/pause`, `\/resume`/g, '`$1/pause` `$1/resume`');
    for (const [path, methods] of Object.entries<object>(described.paths)) {
      for (const method of Object.keys(methods))
        expect(table).toContain(`\`${method.toUpperCase()} ${path}\``);
    }
  });
});
