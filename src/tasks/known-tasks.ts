import type { TaskDefaults } from '../redis/entry-options.ts';
import type { JsonText } from '../schemas/json/json-text.ts';
import type { Fault } from '../schemas/problem.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { TaskAnnouncement } from './types.ts';

/** One announcement of a task. */
export interface KnownTask extends TaskAnnouncement {
  /** A worker renews it. */
  readonly isLive: boolean;
  /** It says what the task takes; otherwise workers have just named the task. */
  readonly isRelease: boolean;
}

/** The tasks that the workers of a queue have announced. Each release of a task counts by itself while its workers are live. */
export interface AnnouncedTasks {
  /** True when no worker has announced a task: the queue then accepts every task. */
  readonly isEmpty: boolean;
  /** A live worker takes every task. */
  readonly hasTakerOfAll: boolean;
  readonly names: readonly string[];
  has(task: string): boolean;
  /** Those of the newest release. */
  defaults(task: string): TaskDefaults | undefined;
  /** Empty when at least one live release takes the payload, or when there is none; else the faults for the newest one. */
  checkPayload(task: string, payload: JsonText): Fault[];
  /** Empty when the result matches the output schema of at least one live release, or when there is none. */
  checkResult(task: string, result: JsonText): Fault[];
  /** Fingerprints of the input schemas of all live releases; empty when one of them takes every payload. */
  schemasOf(task: string): readonly string[];
}

/** @param known newest release first. */
export function knownTasks(known: readonly KnownTask[], hasTakerOfAll: boolean): AnnouncedTasks {
  const releases = new Map<string, Release[]>();
  for (const task of known) {
    const others = releases.get(task.name) ?? [];
    if (task.isRelease) others.push(new Release(task));
    releases.set(task.name, others);
  }
  const none: readonly Release[] = [];
  const live = new Map([...releases].map(([name, all]) => [name, all.filter(({ isLive }) => isLive)]));
  const liveOf = (task: string) => live.get(task) ?? none;
  return {
    isEmpty: releases.size === 0,
    hasTakerOfAll,
    names: [...releases.keys()].sort(),
    has: (task) => releases.has(task),
    defaults: (task) => (liveOf(task)[0] ?? releases.get(task)?.[0])?.task,
    checkPayload: (task, payload) => checkAny(liveOf(task), (release) => release.checkInput(payload)),
    checkResult: (task, result) => checkAny(liveOf(task), (release) => release.checkOutput(result)),
    schemasOf: (task) => {
      const schemas = liveOf(task).map(({ fingerprint }) => fingerprint);
      return schemas.includes('') ? [] : schemas;
    },
  };
}

/** The faults that the first release finds if all of them find some. */
function checkAny(releases: readonly Release[], check: (release: Release) => Fault[]): Fault[] {
  let first: Fault[] | undefined;
  for (const release of releases) {
    const faults = check(release);
    if (faults.length === 0) return faults;
    first ??= faults;
  }
  return first ?? [];
}

/** Its schemas are compiled on first use. */
class Release {
  readonly task: KnownTask;
  readonly isLive: boolean;
  #input: ((json: JsonText) => Fault[]) | undefined;
  #output: ((json: JsonText) => Fault[]) | undefined;
  #fingerprint: string | undefined;

  constructor(task: KnownTask) {
    this.task = task;
    this.isLive = task.isLive;
  }

  get fingerprint(): string {
    this.#fingerprint ??= schemaFingerprint(this.task.input);
    return this.#fingerprint;
  }

  checkInput(json: JsonText): Fault[] {
    this.#input ??= compileCheck(this.task.input, '/payload');
    return this.#input(json);
  }

  checkOutput(json: JsonText): Fault[] {
    this.#output ??= compileCheck(this.task.output, '/result');
    return this.#output(json);
  }
}

/** Only a schema asks for the parsed value. */
function compileCheck(source: TaskAnnouncement['input'], base: string): (json: JsonText) => Fault[] {
  const schema = source === undefined ? undefined : compileSchema(source);
  // A schema that this process cannot compile is left to the worker, which could.
  return schema?.ok ? (json) => schema.check(json.parse(), base) : () => [];
}
