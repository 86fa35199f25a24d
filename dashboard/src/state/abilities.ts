import { ApiError, request } from '../net/api.ts';
import { storeAbilities, storedAbilities } from '../net/key.ts';
import { pathOf } from '../net/places.ts';
import { Signal, useSignal } from './signal.ts';

/**
 * What the key may do. The API tells it only by its answers, so each is asked once in a session, by a request that changes nothing: it is
 * not valid, and a key without the scope is refused before that is seen.
 */
const known = new Map<string, Signal<boolean | undefined>>(
  Object.entries(storedAbilities()).map(([name, isAllowed]) => [
    name,
    new Signal<boolean | undefined>(isAllowed),
  ]),
);

function ask(name: string, probe: () => Promise<unknown>): Signal<boolean | undefined> {
  let answer = known.get(name);
  if (answer === undefined) {
    answer = new Signal<boolean | undefined>(undefined);
    known.set(name, answer);
    void learn(name, answer, probe).catch(() => known.delete(name));
  }
  return answer;
}

async function learn(
  name: string,
  answer: Signal<boolean | undefined>,
  probe: () => Promise<unknown>,
): Promise<void> {
  answer.set(await isAllowed(probe));
  storeAbilities({ ...storedAbilities(), [name]: answer.value });
}

async function isAllowed(probe: () => Promise<unknown>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch (error) {
    const { status, code } = error instanceof ApiError ? error.problem : { status: 0, code: '' };
    if (status === 400 || code === 'schedule-not-found') return true;
    if (status === 403 || status === 404) return false;
    throw error;
  }
}

const admin = () => ask('admin', () => request('keys', { query: { limit: 1 } }));

const submit = () => ask('submit', () => request('jobs', { method: 'POST', body: {} }));

const manageSome = () => ask('manage', () => request('schedules/-none-/pause', { method: 'POST' }));

const manage = (queue: string) =>
  ask(`manage:${queue}`, () =>
    request(`${pathOf('queues', queue)}/dead/retry`, { method: 'POST', body: { limit: 0 } }),
  );

const NO = new Signal<boolean | undefined>(false);

function useAnswer(isWanted: boolean, answer: () => Signal<boolean | undefined>): boolean {
  const found = useSignal(isWanted ? answer() : NO);
  return found === true;
}

/** Whether the key may do everything; undefined until that is known. */
export function useAdmin(): boolean | undefined {
  return useSignal(admin());
}

/** Whether the key may submit jobs to some queue. */
export function useCanSubmit(): boolean {
  const isAdmin = useAdmin();
  return useAnswer(isAdmin === false, submit) || isAdmin === true;
}

/** Whether the key may manage a queue; without a name: some queue. */
export function useCanManage(queue?: string): boolean {
  const isAdmin = useAdmin();
  const may = useAnswer(isAdmin === false, queue === undefined ? manageSome : () => manage(queue));
  return may || isAdmin === true;
}
