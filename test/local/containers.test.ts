import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The lines of a service in the compose file. */
const serviceOf = (name: string) =>
  new RegExp(`^ {2}${name}:\\n((?: {3,}.*\\n|\\n)*)`, 'm').exec(read('docker-compose.yml'))?.[1] ?? '';

it('starts API and worker side by side: each waits for Redis alone', () => {
  for (const service of ['api', 'worker']) {
    const [, waits = ''] = /depends_on:\n((?: {6,}.*\n)*)/.exec(serviceOf(service)) ?? [];
    expect([...waits.matchAll(/^ {6}(\w+):/gm)].map(([, name]) => name)).toEqual(['redis']);
  }
});

it('checks the health of what others wait for every second, and of all else every five', () => {
  expect(serviceOf('redis')).toMatch(/interval: 1s\n/);
  expect(read('Dockerfile')).toMatch(/^HEALTHCHECK --interval=5s /m);
});
