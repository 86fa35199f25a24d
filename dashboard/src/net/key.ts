import { Signal } from '../state/signal.ts';

const STORED = 'millrace.key';

/** The key of this tab; '' for none. It ends with the tab. */
export const key = new Signal(sessionStorage.getItem(STORED) ?? '');

/** Whether the API has refused the key, or wants one. */
export const needsKey = new Signal(false);

export const keyHeader = (): Record<string, string> =>
  key.value === '' ? {} : { authorization: `Bearer ${key.value}` };

export const onUnauthorized = (): void => needsKey.set(true);

/** Takes a key for this tab; '' forgets it. */
export function takeKey(text: string): void {
  if (text === '') sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, text);
  // All that was shown belongs to the key before.
  location.reload();
}
