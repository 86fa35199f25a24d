import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  // A browser, Deno and Bun have no types of Node.
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  types: [],
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
};

const HEAD = `
import { Millrace, type ScheduleDefinition, type SubmitJob } from '../../src/client/index.ts';
const mr = new Millrace();
const greet = {
  name: 'greet',
  handler: async ({ name }: { name: string }, ctx: { log(text: string): void }) => {
    ctx.log(name);
    return { text: 'Hello ' + name };
  },
};
const nightly = { name: 'nightly', handler: () => 'done' };
`;

const GOOD = `
const job = await mr.submit(greet, { name: 'Ada' }, { delay: '2s', tags: ['a'] });
const { text } = await job.result({ timeout: '30s' });
const length: number = text.length;
const untyped = await mr.submit('greet', { anything: length });
const nothing: unknown = await untyped.result();
const given = await mr.submit<string>('greet');
const answer: string = await given.result();
for await (const message of job.events()) if (message.type === 'log') message.lines.at(0)?.message;
for await (const event of mr.events({ types: ['failed'] })) event.id;
for await (const one of mr.queue('img').jobs({ status: 'failed' })) one.error?.message;
await mr.queue('img').set({ concurrency: null, rate: { limit: 5, per: '1s' } });
await mr.batch([
  { task: greet, payload: { name: 'Ada' }, delay: '2s' },
  { task: 'other', payload: 1 },
  { task: nightly },
]);
await mr.batch(['Ada', 'Bob'].map((name) => ({ task: greet, payload: { name } })), { atomic: true });
const jobs: readonly SubmitJob[] = [{ task: 'other' }];
await mr.batch(jobs);
await mr.schedules.put('nightly', { cron: '0 3 * * *', job: { task: greet, payload: { name: 'Ada' }, queue: 'q' } });
await mr.schedules.put('nightly', { every: '1h', job: { task: nightly } });
const definition: ScheduleDefinition = { every: '1h', job: { task: 'other', payload: [1] } };
await mr.schedules.put('other', definition);
await mr.schedules.preview(definition);
await mr.schedules.preview({ every: '1h', job: { task: greet, payload: { name: 'Ada' } } });
await mr.schedules.preview({ every: '1h' });
export { answer, nothing };
`;

/** What does not compile, and what the compiler says of it. */
const WRONG = [
  [
    'a payload of the wrong type',
    'await mr.submit(greet, { name: 1 })',
    "'number' is not assignable to type 'string'",
  ],
  ['a member too many', "await mr.submit(greet, { name: 'Ada', nam: 1 })", "'nam' does not exist"],
  ['no payload', 'await mr.submit(greet)', "is not assignable to parameter of type 'string'"],
  [
    'a payload of the wrong type in a batch',
    "await mr.batch([{ task: 'other', payload: 1 }, { task: greet, payload: { name: 1 } }])",
    "Type 'number' is not assignable to type 'string'.",
  ],
  [
    'a member too many in a batch',
    "await mr.batch([{ task: greet, payload: { name: 'Ada', nam: 1 } }])",
    "'nam' does not exist",
  ],
  ['no payload in a batch', 'await mr.batch([{ task: greet }])', "Property 'payload' is missing"],
  [
    'an unknown option in a batch',
    "await mr.batch([{ task: 'other', dely: '2s' }])",
    "'dely' does not exist",
  ],
  [
    'a payload of the wrong type in a schedule',
    "await mr.schedules.put('n', { every: '1h', job: { task: greet, payload: { name: 1 } } })",
    "Type 'number' is not assignable to type 'string'.",
  ],
  [
    'no payload in a schedule',
    "await mr.schedules.put('n', { every: '1h', job: { task: greet } })",
    "Property 'payload' is missing",
  ],
  [
    'an unknown member of a schedule',
    "await mr.schedules.put('n', { evry: '1h', job: { task: 'other' } })",
    "'evry' does not exist",
  ],
  ['a wrong result', "(await (await mr.submit(greet, { name: 'A' })).result()).txt", "'txt' does not exist"],
  ['an unknown option', "await mr.submit('greet', null, { dely: '2s' })", "'dely' does not exist"],
  ['an unknown event', "mr.events({ types: ['complete'] })", '\'"complete"\' is not assignable'],
  ['an unknown status', "mr.queue('q').jobs({ status: 'done' })", '\'"done"\' is not assignable'],
] as const;

/** What the compiler says of each program that uses the client. All are compiled at once. */
function faultsOf(programs: readonly string[]): string[] {
  const texts = new Map(
    programs.map((code, n) => [`${FOLDER}program-${n}.ts`, `${HEAD}${code}; export {};`]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => texts.has(name) || fileExists.call(host, name);
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name);
    return text === undefined
      ? getSourceFile.call(host, name, version, ...rest)
      : ts.createSourceFile(name, text, version, true);
  };
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([...texts.keys()], OPTIONS, host));
  const others = faults.filter(({ file }) => file !== undefined && !texts.has(file.fileName));
  expect(others.map(({ messageText }) => messageText)).toEqual([]);
  return [...texts.keys()].map((name) =>
    faults
      .filter(({ file }) => file === undefined || file.fileName === name)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
      .join('\n'),
  );
}

let faults: string[];
beforeAll(() => {
  faults = faultsOf([GOOD, ...WRONG.map(([, code]) => code)]);
});

describe('a program that uses the client', () => {
  it('compiles without the types of Node, and gets the types of its tasks', () => {
    expect(faults[0]).toBe('');
  });

  it.each(WRONG.map(([what, , fault], n) => [what, fault, n + 1] as const))(
    'does not compile with %s',
    (_what, fault, n) => {
      expect(faults[n]).toContain(fault);
    },
  );
});
