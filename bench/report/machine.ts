import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { withBed } from '../bed.ts';

/** On what it was measured. */
export interface Machine {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  /** Of Millrace and of what it is compared with. */
  readonly versions: Readonly<Record<string, string>>;
}

interface PackageFile {
  readonly name: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export async function describeMachine(): Promise<Machine> {
  const [ours, bench] = await Promise.all([
    readPackage('../../package.json'),
    readPackage('../package.json'),
  ]);
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    redis: await withBed({ quick: true }, async ({ redis }) =>
      versionIn(String(await redis.call('INFO', 'server'))),
    ),
    versions: { [ours.name]: ours.version ?? 'unknown', ...bench.dependencies },
  };
}

const readPackage = async (path: string): Promise<PackageFile> =>
  JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));

const versionIn = (info: string): string => /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
