import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { misspeltSettings } from '../src/config.ts';
import { freePort } from '../src/local/redis-settings.ts';
import { describeMisspelt } from '../src/misspelt-settings.ts';
import { createOrphanReaper, type OrphanReaper } from '../src/orphan-reaper.ts';
import { until, useRedis } from './helpers/redis/server.ts';
import { startApiProcess } from './helpers/workers/built-processes.ts';
import { spawnWorker } from './helpers/workers/worker-process.ts';

const redis = useRedis();
const SETUP = join(import.meta.dirname, '../scripts/setup.mjs');
const WARNING = 'CONCURENCY is not a setting. Did you mean CONCURRENCY?';

/** What is said of a variable that stands alone. */
const said = (variable: string, value: string) =>
  misspeltSettings({ [variable]: value }).map(describeMisspelt);

/** Names that environments have, from shells, terminals, systemd, containers, clouds, CI and other programs. */
const USUAL = `
  _ BASH COLORTERM COLUMNS DISPLAY EDITOR HISTSIZE HOME HOST HOSTNAME HOSTTYPE LANG LANGUAGE LC_ALL LESSOPEN LINES LOGNAME
  LS_COLORS MACHTYPE MAIL OLDPWD OSTYPE PAGER PATH PORT PREFIX PS1 PWD SHELL SHLVL SSH_AUTH_SOCK SSH_TTY SUDO_USER TERM
  TMPDIR TZ UID USER VISUAL XDG_RUNTIME_DIR XDG_SESSION_ID DBUS_SESSION_BUS_ADDRESS INVOCATION_ID JOURNAL_STREAM
  LISTEN_PID NOTIFY_SOCKET CACHE_DIRECTORY LOGS_DIRECTORY RUNTIME_DIRECTORY STATE_DIRECTORY MAKEFLAGS MAKELEVEL MFLAGS
  prefix host port processes queues concurrency http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
  NODE NODE_ENV NODE_OPTIONS NODE_PATH NODE_VERSION NVM_DIR NVM_BIN NVM_INC INIT_CWD YARN_VERSION DEBUG FORCE_COLOR
  NO_COLOR SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS MILLRACE_KEY npm_command npm_config_prefix npm_config_loglevel npm_config_user_agent npm_execpath npm_lifecycle_event
  npm_node_execpath npm_package_json npm_package_name npm_package_version UV_THREADPOOL_SIZE
  KUBERNETES_PORT KUBERNETES_PORT_443_TCP KUBERNETES_PORT_443_TCP_ADDR KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
  REDIS_PORT REDIS_PORT_6379_TCP REDIS_PORT_6379_TCP_ADDR REDIS_SERVICE_HOST REDIS_SERVICE_PORT REDIS_HOST REDIS_DB
  REDIS_USER REDIS_USERNAME REDIS_PASSWORD REDIS_AUTH REDIS_TLS REDIS_TLS_URL REDIS_NAME REDIS_SENTINELS REDIS_VERSION
  MILLRACE_PORT_3000_TCP MILLRACE_SERVICE_HOST MILLRACE_SERVICE_PORT MILLRACE_URL MILLRACE_VERSION
  POD_NAME POD_IP NAMESPACE HOSTS PORTS POST HOST_IP HOST_NAME DATABASE_URL POSTGRES_HOST RABBITMQ_URL MONGO_URL BASE_URL
  DYNO WEB_CONCURRENCY RAILS_ENV RAILS_MAX_THREADS RAILS_LOG_LEVEL RAILS_LOG_TO_STDOUT QUEUE_CONNECTION QUEUE_NAME
  QUEUE_URL QUEUE_PREFIX SQS_QUEUE_URL WORKERS WORKER_CONCURRENCY MAX_THREADS MAX_WORKERS GUNICORN_CMD_ARGS JOBS
  LOG_DIR LOG_FILE LOG_FORMAT RUST_LOG RUST_BACKTRACE GOMAXPROCS PYTHONPATH JAVA_HOME VIRTUAL_ENV GEM_HOME
  AWS_REGION AWS_PROFILE AWS_LAMBDA_FUNCTION_NAME GOOGLE_CLOUD_PROJECT GCP_PROJECT AZURE_CLIENT_ID FLY_REGION
  CI GITHUB_ACTIONS GITHUB_REF GITHUB_SHA RUNNER_OS RUNNER_TEMP GITLAB_CI CI_JOB_ID CI_PIPELINE_ID BUILD_NUMBER
  JENKINS_URL VITEST VITEST_POOL_ID TEST OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_ENDPOINT OTEL_LOG_LEVEL SENTRY_DSN
  NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE PROCESSOR_IDENTIFIER PROCESSOR_LEVEL COMPUTERNAME USERNAME SYSTEMROOT
`
  .trim()
  .split(/\s+/);

