import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureBench } from './bench.mjs';
import { ensureBuild } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInterpreters } from './interpreters.mjs';
import { ensureModules } from './modules.mjs';
import { ensurePrometheus } from './prometheus.mjs';
import { ensureRedis } from './redis.mjs';
import { SetupError } from './task.mjs';
import { topologyTests } from './topology-tests.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const USAGE =
  'Usage: npm run demo, npm start, npm test, npm run test:cluster, npm run test:sentinel, npm run doctor or npm run chaos (their arguments go after --); to measure: npm run bench, npm run durability, npm run memory, npm run backlog, npm run network.';

const COMMANDS = {
  // Data and settings are those of the folder from which Millrace is run; npm makes it the project's.
  demo: { ownRedis: needsRedis, launch: () => runEmbedded('demo') },
  start: { ownRedis: needsRedis, launch: () => runEmbedded('start') },
  // It looks at what runs, and starts nothing.
  doctor: {
    ownRedis: () => false,
    launch: (args) => runProgram(join(root, 'dist/src/doctor/main.js'), args),
  },
  // The tests start Redis servers of their own, whatever REDIS_URL says.
  test: {
    ownRedis: () => true,
    ensurePrograms: async (args) => {
      if (mayRun(args, NEED_INTERPRETERS)) await ensureInterpreters();
      if (mayRun(args, NEED_PROMETHEUS)) await ensurePrometheus();
      if (mayRun(args, NEED_CHROMIUM)) await ensureChromium();
      if (mayRun(args, NEED_BULLMQ)) await ensureModules(join(root, 'bench'));
    },
    launch: (args) => runNode('vitest/vitest.mjs', ['run', ...args]),
  },
  'test:cluster': { ownRedis: () => true, launch: (args) => runTopology('cluster', args) },
  'test:sentinel': { ownRedis: () => true, launch: (args) => runTopology('sentinel', args) },
  chaos: script('test/system/chaos/main.ts'),
  durability: script('test/system/durability/main.ts'),
  memory: script('test/system/memory/main.ts'),
  backlog: script('test/system/backlog/main.ts'),
  network: script('test/system/network/main.ts'),
  bench: { ...script('bench/main.ts'), prepare: ensureBench },
};

/** A function declaration, since the table above uses it. */
function needsRedis() {
  return !process.env.REDIS_URL && !process.env.REDIS_URL_FILE;
}

/** The tests that run example workers, and the commands of the documentation. */
const NEED_INTERPRETERS = ['test/examples/', 'test/system/e2e/', 'test/clients/', 'test/cli/'];
/** The tests of deploy/. */
const NEED_PROMETHEUS = ['test/system/operations/'];
/** Those of programs that move jobs: the bench has BullMQ. */
const NEED_BULLMQ = ['test/examples/moving/'];
/** Those of web pages. */
const NEED_CHROMIUM = ['test/system/network/', 'test/dashboard/', 'test/client/'];

/** Whether tests of these folders may be among those asked for: Vitest takes parts of the paths of files. */
function mayRun(args, folders) {
  const filters = args.filter((arg) => !arg.startsWith('-'));
  return filters.length === 0 || filters.some((filter) => mayLead(filter, folders));
}

const mayLead = (filter, folders) =>
  !filter.startsWith('test/') ||
  folders.some((folder) => `${filter}/`.startsWith(folder) || folder.startsWith(filter));

/** Prepares what the command needs, runs it, and ends this process with its exit code. */
export async function run(name, args) {
  try {
    if (!Object.hasOwn(COMMANDS, name ?? '')) throw new SetupError(USAGE);
    const command = COMMANDS[name];
    if (command.ownRedis()) await ensureRedis();
    await command.ensurePrograms?.(args);
    await ensureModules(root);
    await ensureBuild(root);
    await command.prepare?.(root);
    process.exit(await command.launch(args));
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exit(1);
  }
}

async function runEmbedded(name) {
  const entry = pathToFileURL(join(root, 'dist', 'src', 'local', `${name}.js`));
  const { main } = await import(entry.href);
  return main();
}

/** A TypeScript file that starts Redis servers of its own. */
function script(file) {
  return { ownRedis: () => true, launch: (args) => runNode('tsx/dist/cli.mjs', [file, ...args]) };
}

/** Runs a program of the node modules, in the project's folder. */
const runNode = (program, args, env) => runProgram(join(root, 'node_modules', program), args, root, env);

/** The tests of one topology, or the files that are named. */
const runTopology = (topology, args) =>
  runNode('vitest/vitest.mjs', ['run', ...topologyTests(topology, args)], {
    ...process.env,
    TEST_REDIS: topology,
  });

function runProgram(file, args, cwd = process.cwd(), env = process.env) {
  const child = spawn(process.execPath, [file, ...args], { cwd, env, stdio: 'inherit' });
  // Ctrl-C reaches the program by itself; this process must only outlive it to give its exit code.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
