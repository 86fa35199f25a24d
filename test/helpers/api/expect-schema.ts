import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { expect } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { JobEvent } from '../../../src/schemas/event.ts';
import { DroppedMessage, EndEvent, JobMessage, ResetMessage } from '../../../src/schemas/event-stream.ts';
import { Job, JobError } from '../../../src/schemas/job.ts';
import { LogLine, LogMessage } from '../../../src/schemas/jobs/log.ts';
import { Problem } from '../../../src/schemas/problem.ts';
import { QueueStats } from '../../../src/schemas/queue.ts';
import { Subscription } from '../../../src/schemas/subscription.ts';
import type { Answer } from './send.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
const messages = [EndEvent, JobMessage, LogLine, LogMessage, ResetMessage, DroppedMessage];
for (const schema of [JobError, Job, Problem, QueueStats, JobEvent, ...messages, Subscription]) {
  ajv.addSchema(schema);
}

/** The value fits the schema that the API promises for it. */
export function expectShape(schema: TSchema, value: unknown): void {
  const validate = ajv.getSchema(String(Reflect.get(schema, '$id'))) ?? ajv.compile(schema);
  const fits = validate(value);
  expect(fits, `${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`).toBe(true);
}

export type Pointers = readonly string[];

/** The answer is problem details with this status and code, and points to just these places. */
export function expectProblem(answer: Answer, status: number, code: ErrorCode, pointers?: Pointers): void {
  expect({ status: answer.status, code: answer.body.code }, answer.text).toEqual({ status, code });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json(;|$)/);
  expectShape(Problem, answer.body);
  expect(answer.body.status).toBe(status);
  expect(answer.body.detail).not.toBe('');
  if (pointers !== undefined) expect(pointersOf(answer.body)).toEqual([...pointers].sort());
}

/** Where a problem says that the input is wrong; each place once. */
export const pointersOf = (problem: Problem): string[] =>
  [...new Set((problem.errors ?? []).map(({ pointer }) => pointer))].sort();
