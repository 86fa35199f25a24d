import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { type Piece, piecesOf } from '../../../../src/cli/remote/lines/pieces.ts';

async function all(text: string, fromLine: number): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of piecesOf(Readable.from([text]), fromLine, new AbortController().signal))
    pieces.push(piece);
  return pieces;
}

const LINES = Array.from({ length: 2_500 }, (_, i) => `{"n":${i}}`).join('\n');

it('cuts a file into pieces of 1,000 lines', async () => {
  const pieces = await all(LINES, 1);
  expect(pieces.map(({ lines }) => lines.length)).toEqual([1_000, 1_000, 500]);
  expect(pieces.map(({ nextLine }) => nextLine)).toEqual([1_001, 2_001, 2_501]);
});

it('gives the same pieces from a later line on', async () => {
  const [, second, third] = await all(LINES, 1);
  const later = await all(LINES, 1_001);
  expect(later.map(({ lines }) => lines)).toEqual([second?.lines, third?.lines]);
  expect(later[0]?.numbers[0]).toBe(1_001);
  const skipped = LINES.split('\n').slice(0, 1_000).join('\n').length + 1;
  expect(later.map(({ skippedBytes }) => skippedBytes)).toEqual([skipped, skipped]);
  expect(later[0]?.readBytes).toBe(second?.readBytes);
});

it('bounds a piece in characters, and leaves out empty lines', async () => {
  const long = 'x'.repeat(400_000);
  const pieces = await all(`a\n\n${long}\r\n${long}\n`, 1);
  expect(pieces.map(({ numbers }) => numbers)).toEqual([[1, 3], [4]]);
});
