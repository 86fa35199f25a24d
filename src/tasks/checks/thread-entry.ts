import { readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type CompiledSchema, compileSchema } from '../../schemas/validation/compile.ts';
import { type CheckRequest, type FromThread, MAX_COMPILED } from './thread-messages.ts';

/** By the key of the schema. */
const compiled = new Map<string, CompiledSchema>();

/** A longer value gets its first fault only: to list all may take longer than the deadline. */
const MAX_BRIEF_LENGTH = 16_384;

/** Linux has a folder for each thread. */
function ownThread(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return undefined;
  }
}

const send = (message: FromThread) => parentPort?.postMessage(message);

function compile({ key, schema }: CheckRequest): CompiledSchema {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const one = compileSchema(JSON.parse(schema));
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, one);
  send({ kind: 'compiled' });
  return one;
}

parentPort?.on('message', (request: CheckRequest) => {
  const schema = compile(request);
  if (!schema.ok) return send({ kind: 'no-schema', reason: schema.reason });
  const { value, base } = request;
  const extent = value.length <= MAX_BRIEF_LENGTH ? 'all' : 'first';
  send({ kind: 'checked', faults: schema.check(JSON.parse(value), base, extent) });
});

send({ kind: 'ready', thread: ownThread() });
