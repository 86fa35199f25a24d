import type { ServerKind } from '../../../redis/server/kind.ts';
import { compare, isSameLine, parseVersion, type Version } from '../../../redis/server/version.ts';
import { type Finding, ok, warning } from '../../finding.ts';

interface Hole {
  readonly name: string;
  readonly what: string;
  /** The first release of each line that has the fix. */
  readonly fixedIn: readonly string[];
  readonly source: string;
}

/** When the table below was last compared with its sources. */
export const KNOWN_UNTIL = '2026-08-31';

/** The worst first, of those that somebody who can log in to Redis can use. */
export const HOLES: Readonly<Record<'Redis' | 'Valkey', readonly Hole[]>> = {
  Redis: [
    {
      name: 'CVE-2025-49844',
      what: 'a Lua script can run code on the server',
      fixedIn: ['6.2.20', '7.2.11', '7.4.6', '8.0.4', '8.2.2'],
      source: 'https://redis.io/blog/security-advisory-cve-2025-49844/',
    },
    {
      name: 'the release of 24 July 2026',
      what: 'a client can run code on the server',
      fixedIn: ['6.2.23', '7.2.15', '7.4.10', '8.2.8', '8.4.5', '8.6.5', '8.8.1'],
      source: 'https://github.com/docker-library/official-images/pull/21922',
    },
    {
      name: 'the release of 18 August 2026',
      what: 'several fixes of all lines',
      fixedIn: ['6.2.24', '7.2.16', '7.4.11', '8.2.9', '8.4.6', '8.6.6', '8.8.2'],
      source: 'https://github.com/docker-library/official-images/pull/22078',
    },
  ],
  Valkey: [
    {
      name: 'CVE-2025-49844',
      what: 'a Lua script can run code on the server',
      fixedIn: ['7.2.11', '8.0.6', '8.1.4'],
      source: 'https://github.com/valkey-io/valkey/releases/tag/8.1.4',
    },
    {
      name: 'CVE-2026-56684 and CVE-2026-63639',
      what: 'a client can run code on the server',
      fixedIn: ['7.2.14', '8.0.10', '8.1.9', '9.0.5', '9.1.1'],
      source: 'https://github.com/valkey-io/valkey/releases/tag/9.1.1',
    },
  ],
};

/**
 * Whether the release has the hole. A line without a fix of its own is past its support if a newer line has one, and newer than
 * the hole otherwise.
 */
function isOpen(version: Version, { fixedIn }: Hole): boolean {
  const fixes = fixedIn.map(parseVersion).filter((fix) => fix !== undefined);
  const ofLine = fixes.find((fix) => isSameLine(fix, version));
  if (ofLine !== undefined) return compare(version, ofLine) < 0;
  return fixes.some((fix) => compare(version, fix) < 0);
}

/** The first release that has all fixes: of the same line, or else of the next one. */
function upgradeOf(version: Version, holes: readonly Hole[]): string {
  const later = holes.at(-1)?.fixedIn.find((text) => {
    const fix = parseVersion(text);
    return fix !== undefined && compare(fix, version) > 0;
  });
  return later ?? 'the newest release';
}

/** Holes that are known of the release of the server. */
export function checkKnownHoles({ name, version }: ServerKind): Finding[] {
  const parsed = parseVersion(version);
  if (parsed === undefined || (name !== 'Redis' && name !== 'Valkey')) return [];
  const open = HOLES[name].filter((hole) => isOpen(parsed, hole));
  const [worst] = open;
  if (worst === undefined) {
    return [ok('known-holes', `${name} ${version} has no hole that was known on ${KNOWN_UNTIL}.`)];
  }
  const others =
    open.length > 1
      ? `, and ${open
          .slice(1)
          .map((hole) => hole.name)
          .join(', ')}`
      : '';
  return [
    warning('known-holes', {
      what: `${name} ${version} lacks the fix of ${worst.name}: ${worst.what} (${worst.source})${others}.`,
      why: 'A client that has the password of Redis can use it. Millrace sends only its own scripts.',
      todo: `Upgrade to ${name} ${upgradeOf(parsed, HOLES[name])} or newer. Where a distribution adds fixes without a new number (Debian does), check its package and run the doctor with --ignore known-holes.`,
    }),
  ];
}
