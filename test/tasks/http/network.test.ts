import { describe, expect, it } from 'vitest';
import { guardedLookup } from '../../../src/tasks/http/network.ts';
import { sendRequest } from '../../../src/tasks/http/request.ts';
import { network, never, serve } from './site.ts';

const refused = { name: 'RequestRefused', retryable: false };

describe('sendRequest refuses', () => {
  it.each([
    'http://127.0.0.1:6379/',
    'http://127.1/',
    'http://0177.0.0.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://0/',
    'http://0.0.0.0/',
    'http://017700000001/',
    'http://0x7f.1/',
    'http://127.0.0.1./',
    'http://127。0。0。1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://%31%32%37.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::]/',
    'http://[::ffff:0:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[2002:7f00:1::]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'https://10.0.0.1/',
  ])('%s, which needs no lookup', async (url) => {
    await expect(sendRequest({ url }, never)).rejects.toMatchObject(refused);
  });

  it.each(['http', 'https'])('%s to a name at a private address', async (protocol) => {
    const names = network({ 'inside.test': [['10.0.0.1']] });
    const sent = sendRequest({ url: `${protocol}://inside.test/` }, never, names);
    await expect(sent).rejects.toMatchObject({
      ...refused,
      message: 'inside.test is not at a public address (private)',
    });
  });

  it.each(['localhost', 'LOCALHOST'])('%s, which the system resolves', async (host) => {
    await expect(sendRequest({ url: `http://${host}/` }, never)).rejects.toMatchObject(refused);
  });

  it.each(['::ffff:10.0.0.1', 'fe80::1%eth0', '0.0.0.0', '64:ff9b::a00:1'])(
    'a name at %s',
    async (address) => {
      const names = network({ 'metadata.test': [[address]] });
      await expect(sendRequest({ url: 'http://metadata.test/' }, never, names)).rejects.toMatchObject(
        refused,
      );
    },
  );

  it('a name without an address', async () => {
    const sent = sendRequest({ url: 'http://none.test/' }, never, network({ 'none.test': [[]] }));
    await expect(sent).rejects.toMatchObject(refused);
  });

  it.each(['http://user@site.test/', 'http://:secret@site.test/', 'http://user:secret@site.test/'])(
    '%s for its user info',
    async (url) => {
      await expect(sendRequest({ url }, never, network())).rejects.toMatchObject(refused);
    },
  );

  it.each(['ftp://site.test/', 'file:///etc/passwd', 'data:,x'])('%s for its protocol', async (url) => {
    const sent = sendRequest({ url }, never, network());
    await expect(sent).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/^Only http and/),
    });
  });

  it.each([
    'not a url',
    'http://',
    'http://[fe80::1%25eth0]/',
    'http://[::1%lo]/',
    'http://127.0.0.1:99999/',
  ])('%s, which is not a URL', async (url) => {
    await expect(sendRequest({ url }, never, network())).rejects.toMatchObject(refused);
  });
});

describe('sendRequest pins the address', () => {
  it('connects to the address that it checked, although another lookup would give another one (rebinding)', async () => {
    const site = await serve((_, response) => void response.end('public'));
    const names = network({ 'site.test': [['127.0.0.1'], ['127.0.0.2']] });
    expect(await sendRequest({ url: site.url() }, never, names)).toMatchObject({ body: 'public' });
    expect(names.lookups).toEqual(['site.test']);
  });

  it('checks each further connection to the same name', async () => {
    const site = await serve((_, response) => void response.writeHead(302, { location: '/again' }).end());
    const names = network({ 'site.test': [['127.0.0.1'], ['127.0.0.2']] });
    await expect(sendRequest({ url: site.url() }, never, names)).rejects.toMatchObject(refused);
    expect([names.lookups, site.requests.length]).toEqual([['site.test', 'site.test'], 1]);
  });

  it('uses only the public ones of several addresses', async () => {
    const site = await serve((_, response) => void response.end('public'));
    const names = network({ 'site.test': [['127.0.0.2', '::1', '127.0.0.1', '10.0.0.1']] });
    expect(await sendRequest({ url: site.url() }, never, names)).toMatchObject({ body: 'public' });
  });
});

describe('the guarded lookup', () => {
  const resolve = (all: boolean) =>
    new Promise((done) => {
      const lookup = guardedLookup(network({ 'site.test': [['10.0.0.1', '127.0.0.1', '::1']] }));
      lookup('site.test', { all }, (error, found) => done(error ?? found));
    });

  it('gives a socket only the allowed addresses', async () => {
    expect(await resolve(true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(await resolve(false)).toBe('127.0.0.1');
  });

  it('gives an error when no address is allowed', async () => {
    const lookup = guardedLookup(network({ 'inside.test': [['10.0.0.1']] }));
    const error = await new Promise((done) => lookup('inside.test', {}, (fault) => done(fault)));
    expect(error).toMatchObject({ ...refused, message: 'inside.test is not at a public address (private)' });
  });
});
