import { describe, expect, it } from '@jest/globals';
import { TransportChoice } from './transport-choice.js';

describe('TransportChoice', () => {
  it('never leaves TCP when told so', () => {
    const choice = new TransportChoice('tcp');
    expect([choice.transport, choice.fallback, choice.refused(), choice.silent()]).toEqual([
      'tcp',
      false,
      false,
      false,
    ]);
  });

  it('goes over to the other transport once', () => {
    const choice = new TransportChoice('auto');
    expect([choice.transport, choice.fallback]).toEqual(['tcp', true]);
    expect(choice.refused()).toBe(true);
    expect([choice.transport, choice.fallback, choice.refused()]).toEqual(['udp', false, false]);
    choice.reset();
    expect(choice.transport).toBe('tcp');
  });

  it('falls from a group to TCP, silent or refused, and begins with it again', () => {
    for (const fall of ['silent', 'refused'] as const) {
      const choice = new TransportChoice('multicast');
      expect([choice.transport, choice.fallback]).toEqual(['multicast', true]);
      expect(choice[fall]()).toBe(true);
      expect([choice.transport, choice.fallback, choice[fall]()]).toEqual(['tcp', false, false]);
      choice.reset();
      expect(choice.transport).toBe('multicast');
    }
  });

  it('falls from silent UDP to TCP only when UDP was the first choice', () => {
    expect(new TransportChoice('auto').silent()).toBe(false);
    const choice = new TransportChoice('udp');
    expect(choice.silent()).toBe(true);
    expect(choice.transport).toBe('tcp');
  });
});
