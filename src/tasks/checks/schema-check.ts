import { isDeeper } from '../../schemas/json/depth.ts';
import { JsonText } from '../../schemas/json/json-text.ts';
import type { Fault } from '../../schemas/problem.ts';
import { type CompiledSchema, compileSchema } from '../../schemas/validation/compile.ts';
import type { JsonSchema } from '../types.ts';
import type { CheckThreads } from './check-threads.ts';
import { planOf, type SchemaPlan } from './schema-plan.ts';

/** Most characters of an announced schema, as JSON. */
export const MAX_SCHEMA_LENGTH = 131_072;

/** Most levels of an announced schema. Its checks use the stack for each. */
const MAX_SCHEMA_DEPTH = 100;

/** One of each kind. */
const PROBES = [null, 0, '', [], {}].map(JsonText.of);

/** What a check found. `slow`: it takes too long. `busy`: too many others wait. */
export type CheckOutcome = Fault[] | 'slow' | 'busy';

/** How a schema stands: whether this process can check values against it. */
export type SchemaState = { readonly isUsable: true } | { readonly isUsable: false; readonly reason: string };

const USABLE: SchemaState = { isUsable: true };
const NO_FAULTS: Fault[] = [];

/**
 * An announced schema. Most schemas take little time for a small value: they are checked in the event loop. Others, and
 * large values, go to a thread. A schema that cannot be used accepts everything: its workers check by themselves.
 */
export class SchemaCheck {
  readonly #schema: JsonSchema;
  readonly #text: string;
  readonly #key: string;
  readonly #threads: CheckThreads;
  readonly #onUnusable: (reason: string) => void;
  #state: SchemaState;
  #plan: SchemaPlan | undefined;
  #compiled: CompiledSchema | undefined;

  /**
   * @param text the schema as JSON.
   * @param key tells schemas apart.
   */
  constructor(
    { schema, text, key }: { schema: JsonSchema; text: string; key: string },
    threads: CheckThreads,
    onUnusable: (reason: string) => void,
  ) {
    this.#schema = schema;
    this.#text = text;
    this.#key = key;
    this.#threads = threads;
    this.#onUnusable = onUnusable;
    this.#state = USABLE;
    const reason = boundsReason(text);
    if (reason !== undefined) this.#giveUp(reason);
  }

  /** The faults; undefined when `apart` must check. */
  now(value: JsonText, base: string): Fault[] | undefined {
    if (!this.#state.isUsable) return NO_FAULTS;
    this.#plan ??= planOf(this.#schema);
    if (!this.#plan.isQuickFor(value.text)) return undefined;
    const compiled = this.#compile();
    if (!compiled.ok) return NO_FAULTS;
    return compiled.check(value.parse(), base, this.#plan.isBriefFor(value.text) ? 'all' : 'first');
  }

  /** Checks in a thread. */
  async apart({ text }: JsonText, base: string): Promise<CheckOutcome> {
    if (!this.#state.isUsable) return NO_FAULTS;
    const outcome = await this.#threads.check({ key: this.#key, schema: this.#text, value: text, base });
    switch (outcome.kind) {
      case 'checked':
        return outcome.faults;
      case 'busy':
        return 'busy';
      case 'no-schema':
        this.#giveUp(outcome.reason);
        return NO_FAULTS;
      case 'slow':
        if (outcome.step === 'check') return 'slow';
        this.#giveUp('takes too long to compile');
        return NO_FAULTS;
    }
  }

  /** Whether values can be checked, which is tried with small ones. Undefined when too many other checks wait. */
  async tryOut(): Promise<SchemaState | undefined> {
    if (!this.#state.isUsable) return this.#state;
    this.#plan ??= planOf(this.#schema);
    if (this.#plan.isQuick) {
      this.#compile();
      return this.#state;
    }
    for (const probe of PROBES) {
      const outcome = await this.apart(probe, '');
      if (!this.#state.isUsable) return this.#state;
      if (outcome === 'busy') return undefined;
      if (outcome === 'slow')
        return { isUsable: false, reason: 'takes too long to check even a small value' };
    }
    return this.#state;
  }

  #compile(): CompiledSchema {
    this.#compiled ??= compileSchema(this.#schema);
    if (!this.#compiled.ok) this.#giveUp(this.#compiled.reason);
    return this.#compiled;
  }

  #giveUp(reason: string): void {
    if (!this.#state.isUsable) return;
    this.#state = { isUsable: false, reason };
    this.#onUnusable(reason);
  }
}

function boundsReason(text: string): string | undefined {
  if (text.length > MAX_SCHEMA_LENGTH) return `has more than ${MAX_SCHEMA_LENGTH} characters as JSON`;
  return isDeeper(text, MAX_SCHEMA_DEPTH) ? `is nested deeper than ${MAX_SCHEMA_DEPTH} levels` : undefined;
}
