import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloneProject } from '../../helpers/local/clone.ts';
import { type Block, blocksOf, type CommandKind, fileOf, kindOf } from '../../helpers/local/doc-commands.ts';
import { DocShell } from '../../helpers/local/doc-shell.ts';
import { PAGES, readInProject as read } from '../../helpers/local/pages.ts';
import { limitsHold } from '../../helpers/local/promises/limits.ts';
import { bullmqHolds, celeryHolds, sidekiqHolds } from '../../helpers/local/promises/moving.ts';
import { type Reader, readerOf } from '../../helpers/local/promises/reader.ts';

const DEPLOY = read('docs/how-to/deploy.md');
const commandsOf = (page: string) => blocksOf(page).filter(({ language }) => language === 'sh');

let project: ReturnType<typeof cloneProject>;
let shell: DocShell;

beforeAll(() => {
  project = cloneProject();
  shell = new DocShell(project.dir);
});
afterAll(async () => {
  await shell.stop();
  project.remove();
});

function writeTasks(blocks: readonly Block[]): void {
  for (const block of blocks) {
    const file = fileOf(block);
    if (file === undefined) continue;
    mkdirSync(dirname(join(project.dir, file)), { recursive: true });
    writeFileSync(join(project.dir, file), block.text);
  }
}

/** The members of an answer, those of lists by their first item: times and ids differ from what a page shows. */
function shapeOf(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map((item) => shapeOf(item));
  if (typeof value !== 'object' || value === null) return EXACT.has(name) ? value : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member, key)]));
}

/** Members that are the same for every reader. */
const EXACT = new Set(['value', 'status', 'task', 'queue', 'directive', 'width', 'maxAttempts']);

/** What the output of a command must hold, beside the JSON that the page shows below it. */
const EXPECTED: readonly (readonly [command: string, output: string])[] = [
  ['npm run demo', '746875'],
  ['node --test', '# fail 0'],
  ['python3 hello.py', 'Hello Ada'],
  ['ruby shout.rb', 'HELLO'],
  ['node hello.mjs', "{ name: 'Ada' }"],
  ['node resize.mjs', "{ url: 'https://example.com/a.png', width: 640 }"],
  ['python3 shop.py', "{'order': 17, 'amount': 5}"],
  ['ruby mails.rb', 'Hello Ada at ada@example.com'],
  ['"task":"greet"', 'Hello Ada, this is attempt 1'],
  ['"task":"thumbnail"', '"width":640'],
  ['"task":"double"', '"doubled":42'],
  ['"task":"import"', '"startedWith":3'],
  ['/schedules/nightly/run', '"schedule":"nightly/'],
  ['subscriptions/billing/ack', '"unacked":0'],
];

/** What must be so when a page has been followed. */
const PROMISES: Readonly<Record<string, (reader: Reader) => Promise<void>>> = {
  'docs/how-to/limits.md': limitsHold,
  'docs/how-to/move-from-bullmq.md': bullmqHolds,
  'docs/how-to/move-from-celery.md': celeryHolds,
  'docs/how-to/move-from-sidekiq.md': sidekiqHolds,
};

/** Follows a page from its first command to its last. */
async function follow(page: string): Promise<void> {
  const blocks = blocksOf(page);
  writeTasks(blocks);
  const startsService = blocks.some(({ text }) => kindOf(text) === 'service');
  for (const [index, { language, text }] of blocks.entries()) {
    const kind = language === 'sh' ? kindOf(text) : undefined;
    if (kind === 'service') await shell.serve(text);
    else if (kind !== undefined && kind !== 'named') {
      if (!startsService && (kind !== 'run' || /^(python3 |ruby |node \w|npx )/.test(text)))
        await shell.ensureService();
      await followCommand(kind, text, blocks[index + 1]);
    }
  }
  await shell.endWorkers();
}

/** Runs one command of a page, and compares its output with what is to come of it. */
async function followCommand(kind: CommandKind, command: string, next: Block | undefined): Promise<void> {
  if (kind === 'worker') return shell.work(command);
  if (kind === 'stream') return void (await shell.stream(command, /completed/));
  const output = kind === 'run' ? await shell.run(command) : await shell.request(command);
  for (const [part, expected] of EXPECTED) if (command.includes(part)) expect(output).toContain(expected);
  if (next?.language === 'json') {
    expect(shapeOf(JSON.parse(output)), command).toEqual(shapeOf(JSON.parse(next.text)));
  }
}

// Whole programs start and stop here, npm included; they take their time on a busy machine.
describe('the pages', { timeout: 180_000 }, () => {
  it.each(PAGES)('%s has only commands of a kind that is run or known', (file) => {
    const unknown = commandsOf(read(file)).filter(({ text }) => kindOf(text) === undefined);
    expect(unknown).toEqual([]);
  });

  it.each(PAGES)('%s names npm scripts that there are', (file) => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, name = ''] of read(file).matchAll(/npm run ([\w:]+)/g))
      expect(scripts).toHaveProperty([name]);
  });

  // The tutorial is followed in a folder of its own: tutorial.test.ts.
  const withCommands = PAGES.filter(
    (file) => commandsOf(read(file)).length > 0 && file !== 'docs/tutorial.md',
  );
  it.each(withCommands)('%s can be followed command by command', async (file) => {
    const page = read(file);
    await follow(page);
    await PROMISES[file]?.(readerOf(shell, page));
  });
});

describe('the page that says how to deploy', () => {
  it('names programs that the build makes', () => {
    const programs = [...DEPLOY.matchAll(/`node (dist\/[a-z/]+\.js)`/g)].map(([, program = '']) => program);
    expect(programs).toHaveLength(2);
    for (const program of programs) expect(existsSync(join(project.dir, program)), program).toBe(true);
  });

  it('gives variables the defaults that they have', async () => {
    const { SETTINGS } = await import('../../../src/config/settings.ts');
    const settings = Object.values(SETTINGS);
    const rows = [...DEPLOY.matchAll(/^\| (`[A-Z_`, ]+) \| (.*?) \|/gm)];
    expect(rows.length).toBeGreaterThan(4);
    for (const [, names = '', defaults = ''] of rows) {
      const shown = [...names.matchAll(/[A-Z_]+/g)].map(([name]) => {
        const setting = settings.find(({ variable }) => variable === name);
        return setting?.fallbackText ?? `\`${setting?.fallback()}\``;
      });
      expect(defaults, names).toBe(shown.join(', '));
    }
  });
});
