import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Which room may import which rooms and which of the packages that matter. See src/README.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: ['ajv', 'typebox'],
  errors: ['schemas'],
  clock: [],
  observer: [],
  config: ['schemas', 'misspelt-settings'],
  'misspelt-settings': [],
  retry: ['schemas'],
  redis: ['schemas', 'ioredis', 'typebox'],
  events: ['redis', 'schemas'],
  tasks: ['redis', 'schemas', 'clock', 'ajv', 'typebox', 'undici', 'tsx'],
  queue: ['redis', 'events', 'retry', 'schemas', 'tasks', 'errors', 'clock'],
  timetable: ['schemas', 'croner'],
  schedules: ['timetable', 'queue', 'upkeep', 'redis', 'schemas', 'errors', 'observer'],
  upkeep: ['queue', 'redis', 'observer'],
  telemetry: ['observer', 'config', 'pino'],
  plugins: [
    'queue',
    'upkeep',
    'schedules',
    'observer',
    'telemetry',
    'events',
    'tasks',
    'config',
    'errors',
    'schemas',
    'clock',
    'redis',
    'fastify',
    'typebox',
  ],
  routes: ['plugins', 'queue', 'schemas', 'version', 'fastify', 'typebox'],
  workers: [
    'queue',
    'tasks',
    'retry',
    'redis',
    'schemas',
    'observer',
    'telemetry',
    'config',
    'misspelt-settings',
    'clock',
    'leash',
    'upkeep',
    'piscina',
  ],
  'workers/tasks': ['tasks', 'typebox'],
  embedded: ['config', 'misspelt-settings', 'schemas', 'leash'],
  leash: [],
  version: [],
};

/** Files that show the whole wiring: they may import everything. */
const ROOTS = [
  'src/app.ts',
  'src/server.ts',
  'workers/main.ts',
  'openapi/describe.ts',
  'openapi/generate.ts',
];

/** Packages that only the rooms named above may use; `@fastify/x` and `fastify-plugin` count as fastify. */
const GUARDED = ['ioredis', 'fastify', 'typebox', 'ajv', 'pino', 'piscina', 'undici', 'tsx', 'croner'];

const files = ['src', 'routes', 'workers'].flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name}`),
);
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

function roomOf(file: string): string {
  if (file.startsWith('workers/tasks/')) return 'workers/tasks';
  const [top = '', second = ''] = file.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : top;
}

/** What a file imports: rooms of ours, and packages by the name of their family. */
function importsOf(file: string): { target: string; path: string }[] {
  const found = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, path]) => path ?? '');
  return found.flatMap((path) => {
    if (path.startsWith('node:')) return [];
    if (path.startsWith('.')) return [{ target: roomOf(normalize(join(dirname(file), path))), path }];
    const family =
      path.startsWith('@fastify/') || path.startsWith('fastify') ? 'fastify' : path.split(/[/-]/)[0];
    return family !== undefined && GUARDED.includes(family) ? [{ target: family, path }] : [];
  });
}

describe('the rooms', () => {
  it.each(files.filter((file) => !ROOTS.includes(file)))('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    const allowed = MAY_IMPORT[room];
    expect(allowed, `${file} is in a room that the table does not know`).toBeDefined();
    const wrong = importsOf(file).filter(({ target }) => target !== room && !allowed?.includes(target));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('routes do not import each other, but for the list of them', () => {
    for (const file of files.filter((name) => name.startsWith('routes/') && name !== 'routes/index.ts')) {
      expect(importsOf(file).filter(({ target }) => target === 'routes')).toEqual([]);
    }
  });

  it('composition roots are imported by nobody but each other', () => {
    for (const file of files.filter((name) => !ROOTS.includes(name))) {
      const paths = importsOf(file).map(({ path }) => relative(ROOT, join(ROOT, dirname(file), path)));
      expect(paths.filter((path) => ROOTS.includes(path))).toEqual([]);
    }
  });

  it('only src/config.ts reads the environment', () => {
    for (const file of files.filter((name) => name !== 'src/config.ts')) {
      expect(read(file).includes('process.env'), file).toBe(false);
    }
  });

  it('keys of Redis are made in one file', () => {
    const aKey =
      /[`'"][^`'"\n]*:(lane|parked|scheduled|due|dead|leases|notes|result|latency|wake|control)[:`'"]/;
    expect(aKey.test("'mr:{q}:result:n1-0'")).toBe(true);
    for (const file of files.filter((name) => name !== 'src/redis/keys.ts')) {
      expect(aKey.test(read(file)), file).toBe(false);
    }
  });
});
