import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { JSON_TYPE } from '../../helpers/api/send.ts';
import { QUEUE } from '../chaos/cluster.ts';
import { entryOf } from './journal.ts';

const RULES = {
  existing: (key: string) => ({ unique: { key } }),
  replace: (key: string) => ({ unique: { key, onConflict: 'replace' } }),
  debounce: (key: string) => ({ debounce: { wait: 30, maxWait: 200, key } }),
};
type RuleName = keyof typeof RULES;
const NAMES = Object.keys(RULES) as RuleName[];
const PLACES_OF_RULE = 2;
/** No job takes longer, ms. */
const MOST_MS = 40;
const RETRY_MS = 20;

interface Edit {
  place: string;
  submit: number;
  job: object;
}

/** Submits unique jobs one after the other, each until it has an answer. */
export class Edits {
  /** Ids of jobs that were accepted. */
  readonly accepted = new Set<string>();
  /** The last submit of each place of which the last one counts. */
  readonly last = new Map<string, number>();
  readonly #origins: readonly string[];
  #count = 0;
  #tries = 0;

  constructor(origins: readonly string[]) {
    this.#origins = origins;
  }

  /** One job; each fifth time an atomic batch with a job of each rule. */
  async next(): Promise<void> {
    const i = this.#count;
    if (i % 5 === 4)
      await this.#submit(
        '/jobs/batch?atomic=true',
        NAMES.map((name) => this.#job(name)),
      );
    else await this.#submit('/jobs', [this.#job(NAMES[i % NAMES.length] ?? 'existing')]);
  }

  #job(rule: RuleName): Edit {
    const submit = this.#count;
    this.#count += 1;
    const place = `${rule}-${submit % PLACES_OF_RULE}`;
    const payload = { key: entryOf(place, submit), ms: submit % MOST_MS };
    const job = { task: 'work', queue: QUEUE, attempts: 'unlimited', payload, ...RULES[rule](place) };
    return { place, submit, job };
  }

  async #submit(path: string, submits: Edit[]): Promise<void> {
    const jobs = submits.map(({ job }) => job);
    const body = JSON.stringify(path === '/jobs' ? jobs[0] : { jobs });
    const answer = await this.#send(path, body, { ...JSON_TYPE, 'idempotency-key': randomUUID() });
    const ids = 'items' in answer ? answer.items.map(({ id }) => id) : [answer.id];
    for (const id of ids) this.accepted.add(id);
    for (const { place, submit } of submits) {
      if (!place.startsWith('existing')) this.last.set(place, submit);
    }
  }

  /** Tries again, at each API in turn, until there is an answer: the key makes it one submit. */
  async #send(
    path: string,
    body: string,
    headers: Record<string, string>,
  ): Promise<{ id: string } | { items: { id: string }[] }> {
    for (;;) {
      this.#tries += 1;
      const origin = this.#origins[this.#tries % this.#origins.length];
      const answer = await fetch(`${origin}${path}`, { method: 'POST', headers, body }).catch(
        () => undefined,
      );
      const text = await answer?.text().catch(() => undefined);
      if (answer?.ok && text !== undefined) return JSON.parse(text);
      if (answer !== undefined && answer.status < 500) throw new Error(`${answer.status}: ${text}`);
      await sleep(RETRY_MS);
    }
  }
}
