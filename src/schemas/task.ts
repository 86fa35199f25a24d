import { type Static, Type } from 'typebox';
import { Attempts, Backoff } from './job.ts';
import { duration, TIMEOUT_LIMITS } from './values/duration.ts';
import { TaskName } from './values/names.ts';

const JsonSchema = Type.Unsafe<Record<string, unknown> | boolean>({
  type: ['object', 'boolean'],
  description: 'A JSON Schema.',
});

/** What a task module may say besides its handler; announced in Redis under the task's name. */
export const TaskOptions = Type.Object(
  {
    name: Type.Optional(TaskName),
    input: Type.Optional(JsonSchema),
    output: Type.Optional(JsonSchema),
    attempts: Type.Optional(Attempts),
    backoff: Type.Optional(Backoff),
    timeoutMs: Type.Optional(duration('Limit of one attempt.', TIMEOUT_LIMITS)),
    thread: Type.Optional(Type.Boolean({ description: 'Run in a worker thread that can be killed.' })),
  },
  { additionalProperties: false },
);
export type TaskOptions = Static<typeof TaskOptions>;
