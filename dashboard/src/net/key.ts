import { Signal } from '../state/signal.ts';

const STORED = 'millrace.key';
const ABILITIES = 'millrace.abilities';

/** The key of this tab; '' for none. It ends with the tab. */
export const key = new Signal(sessionStorage.getItem(STORED) ?? '');

/** Whether the API has refused the key, or wants one. */
export const needsKey = new Signal(false);

export const keyHeader = (): Record<string, string> =>
  key.value === '' ? {} : { authorization: `Bearer ${key.value}` };

export const onUnauthorized = (): void => needsKey.set(true);

/** Takes a key for this tab; '' forgets it. */
export function takeKey(text: string): void {
  sessionStorage.removeItem(ABILITIES);
  if (text === '') sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, text);
  // All that was shown belongs to the key before.
  location.reload();
}

/** What the key of this tab may do, as far as it is known: each question is a line in the audit. */
export const storedAbilities = (): Record<string, boolean | undefined> =>
  JSON.parse(sessionStorage.getItem(ABILITIES) ?? '{}') as Record<string, boolean>;

export const storeAbilities = (abilities: Record<string, boolean | undefined>): void =>
  sessionStorage.setItem(ABILITIES, JSON.stringify(abilities));
