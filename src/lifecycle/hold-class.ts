import { clip } from '../schemas/json/well-formed.ts';
import type { HeldBy } from '../schemas/values/names.ts';

/**
 * A class of held jobs, in two lines: why they are held and for what, such as `task:resize`, then the fingerprints of the
 * input schemas that refuse their payloads. A worker takes a class if it has the task and its schema is not listed.
 *
 * A job that its key holds back has the class `key:<key>` with an empty second line, with the key as JSON writes it, without quotes.
 *
 * A member of `holds` is `<class>\n<priority><origin><ready at> <ref>`: the jobs of a class lie side by side, the most urgent
 * first, then those that waited for longest. The origin is 0 for a job out of `parked`, else 1. The time has 13 digits. Behind it a job
 * that is held for its key has its entry id: the time, too, if it is out of `parked`, and the sequence number unless that is 0, its length
 * before its digits. So texts compare as entry ids do.
 */
export const CLASS_PATTERN = /^(?<reason>[^\n]*)\n(?<refusers>[^\n]*)$/;

/** The form of a member. */
export const HELD_MEMBER = /^[^\n]{1,1600}\n[^\n]{0,400}\n[1-4][01]\d{13,36} [chnlp]\d{1,19}-\d{1,19}$/;

/** The ref of the job that a member stands for. */
export const refOfHeld = (member: string): string => member.slice(member.lastIndexOf(' ') + 1);

/** Longest name in a class. Those of our tasks are shorter; any client of Redis can add an entry with another. */
const MAX_NAME = 200;

/** The first line of a class: why a job is held, and for what. */
const reasonOf = (heldBy: HeldBy, name: string): string =>
  `${heldBy}:${clip(name, MAX_NAME).replaceAll(/[\s\p{Cc}]/gu, '_')}`;

/** The first line of the classes whose jobs wait for a worker that has the task. */
export const taskReason = (task: string): string => reasonOf('task', task);

/** What the classes of a task begin with. */
export const classPrefix = (task: string): string => `${taskReason(task)}\n`;

/** What a worker can run: by the name of the task, the fingerprints of its input schema in each release that counts. */
export interface Ability {
  /** The tasks; undefined stands for all. */
  readonly tasks: readonly string[] | undefined;
  /** Fingerprints of the task's schemas; empty when none can refuse. */
  schemasOf(task: string): readonly string[];
}

/** Whether a worker can run the jobs of a class: it has the task, and at least one of its schemas has not refused them. */
export function canRun({ tasks, schemasOf }: Ability, holdClass: string): boolean {
  const { reason = '', refusers = '' } = CLASS_PATTERN.exec(holdClass)?.groups ?? {};
  if (!reason.startsWith('task:')) return false;
  const task = reason.slice('task:'.length);
  if (tasks !== undefined && !tasks.includes(task)) return false;
  const refused = refusers.split(',').filter(Boolean);
  const schemas = schemasOf(task);
  return schemas.length === 0 || schemas.some((schema) => !refused.includes(schema));
}
