import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksOf, fileOf, kindOf } from '../../helpers/local/doc-commands.ts';
import { DocShell } from '../../helpers/local/doc-shell.ts';
import { pathInProject, readInProject } from '../../helpers/local/pages.ts';
import { type Installed, installPackage } from '../../package/installed.ts';

const BLOCKS = blocksOf(readInProject('docs/tutorial.md'));

let installed: Installed;
let shell: DocShell;

beforeAll(async () => {
  // What the first section of the page does.
  installed = await installPackage();
  symlinkSync(pathInProject('.'), join(installed.dir, '..', 'millrace'));
  shell = new DocShell(installed.dir);
});
afterAll(async () => {
  await shell.stop();
  await installed.remove();
});

/** Ids, times, ports and blanks differ from reader to reader. */
const plain = (text: string): string =>
  text
    .replaceAll(/default~\w+-\d+/g, 'default~ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:3000')
    .replaceAll(/\s+/g, ' ')
    .trim();

interface Worker {
  readonly name: string;
  readonly tasks: readonly string[];
}

async function workers(): Promise<readonly Worker[]> {
  const response = await fetch(`${shell.origin}/workers?queue=default`);
  return ((await response.json()) as { items: readonly Worker[] }).items;
}

/** Writes a task as the reader does. Resolves when a new worker runs it, and the one before is gone. */
async function writeTask(file: string, text: string): Promise<void> {
  const before = (await workers()).map(({ name }) => name);
  mkdirSync(join(installed.dir, 'tasks'), { recursive: true });
  await installed.write(file, text);
  await expect
    .poll(async () => (await workers()).map(({ name, tasks }) => [before.includes(name), tasks]), {
      timeout: 60_000,
    })
    .toEqual([[false, [file.replace(/^tasks\/|\.mjs$/g, '')]]]);
}

/** Runs a command of the page, and returns what the reader sees. */
async function follow(command: string): Promise<string> {
  switch (kindOf(command)) {
    case 'service':
      return shell.serve(command);
    case 'worker':
      await shell.work(command);
      return '';
    case 'stream':
      return shell.stream(command, /completed/);
    case 'run':
      return shell.run(command);
    default:
      return '';
  }
}

it('the tutorial can be followed to its end, and shows what the reader sees', {
  timeout: 300_000,
}, async () => {
  let seen = '';
  for (const block of BLOCKS) {
    const file = fileOf(block);
    if (file?.startsWith('tasks/')) await writeTask(file, block.text);
    else if (file !== undefined) await installed.write(file, block.text);
    else if (block.language === 'sh') seen = plain(await follow(block.text));
    else if (block.language === 'text') {
      for (const line of block.text.split('\n')) expect(seen).toContain(plain(line));
    }
  }
});

it('runs every command but those of its first section, which the helper has run', () => {
  const named = BLOCKS.filter(({ language, text }) => language === 'sh' && kindOf(text) === 'named');
  expect(named.map(({ text }) => text)).toEqual([
    'npm ci',
    'npm pack --silent',
    'mkdir ../my-jobs && cd ../my-jobs',
    'npm i ../millrace/millrace-0.1.0.tgz',
  ]);
});