describe('a variable that is no setting', () => {
  it.each([
    ['CONCURENCY', '5', 'CONCURRENCY'],
    ['CONCURRECNY', '5', 'CONCURRENCY'],
    ['QUEUE', 'img', 'QUEUES'],
    ['QUEEUS', 'img', 'QUEUES'],
    ['PREFX', 'mine', 'PREFIX'],
    ['TASK_DIR', './tasks', 'TASKS_DIR'],
    ['LOGLEVEL', 'debug', 'LOG_LEVEL'],
    ['log_level', 'debug', 'LOG_LEVEL'],
    ['REDIS_URI', 'redis://h', 'REDIS_URL'],
    ['RESULT_TTL_S', '86400', 'RESULT_TTL_MS'],
    ['LEASES_MS', '5000', 'LEASE_MS'],
    ['MILLRACE_PORT', '4000', 'PORT'],
    ['MILLRACE_HOST', '0.0.0.0', 'HOST'],
    ['MILLRACE_REDIS_URL', 'redis://h', 'REDIS_URL'],
    ['MILLRACE_CONCURENCY', '5', 'CONCURRENCY'],
  ])('%s=%s is said to mean %s', (variable, value, meant) => {
    expect(said(variable, value)).toEqual([`${variable} is not a setting. Did you mean ${meant}?`]);
  });

  it.each(USUAL)('%s is for another program, whatever its value', (variable) => {
    for (const value of ['5000', 'debug', 'redis://h', 'default', '/a/folder']) {
      expect([value, said(variable, value)]).toEqual([value, []]);
    }
  });

  it('is for another program if the setting could not have its value', () => {
    expect(said('MILLRACE_PORT', 'tcp://10.0.0.1:3000')).toEqual([]);
    expect(said('REDIS_URI', 'localhost')).toEqual([]);
    expect(said('CONCURENCY', '')).toEqual([]);
  });

  it('is for another program if the setting stands beside it', () => {
    expect(misspeltSettings({ REDIS_URI: 'redis://h', REDIS_URL: 'redis://h' })).toEqual([]);
    expect(misspeltSettings({ REDIS_URI: 'redis://h', REDIS_URL: '' })).toEqual([]);
  });

  it('is passed over at once if its name is very long', () => {
    expect(said(`CONCURRENCY${'Y'.repeat(100_000)}`, '5')).toEqual([]);
  });

  it('is told of with all others', () => {
    expect(misspeltSettings({ QUEUE: 'img', PATH: '/bin', CONCURENCY: '5' })).toEqual([
      { variable: 'QUEUE', meant: 'QUEUES' },
      { variable: 'CONCURENCY', meant: 'CONCURRENCY' },
    ]);
  });
});

describe('a misspelt setting', () => {
  let reaper: OrphanReaper;
  let dir: string;

  beforeAll(async () => {
    reaper = createOrphanReaper();
    dir = await mkdtemp(join(tmpdir(), 'mr-misspelt-'));
  });
  afterAll(async () => {
    reaper.end();
    await rm(dir, { recursive: true, force: true });
  });

  it('is warned of in the log of the API', async () => {
    const api = await startApiProcess(redis.url, reaper, { CONCURENCY: '5', LOG_LEVEL: 'warn' });
    try {
      const [text = ''] = await until(
        () => api.child.lastLines().length > 0 && api.child.lastLines(),
        'a line of log',
      );
      expect(JSON.parse(text)).toMatchObject({ level: 40, msg: 'misspelt-setting', text: WARNING });
    } finally {
      await api.stop();
    }
  });

  it('is warned of in the log of a worker', async () => {
    const worker = spawnWorker(redis.url, { CONCURENCY: '5', LOG_LEVEL: 'warn' });
    expect(await worker.line('misspelt-setting')).toMatchObject({ level: 40, text: WARNING });
  });

  it('is warned of once by npm start', { timeout: 60_000 }, async () => {
    const { PATH } = process.env;
    const env = {
      PATH,
      REDIS_URL: redis.url,
      PORT: String(await freePort()),
      PROCESSES: '1',
      CONCURENCY: '5',
    };
    const child = spawn(process.execPath, [SETUP, 'start'], { cwd: dir, env });
    let output = '';
    const ready = new Promise<void>((resolve, reject) => {
      const read = (chunk: unknown) => {
        output += String(chunk);
        if (output.includes('Millrace is ready')) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => reject(new Error(`npm start ended:\n${output}`)));
    });
    const closed = once(child, 'close');
    try {
      await ready;
    } finally {
      child.kill('SIGINT');
      await closed;
    }
    expect(output.split('CONCURENCY')).toHaveLength(2);
    expect(output).toContain(`${WARNING}\n`);
  });
});
