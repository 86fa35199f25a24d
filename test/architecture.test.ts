import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CODE_FILES, readCode } from './helpers/code-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What every room may import. */
const SHARED = ['schemas', 'errors', 'clock', 'slices', 'observer'];

/**
 * Which room may import which rooms, beside the shared ones, and which of the packages that matter. A noun of the API
 * is a room; the moves of a job that several nouns share are in `lifecycle`. See src/README.md.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: ['ajv', 'typebox'],
  errors: [],
  clock: [],
  slices: [],
  observer: ['network-events'],
  'network-events': [],
  version: [],
  'orphan-reaper': [],
  'misspelt-settings': [],
  'error-reasons': ['redis'],
  'error-place': [],
  config: ['misspelt-settings', 'redis'],
  redis: ['ioredis', 'cluster-key-slot', 'typebox'],
  tasks: ['redis', 'error-reasons', 'ajv', 'typebox', 'undici', 'tsx'],
  events: ['redis'],
  core: ['redis', 'tasks'],
  access: ['redis', 'core', 'jose', 'undici'],
  lifecycle: ['redis', 'core', 'events'],
  attempts: ['redis', 'core', 'lifecycle', 'error-reasons', 'error-place'],
  jobs: ['redis', 'core', 'lifecycle', 'events', 'tasks'],
  subscriptions: ['redis', 'core', 'events'],
  audit: ['redis', 'core'],
  queues: ['redis', 'core', 'lifecycle', 'jobs', 'events', 'subscriptions'],
  leases: ['redis', 'core', 'lifecycle', 'attempts', 'jobs', 'tasks', 'maintenance', 'src/workers'],
  'src/workers': ['redis', 'core', 'lifecycle'],
  maintenance: ['redis', 'core', 'lifecycle', 'attempts'],
  schedules: ['redis', 'core', 'lifecycle', 'jobs', 'tasks', 'maintenance', 'croner', 'typebox'],
  scripts: [
    'access',
    'redis',
    'core',
    'jobs',
    'leases',
    'lifecycle',
    'queues',
    'schedules',
    'subscriptions',
    'tasks',
    'src/workers',
  ],
  client: [],
  telemetry: ['config', 'version', 'queues', 'pino', 'prom', '@opentelemetry'],
  local: ['config', 'misspelt-settings', 'orphan-reaper', 'redis', 'tasks'],
  testing: ['config', 'orphan-reaper', 'redis', 'core', 'lifecycle', 'local', 'tasks', 'scripts', 'workers'],
  doctor: ['config', 'misspelt-settings', 'redis', 'local'],
  cli: ['client', 'config', 'version', 'local', 'doctor', 'server', 'workers', 'error-place'],
  http: [
    'access',
    'src/workers',
    'redis',
    'core',
    'lifecycle',
    'jobs',
    'queues',
    'leases',
    'tasks',
    'events',
    'subscriptions',
    'schedules',
    'audit',
    'maintenance',
    'scripts',
    'telemetry',
    'config',
    'version',
    'fastify',
    'typebox',
    '@opentelemetry',
  ],
  routes: [
    'access',
    'http',
    'core',
    'jobs',
    'queues',
    'leases',
    'tasks',
    'events',
    'subscriptions',
    'schedules',
    'version',
    'fastify',
    'typebox',
  ],
  workers: [
    'src/workers',
    'version',
    'redis',
    'core',
    'lifecycle',
    'attempts',
    'schedules',
    'tasks',
    'maintenance',
    'scripts',
    'telemetry',
    'config',
    'error-reasons',
    'orphan-reaper',
    'piscina',
    'typebox',
  ],
  'workers/tasks': ['tasks', 'typebox'],
};

/** Files that show the whole wiring: they may import everything. */
const ROOTS = [
  'src/app.ts',
  'src/server.ts',
  'workers/main.ts',
  // What the package exports.
  'src/package/task.ts',
  'src/package/worker.ts',
  'src/package/testing.ts',
  'openapi/describe.ts',
  'openapi/generate.ts',
];

/** Packages that only the rooms named above may use; `@fastify/x` and `fastify-plugin` count as fastify. */
const GUARDED = [
  'ioredis',
  'fastify',
  'typebox',
  'ajv',
  'pino',
  'piscina',
  'undici',
  'tsx',
  'croner',
  'jose',
  'prom',
  '@opentelemetry',
];

const files = CODE_FILES;
const read = readCode;

function roomOf(file: string): string {
  if (file.startsWith('workers/tasks/')) return 'workers/tasks';
  const [top = '', second = ''] = file.split('/');
  // The noun, and the program.
  if (top === 'src' && second === 'workers') return 'src/workers';
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

/** The files of ours that a file imports, from the root. */
const pathsOf = (file: string): string[] =>
  importsOf(file)
    .filter(({ path }) => path.startsWith('.'))
    .map(({ path }) => normalize(join(dirname(file), path)));

/** The first way found from a node back to itself. */
function circleIn(
  nodes: readonly string[],
  nextOf: (node: string) => readonly string[],
): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of nextOf(node)) {
      const circle = visit(next, [...way, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of nodes) {
    const circle = visit(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe('the rooms', () => {
  it.each(files.filter((file) => !ROOTS.includes(file)))('%s imports only what its room may', (file) => {
    const room = roomOf(file);
    const allowed = MAY_IMPORT[room];
    expect(allowed, `${file} is in a room that the table does not know`).toBeDefined();
    const wrong = importsOf(file).filter(
      ({ target }) => target !== room && ![...SHARED, ...(allowed ?? [])].includes(target),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('files in scripts/ see one partition of one queue: only keys, the codec and other scripts', () => {
    const allowed =
      /^src\/(redis|schemas|events\/limits|queues\/limits|lifecycle\/(scripts|wake|limits))|\/scripts\//;
    for (const file of files.filter((name) => name.includes('/scripts/'))) {
      const paths = pathsOf(file).filter((path) => !allowed.test(path) || path === 'src/redis/keyspace.ts');
      expect(paths, file).toEqual([]);
    }
  });

  it('no file imports itself by way of others', () => {
    expect(circleIn(files, pathsOf)).toBeUndefined();
  });

  it('no room imports itself by way of others', () => {
    const rooms = [...new Set(files.filter((file) => !ROOTS.includes(file)).map(roomOf))];
    const importsOfRoom = (room: string) =>
      files
        .filter((file) => roomOf(file) === room && !ROOTS.includes(file))
        .flatMap((file) => pathsOf(file).map(roomOf))
        .filter((target) => target !== room);
    expect(circleIn(rooms, importsOfRoom)).toBeUndefined();
  });

  it('routes do not import each other, but for the list of them', () => {
    for (const file of files.filter((name) => name.startsWith('routes/') && name !== 'routes/index.ts')) {
      expect(importsOf(file).filter(({ target }) => target === 'routes')).toEqual([]);
    }
  });

  it('composition roots are imported by nobody but each other, and by the commands that start them', () => {
    const starters = ['src/cli/commands/service/api.ts', 'src/cli/commands/service/worker.ts'];
    for (const file of files.filter((name) => ![...ROOTS, ...starters].includes(name))) {
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
