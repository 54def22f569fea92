import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeSelfSigned } from '../../relay/src/rtsp-server/carriage/self-signed.js';
import { ConfigError } from './issue.js';
import { outOfTime, readKeyPair } from './key-pair.js';
import { parseConfig } from './load.js';

const DAY_MS = 86_400_000;
let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-pair-'));
  const { cert, key } = makeSelfSigned(['nvr.lan'], Date.now());
  const expired = makeSelfSigned(['nvr.lan'], Date.now() - 5000 * DAY_MS);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  const files = {
    'cert.pem': cert,
    'key.pem': key,
    'expired-cert.pem': expired.cert,
    'expired-key.pem': expired.key,
    'encrypted.pem': encrypted.toString(),
    'text.pem': 'hello',
    'large.pem': 'x'.repeat(300_000),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
});

afterAll(() => rm(folder, { recursive: true }));

describe('a certificate and its key', () => {
  it('are read with the time they are good for', async () => {
    const pair = await readKeyPair({ certFile: at('cert.pem'), keyFile: at('key.pem') });
    expect(outOfTime(pair, Date.now())).toBeUndefined();
    expect(outOfTime(pair, pair.notAfterMs)).toMatch(/^the certificate expired on 2\d{3}-/);
    expect(outOfTime(pair, pair.notBeforeMs - 1)).toMatch(/not good before/);
  });

  it.each([
    ['cert.pem', 'none.pem', 'keyFile', 'cannot read F/none.pem: no such file'],
    ['none.pem', 'key.pem', 'certFile', 'cannot read F/none.pem: no such file'],
    ['.', 'key.pem', 'certFile', 'cannot read F: it is a directory'],
    ['text.pem', 'key.pem', 'certFile', 'F/text.pem is no certificate in PEM form'],
    ['cert.pem', 'text.pem', 'keyFile', 'F/text.pem is no private key in PEM form'],
    ['key.pem', 'cert.pem', 'certFile', 'F/key.pem is no certificate in PEM form'],
    [
      'cert.pem',
      'encrypted.pem',
      'keyFile',
      'the key in F/encrypted.pem has a passphrase; store it without one',
    ],
    [
      'cert.pem',
      'expired-key.pem',
      'keyFile',
      'the key in F/expired-key.pem is not that of the certificate in F/cert.pem',
    ],
    ['large.pem', 'key.pem', 'certFile', 'F/large.pem is larger than 262144 bytes'],
  ])('of %s and %s are told to be wrong in %s', async (cert, key, which, message) => {
    const reading = readKeyPair({ certFile: path.join(folder, cert), keyFile: at(key) });
    const error = (await reading.catch((reason: unknown) => reason)) as Error & { where: object };
    expect(error.where).toEqual({ file: which });
    expect(error.message.replaceAll(folder, 'F')).toBe(message);
  });
});

