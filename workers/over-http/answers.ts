import { type Static, type TSchema, Type } from 'typebox';
import { HeartbeatResponse, TakeResponse } from '../../src/schemas/lease.ts';
import { SettledJob } from '../../src/schemas/settle.ts';
import { AnnouncedTask } from '../../src/schemas/task-http.ts';
import { compileSchema } from '../../src/schemas/validation/compile.ts';

/** Another program has answered. */
export class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer';

  constructor(why: string) {
    super(`something else than Millrace has answered: ${why}`);
  }
}

/** Reads the JSON of an answer. @throws {ForeignAnswer} when it lacks what the worker needs of it. */
export type ReadAnswer<T> = (text: string) => T;

function answerOf<S extends TSchema>(schema: S): ReadAnswer<Static<S>> {
  const compiled = compileSchema(schema, { isOurs: true });
  return (text) => {
    const value = jsonOf(text);
    const [fault] = compiled.ok ? compiled.check(value, '', 'first') : [];
    if (fault === undefined) return value as Static<S>;
    throw new ForeignAnswer(`in its JSON ${fault.pointer || 'the value'} ${fault.detail}`);
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ForeignAnswer(String(error));
  }
}

// Only what the worker uses: an API of a later release may answer more.
export const TAKEN = answerOf(
  Type.Object({
    ...Type.Pick(TakeResponse, ['lease', 'jobs']).properties,
    directive: Type.Optional(Type.Unknown()),
  }),
);
export const RENEWED = answerOf(Type.Pick(HeartbeatResponse, ['cancel']));
/** To a report or an outcome. */
export const SETTLED = answerOf(Type.Pick(SettledJob, ['id', 'status']));
export const ANNOUNCED = answerOf(Type.Pick(AnnouncedTask, ['name']));
