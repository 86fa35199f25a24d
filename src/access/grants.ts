import { SCOPES, type Scope } from '../schemas/keys/scope.ts';
import { isPattern, matchesQueue } from '../schemas/values/queue-patterns.ts';

/** For which queues a scope holds. */
interface Reach {
  isAll: boolean;
  readonly names: Set<string>;
  readonly patterns: string[];
}

const newReach = (): Reach => ({ isAll: false, names: new Set(), patterns: [] });

/** What the scopes of a caller allow. `admin` allows all that the other scopes do. */
export class Grants {
  readonly #reach: Readonly<Record<Scope, Reach>> = {
    submit: newReach(),
    read: newReach(),
    work: newReach(),
    manage: newReach(),
    admin: newReach(),
  };

  /** @param scopes such as `read` or `submit:img-*`. A text that is no scope of ours allows nothing. */
  constructor(scopes: readonly string[]) {
    for (const text of scopes) {
      const colon = text.indexOf(':');
      const scope = colon < 0 ? text : text.slice(0, colon);
      const queues = colon < 0 ? undefined : text.slice(colon + 1);
      for (const each of SCOPES) if (scope === each || scope === 'admin') extend(this.#reach[each], queues);
    }
  }

  /** Whether the scope holds for the queue; without a queue, whether it holds for all of them. */
  may(scope: Scope, queue?: string): boolean {
    const { isAll, names, patterns } = this.#reach[scope];
    if (isAll) return true;
    if (queue === undefined) return false;
    return names.has(queue) || patterns.some((pattern) => matchesQueue(pattern, queue));
  }

  /** The queues for which the scope holds, as text. */
  reachOf(scope: Scope): string {
    const { isAll, names, patterns } = this.#reach[scope];
    return isAll ? '*' : [...names, ...patterns].sort().join();
  }

  /** Whether the scope holds for some queue. */
  mayAny(scope: Scope): boolean {
    const { isAll, names, patterns } = this.#reach[scope];
    return isAll || names.size > 0 || patterns.length > 0;
  }
}

function extend(reach: Reach, queues: string | undefined): void {
  if (queues === undefined || /^\*+$/.test(queues)) reach.isAll = true;
  else if (isPattern(queues)) reach.patterns.push(queues);
  else if (queues !== '') reach.names.add(queues);
}