describe('rtsp.tls in the configuration', () => {
  const parse = (tls: string, more = '') =>
    parseConfig(`version: 1\nrtsp: { tls: ${tls}${more} }`, at('n.yaml'), {});
  const complaints = async (tls: string, more?: string): Promise<string> => {
    const error = await parse(tls, more).catch((reason: unknown) => reason);
    if (!(error instanceof ConfigError)) return 'valid';
    return error.message.replaceAll(folder, 'F');
  };

  it('takes files beside the configuration file, or a certificate of our own', async () => {
    const { config } = await parse('{ certFile: cert.pem, keyFile: key.pem, port: 322 }');
    expect(config.rtsp.tls).toEqual({
      certFile: at('cert.pem'),
      keyFile: at('key.pem'),
      selfSigned: false,
      port: 322,
      required: false,
    });
    const { config: own } = await parseConfig(
      `version: 1\ndataDir: data\nrtsp: { tls: { selfSigned: true, required: true } }`,
      at('n.yaml'),
      {},
    );
    expect(own.rtsp.tls?.certFile).toBe(at('data/secrets/rtsp-cert.pem'));
  });

  it('warns of a certificate that has expired', async () => {
    const { warnings } = await parse('{ certFile: expired-cert.pem, keyFile: expired-key.pem }');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('the certificate expired on'),
    ]);
  });

  it.each([
    ['{}', '', 'rtsp.tls: needs certFile and keyFile, or selfSigned: true'],
    ['{ certFile: cert.pem }', '', 'rtsp.tls: needs certFile and keyFile, or selfSigned: true'],
    [
      '{ selfSigned: true, certFile: cert.pem }',
      '',
      'rtsp.tls: has selfSigned and files of a certificate; keep one',
    ],
    [
      '{ certFile: cert.pem, keyFile: expired-key.pem }',
      '',
      'rtsp.tls.keyFile: the key in F/expired-key.pem is not that of the certificate in F/cert.pem',
    ],
    ['{ selfSigned: true, port: 8554 }', '', 'rtsp.tls.port: port 8554 is the port of rtsp too'],
    [
      '{ selfSigned: true }',
      ', webSocketOrigins: [nvr.example]',
      'not an origin, as https://nvr.example:8443 is',
    ],
  ])('objects to %s%s', async (tls, more, message) => {
    expect(await complaints(tls, more)).toContain(message);
  });
});

describe('a camera by TLS in the configuration', () => {
  const parse = (stream: string, more: string) =>
    parseConfig(
      `version: 1\ncameras:\n  a:\n    streams: { main: ${stream} }\n    ${more}`,
      at('n.yaml'),
      {},
    );

  it('says whom to trust, how to reach it, and where it may redirect to', async () => {
    const { config } = await parse(
      '{ url: rtsps://cam/live, transport: http, via: https://CAM:8443/x }',
      'tls: { caFile: cert.pem }\n    redirectHosts: [cam2]',
    );
    const { tls, streams, redirectHosts } = config.cameras['a']!;
    expect(tls?.ca).toContain('BEGIN CERTIFICATE');
    expect(streams['main']).toMatchObject({ transport: 'http', via: 'https://CAM:8443/x' });
    expect(redirectHosts).toEqual(['cam2']);
  });

  it('may be a link-local address, with its interface', async () => {
    const near =
      'url: "rtsp://[fe80::7%eth0]/live", transport: http, via: "http://[fe80::7%eth0]/x"';
    const { config } = await parse(`{ ${near} }`, '');
    expect(config.cameras['a']!.streams['main']).toMatchObject({
      url: 'rtsp://[fe80::7%eth0]/live',
      via: 'http://[fe80::7%eth0]/x',
    });
  });

  it.each([
    [
      'rtsps://cam/',
      'tls: { caFile: none.pem }',
      'tls.caFile: cannot read F/none.pem: no such file',
    ],
    ['rtsps://cam/', 'tls: { caFile: text.pem }', 'F/text.pem is no certificate in PEM form'],
    ['rtsps://cam/', 'tls: { fingerprint: ab }', 'not a SHA-256 fingerprint of 64 hex digits'],
    [
      'rtsps://cam/',
      `tls: { insecure: true, fingerprint: ${'ab'.repeat(32)} }`,
      'is insecure, and says what to trust; keep one',
    ],
    ['{ url: rtsp://cam/, via: http://cam/ }', '', 'goes with transport http or websocket'],
    [
      '{ url: rtsp://cam/, transport: http, via: ws://cam/ }',
      '',
      'expected an URL that begins with http:// or https://, without a login',
    ],
    [
      '{ url: rtsp://cam/, transport: websocket, via: wss://u:p@cam/ }',
      '',
      'expected an URL that begins with ws:// or wss://, without a login',
    ],
    [
      '{ url: rtsp://cam/, transport: websocket, via: wss://other/ }',
      '',
      'must name the host of the URL',
    ],
  ])('objects to %s %s', async (stream, more, message) => {
    const error = await parse(stream, more).catch((reason: unknown) => reason);
    if (!(error instanceof ConfigError)) throw new Error('valid');
    expect(error.message.replaceAll(folder, 'F')).toContain(message);
  });
});
