import { type Static, Type } from 'typebox';
import { Backoff } from './job.ts';
import { Attempts } from './values/attempts.ts';
import { duration, TIMEOUT_LIMITS } from './values/duration.ts';
import { TaskName } from './values/names.ts';

const jsonSchema = (description: string) =>
  Type.Unsafe<Record<string, unknown> | boolean>({ type: ['object', 'boolean'], description });

/** What a task module may set besides its handler. Workers announce it in Redis under the task's name. */
export const TaskOptions = Type.Object(
  {
    name: Type.Optional(TaskName),
    input: Type.Optional(jsonSchema('A JSON Schema of the payload. Default: any payload.')),
    output: Type.Optional(jsonSchema('A JSON Schema of the result. Default: any result.')),
    attempts: Type.Optional(Attempts),
    backoff: Type.Optional(Backoff),
    timeoutMs: Type.Optional(duration('The longest time of one attempt. Default 30 min.', TIMEOUT_LIMITS)),
    thread: Type.Optional(
      Type.Boolean({ description: 'Runs the task in a worker thread, which can be killed. Default false.' }),
    ),
  },
  { additionalProperties: false },
);
export type TaskOptions = Static<typeof TaskOptions>;
