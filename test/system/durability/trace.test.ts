import { expect, it } from 'vitest';
import { syncedLengths } from './trace.ts';

const AOF = '/data/aof/1.incr';

it('counts what was written before the last finished fsync began', () => {
  const log = [
    `10    write(7<${AOF}>, ""..., 100) = 100`,
    `12    fdatasync(7<${AOF}> <unfinished ...>`,
    `10    write(7<${AOF}>, ""..., 30) = 30`,
    '12    <... fdatasync resumed>)           = 0',
    `10    write(7<${AOF}>, ""..., 5) = 5`,
  ];
  expect(syncedLengths(log.join('\n'), '/data')).toEqual(new Map([[AOF, 100]]));
});

it('does not count an fsync that never ended, and a write only when it ends', () => {
  const log = [
    `10    write(7<${AOF}>, ""..., 100) = 100`,
    `10    fdatasync(7<${AOF}>) = 0`,
    `10    write(7<${AOF}>, ""..., 40 <unfinished ...>`,
    `12    fdatasync(7<${AOF}>) = 0`,
    '10    <... write resumed>)           = 40',
    `12    fdatasync(7<${AOF}> <unfinished ...>`,
    '12    <... fdatasync resumed>)           = ?',
    '12    +++ killed by SIGKILL +++',
  ];
  expect(syncedLengths(log.join('\n'), '/data')).toEqual(new Map([[AOF, 100]]));
});

it('follows files to their new names, and leaves those of others alone', () => {
  const log = [
    '10    openat(AT_FDCWD</data>, "temp", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 7</data/temp>',
    '10    write(7</data/temp>, ""..., 88) = 88',
    '10    fsync(7</data/temp>) = 0',
    '10    write(8<socket:[77]>, ""..., 20) = 20',
    '10    rename("temp", "aof/1.base") = 0',
    '10    fdatasync(9</data/aof>) = 0',
    `10    write(7<${AOF}>, ""..., 7) = 7`,
    `10    fdatasync(7<${AOF}>) = -1 EIO (Input/output error)`,
  ];
  expect(syncedLengths(log.join('\n'), '/data')).toEqual(
    new Map([
      ['/data/aof/1.base', 88],
      [AOF, 0],
    ]),
  );
});
