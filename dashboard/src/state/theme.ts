import { Signal } from './signal.ts';

export type Theme = 'auto' | 'light' | 'dark';

const STORED = 'millrace.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

const stored = ORDER.find((one) => one === localStorage.getItem(STORED));

/** The colours; `auto` are those of the system. */
export const theme = new Signal<Theme>(stored ?? 'auto');

const apply = (): void => {
  document.documentElement.dataset['theme'] = theme.value;
};
theme.subscribe(apply);
apply();

export function nextTheme(): void {
  const next = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? 'auto';
  localStorage.setItem(STORED, next);
  theme.set(next);
}
