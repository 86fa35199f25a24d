import { fileURLToPath } from 'node:url';
import { type Child, describeExit, startChild } from '../src/local/child-process.ts';
import type { OrphanReaper } from '../src/orphan-reaper.ts';
import type { BedProcess, StartOptions } from './contract.ts';
import { usageOf } from './proc.ts';

const READY_MS = 30_000;
const ASK_MS = 120_000;
const STOP_MS = 10_000;
const HERE = new URL('.', import.meta.url).href;
/** Where the compiler puts this folder: what is measured must not run through a loader. */
const COMPILED = new URL('dist/bench/', import.meta.url).href;

interface Answer {
  readonly id?: number;
  readonly answer?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The face of a process that has no channel. */
export const faceOf = (child: Child): BedProcess => ({
  cpuSeconds: async () => (await usageOf(child.pid)).cpuSeconds,
  rssBytes: async () => (await usageOf(child.pid)).rssBytes,
  ask: () => Promise.reject(new Error(`${child.name} cannot be asked.`)),
  stop: async () => {
    await child.stop(STOP_MS);
  },
});

/** Starts a program that calls `serve` (serve.ts), and waits until it has. */
export async function startServing(options: StartOptions, reaper: OrphanReaper): Promise<BedProcess> {
  const { name, file, env } = options;
  const waiting = new Map<number, Waiting>();
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const child = await startChild({
    name,
    command: process.execPath,
    args: [fileURLToPath(compiled(file))],
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'fatal', ...env },
    reaper,
    onMessage: (message) => {
      onReady();
      settle(waiting, message as Answer);
    },
  });
  const ended = child.exited.then((exit): never => {
    throw new Error(
      `${name} ended with ${describeExit(exit)}. It said last:\n${child.lastLines().join('\n')}`,
    );
  });
  ended.catch((error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  await orStop(child, within(Promise.race([ready, ended]), READY_MS, `${name} to get ready`));
  let lastId = 0;
  return {
    ...faceOf(child),
    ask<T>(message: unknown, limitMs = ASK_MS): Promise<T> {
      lastId += 1;
      const id = lastId;
      const answer = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, ask: message as object });
      });
      return within(answer, limitMs, `an answer of ${name}`).finally(() => waiting.delete(id)) as Promise<T>;
    },
  };
}

const compiled = (file: URL): string => file.href.replace(HERE, COMPILED).replace(/\.ts$/, '.js');

function settle(waiting: ReadonlyMap<number, Waiting>, { id, answer, error }: Answer): void {
  const one = id === undefined ? undefined : waiting.get(id);
  if (error === undefined) one?.resolve(answer);
  else one?.reject(new Error(error));
}

async function orStop(child: Child, ready: Promise<void>): Promise<void> {
  try {
    await ready;
  } catch (error) {
    await child.stop(STOP_MS);
    throw error;
  }
}

function within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limitMs} ms for ${what}.`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
