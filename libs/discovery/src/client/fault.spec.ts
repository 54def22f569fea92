import { describe, expect, it } from '@jest/globals';
import { isNotAuthorized } from './fault.js';

describe('a fault', () => {
  it.each<[string, string[], string, boolean]>([
    ['Sender', ['NotAuthorized'], 'no', true],
    ['Sender', ['FailedAuthentication'], 'no', true],
    ['Receiver', ['InvalidArgVal', 'NotAuthorized'], 'no', true],
    ['Sender', [], 'WS-Security header required but not provided', true],
    ['Sender', [], 'Authentication failed', true],
    ['Sender', [], "Method 'tds:GetServices' not implemented", false],
    ['Receiver', [], 'no password file', false],
    ['Sender', ['InvalidArgVal'], 'this password is too short', false],
  ])('of the %s, %j, "%s": refuses who asks: %s', (code, subcodes, reason, expected) => {
    expect(isNotAuthorized({ code, subcodes, reason })).toBe(expected);
  });
  it('that is none refuses nobody', () => expect(isNotAuthorized(undefined)).toBe(false));
});
