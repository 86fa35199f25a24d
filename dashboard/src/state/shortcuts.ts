import { refreshes } from './load.ts';
import { question } from './notices.ts';
import { Signal } from './signal.ts';

export const SHORTCUTS = [
  ['/', 'Search in this view'],
  ['j', 'Next row'],
  ['k', 'Row before'],
  ['Enter', 'Open the row'],
  ['r', 'Read again'],
  ['?', 'Show these keys'],
] as const;

export const isHelpOpen = new Signal(false);

/** Moves the focus among the rows of the list; the page scrolls with it. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.row-link')];
  const current = rows.indexOf(document.activeElement as HTMLElement);
  const next =
    current === -1 ? rows.find((row) => row.getBoundingClientRect().top > 0) : rows[current + step];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  '/': () => document.querySelector<HTMLInputElement>('[data-search]')?.select(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  r: () => refreshes.set(refreshes.value + 1),
  '?': () => isHelpOpen.set(true),
};

/** Hears the keys of the page, but not those that are typed into a field or a dialog. */
export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || question.value !== undefined) return;
    if (target instanceof Element && target.closest('input, textarea, select, dialog') !== null) {
      if (key === 'Escape' && target instanceof HTMLInputElement) target.blur();
      return;
    }
    const action = Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
