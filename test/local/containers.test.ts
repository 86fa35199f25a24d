import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readInProject as read } from '../helpers/local/pages.ts';

interface Service {
  readonly image: string;
  readonly build?: object;
  readonly user?: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { interval: string };
  readonly command?: readonly string[];
  readonly hostname?: string;
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly networks?: { readonly default: { readonly ipv4_address: string } };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, { readonly name?: string } | null>>;
}

const readCompose = (file: string) => parse(read(file), { merge: true }) as Compose;
const compose = readCompose('docker-compose.yml');
const services = Object.entries(compose.services);
const withSentinels = readCompose('docker-compose.sentinel.yml').services;
const ofCluster = readCompose('docker-compose.cluster.yml').services;
const serviceOf = (name: string): Service => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return service;
};

it('starts API and worker side by side: each waits for Redis alone', () => {
  for (const name of ['api', 'worker']) {
    expect(serviceOf(name).depends_on).toEqual({ redis: { condition: 'service_healthy' } });
  }
});

it('checks the health of what others wait for every second, and of all else every five', () => {
  expect(serviceOf('redis').healthcheck?.interval).toBe('1s');
  expect(read('Dockerfile')).toMatch(/^HEALTHCHECK --interval=5s /m);
});

it.each([...services, ...Object.entries(withSentinels), ...Object.entries(ofCluster)])(
  'gives the service %s no rights and a file system that it cannot write',
  (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  },
);

it('publishes ports on loopback alone, and none of Redis', () => {
  const published = services.flatMap(([, { ports = [] }]) => ports);
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(serviceOf('redis').ports).toBeUndefined();
});

it('asks for keys, and reads each secret from a volume of those who need it', () => {
  const { environment: api, volumes: ofApi } = serviceOf('api');
  const { environment: worker, volumes: ofWorker } = serviceOf('worker');
  expect(api).toMatchObject({ AUTH: 'keys', ADMIN_KEY_FILE: '/run/millrace/api/admin-key' });
  expect(ofApi).toEqual(['api-secrets:/run/millrace/api:ro', 'client-secrets:/run/millrace/client:ro']);
  expect(worker?.['REDIS_URL_FILE']).toBe('/run/millrace/client/redis-url');
  expect(ofWorker).toEqual(['client-secrets:/run/millrace/client:ro']);
  expect(read('docker-compose.yml')).not.toMatch(/redis:\/\/|password:|ADMIN_KEY:/i);
});

it('lets Redis keep every accepted job, and know its users', () => {
  const command = serviceOf('redis').command?.join(' ');
  for (const setting of [
    '--appendonly yes',
    '--appendfsync always',
    '--maxmemory-policy noeviction',
    '--aclfile /run/millrace/redis/users.acl',
  ])
    expect(command).toContain(setting);
});

it('starts all but the secrets again, and waits for longer than the grace of their stop', () => {
  for (const [name, { restart }] of services)
    expect([name, restart]).toEqual([name, name === 'secrets' ? 'no' : 'unless-stopped']);
  for (const name of ['api', 'worker']) {
    const { environment, stop_grace_period: grace } = serviceOf(name);
    expect(Number.parseInt(grace ?? '', 10) * 1_000).toBeGreaterThan(
      Number(environment?.['SHUTDOWN_GRACE_MS']),
    );
  }
});

it('builds an image that asks for keys, and in which signals reach Node', () => {
  expect(read('Dockerfile')).toMatch(/^ENV .*HOST=0\.0\.0\.0 AUTH=keys$/m);
  expect(read('Dockerfile')).toMatch(/^ENTRYPOINT \["\/app\/scripts\/entry\.sh"\]\nCMD \["api"\]$/m);
});

it('starts the worker by the command line of the image', () => {
  for (const worker of [serviceOf('worker'), withSentinels['worker'], ofCluster['worker']])
    expect(worker?.command).toEqual(['worker']);
});

it('builds an image whose user has a number, and whose labels name this version', () => {
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toMatch(/^USER 1000:1000$/m);
  expect(dockerfile).toContain(`ARG VERSION=${JSON.parse(read('package.json')).version} `);
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
    expect(dockerfile).toContain(`org.opencontainers.image.${label}=`);
  }
});

describe('docker-compose.sentinel.yml', () => {
  const names = Object.keys(withSentinels);

  it('has a primary with two replicas and three sentinels, each with a volume of its own', () => {
    const servers = names.filter((name) => /^(redis|sentinel)-\d$/.test(name));
    expect(servers).toHaveLength(6);
    for (const name of servers) {
      expect(withSentinels[name]).toMatchObject({ hostname: name, restart: 'unless-stopped' });
      expect(withSentinels[name]?.volumes).toEqual([
        `${name}-data:/data`,
        'redis-secrets:/run/millrace/redis:ro',
      ]);
    }
  });

  it('gives API and worker the address and the password of the sentinels by files, and waits for these', () => {
    for (const name of ['api', 'worker']) {
      expect(withSentinels[name]?.environment).toMatchObject({
        REDIS_URL_FILE: '/run/millrace/client/redis-url',
        SENTINEL_PASSWORD_FILE: '/run/millrace/client/sentinel-password',
      });
      expect(Object.keys(withSentinels[name]?.depends_on ?? {})).toEqual([
        'sentinel-1',
        'sentinel-2',
        'sentinel-3',
      ]);
    }
    const published = Object.values(withSentinels).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual(['127.0.0.1:3000:3000']);
    expect(read('docker-compose.sentinel.yml')).not.toMatch(/redis:\/\/|password:|ADMIN_KEY:/i);
  });
});

describe('docker-compose.cluster.yml', () => {
  const nodes = Object.keys(ofCluster).filter((name) => /^redis-\d$/.test(name));

  it('has six nodes, each with a volume and a fixed address of its own', () => {
    expect(nodes).toHaveLength(6);
    for (const [i, name] of nodes.entries()) {
      expect(ofCluster[name]).toMatchObject({
        hostname: name,
        restart: 'unless-stopped',
        networks: { default: { ipv4_address: `172.30.93.1${i + 1}` } },
      });
      expect(ofCluster[name]?.volumes).toEqual([
        `${name}-data:/data`,
        'redis-secrets:/run/millrace/redis:ro',
      ]);
    }
    expect(Object.keys(ofCluster['cluster']?.depends_on ?? {})).toEqual(nodes);
  });

  it('starts API and worker once there is a Cluster, and gives them its address by a file', () => {
    for (const name of ['api', 'worker']) {
      expect(ofCluster[name]?.environment).toMatchObject({
        REDIS_URL_FILE: '/run/millrace/client/redis-url',
      });
      expect(ofCluster[name]?.depends_on).toEqual({
        cluster: { condition: 'service_completed_successfully' },
      });
    }
    const published = Object.values(ofCluster).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual(['127.0.0.1:3000:3000']);
    expect(read('docker-compose.cluster.yml')).not.toMatch(/redis:\/\/|password:|ADMIN_KEY:/i);
  });
});

it('keeps the volumes of the compose files apart, also where they run as one project', () => {
  for (const kind of ['sentinel', 'cluster']) {
    const { volumes } = readCompose(`docker-compose.${kind}.yml`);
    for (const [name, volume] of Object.entries(volumes)) {
      expect(volume?.name).toBe(`millrace-${kind}-${name}`);
    }
    // docker-compose 1.29, the one of Debian, does not know the name of a project in the file.
    expect(readCompose(`docker-compose.${kind}.yml`)).not.toHaveProperty('name');
  }
});
