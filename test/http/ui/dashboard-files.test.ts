import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DashboardFiles } from '../../../src/http/ui/dashboard-files.ts';

let folder: string;
let files: DashboardFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mr-ui-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<head><base href="./"></head>');
  await writeFile(join(folder, 'assets', 'main-1.js'), 'start();');
  files = new DashboardFiles(pathToFileURL(`${folder}/`));
});
afterAll(() => rm(folder, { recursive: true }));

describe('DashboardFiles', () => {
  it('gives each page the way back to its root', () => {
    expect(files.page(0)).toBe('<head><base href="./"></head>');
    expect(files.page(2)).toBe('<head><base href="./../../"></head>');
  });

  it('has each file as it is and zipped, with its type', () => {
    const { type, body, gzipped } = files.asset('main-1.js');
    expect(type).toBe('text/javascript; charset=utf-8');
    expect(body.toString()).toBe('start();');
    expect(gunzipSync(gzipped).toString()).toBe('start();');
  });

  it('knows no other file', () => {
    for (const name of ['main-2.js', '../index.html', '__proto__'])
      expect(() => files.asset(name)).toThrow('no such file');
  });
});
