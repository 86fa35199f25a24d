import { describe, expect, it } from 'vitest';
import { loadAll } from '../../../src/cli/registry.ts';
import { json, type Reply, useStubService } from '../../client/http/stub-service.ts';
import { runHere } from '../../helpers/cli/sink.ts';

const stub = useStubService();
const commands = (await loadAll()).filter(({ options }) => 'keyFile' in options);

/** The words of a command line without the name of the program. */
const wordsOf = (line: string): string[] =>
  (line.match(/'[^']*'|\S+/g) ?? []).slice(1).map((word) => word.replaceAll("'", ''));

const call = (words: readonly string[]) => runHere([...words, '--url', stub.origin]);
const examples = commands.map(({ examples: [first = ''] }) => wordsOf(first));

const elsewhere: Reply = (response, request) =>
  response.writeHead(301, { location: `https://elsewhere.test${request.url}` }).end('<html>');

describe('every command that talks to the API', () => {
  it('has an example, which the tests below use', () => {
    expect(examples.length).toBeGreaterThan(20);
    expect(examples.filter((words) => words.length === 0)).toEqual([]);
  });

  it.each<[string, Reply]>([
    ['other JSON', json(200, { ok: true })],
    ['null', json(200, null)],
    ['a list', json(200, [])],
    ['nothing', (response) => response.end()],
    ['a web page', (response) => response.end('<html>')],
  ])('ends with 3 and one message when another program answers with %s', async (what, reply) => {
    stub.reply(reply);
    // An empty answer says that a removal is done.
    const asked = examples.filter((words) => what !== 'nothing' || !words.includes('delete'));
    for (const words of asked) {
      const { code, stdout, stderr } = await call(words);
      expect([code, stdout], words.join(' ')).toEqual([3, '']);
      expect(stderr, words.join(' ')).toMatch(
        /(?:^|\n)millrace: .*is this the address of Millrace\?.*--url.*\n$/,
      );
    }
  });

  it('ends with 3 when the address redirects, and names the other address', async () => {
    stub.reply(elsewhere);
    for (const words of examples) {
      const { code, stdout, stderr } = await call(words);
      expect([code, stdout], words.join(' ')).toEqual([3, '']);
      expect(stderr, words.join(' ')).toContain('Use the address https://elsewhere.test instead.');
    }
    expect(new Set(stub.requests.map(({ method }) => method))).toEqual(
      new Set(['GET', 'POST', 'PUT', 'DELETE']),
    );
  });

  const named = commands.filter(
    ({ name, arguments: [first] }) => first !== undefined && !/^(submit|dead list|keys create)$/.test(name),
  );
  it.each(['', '.', '..', '%2E%2e'])('ends with 2 for the name %j, and sends nothing', async (name) => {
    expect(named.length).toBeGreaterThan(10);
    stub.reply(json(200, {}));
    for (const command of named) {
      const own = command.name.split(' ');
      const [, ...rest] = wordsOf(command.examples[0] ?? '').slice(own.length);
      const { code, stderr } = await call([...own, name, ...rest]);
      expect(code, command.name).toBe(2);
      expect(stderr, command.name).toContain(`A name or an id is ${JSON.stringify(name)}`);
    }
    expect(stub.requests).toEqual([]);
  });

  it.each([[['submit', 'a', '--idempotency-key', 'a\nb']], [['tail', '--after', 'ключ']]])(
    'ends with 2 for %j, which no header can hold',
    async (words) => {
      stub.reply(json(200, { items: [] }));
      const { code, stderr } = await call(words);
      expect(code).toBe(2);
      expect(stderr).toContain('must be printable ASCII characters');
    },
  );
});
