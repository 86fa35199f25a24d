import { describe, expect, it } from 'vitest';
import { freePort } from '../../src/local/redis-settings.ts';
import { VERSION } from '../../src/version.ts';
import { runCli } from '../helpers/cli/run-cli.ts';
import { runHere } from '../helpers/cli/sink.ts';

describe('millrace', () => {
  it('prints its version', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('says what it can do when it is called without a command, and ends with 2', async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('millrace COMMAND --help');
  });

  it.each([
    ['sumbit', 'submit'],
    ['queue', 'queues'],
    ['canc', 'cancel'],
  ])('suggests the command that is nearest to %s', async (word, meant) => {
    const { code, stderr } = await runHere([word]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Did you mean: millrace ${meant}\n`);
  });

  it('suggests the option that is nearest, and names the help', async () => {
    const { code, stderr } = await runHere(['submit', 'fib', '--wiat']);
    expect(code).toBe(2);
    expect(stderr).toContain('There is no option --wiat. Did you mean --wait?');
    expect(stderr).toContain('See: millrace submit --help');
  });

  it.each([
    [['get'], 'ID is missing'],
    [['dead', 'lits'], 'Did you mean: millrace dead list'],
    [['get', 'a', 'b'], '"b" is one word too many'],
    [['submit', 'fib', '{n:1}'], 'The payload is not JSON'],
    [['submit', 'fib', '@/nowhere'], 'The file cannot be read'],
    [['submit', 'fib', '--priority', 'urgent'], 'must be one of critical, high, normal, low'],
    [['stats', 'q', '--interval', 'x'], '--interval is "x": must be an integer'],
    [['get', 'a', '--url', 'ftp://x'], '--url is "ftp://x": must be an http or https URL'],
    [['get', 'a', '--key-file', '/nowhere'], '--key-file names a file that cannot be read'],
    [['set', 'q', 'fair'], '"fair" must be NAME=VALUE'],
    [['set', 'q', '__proto__.x=1'], 'must be NAME=VALUE'],
  ])('ends with 2 for %j, and says what is wrong', async (words, message) => {
    const { code, stdout, stderr } = await runHere(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('takes options before the command', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await runCli(['--url', url, 'queues', '--json']);
    expect(code).toBe(3);
    expect(stderr).toContain(`No Millrace API answers at ${url} (ECONNREFUSED)`);
  });
});
