import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { makeUsernameToken, type UsernameToken } from '../security/username-token.js';
import { printEnvelope } from '../soap/envelope.js';
import { notAuthorized, parseFault } from '../soap/fault.js';
import { xml, type XmlNode } from '../xml/print-xml.js';
import { OnvifServer, type Gate, type OnvifAnswer } from './onvif-server.js';
import type { AccessClass, Service } from './operation.js';

type Caller = string | undefined;

const service: Service<Caller> = {
  prefix: 'tds',
  path: 'device_service',
  version: [1, 0],
  capabilities: () => xml('tds:Capabilities'),
  operations: {
    GetHostname: { access: 'PRE_AUTH', answer: () => xml('tds:GetHostnameResponse') },
    GetScopes: {
      access: 'READ_SYSTEM',
      action: 'urn:action',
      answer: ({ caller, origin, path }) =>
        xml('tds:GetScopesResponse', `${caller} ${origin} ${path}`),
    },
    GetUsers: { access: 'READ_SYSTEM_SECRET', answer: () => xml('tds:GetUsersResponse') },
    GetDNS: {
      access: 'PRE_AUTH',
      answer: () => Promise.reject(new Error('password=secret')),
    },
  },
};

const gate: Gate<Caller> = {
  nobody: undefined,
  identify(token: UsernameToken | undefined) {
    if (token === undefined) throw new NightjarError('unauthenticated', 'x/y', 'log in');
    if (token.password === 'wrong') throw notAuthorized('wrong');
    if (token.password === 'guess')
      throw new NightjarError('exhausted', 'x/y', 'wait', { retryAfterSeconds: 30 });
    if (token.password === 'many') throw new NightjarError('exhausted', 'x/y', 'too many');
    return token.username;
  },
  allows: (_caller, access: AccessClass) => access === 'READ_SYSTEM',
};

function ask(document: string | Uint8Array): Promise<OnvifAnswer> {
  return new OnvifServer([service]).answer({
    document: Buffer.from(document as string),
    origin: 'http://h',
    path: '/p',
    gate,
    signal: new AbortController().signal,
  });
}

const login = (password: string): XmlNode =>
  makeUsernameToken({ username: 'ann', password, createdMs: 0, plain: true });
const call = (name: string, ...headers: XmlNode[]): string =>
  printEnvelope(xml(`tds:${name}`), headers);

async function outcome(document: string | Uint8Array): Promise<string> {
  const { status, document: answer } = await ask(document);
  const fault = parseFault(Buffer.from(answer));
  return fault === undefined
    ? String(status)
    : `${status} ${fault.code} ${fault.subcodes.join('/')}`;
}

describe('OnvifServer', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['an operation for everybody', call('GetHostname'), '200'],
    ['an operation with a login', call('GetScopes', login('p')), '200'],
    ['no login', call('GetScopes'), '401 Sender NotAuthorized'],
    ['a wrong login', call('GetScopes', login('wrong')), '400 Sender NotAuthorized'],
    ['who has to wait', call('GetScopes', login('guess')), '429 Receiver Action'],
    ['what there is too much of', call('GetScopes', login('many')), '500 Receiver Action'],
    ['more than the caller may do', call('GetUsers', login('p')), '400 Sender NotAuthorized'],
    ['an operation that is not here', call('SetDNS'), '500 Receiver ActionNotSupported'],
    ['a name of every object', call('toString'), '500 Receiver ActionNotSupported'],
    ['another service', printEnvelope(xml('trt:GetProfiles')), '400 Sender UnknownAction'],
    ['what fails here', call('GetDNS'), '500 Receiver Action'],
    ['no XML', 'hello', '400 Sender WellFormed'],
    ['another root', '<a/>', '400 Sender WellFormed'],
    [
      'entities that multiply',
      `<!DOCTYPE l [<!ENTITY a "${'b'.repeat(100)}"><!ENTITY c "${'&a;'.repeat(100)}">]>${call('GetHostname').slice(38)}`,
      '400 Sender WellFormed',
    ],
    ['depth', `${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`, '400 Sender WellFormed'],
    ['size', Buffer.alloc(65 * 1024, '<'), '400 Sender WellFormed'],
  ])('answers %s', async (_name, document, expected) => {
    expect(await outcome(document)).toBe(expected);
  });

  it('tells operations who asks and how they were reached, and answers with addressing', async () => {
    const { document } = await ask(call('GetScopes', login('p'), xml('wsa:MessageID', 'urn:7')));
    expect(document).toContain('ann http://h /p');
    expect(document).toContain('<wsa:Action>urn:action</wsa:Action><wsa:RelatesTo>urn:7</');
  });

  it('keeps to itself what went wrong here', async () => {
    const { document, error } = await ask(call('GetDNS'));
    expect(document).not.toContain('secret');
    expect(error).toBeDefined();
  });

  it('answers damaged requests with an envelope, whatever they are', async () => {
    const wire = Buffer.from(call('GetScopes', login('p')));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(wire.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (hits) => {
          const damaged = Buffer.from(wire);
          for (const [at, byte] of hits) damaged[at] = byte;
          const { status, document } = await ask(damaged);
          expect([200, 400, 401, 500]).toContain(status);
          expect(document).toContain('<s:Envelope');
        },
      ),
    );
  });
});
