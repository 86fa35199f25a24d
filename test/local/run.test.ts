import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Child } from '../../src/local/child-process.ts';
import type { Interrupt } from '../../src/local/interrupt.ts';
import { Interrupted, Run } from '../../src/local/run.ts';

const GRACE_MS = 20_000;
const STUBBORN = `process.on('SIGTERM', () => console.log('asked'));`;

let run: Run;
let stop: AbortController;
let hurry: AbortController;
let lines: string[];
let onLine: (line: string) => void;

beforeEach(() => {
  stop = new AbortController();
  hurry = new AbortController();
  const interrupt: Interrupt = { stop: stop.signal, hurry: hurry.signal, dispose: () => {} };
  run = new Run(interrupt);
  lines = [];
});

afterEach(() => run.stop(0));

/** A child that says `up`, then does what the script says, and otherwise waits for its end. */
async function start(script: string): Promise<Child> {
  const up = new Promise<void>((resolve) => {
    onLine = (line) => {
      lines.push(line);
      if (line === 'up') resolve();
    };
  });
  const code = `${script}\nsetInterval(() => {}, 1000); console.log('up');`;
  const child = await run.start({
    name: 'The child',
    command: process.execPath,
    args: ['-e', code],
    onLine: (line) => onLine(line),
  });
  await up;
  return child;
}

const line = (wanted: string): Promise<void> =>
  new Promise((resolve) => {
    const inner = onLine;
    onLine = (text) => {
      inner(text);
      if (text === wanted) resolve();
    };
  });

describe('a run', () => {
  it('goes on while its parts run', async () => {
    await start('');
    expect(await run.orBroken(Promise.resolve('done'))).toBe('done');
    expect(run.signal.aborted).toBe(false);
  });

  it('ends when a part dies, with its last output', async () => {
    const child = await start(
      `process.on('SIGUSR2', () => { console.error('no more coal'); process.exit(7); });`,
    );
    const broken = run.orBroken(new Promise(() => {}));
    child.signal('SIGUSR2');
    await expect(broken).rejects.toThrow(
      /^The child stopped by itself \(exit code 7\)\. Its last output:\n {2}up\n {2}no more coal$/,
    );
  });

  it('ends on an interrupt, and starts nothing more', async () => {
    const broken = run.orBroken(new Promise(() => {}));
    stop.abort();
    await expect(broken).rejects.toThrow(Interrupted);
    await expect(start('')).rejects.toThrow(Interrupted);
  });

  it('stops Redis only after the children', async () => {
    const child = await start(`process.on('SIGTERM', () => { console.log('released'); process.exit(0); });`);
    run.keepStore({
      exited: new Promise(() => {}),
      lastLines: () => [],
      stop: async () => {
        lines.push(`store stopped, child ${child.running ? 'running' : 'ended'}`);
      },
    });
    await run.stop(GRACE_MS);
    expect(lines).toEqual(['up', 'released', 'store stopped, child ended']);
  });

  it('sends a second SIGTERM at once in a hurry', async () => {
    const child = await start(
      `let asked = 0; process.on('SIGTERM', () => { asked += 1; console.log('asked'); if (asked === 2) process.exit(3); });`,
    );
    const asked = line('asked');
    const stopped = run.stop(GRACE_MS);
    await asked;
    hurry.abort();
    await stopped;
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  it('kills a child that does not end in time', async () => {
    const child = await start(STUBBORN);
    await run.stop(100);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
