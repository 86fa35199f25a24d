import type { TaskDefaults } from '../redis/entry-options.ts';
import type { JsonText } from '../schemas/json/json-text.ts';
import type { Fault } from '../schemas/problem.ts';
import type { CheckOutcome, SchemaCheck } from './checks/schema-check.ts';
import type { SchemaChecks } from './checks/schema-checks.ts';
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
  /** The tasks that live workers have announced, sorted. */
  readonly liveNames: readonly string[];
  has(task: string): boolean;
  /** Those of the newest release. */
  defaults(task: string): TaskDefaults | undefined;
  /**
   * The faults that the newest live release finds. Empty when some live release takes the payload, and when no release is
   * live. A promise when a thread must check.
   */
  checkPayload(task: string, payload: JsonText): CheckOutcome | Promise<CheckOutcome>;
  /** As `checkPayload`, with the output schemas. */
  checkResult(task: string, result: JsonText): CheckOutcome | Promise<CheckOutcome>;
  /** Fingerprints of the input schemas of all live releases; empty when one of them takes every payload. */
  schemasOf(task: string): readonly string[];
}

/** The announcements of a queue as they were read. */
export interface Known {
  readonly queue: string;
  /** Newest release first. */
  readonly tasks: readonly KnownTask[];
  readonly hasTakerOfAll: boolean;
}

export function knownTasks({ queue, tasks, hasTakerOfAll }: Known, checks: SchemaChecks): AnnouncedTasks {
  const releases = new Map<string, Release[]>();
  const checkOf: CheckOf = (schema, task) => checks.of(schema, { queue, task });
  for (const task of tasks) {
    const others = releases.get(task.name) ?? [];
    if (task.isRelease) others.push(new Release(task, checkOf));
    releases.set(task.name, others);
  }
  const none: readonly Release[] = [];
  const live = new Map([...releases].map(([name, all]) => [name, all.filter(({ isLive }) => isLive)]));
  const liveOf = (task: string) => live.get(task) ?? none;
  return {
    isEmpty: releases.size === 0,
    hasTakerOfAll,
    liveNames: [...new Set(tasks.flatMap(({ name, isLive }) => (isLive ? [name] : [])))].sort(),
    has: (task) => releases.has(task),
    defaults: (task) => (liveOf(task)[0] ?? releases.get(task)?.[0])?.task,
    checkPayload: (task, payload) => checkAny(liveOf(task), 'input', payload),
    checkResult: (task, result) => checkAny(liveOf(task), 'output', result),
    schemasOf: (task) => {
      const schemas = liveOf(task).map(({ fingerprint }) => fingerprint);
      return schemas.includes('') ? [] : schemas;
    },
  };
}

/** More live releases of a task are not asked: what the others refuse is accepted then. */
const MAX_ASKED = 20;

const POINTERS = { input: '/payload', output: '/result' };

const NO_FAULTS: Fault[] = [];

/** The faults that the first release finds if all of them find some. Threads are asked last. */
function checkAny(
  releases: readonly Release[],
  member: 'input' | 'output',
  value: JsonText,
): CheckOutcome | Promise<CheckOutcome> {
  if (releases.length > MAX_ASKED) return NO_FAULTS;
  let first: Fault[] | undefined;
  let apart: SchemaCheck[] | undefined;
  for (const release of releases) {
    const check = release[member];
    if (check === undefined) return NO_FAULTS;
    const faults = check.now(value, POINTERS[member]);
    if (faults?.length === 0) return faults;
    first ??= faults;
    if (faults === undefined) apart = [...(apart ?? []), check];
  }
  return apart === undefined ? (first ?? NO_FAULTS) : checkApart(apart, value, POINTERS[member], first);
}

async function checkApart(
  checks: readonly SchemaCheck[],
  value: JsonText,
  base: string,
  first: Fault[] | undefined,
): Promise<CheckOutcome> {
  let refused: CheckOutcome | undefined = first;
  for (const check of checks) {
    const outcome = await check.apart(value, base);
    if (outcome.length === 0) return outcome;
    // A release that could not check may take the value.
    if (refused === undefined || typeof outcome === 'string') refused = outcome;
  }
  return refused ?? NO_FAULTS;
}

type CheckOf = (schema: NonNullable<TaskAnnouncement['input']>, task: string) => SchemaCheck;

/** Its schemas are looked at on first use. */
class Release {
  readonly task: KnownTask;
  readonly isLive: boolean;
  readonly #checkOf: CheckOf;
  #input: SchemaCheck | undefined;
  #output: SchemaCheck | undefined;
  #fingerprint: string | undefined;

  constructor(task: KnownTask, checkOf: CheckOf) {
    this.task = task;
    this.isLive = task.isLive;
    this.#checkOf = checkOf;
  }

  get fingerprint(): string {
    this.#fingerprint ??= schemaFingerprint(this.task.input);
    return this.#fingerprint;
  }

  /** Undefined: it takes every payload. */
  get input(): SchemaCheck | undefined {
    const { name, input } = this.task;
    if (input !== undefined) this.#input ??= this.#checkOf(input, name);
    return this.#input;
  }

  /** Undefined: every result is right. */
  get output(): SchemaCheck | undefined {
    const { name, output } = this.task;
    if (output !== undefined) this.#output ??= this.#checkOf(output, name);
    return this.#output;
  }
}
