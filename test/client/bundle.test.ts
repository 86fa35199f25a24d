import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const MAX_GZIPPED_BYTES = 10_000;

/** The client as one file for browsers. A built-in module of Node fails the build. */
const bundle = () =>
  build({
    entryPoints: ['src/client/index.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  });

describe('the client as one file', () => {
  it('has nothing but code of its own: no built-in module of Node, no package', async () => {
    const { metafile } = await bundle();
    const foreign = Object.keys(metafile.inputs).filter((file) => !file.startsWith('src/client/'));
    expect(foreign).toEqual(expect.arrayContaining(['src/schemas/values/duration-text.ts']));
    expect(foreign.filter((file) => !/^src\/(clock|schemas\/values\/duration-text)\.ts$/.test(file))).toEqual(
      [],
    );
  });

  it('has at most 10 kB when gzipped', async () => {
    const { outputFiles } = await bundle();
    const bytes = gzipSync(outputFiles[0]?.contents ?? '').length;
    console.log(`the client has ${bytes} bytes gzipped`);
    expect(bytes).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
  });
});
