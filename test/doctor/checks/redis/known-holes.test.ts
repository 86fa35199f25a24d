import { describe, expect, it } from 'vitest';
import { checkKnownHoles, HOLES } from '../../../../src/doctor/checks/redis/known-holes.ts';
import { parseVersion } from '../../../../src/redis/server/version.ts';

const judge = (name: 'Redis' | 'Valkey', version: string) => checkKnownHoles({ name, version })[0];

describe('known holes', () => {
  it.each([
    ['Redis', '6.2.24'],
    ['Redis', '7.2.16'],
    ['Redis', '8.2.9'],
    ['Redis', '8.10.1'],
    ['Redis', '9.0.0'],
    ['Valkey', '7.2.14'],
    ['Valkey', '9.1.1'],
    ['Valkey', '9.2.0'],
  ] as const)('%s %s has none', (name, version) => {
    expect(judge(name, version)?.level).toBe('ok');
  });

  it.each([
    // The line ended before any of the fixes: the way out is the next line.
    ['Redis', '7.0.15', 'CVE-2025-49844', '7.2.16'],
    ['Redis', '7.2.10', 'CVE-2025-49844', '7.2.16'],
    // The fix of 2025 is in, those of 2026 are not: the support of 8.0 had ended.
    ['Redis', '8.0.6', '24 July 2026', '8.2.9'],
    ['Redis', '8.2.8', '18 August 2026', '8.2.9'],
    ['Redis', '7.4.1', 'CVE-2025-49844', '7.4.11'],
    ['Valkey', '7.2.5', 'CVE-2025-49844', '7.2.14'],
    ['Valkey', '8.1.4', 'CVE-2026-56684', '8.1.9'],
    ['Valkey', '9.1.0', 'CVE-2026-56684', '9.1.1'],
  ] as const)('%s %s has %s, and %s is the way out', (name, version, hole, upgrade) => {
    const finding = judge(name, version);
    expect(finding?.level).toBe('warning');
    expect(finding?.what).toContain(hole);
    expect(finding?.todo).toContain(`Upgrade to ${name} ${upgrade} or newer`);
  });

  it('are said of Redis and Valkey only', () => {
    expect(checkKnownHoles({ name: 'Dragonfly', version: 'df-v1.30.0' })).toEqual([]);
    expect(checkKnownHoles({ name: 'Redis', version: 'unknown' })).toEqual([]);
  });

  it('have a source, and releases in order', () => {
    for (const { fixedIn, source } of [...HOLES.Redis, ...HOLES.Valkey]) {
      expect(source).toMatch(/^https:\/\//);
      expect(fixedIn.map(parseVersion)).not.toContain(undefined);
    }
  });
});
