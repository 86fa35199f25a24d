import type { JSX } from 'preact';
import { key, takeKey } from '../net/key.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Logo } from '../parts/logo.tsx';
import { useAdmin, useCanSubmit } from '../state/abilities.ts';
import { isLive } from '../state/live.ts';
import { addressOf, place } from '../state/router.ts';
import { isHelpOpen } from '../state/shortcuts.ts';
import { useSignal } from '../state/signal.ts';
import { nextTheme, theme } from '../state/theme.ts';

interface Entry {
  readonly name: string;
  readonly icon: IconName;
  readonly parts: readonly string[];
  /** Other lists whose views belong to this entry. */
  readonly also?: readonly string[];
}

const ENTRIES: readonly Entry[] = [
  { name: 'Queues', icon: 'overview', parts: [], also: ['queues'] },
  { name: 'Jobs', icon: 'jobs', parts: ['jobs'] },
  { name: 'Dead letters', icon: 'dead', parts: ['dead'] },
  { name: 'Schedules', icon: 'schedules', parts: ['schedules'] },
  { name: 'Subscriptions', icon: 'subscriptions', parts: ['subscriptions'] },
  { name: 'Workers', icon: 'workers', parts: ['workers'] },
];

const ADMIN_ENTRIES: readonly Entry[] = [
  { name: 'Keys', icon: 'keys', parts: ['keys'] },
  { name: 'Audit', icon: 'audit', parts: ['audit'] },
];

export function Navigation(): JSX.Element {
  const isAdmin = useAdmin() === true;
  const entries = isAdmin ? [...ENTRIES, ...ADMIN_ENTRIES] : ENTRIES;
  return (
    <nav class="nav" aria-label="Views">
      <a class="nav-home" href={addressOf([])} aria-label="Millrace, all queues">
        <Logo />
      </a>
      <SubmitLink />
      <ul>
        {entries.map((entry) => (
          <NavigationEntry key={entry.name} entry={entry} />
        ))}
      </ul>
      <NavigationFoot />
    </nav>
  );
}

function SubmitLink(): JSX.Element | null {
  return useCanSubmit() ? (
    <a class="button primary nav-submit" href={addressOf(['submit'])}>
      <Icon name="submit" />
      <span>Submit a job</span>
    </a>
  ) : null;
}

function NavigationEntry({ entry: { name, icon, parts, also = [] } }: { entry: Entry }): JSX.Element {
  const [list] = useSignal(place).parts;
  const isHere = list === parts[0] || (list !== undefined && also.includes(list));
  return (
    <li>
      <a href={addressOf(parts)} aria-current={isHere ? 'page' : undefined}>
        <Icon name={icon} />
        <span>{name}</span>
      </a>
    </li>
  );
}

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function NavigationFoot(): JSX.Element {
  const shown = useSignal(theme);
  const isOpen = useSignal(isLive);
  return (
    <div class="nav-foot">
      <span class={`live ${isOpen ? 'is-open' : ''}`} role="status">
        {isOpen ? 'Live' : 'Connecting…'}
      </span>
      <button
        type="button"
        class="quiet"
        title={`Colours: ${shown}`}
        aria-label={`Colours: ${shown}`}
        onClick={nextTheme}
      >
        <Icon name={THEME_ICONS[shown]} />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Keys of the keyboard"
        title="Keys: ?"
        onClick={() => isHelpOpen.set(true)}
      >
        ?
      </button>
      {key.value !== '' && (
        <button type="button" class="quiet" onClick={() => takeKey('')}>
          Sign out
        </button>
      )}
    </div>
  );
}
