import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));
const MOST_BYTES = 60_000;

describe('the files of the dashboard', () => {
  it('have at most 60 kB in all, as they are sent', () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.includes('.'),
    );
    expect(files.length).toBeGreaterThan(3);
    const sizes = files.map((name) => gzipSync(readFileSync(`${FOLDER}/${name}`), { level: 9 }).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('name no other host', () => {
    for (const name of readdirSync(`${FOLDER}/assets`)) {
      const text = readFileSync(`${FOLDER}/assets/${name}`, 'utf8');
      // Names of XML are no addresses.
      expect(text.match(/https?:\/\/(?!www\.w3\.org\/)[a-z][^"'`\s)]*/g), name).toBeNull();
    }
  });
});
