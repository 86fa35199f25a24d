import type { Readable } from 'node:stream';

/** Keeps what a program prints, and gives all of it so far. */
export function outputOf({ stdout, stderr }: { stdout: Readable; stderr: Readable }): () => string {
  let output = '';
  for (const stream of [stdout, stderr]) {
    stream.on('data', (chunk: unknown) => {
      output += String(chunk);
    });
  }
  return () => output;
}
